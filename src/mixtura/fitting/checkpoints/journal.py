"""Journal: where a fit keeps what it needs to go on."""

from __future__ import annotations

import errno
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from mixtura.arguments import is_whole
from mixtura.errors import DataError, ModelError, ParameterError
from mixtura.fitting.checkpoints.generations import Generations
from mixtura.fitting.checkpoints.identity import asked, differences, made_by
from mixtura.fitting.checkpoints.position import Position, Standing
from mixtura.fitting.checkpoints.record import Record, recorded, restored
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.settings import Settings
from mixtura.model.random import Seed

__all__ = ["Journal", "journal"]


class Journal:
    """The checkpoint of one fit: what was found in it, and what is written to it.

    In order: `begin`, then `identify` with what the rows are known by, then `note` before each
    iteration, `over` after each run.

    Parameters
    ----------
    file : where it is kept.
    every : so many iterations from one writing to the next.
    settings : of the fit.
    settings_record : the same in plain values.
    found : what an earlier process left, or None.
    """

    def __init__(
        self,
        file: Generations,
        every: int,
        settings: Settings,
        settings_record: Mapping[str, Any],
        found: Record | None,
    ) -> None:
        self._file = file
        self._every = every
        self._settings = settings
        self._asked = settings_record
        self._found = found
        self._rows: Mapping[str, Any] = {}
        self._began = time.perf_counter()
        self._random = np.random.RandomState()
        self._standing: Standing | None = None
        self._pending = False

    @property
    def path(self) -> str:
        """Of the newest checkpoint."""
        return str(self._file.path)

    def begin(self, random: np.random.RandomState) -> None:
        """Set the generator to where it stood before anything was drawn; it is watched from here.

        Raises
        ------
        ParameterError : it is of another kind than NumPy's own.
        """
        self._random = random
        if self._found is None:
            state = _state(random)
            self._standing = Standing(0, None, None, state, state, 0.0)
            return
        self._standing = self._restored(None)
        random.set_state(dict(self._standing.begun_with))

    def identify(self, rows: Mapping[str, Any], names: tuple[str, ...] | None) -> None:
        """Compare the rows with those of the checkpoint, and set the generator to go on.

        Raises
        ------
        DataError : they are others; what differs is named.
        """
        self._rows = rows
        if self._found is None:
            return
        other = differences(self._found.values["rows"], rows)
        if other:
            raise DataError(
                f"{self.path} is a checkpoint of other rows: {other}; go on with those rows, or "
                "begin another checkpoint"
            )
        standing = self._restored(names)
        self._random.set_state(dict(standing.random))
        self._began -= standing.seconds
        self._standing = standing

    @property
    def began(self) -> float:
        """When the work began, as `time.perf_counter` tells it, all sessions in a row."""
        return self._began

    @property
    def run(self) -> int:
        """The number of the run to go on with."""
        return self._known.run

    @property
    def position(self) -> Position | None:
        """Where that run stands, None where it has not begun."""
        return self._known.position

    @property
    def best(self) -> Fit | None:
        """The best fit of the runs before it."""
        return self._known.best

    def note(self, run: int, position: Position) -> None:
        """A run is about to take an iteration; written when it is due.

        Raises
        ------
        OSError : it cannot be written; the checkpoint before it is intact.
        """
        self._advance(run, position, self._known.best)
        if (position.iteration - 1) % self._every == 0:
            self.write()

    def over(self, run: int, best: Fit) -> None:
        """A run is over, and `best` is the best so far."""
        self._advance(run + 1, None, best)
        self.write()

    def write(self) -> None:
        """Write where the fit stands, unless that is written already."""
        if not self._pending:
            return
        record = recorded(self._known)
        record.values.update({"settings": self._asked, "rows": self._rows, "made_by": made_by()})
        self._file.write(record)
        self._pending = False

    @property
    def _known(self) -> Standing:
        assert self._standing is not None, "a journal is begun before it is used"
        return self._standing

    def _advance(self, run: int, position: Position | None, best: Fit | None) -> None:
        self._standing = replace(
            self._known,
            run=run,
            position=position,
            best=best,
            random=_state(self._random),
            seconds=time.perf_counter() - self._began,
        )
        self._pending = True

    def _restored(self, names: tuple[str, ...] | None) -> Standing:
        assert self._found is not None
        try:
            return restored(self._found, self._settings, names)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ModelError(
                f"{self.path} is damaged ({error}): begin the fit anew, at another path"
            ) from None


@contextmanager
def journal(
    path: str | os.PathLike[str],
    every: int,
    *,
    resume: bool,
    settings: Settings,
    given: Given,
    seed: Seed,
) -> Iterator[Journal]:
    """The journal of a fit at a path, with what an earlier process left; until the end, its alone.

    Parameters
    ----------
    path : of the newest checkpoint; the one before is kept beside it, as ``….before``.
    every : so many iterations from one writing to the next, at least 1.
    resume : whether to go on from what is there, if anything is.
    settings, given, seed : of the fit.

    Raises
    ------
    ParameterError : the checkpoint is of other settings; what differs is named.
    FileExistsError : there is one, and it is not to be gone on from.
    ModelError : it is damaged.
    OSError : none can be written there, or another fit that is running keeps its own there.
    """
    if not is_whole(every) or every < 1:
        raise ParameterError(f"every is {every!r}, expected a whole number of at least 1")
    file, now = Generations(path), asked(settings, given, seed)
    file.check()
    with file.held():
        if file.exist() and not resume:
            raise FileExistsError(
                errno.EEXIST,
                "a checkpoint exists already: go on from it (--resume, resume=True), or delete it",
                str(file.path),
            )
        found = file.read()
        if found is not None:
            _compare(str(file.path), found, now)
        yield Journal(file, int(every), settings, now, found)


def _compare(path: str, found: Record, now: Mapping[str, Any]) -> None:
    """Refuse a checkpoint of other settings, and tell of one that was made otherwise."""
    try:
        other = differences(found.values["settings"], now)
        made = differences(found.values["made_by"], made_by())
    except (KeyError, AttributeError, TypeError) as error:
        raise ModelError(f"{path} is damaged ({error}): begin the fit anew") from None
    if other:
        raise ParameterError(
            f"{path} is a checkpoint of other settings: {other}; ask for the same, or begin "
            "another checkpoint"
        )
    if made:
        warnings.warn(
            f"{path} was made otherwise, so the last bits may differ from a fit that was never "
            f"stopped: {made}",
            stacklevel=5,
        )


def _state(random: np.random.RandomState) -> dict[str, Any]:
    state: Any = random.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":
        raise ParameterError(
            f"random_state is a generator of kind {state['bit_generator']}, whose state a "
            "checkpoint does not hold: give a whole number"
        )
    return dict(state)
