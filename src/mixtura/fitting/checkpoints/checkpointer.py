"""Checkpointer: keeps in a file what a fit needs to go on."""

from __future__ import annotations

import errno
import hashlib
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from mixtura.arguments import is_whole
from mixtura.engine import kernel
from mixtura.errors import DataError, ModelError, ParameterError
from mixtura.fitting.checkpoints.generations import Generations
from mixtura.fitting.checkpoints.record import Checkpoint, Record, recorded, restored
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.run_state import RunState
from mixtura.fitting.settings import Settings
from mixtura.model.mixture import Mixture
from mixtura.model.random import Seed


class Checkpointer:
    """Reads and writes the checkpoint of one fit.

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
        self._checkpoint: Checkpoint | None = None
        self._pending = False

    @property
    def path(self) -> str:
        """The path of the newest checkpoint."""
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
            self._checkpoint = Checkpoint(0, None, None, state, state, 0.0)
            return
        self._checkpoint = self._restored(None)
        random.set_state(dict(self._checkpoint.begun_with))

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
        checkpoint = self._restored(names)
        self._random.set_state(dict(checkpoint.random))
        self._began -= checkpoint.seconds
        self._checkpoint = checkpoint

    @property
    def began(self) -> float:
        """When the work began, as `time.perf_counter` tells it, all sessions in a row."""
        return self._began

    @property
    def run(self) -> int:
        """The number of the run to go on with."""
        return self._known.run

    @property
    def state(self) -> RunState | None:
        """Where that run stands, None where it has not begun."""
        return self._known.state

    @property
    def best(self) -> Fit | None:
        """The best fit of the runs before it."""
        return self._known.best

    def note(self, run: int, state: RunState) -> None:
        """A run is about to take an iteration; written when it is due.

        Raises
        ------
        OSError : it cannot be written; the checkpoint before it is intact.
        """
        self._advance(run, state, self._known.best)
        if (state.iteration - 1) % self._every == 0:
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
    def _known(self) -> Checkpoint:
        assert self._checkpoint is not None, "a checkpointer is begun before it is used"
        return self._checkpoint

    def _advance(self, run: int, state: RunState | None, best: Fit | None) -> None:
        self._checkpoint = replace(
            self._known,
            run=run,
            state=state,
            best=best,
            random=_state(self._random),
            seconds=time.perf_counter() - self._began,
        )
        self._pending = True

    def _restored(self, names: tuple[str, ...] | None) -> Checkpoint:
        assert self._found is not None
        try:
            return restored(self._found, self._settings, names)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ModelError(
                f"{self.path} is damaged ({error}): begin the fit anew, at another path"
            ) from None


@contextmanager
def checkpointed(
    path: str | os.PathLike[str] | None,
    every: int,
    resume: bool,
    settings: Settings,
    given: Given,
    seed: Seed,
) -> Iterator[Checkpointer | None]:
    """The checkpointer of a fit at a path, which has what an earlier process left there.

    Until the end nobody else may write there.

    Parameters
    ----------
    path : of the newest checkpoint; the one before is kept beside it, as ``….before``. None keeps
        none.
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
    if path is None:
        yield None
        return
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
        yield Checkpointer(file, int(every), settings, now, found)


def _compare(path: str, found: Record, now: Mapping[str, Any]) -> None:
    """Refuse a checkpoint of other settings, and tell of one that was made otherwise."""
    try:
        # One that says nothing of the search is of exact EM, whatever was asked for.
        other = differences({"search": now["search"], **found.values["settings"]}, now)
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


def asked(settings: Settings, given: Given, seed: Seed) -> dict[str, Any]:
    """The settings by name, each as a plain value; what is large by its SHA-256 sum."""
    return {
        "n_components": int(settings.n_components),
        **{name: _plain(value) for name, value in settings.arguments().items()},
        "structure": settings.structure.name,
        "random_state": int(seed) if isinstance(seed, (int, np.integer)) else "a generator",
        **{f"given {each.name}": _plain(getattr(given, each.name)) for each in fields(given)},
    }


def made_by() -> dict[str, str]:
    """What decides a result's last bits, beside settings and rows."""
    return {"kernel": kernel.describe(), "numpy": np.__version__}


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What differs, as a list in words; empty where nothing does."""
    names = list(dict.fromkeys([*before, *now]))
    return "; ".join(
        f"{name} was {_shown(before.get(name))} and is {_shown(now.get(name))}"
        for name in names
        if before.get(name) != now.get(name)
    )


def _plain(value: Any) -> Any:
    """A value that JSON can hold, the same for the same value."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Mixture):
        parts = (value.weights, value.means, value.covariances)
        return f"a mixture ({_sum_of(*parts)})"
    if isinstance(value, (np.bool_, np.number)):
        return value.item()
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if callable(value):
        where = getattr(value, "__module__", ""), getattr(value, "__qualname__", repr(value))
        return f"the function {'.'.join(filter(None, where))}"
    array = np.asarray(value)
    return repr(value) if array.dtype.kind == "O" else f"an array ({_sum_of(array)})"


def _sum_of(*arrays: Any) -> str:
    total = hashlib.sha256()
    for array in arrays:
        total.update(f"{array.dtype.str} {array.shape}".encode())
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()[:16]


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)
