"""Start: where exact EM of many components begins."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mixtura.engine.sources import ArraySource
from mixtura.errors import Interrupted
from mixtura.fitting.em import EM
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.runs import begin
from mixtura.fitting.starts.met import Met
from mixtura.fitting.truncated.fit import searched
from mixtura.model.mixture import Mixture
from mixtura.rows.sampling import sample

#: so many rows a component are looked at, or so many for each number of a row and one more
_ROWS, _NUMBERS = 300, 20
#: rounds of truncated EM at most; those of factor analysers gain less
_ROUNDS, _MORE_ROUNDS = 25, 60
#: exact iterations by which starts are told apart; after one of the one, and so many of that of
#: k-means once and twice, it is seen whether the latter can still win
_STEPS, _GLANCE, _GLANCES = 10, 2, 2


def many_start(
    em: EM,
    given: Given,
    random: np.random.RandomState,
    *,
    run: int = 0,
    told: Callable[[Met], None] | None = None,
) -> tuple[Mixture, list[Repair]]:
    """The likelier of two: that of truncated EM, whose components are moved, and that of k-means.

    Parameters
    ----------
    em, given, random, run, told : as for `mixtura.fitting.runs.begin`.

    Notes
    -----
    A start by k-means; and of 300 rows a component, or 20 (D + 1) where that is more, 25 rounds of
    truncated EM at most, and twenty exact iterations at most: as each gains less than the one
    before, k-means' end is left alone where as much again and again would not do.
    """
    k, d = em.settings.n_components, em.data.source.n_features
    few = _sampled(em, max(_ROWS, _NUMBERS * (d + 1)) * k, random)
    rounds = _MORE_ROUNDS if em.settings.structure.n_factors else _ROUNDS
    moved = searched(_shortened(few, rounds), random, []).place.mixture
    plain = replace(em, settings=replace(em.settings, start="kmeans"))
    clustered, repairs = begin(plain, given, random, run=run, told=told)
    try:
        ours = _shortened(few, 1).climb(moved)
        glance, reached = _shortened(few, _GLANCE), clustered
        for seen in range(1, _GLANCES + 1):
            theirs = glance.climb(reached)
            if _merit(theirs, _STEPS - seen * _GLANCE) <= _merit(ours):
                break
            reached = theirs.mixture
        else:
            ours, theirs = few.climb(ours.mixture), few.climb(reached)
    except Interrupted:  # of a fit to the sample, which is no answer
        raise KeyboardInterrupt from None
    return (moved, []) if _merit(ours) >= _merit(theirs) else (clustered, repairs)


def _merit(fit: Fit, n_more: int = 0) -> tuple[int, float]:
    """What is wanted of an end: few starved components, and a high objective, nats a row.

    With `n_more`, what it is at most after so many iterations more.
    """
    last = fit.trace[-1] - fit.trace[-2] if len(fit.trace) > 1 else math.inf
    return -len(fit.starved) * (n_more == 0), fit.mean_objective + n_more * last


def _shortened(em: EM, n_iterations: int) -> EM:
    return replace(em, settings=em.settings.shortened(n_iterations))


def _sampled(em: EM, n_rows: int, random: np.random.RandomState) -> EM:
    """A few iterations over some of the rows, in memory, and none of whom anybody is told."""
    source = em.data.sample
    if not em.data.in_memory or source.n_rows > n_rows:
        rows, weights = sample(source, n_rows, random)
        source = ArraySource(np.ascontiguousarray(rows), weights)
    return em.shortened(source, _STEPS)
