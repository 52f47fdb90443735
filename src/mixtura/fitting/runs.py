"""Runs: the best of several."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from mixtura.errors import Interrupted
from mixtura.fitting.checkpoints.journal import Journal
from mixtura.fitting.fit import Fit

__all__ = ["best_of", "better"]


def best_of(
    count: int, run: Callable[[int], Fit], began: float, journal: Journal | None = None
) -> Fit:
    """The best of `count` runs, numbered from 0.

    Parameters
    ----------
    count : at least 1.
    run : carries out the one of that number.
    began : when the first began, as `time.perf_counter` tells it.
    journal : of the checkpoint: the runs that are over are not repeated; or None.

    Raises
    ------
    Interrupted : Ctrl-C, with the best fit so far.
    KeyboardInterrupt : Ctrl-C before there is any.
    """
    first, best = (journal.run, journal.best) if journal else (0, None)
    began = journal.began if journal else began
    for number in range(first, count):
        try:
            ended = run(number)
        except KeyboardInterrupt as interruption:
            if journal:
                journal.write()
            path = journal.path if journal else None
            if isinstance(interruption, Interrupted):
                raise Interrupted(better(best, interruption.fit, began), path) from None
            if best is None:
                raise
            raise Interrupted(better(None, best, began), path) from None
        best = better(best, ended, began)
        if journal:
            journal.over(number, best)
    assert best is not None
    return best


def better(best: Fit | None, ended: Fit, began: float) -> Fit:
    """The fit of larger likelihood, with the time since `began`.

    One with fewer starved components comes first: theirs is likelihood of the floor's making.
    """
    if best is None or _rank(ended) > _rank(best):
        best = ended
    return replace(best, seconds=time.perf_counter() - began)


def _rank(fit: Fit) -> tuple[int, float]:
    return -len(fit.starved), fit.mean_objective
