"""Position: where a fit stands between two iterations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mixtura.fitting.acceleration import Course
from mixtura.fitting.fit import Fit
from mixtura.fitting.health import Repair
from mixtura.fitting.met import Met
from mixtura.model.mixture import Mixture

__all__ = ["Position", "Standing"]


@dataclass(frozen=True, eq=False)
class Position:
    """Where a run of EM stands before an iteration: all that the next ones depend on.

    Parameters
    ----------
    iteration : the next one's number, from 1.
    course : where EM goes next.
    trace : the mean log-likelihoods of the run so far, nats a row.
    history : those before it, of the fit that it goes on from.
    repairs : what was done to components that collapsed.
    known : the mixture that the last entry of `trace` is of; the start where there is none.
    searches : how often the search for its start met its end; None where nobody counted.
    changed : whether the rows have been seen to be others at one pass than at another.
    """

    iteration: int
    course: Course
    trace: tuple[float, ...]
    history: tuple[float, ...]
    repairs: tuple[Repair, ...]
    known: Mixture
    searches: Met | None = None
    changed: bool = False

    @classmethod
    def starting(
        cls, course: Course, repairs: tuple[Repair, ...] = (), searches: Met | None = None
    ) -> Position:
        """Before the first iteration of a course."""
        return cls(1, course, (), (), repairs, course.ahead, searches)


@dataclass(frozen=True, eq=False)
class Standing:
    """Where a fit of several runs stands.

    Parameters
    ----------
    run : the number of the run under way, or of the next one.
    position : of the run under way, None between two.
    best : the best fit of the runs before, or None.
    begun_with : the random generator's state before anything was drawn, as NumPy gives it.
    random : its state now.
    seconds : what the work has taken, all sessions together.
    """

    run: int
    position: Position | None
    best: Fit | None
    begun_with: Mapping[str, Any]
    random: Mapping[str, Any]
    seconds: float
