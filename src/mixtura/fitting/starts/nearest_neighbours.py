"""Clutter: rows that lie alone, by the distances to their neighbours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.engine.components import spheres
from mixtura.engine.sources import ArraySource
from mixtura.fitting.starts.budget import Budget
from mixtura.fitting.starts.candidate import Candidate
from mixtura.fitting.starts.search import Search

#: the neighbour whose distance counts
NEIGHBOUR = 10
#: rows among which neighbours are looked for
_AMONG = 2000
_ROUNDS = 200
#: rows whose distances are held at a time
_AT_ONCE = 1000
#: a mean volume so many times another's is a different density
_APART = 2.0
#: a share of rows that is noise, as a start sees it
_SURE = 0.5
#: of what a search may cost, for the one without noise
_SHARE = 0.25


def nearest_neighbour_cleaning(points: Floats) -> Floats:
    """How surely each row is of the sparser of two densities, (m,) from 0 to 1.

    Where rows have the density λ a unit of volume, d^D, for d the distance to the k-th neighbour,
    has a gamma distribution of shape k and a rate in proportion to λ. Two of these, rows among
    their like and rows alone, are fitted to d^D of all rows by EM. Rows that are equal are one.

    Parameters
    ----------
    points : (m, D), rows in units in which distances mean something.

    Returns
    -------
    The responsibilities of the gamma distribution of smaller rate; 0 throughout where there are too
    few rows, or one rate is as good as two.

    Notes
    -----
    m·min(m, 2000)·D multiply-adds; memory for 2000 × 1000 distances.

    References
    ----------
    Byers & Raftery 1998, "Nearest-neighbor clutter removal for estimating features in spatial point
    processes", section 2.
    """
    distinct, place = np.unique(points, axis=0, return_inverse=True)
    m, d = distinct.shape
    if m < 3 * NEIGHBOUR:
        return np.zeros(len(points))
    # In the order of sorting, one of so many: the same however often a row is there.
    among = distinct[:: -(-m // _AMONG)]
    squared = np.concatenate(
        [
            np.partition(
                kernel.squared_distances(distinct[at : at + _AT_ONCE], spheres(among)),
                NEIGHBOUR,
                axis=1,
            )[:, NEIGHBOUR]
            for at in range(0, m, _AT_ONCE)
        ]
    )
    logs = 0.5 * d * np.log(np.maximum(squared, np.finfo(np.float64).tiny))
    return sparser(logs - np.median(logs))[place.ravel()]


def sparser(logs: Floats) -> Floats:
    """The responsibilities of the gamma distribution of smaller rate, (m,) from 0 to 1.

    Parameters
    ----------
    logs : (m,) of D-th powers of the distances to the tenth neighbours, over any one volume.
    """
    k = float(NEIGHBOUR)
    # Volumes in many dimensions span more than a double: what is beyond is as good as at the end.
    volumes = np.exp(np.clip(logs, -300.0, 300.0))
    alone = (logs > 0.0).astype(np.float64)
    for _ in range(_ROUNDS):
        total = np.array([(1.0 - alone).sum(), alone.sum()])
        if not (total > 1e-6).all():
            return np.zeros(len(logs))
        sums = np.array([(1.0 - alone) @ volumes, alone @ volumes])
        rates = k * total / sums
        # log p = k log λ − λ v, and what both have in common
        odds = np.log(total[1] / total[0]) + k * np.log(rates[1] / rates[0])
        odds = odds - (rates[1] - rates[0]) * volumes
        last, alone = alone, 1.0 / (1.0 + np.exp(-np.clip(odds, -700.0, 700.0)))
        if np.abs(alone - last).max() < 1e-6:
            break
    return alone if rates[0] > _APART * rates[1] else np.zeros(len(logs))


def clearings(search: Search) -> list[Candidate]:
    """The end of a search without noise among rows whose neighbours are near, and of k-means.

    The one may take a sparse component for noise, the clusters of all rows do not.

    Parameters
    ----------
    search : amid noise, the last of whose views is in units in which distances mean something.
    """
    ascent, view = search.ascent, search.views[-1]
    every = search.clustered(view)
    clear = nearest_neighbour_cleaning(view.rows) <= _SURE
    least = max(2, search.n_components)
    if np.count_nonzero(clear) < least:
        clear[:] = True
    points, weights = ascent.source.rows, ascent.source.weights
    weights = None if weights is None else weights[clear]
    part = ArraySource(np.ascontiguousarray(points[clear]), weights)
    seen = ArraySource(np.ascontiguousarray(view.rows[clear]), weights)
    budget = Budget(_SHARE * ascent.budget.left)
    alone = replace(ascent.without_background().over(part), budget=budget)
    end = replace(search, ascent=alone, views=(part, seen), spikes=()).found().ends[0]
    ascent.budget.left -= _SHARE * ascent.budget.left - budget.left
    return [ascent.candidate(end.weight, end.means, end.covariances), every]
