"""Runs: the best of several."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from mixtura.errors import Interrupted
from mixtura.fitting.checkpoints.checkpointer import Checkpointer
from mixtura.fitting.fit import Fit
from mixtura.fitting.starts.met import Met
from mixtura.fitting.starts.spurious import FEW, spurious, thinnest

__all__ = ["best_of", "better", "kept"]

#: ends nearer than this to each other, nats a row, are the same
_SAME = 1e-5


def best_of(
    count: int, run: Callable[[int], Fit], began: float, checkpointer: Checkpointer | None = None
) -> Fit:
    """The best of `count` runs, numbered from 0.

    Parameters
    ----------
    count : at least 1. Where the best of several was met but once, up to as many more are made.
    run : carries out the one of that number.
    began : when the first began, as `time.perf_counter` tells it.
    checkpointer : of the checkpoint: the runs that are over are not repeated; or None.

    Raises
    ------
    Interrupted : Ctrl-C, with the best fit so far.
    KeyboardInterrupt : Ctrl-C before there is any.
    """
    first, best = (checkpointer.run, checkpointer.best) if checkpointer else (0, None)
    began = checkpointer.began if checkpointer else began
    for number in range(first, 2 * count):
        if number >= count and not (count > 1 and best and best.searches and best.searches.alone):
            break
        try:
            ended = run(number)
        except KeyboardInterrupt as interruption:
            if checkpointer:
                checkpointer.write()
            path = checkpointer.path if checkpointer else None
            if isinstance(interruption, Interrupted):
                raise Interrupted(better(best, interruption.fit, began), path) from None
            if best is None:
                raise
            raise Interrupted(better(None, best, began), path) from None
        best = better(best, ended, began)
        if checkpointer:
            checkpointer.over(number, best)
    assert best is not None
    return best


@contextmanager
def kept(best: Fit, checkpointer: Checkpointer | None = None) -> Iterator[None]:
    """Have Ctrl-C carry a fit that is over, while more is found out about it.

    Raises
    ------
    Interrupted : Ctrl-C.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(best, checkpointer.path if checkpointer else None) from None


def better(best: Fit | None, ended: Fit, began: float) -> Fit:
    """The fit of larger likelihood, with the time since `began`, and with all searches counted.

    One with fewer starved components comes first: theirs is likelihood of the floor's making. So
    does one with fewer components whose likelihood is an accident of few rows. A number for
    reg_covar asks for scikit-learn's choice, by the likelihood alone.
    """
    seconds = time.perf_counter() - began
    if best is None:
        return replace(ended, seconds=seconds)
    chosen, other = (ended, best) if _rank(ended) > _rank(best) else (best, ended)
    return replace(chosen, seconds=seconds, searches=_together(chosen, other))


def _together(chosen: Fit, other: Fit) -> Met | None:
    """How often the chosen end was met, by the searches for both."""
    if chosen.searches is None or other.searches is None:
        return chosen.searches
    same = abs(chosen.mean_objective - other.mean_objective) < _SAME
    times = chosen.searches.times + (other.searches.times if same else 0)
    return Met(times, chosen.searches.of + other.searches.of)


def _rank(fit: Fit) -> tuple[int, int, float]:
    if not fit.settings.regularisation.relative:
        return 0, 0, fit.mean_objective
    return -len(fit.starved), -_accidents(fit), fit.mean_objective


def _accidents(fit: Fit) -> int:
    """How many components are spurious, in units of the variances that the mixture gives the data.

    Those are the rows' own at a maximum. With a prior there is none: the objective has a bound.
    """
    mixture, structure, d = fit.mixture, fit.mixture.structure, fit.mixture.n_features
    rows = mixture.weights * fit.n_rows
    if fit.settings.conjugate is not None or not (rows < FEW * (d + 1)).any():
        return 0
    variances = np.diagonal(mixture.covariance())
    units = structure.units(variances) if structure.letters[1] == "I" else variances
    matrices = mixture.covariance_matrices()
    if structure.form.diagonal:
        thin = (np.einsum("kdd->kd", matrices) / units).min(axis=1)
    else:
        thin = thinnest(matrices, units)
    return int(np.count_nonzero(spurious(structure, rows, thin, d)))
