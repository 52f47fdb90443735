"""Replicates: what chance makes of a likelihood ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.engine.executors import Serial
from mixtura.engine.search import Race
from mixtura.fitting.starts.budget import Budget
from mixtura.fitting.starts.contest import Contest
from mixtura.fitting.starts.ground import Ground, searched_rows
from mixtura.fitting.starts.search import Search
from mixtura.model.mixture import Mixture
from mixtura.selection.neighbours import merges, splits

#: EM steps that tell starts apart, and after which one has settled, and a gain, nats a row, that is
#: none then
_SHORT, _SETTLED, _GAIN = 5, 100, 1e-6
#: of how many splits of the null, and merges of the alternative, the ends are followed
_FOLLOWED = 2
#: EM steps to the end, and a gain there, nats a row, that is rest
_LAST, _AT_REST = 1000, 1e-9
#: what the search for K + 1 components may cost, in the units of `cost`
_EFFORT = 6e7


@dataclass(frozen=True, eq=False)
class Replicates:
    """Likelihood ratios of rows drawn from a mixture of K components, against K + 1.

    K components are sought from where the rows are from; K + 1 as a start is, the first search of
    all beginning with the ends of K in which a component is split; last K again, from the ends of
    K + 1 in which two are merged.

    Parameters
    ----------
    null : the mixture of K components.
    n_rows : how many rows are drawn.
    seed : of the draws.
    """

    null: Mixture
    n_rows: int
    seed: int

    @property
    def are_searched(self) -> bool:
        """Whether a search looks at all of so many rows."""
        k, d = self.null.n_components, self.null.n_features
        return self.n_rows <= searched_rows(k, d)

    def ratio(self, number: int) -> float:
        """T = 2 (log L_{K+1} − log L_K) of the replicate of that number; NaN where one collapses.

        Parameters
        ----------
        number : from 0.
        """
        random = np.random.RandomState([self.seed, number + 1])
        rows = self.null.sample(self.n_rows, random)[0]
        ground = Ground.of_density(rows, self.null.structure)
        ascent = ground.ascent(self.null.structure, Serial(), Budget(_EFFORT))
        contest, k = Contest(ascent), self.null.n_components
        one = contest.raced([ground.candidate(self.null, ascent)], _race(1))[0]
        views = (ground.points,)
        begun = contest.raced([*splits(one, k + 1)], _race(_FOLLOWED))
        other = Search(ascent, views, k + 1, random, begun=begun).found().ends[0]
        if k > 1:
            again = contest.raced([*merges(other, k)], _race(_FOLLOWED))[0]
            one = again if contest.better(again, one) else one
        ends = [contest.raced([each], Race(0, 1, _LAST, _AT_REST))[0] for each in (other, one)]
        if any(each.n_spurious for each in ends):
            return np.nan
        return 2.0 * self.n_rows * (ends[0].log_likelihood - ends[1].log_likelihood)


def _race(n_followed: int) -> Race:
    return Race(_SHORT, n_followed, _SETTLED, _GAIN)
