"""Model output: the files that a fit leaves behind, its model's and its checkpoint's."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mixtura.cli import completion, options, outputs, printing
from mixtura.errors import ModelError

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture


#: how a fit keeps what it needs to go on
options_of_checkpoints = options.together(
    click.option(
        "--checkpoint",
        shell_complete=completion.files,
        metavar="FILE",
        help="Where to keep, as it goes, what is needed to go on; the state before is kept beside "
        "it.",
    ),
    options.option(
        "--every",
        type=int,
        default=1,
        metavar="COUNT",
        help="Iterations from one writing of the checkpoint to the next.",
    ),
    click.option(
        "--resume",
        is_flag=True,
        help="Go on from the checkpoint, if there is one: the result is that of a fit that was "
        "never stopped.",
    ),
)


@dataclass(frozen=True)
class ModelOutput:
    """How a command line asks for a model, and the fit on the way to it, to be kept in files.

    Parameters
    ----------
    output : the model's path, ``-`` for the standard output, or None.
    force : whether a file that exists may be replaced.
    checkpoint : the path of the newest checkpoint, those beside which belong to it, or None.
    every : iterations from one writing of the checkpoint to the next.
    resume : whether the fit goes on from the checkpoint.
    flag : the share of the model's own rows whose threshold is kept with it, or None.
    """

    output: str | None
    force: bool = False
    checkpoint: str | None = None
    every: int = 1
    resume: bool = False
    flag: float | None = None

    @property
    def checkpointing(self) -> dict[str, Any]:
        """The arguments of `mixtura.fit` that say where it is kept as it goes."""
        return {"checkpoint": self.checkpoint, "every": self.every, "resume": self.resume}

    @property
    def to_stdout(self) -> bool:
        """Whether the model is written where a report is printed otherwise."""
        return self.output == "-"

    def check(self) -> None:
        """Refuse what is kept nowhere, by a `click.UsageError`."""
        if self.resume and self.checkpoint is None:
            raise click.UsageError("--resume goes on from a checkpoint: name it with --checkpoint")
        if self.flag is not None and self.output is None:
            raise click.UsageError("--flag keeps a threshold with the model: say where with -o")

    def place(self) -> Place:
        """Where the model goes, refused now if it cannot be written; see `destination`.

        A file that exists may be the model of the very fit that is asked for again.

        Raises
        ------
        click.UsageError : a checkpoint is at the place of an input or of the model; and as for
            `destination`.
        OSError : as for `destination`.
        """
        outputs.check_stdout()
        self._check_checkpoint()
        if self.output is None:
            return Place(None, alpha=self.flag)
        outputs.check_apart(self.output)
        if self.resume and self.checkpoint is not None and not self.force:
            held = _model(self.output) if _is_finished(self.checkpoint) else None
            if held is not None:
                return Place(outputs.Destination(Path(self.output)), held, self.flag)
        return Place(outputs.destination(self.output, self.force), alpha=self.flag)

    def _check_checkpoint(self) -> None:
        """Refuse a checkpoint at the place of an input, or of the model that the fit ends with."""
        if not self.checkpoint:  # none, or an empty name, which the fit refuses
            return
        from mixtura.fitting.checkpoints.generations import Generations

        for name in map(str, Generations(self.checkpoint).files):
            outputs.check_apart(name)
            if self.output not in (None, "-") and outputs.is_same_file(str(self.output), name):
                raise click.UsageError(
                    f"{self.output} is both the model's file and one of the checkpoint's: give "
                    "them names of their own"
                )


@dataclass(frozen=True)
class Place:
    """Where a fitted model goes, and which model is there already.

    Parameters
    ----------
    where : the file, or the standard output; None where it is not stored.
    held : the mixture that the file holds from a fit that was finished before, or None.
    alpha : the share of the model's own rows whose threshold is kept with it, or None.
    """

    where: outputs.Destination | None
    held: Mixture | None = None
    alpha: float | None = None

    def store(self, mixture: Mixture, training: dict[str, Any]) -> None:
        """Write the model with the record of its training, unless the file holds it already.

        Raises
        ------
        OSError : it cannot be written, or the file holds another model.
        """
        from mixtura.model import storage

        if self.where is None:
            return
        if self.held is None:
            self.where.write(storage.encoded(mixture, training, self.alpha))
            return
        name = str(self.where.path)
        if _parameters(self.held) != _parameters(mixture):
            words = "exists already, and holds another model: add --force to replace it"
            raise FileExistsError(errno.EEXIST, words, name)
        printing.tell(f"{name} holds this model already")


def _is_finished(checkpoint: str) -> bool:
    """Whether a checkpoint stands at the end of a run, as it does at the end of a fit."""
    from mixtura.fitting.checkpoints.generations import Generations

    try:
        record = Generations(checkpoint).read()
    except (OSError, ModelError):
        return False  # the fit will tell
    values: dict[str, Any] = {} if record is None else record.values
    return values.get("best") is not None and values.get("position") is None


def _model(output: str) -> Mixture | None:
    """The mixture in a file, None where there is none."""
    from mixtura.model import storage

    try:
        return storage.read(output).mixture
    except (OSError, ModelError):
        return None


def _parameters(mixture: Mixture) -> str:
    """What a mixture has in common with one of the same parameters, to the last bit, alone."""
    from mixtura.model import files, storage

    title = f"{mixture.structure.letters} {mixture.feature_names}"
    return files.sum_of(title, storage.arrays_of(mixture))
