"""Finished: a fit whose checkpoint has its end, and whose model may be there already."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mixtura.cli.apart import check_apart
from mixtura.cli.output import Destination, destination, tell

if TYPE_CHECKING:
    from mixtura.fitting import Fit
    from mixtura.fitting.em import Observer
    from mixtura.model.mixture import Mixture

__all__ = ["Listening", "Place", "place"]


@dataclass(frozen=True)
class Place:
    """Where a fitted model goes.

    Parameters
    ----------
    where : the file, or the standard output; None where it is not stored.
    held : the mixture that the file holds from a fit that was finished before, or None.
    """

    where: Destination | None
    held: Mixture | None = None

    def store(self, mixture: Mixture, data: bytes) -> None:
        """Write the model, unless the file holds it already.

        Raises
        ------
        OSError : it cannot be written, or the file holds another model.
        """
        if self.where is None:
            return
        if self.held is None:
            self.where.write(data)
            return
        name = str(self.where.path)
        if not _same(self.held, mixture):
            words = "exists already, and holds another model: add --force to replace it"
            raise FileExistsError(errno.EEXIST, words, name)
        tell(f"{name} holds this model already")


class Listening:
    """Whether any run of EM began; tells another observer all that it is told.

    Parameters
    ----------
    observer : the other.
    """

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.heard = False

    def begun(self, run: int) -> None:
        """A run of EM has its start."""
        self.heard = True
        self._observer.begun(run)

    def iterated(self, iteration: int, trace: Sequence[float], mixture: Mixture) -> None:
        """An iteration from `mixture` is done; `trace` ends with its mean log-likelihood."""
        self._observer.iterated(iteration, trace, mixture)

    def ended(self, fit: Fit) -> None:
        """A run of EM is over."""
        self._observer.ended(fit)


def place(output: str | None, force: bool, checkpoint: str | None, *, resume: bool) -> Place:
    """Where the model of a fit goes, refused now if it cannot be written; see `destination`.

    A file that exists may be the model of the very fit that is asked for again.
    """
    if output is None:
        return Place(None)
    check_apart(output)
    if resume and checkpoint is not None and not force and _over(checkpoint):
        held = _model(output)
        if held is not None:
            return Place(Destination(Path(output)), held)
    return Place(destination(output, force))


def _over(checkpoint: str) -> bool:
    """Whether a checkpoint stands at the end of a run, as it does at the end of a fit."""
    from mixtura.errors import ModelError
    from mixtura.fitting.checkpoints.generations import Generations

    try:
        record = Generations(checkpoint).read()
    except (OSError, ModelError):
        return False  # the fit will tell
    values: dict[str, Any] = {} if record is None else record.values
    return values.get("best") is not None and values.get("position") is None


def _model(output: str) -> Mixture | None:
    """The mixture in a file, None where there is none."""
    from mixtura.errors import ModelError
    from mixtura.model import storage

    try:
        return storage.read(output).mixture
    except (OSError, ModelError):
        return None


def _same(one: Mixture, other: Mixture) -> bool:
    """Whether two mixtures have the same parameters, to the last bit."""
    return _known_by(one) == _known_by(other)


def _known_by(mixture: Mixture) -> str:
    from mixtura.model.seal import sum_of
    from mixtura.model.storage import arrays_of

    return sum_of(f"{mixture.structure.letters} {mixture.feature_names}", arrays_of(mixture))
