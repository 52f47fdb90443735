"""Clearings: where a search amid noise begins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mixtura.engine.sources import ArraySource
from mixtura.fitting.starts.budget import Budget
from mixtura.fitting.starts.candidate import Candidate
from mixtura.fitting.starts.nearest_neighbours import nearest_neighbour_cleaning
from mixtura.fitting.starts.search import Search

__all__ = ["clearings"]

#: a share of rows that is noise, as a start sees it
_SURE = 0.5
#: of what a search may cost, for the one without noise
_SHARE = 0.25


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
    weights = np.ones(len(points)) if weights is None else weights
    part = ArraySource(np.ascontiguousarray(points[clear]), weights[clear])
    seen = ArraySource(np.ascontiguousarray(view.rows[clear]), weights[clear])
    budget = Budget(_SHARE * ascent.budget.left)
    alone = replace(ascent.without_background().over(part), budget=budget)
    end = replace(search, ascent=alone, views=(part, seen), spikes=()).found().ends[0]
    ascent.budget.left -= _SHARE * ascent.budget.left - budget.left
    return [ascent.candidate(end.weight, end.means, end.covariances), every]
