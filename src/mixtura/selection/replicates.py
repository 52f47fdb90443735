"""Replicates: what chance makes of a likelihood ratio."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.engine.executors import Serial
from mixtura.engine.search import Effort, Race, RatioRule, Searching
from mixtura.engine.sources import ArraySource
from mixtura.fitting.starts.ascent import RIDGE, Ascent
from mixtura.fitting.starts.budget import Budget
from mixtura.fitting.starts.candidate import Candidate, restrained
from mixtura.fitting.starts.contest import Contest
from mixtura.fitting.starts.ground import searched_rows
from mixtura.fitting.starts.search import Search
from mixtura.fitting.starts.units import Units, units_of
from mixtura.model.mixture import Mixture
from mixtura.selection.neighbours import APART, AXES, WAYS, merges, splits

#: EM steps that tell starts apart, and after which one has settled; a gain, nats a row, that is
#: none then, and one with which a search may as well go on
_SHORT, _SETTLED, _GAIN, _NEAR = 5, 100, 1e-6, 1e-5
#: the end of the null; of its splits, and of the alternative's merges, so many ends are followed
_ALONE, _BETWEEN = Race(_SHORT, 1, _SETTLED, _GAIN), Race(_SHORT, 2, _SETTLED, _NEAR)
#: EM steps to the end, and a gain there, nats a row, that is rest
_LAST = Race(0, 1, 1000, 1e-7)
_RULE = RatioRule(AXES, APART, WAYS, _ALONE, _BETWEEN, _LAST)
#: what the search for K + 1 components may cost, in the units of `cost`
_EFFORT = 6e7


@dataclass(frozen=True, eq=False)
class Replicates:
    """Likelihood ratios of rows drawn from a mixture of K components, against K + 1.

    K components are sought from where the rows are from; K + 1 as a start is, the first search of
    all beginning with the ends of K in which a component is split; last K again, from the ends of
    K + 1 in which two are merged, and where that is better K + 1 from there.

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
        random = self._random(number + 1)
        search = self._search(random)
        gain = self._at_once(search)
        if gain is None:
            search = self._search(self._random(number + 1))
            gain = _one_by_one(search, self._begun(search))
        return 2.0 * self.n_rows * gain

    def _random(self, number: int) -> np.random.RandomState:
        """The source of a replicate's draws: one that is seeded in no time."""
        return np.random.RandomState(np.random.PCG64([self.seed, number]))

    def _search(self, random: np.random.RandomState) -> Search:
        """The search for K + 1 components of rows that are drawn."""
        points, structure = ArraySource(self._units.of(self._drawn(random))), self.null.structure
        ridge = RIDGE * np.eye(points.n_features)
        ascent = Ascent(points, structure, Serial(), Budget(_EFFORT), ridge)
        # A likelihood without bounds has peaks of few rows, which no search finds at once.
        sure = not structure.bounded
        return Search(ascent, (points,), self.null.n_components + 1, random, sure=sure)

    def _begun(self, search: Search) -> Candidate:
        """Where K components are sought from."""
        return replace(self._null, units=search.ascent.units)

    def _at_once(self, search: Search) -> float | None:
        """As `_one_by_one`, in one call of the kernel; None where that cannot be."""
        if kernel.log_ratio is None or not search.is_plain:
            return None
        how, effort, n_draws = self._asked
        one, draws = self._begun(search), search.random.random_sample(n_draws)
        problem, rule = search.ascent.problem(one), search.contest.rule(one)
        return kernel.log_ratio(problem, one.state, rule, _RULE, how, effort, draws)

    @cached_property
    def _asked(self) -> tuple[Searching, Effort, int]:
        """How all replicates are searched, how long, and by how many draws."""
        how, effort, draws = self._search(self._random(0)).asked()
        return how, effort, len(draws)

    def _drawn(self, random: np.random.RandomState) -> Floats:
        """Rows (N, D) of the null, those of each component together."""
        null = self.null
        counts = random.multinomial(self.n_rows, null.weights / null.weights.sum())
        drawn: Floats = random.standard_normal((self.n_rows, null.n_features))
        stops = counts.cumsum()
        for mean, root, stop, count in zip(null.means, self._roots, stops, counts, strict=True):
            drawn[stop - count : stop] = drawn[stop - count : stop] @ root.T + mean
        return drawn

    @cached_property
    def _roots(self) -> Floats:
        """The Cholesky factors of the null's covariances, (K, D, D)."""
        return np.linalg.cholesky(self.null.covariance_matrices())

    @cached_property
    def _units(self) -> Units:
        """The units of all replicates: those of the rows of one that is not looked at."""
        rows = self._drawn(self._random(0))
        return units_of(rows, None, self.null.structure)

    @cached_property
    def _null(self) -> Candidate:
        """The null in those units."""
        structure, weights = self.null.structure, self.null.weights
        covariances = self._units.covariance(self.null.covariance_matrices())
        means, weight = self._units.of(self.null.means), self.n_rows * weights / weights.sum()
        covariances = restrained(weight, covariances, structure)
        return Candidate(weight, means, covariances, structure, np.ones(means.shape[1]))


def _one_by_one(search: Search, one: Candidate) -> float:
    """The gain log L_{K+1} − log L_K, nats a row; NaN where an end is spurious.

    Parameters
    ----------
    search : for K + 1 components.
    one : of K components, where those are sought from.
    """
    ascent, contest, k = search.ascent, search.contest, search.n_components
    free = Contest(replace(ascent, budget=Budget(np.inf)))
    one = free.raced([one], _ALONE)[0]
    begun = free.raced([*splits(one, k)], _BETWEEN)
    other = replace(search, begun=begun).found().ends[0]
    if k > 2:
        again = free.raced([*merges(other, k - 1)], _BETWEEN)[0]
        if contest.better(again, one):
            higher = free.raced([*splits(again, k)], _BETWEEN)[0]
            one, other = again, higher if contest.better(higher, other) else other
    other, one = (free.raced([each], _LAST)[0] for each in (other, one))
    if other.n_spurious or one.n_spurious:
        return np.nan
    # Every mixture of K components is one of K + 1.
    return max(other.log_likelihood - one.log_likelihood, 0.0)
