"""Runs: the best of several."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from mixtura.errors import Interrupted
from mixtura.fitting.fit import Fit

__all__ = ["best_of", "better"]


def best_of(count: int, run: Callable[[int], Fit], began: float) -> Fit:
    """The best of `count` runs, numbered from 0.

    Parameters
    ----------
    count : at least 1.
    run : carries out the one of that number.
    began : when the first began, as `time.perf_counter` tells it.

    Raises
    ------
    Interrupted : Ctrl-C, with the best fit so far.
    KeyboardInterrupt : Ctrl-C before there is any.
    """
    best: Fit | None = None
    for number in range(count):
        try:
            ended = run(number)
        except Interrupted as interruption:
            raise Interrupted(better(best, interruption.fit, began)) from None
        except KeyboardInterrupt:
            if best is None:
                raise
            raise Interrupted(better(None, best, began)) from None
        best = better(best, ended, began)
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
