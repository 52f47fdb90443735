"""Search: for the parameters of largest likelihood, over the rows of a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.search import Effort, Race, Scatter, Searching
from mixtura.engine.sources import ArraySource
from mixtura.filling import filled
from mixtura.fitting.starts import kmeans
from mixtura.fitting.starts.ascent import Ascent
from mixtura.fitting.starts.budget import CALL
from mixtura.fitting.starts.candidate import Candidate
from mixtura.fitting.starts.contest import Contest
from mixtura.fitting.starts.exchanges import exchanged, set_on
from mixtura.fitting.starts.moves import split
from mixtura.fitting.starts.swapping import DRAWN, Swapping
from mixtura.fitting.starts.swaps import DRAWS
from mixtura.model.structures import structure as structure_called

#: random starts of which the best is gone on with
_TRIED = 5
#: swaps in a row that lead nowhere before a search is over: so many, and where it is to be sure so
#: many a component
_PATIENCE, _EACH = 10, 8
#: how often searches must have met the best before it is taken for the best there is
_MET = 3
#: a step of this `cost` is worth the thought which exchange promises most; so are many components
_DEAR, _MANY = 1e6, 12
#: times as many EM steps tell starts apart that were thought of
_LONGER = 2
#: so many features make a covariance hard to tell; EM steps with one covariance for all, then
_WIDE, _ALIKE = 5, 30
#: swaps that are drawn for a search at once: so many times `DRAWN`, and so many a component
_AHEAD, _AHEAD_EACH = 4, 4
#: the share of rows amid noise that a start at random takes for those of components
_AMID = 0.7


@dataclass(frozen=True, eq=False)
class Found:
    """The best candidate of a search, and where all searches ended.

    Parameters
    ----------
    ends : where the searches ended that began independently, the best first.
    times : how many of them met the best.
    """

    ends: tuple[Candidate, ...]
    times: int


@filled
@dataclass(frozen=True, eq=False)
class Search:
    """Searches that begin independently, until the best has been met often enough.

    Each takes the best of some starts, and then swaps components for as long as that helps.

    Parameters
    ----------
    ascent : over the rows; its budget says how long.
    views : the same rows, each as something that distances are taken in.
    n_components : K.
    random : the source of its draws.
    spikes : the numbers of the rows (n,) that hold one value exactly, of each such value.
    begun : candidates to begin the first search with, which then needs no thought.
    again : whether a search was made before: this one is to begin elsewhere.
    sure : whether the best must be met again, and swaps fail for long, before it is taken for the
        best there is.
    """

    ascent: Ascent
    views: Sequence[ArraySource]
    n_components: int
    random: np.random.RandomState
    spikes: Sequence[Integers] = ()
    begun: Sequence[Candidate] = ()
    again: bool = False
    sure: bool = True

    #: a gain below this, nats a row, is none
    GAIN = Contest.GAIN
    #: candidates nearer than this to each other, nats a row, are the same
    SAME = Contest.SAME

    @property
    def contest(self) -> Contest:
        """The contest by which candidates are told apart."""
        return Contest(self.ascent)

    def found(self) -> Found:
        """The best end of the searches, and how often it was met."""
        ascent = self.ascent
        if self.n_components == 1 and np.isinf(ascent.log_volume):
            one = ascent.from_shares(np.ones((ascent.source.n_rows, 1)))
            return Found((ascent.climbed(one, 1),), 1)
        at_once = self._at_once()
        if at_once is not None:
            return at_once
        thought = self._dear and not (self.again or self.begun)
        return self._one_by_one(self._considered() if thought else self._scattered())

    def _one_by_one(self, others: list[Candidate]) -> Found:
        """The ends of searches, the first from what it is begun with and from others."""
        ascent = self.ascent
        best = self._searched([*self.begun, *others], None)
        ends = [best]
        while self._times(best, ends) < self._met and not ascent.budget.empty:
            end = self._searched(self._scattered(), best)
            ends.append(end)
            if self.contest.better(end, best):
                best = end
        ends.sort(key=lambda each: each.rank)
        return Found(tuple(ends), self._times(ends[0], ends))

    def _at_once(self) -> Found | None:
        """As `_one_by_one`, without a return between the searches; None where that cannot be."""
        search, ascent, begun = kernel.search, self.ascent, self.begun
        if search is None or not self.is_plain:
            return None
        state = self.random.get_state(legacy=False)
        how, effort, draws = self.asked()
        self.random.set_state(state)
        start = self._anywhere
        states, rule = [each.state for each in begun], self.contest.rule(start)
        found = search(ascent.problem(start), states, rule, how, effort, draws)
        if found is None:
            return None
        self.random.random_sample(found.n_used)
        ascent.budget.left = found.left
        return Found(tuple(start.moved(*each) for each in found.states), found.times)

    @property
    def _met(self) -> int:
        return _MET if self.sure else 1

    @property
    def _patience(self) -> int:
        return _PATIENCE + (_EACH * self.n_components if self.sure else 0)

    @property
    def is_plain(self) -> bool:
        """Whether the kernel can make the searches at once."""
        k, ascent = self.n_components, self.ascent
        return k > 1 and not (self._dear or self.spikes) and ascent.is_short(k)

    @cached_property
    def _anywhere(self) -> Candidate:
        """Spheres about the first K rows."""
        return self._spheres(self.ascent.source.rows[: self.n_components])

    def asked(self) -> tuple[Searching, Effort, Floats]:
        """What the kernel is told: how the searches are made, how long, and by which draws."""
        ascent, k, start = self.ascent, self.n_components, self._anywhere
        variance = float(start.covariances[0, 0, 0])
        scatter = Scatter(_TRIED, start.weight, variance, start.background)
        race = Race(Contest.SHORT, 1, Contest.SETTLED, self.GAIN)
        left, patience = ascent.budget.left, self._patience
        return (
            Searching(race, scatter, self._met, DRAWN, True),
            Effort(np.inf, patience, 0, left, CALL, ascent.step(k)),
            self.random.random_sample((_AHEAD + _AHEAD_EACH * k) * DRAWN * DRAWS),
        )

    @property
    def _dear(self) -> bool:
        """Whether a step is worth the thought what to begin with, and what to exchange.

        Where it is not, or clusters do not hide among many features, to try is quicker.
        """
        k, d = self.n_components, self.ascent.source.n_features
        return kernel.climb is None or k > _MANY or d >= _WIDE or self.ascent.step(k) > _DEAR

    def _times(self, best: Candidate, ends: Sequence[Candidate]) -> int:
        return sum(self.contest.same(each, best) for each in ends)

    def _considered(self) -> list[Candidate]:
        """The clusters of k-means, and what splits lead to."""
        started: list[Candidate | None] = [self.clustered(view) for view in self.views]
        ascent = self.ascent
        started.append(self._grown(ascent))
        if ascent.source.n_features >= _WIDE and not (
            ascent.structure.shared or ascent.structure.form.diagonal
        ):
            # A covariance of many numbers fits a wrong half of the rows nearly as well as a right.
            alike = replace(ascent, structure=structure_called("EEE"))
            grown = self._grown(alike)
            if grown is not None:
                shares = alike.shares(alike.climbed(grown, _ALIKE, self.GAIN))
                started.append(ascent.from_shares(shares))
        return [each for each in started if each is not None]

    def _scattered(self) -> list[Candidate]:
        """Starts from spheres about K rows each, drawn at random."""
        rows = self.ascent.source.rows
        drawn = (self.random.uniform(size=(_TRIED, self.n_components)) * len(rows)).astype(np.int64)
        return [self._spheres(rows[own]) for own in drawn]

    def _spheres(self, means: Floats) -> Candidate:
        """Spheres about means (K, d), as large as all rows together."""
        ascent, k = self.ascent, self.n_components
        weight = np.full(k, ascent.source.total_weight / k)
        spheres = np.tile(k ** (-2.0 / means.shape[1]) * np.eye(means.shape[1]), (k, 1, 1))
        weight = weight if np.isinf(ascent.log_volume) else _AMID * weight
        return ascent.candidate(weight, means, spheres)

    def clustered(self, view: ArraySource) -> Candidate:
        """The clusters of one k-means run."""
        ascent, k, executor = self.ascent, self.n_components, self.ascent.executor
        seeds = kmeans.seeds(view, k, self.random, executor)
        labels, _ = kmeans.cluster(view, view.rows[seeds], executor, diagonal=True)
        return ascent.from_shares((labels[:, None] == np.arange(k)).astype(np.float64))

    def _searched(self, started: list[Candidate], known: Candidate | None) -> Candidate:
        """The end of one search; it is over as soon as it comes to what is `known` and no better.

        Parameters
        ----------
        started : of which the best after a few steps is gone on with.
        known : the best end before, or None.
        """
        k = self.n_components
        brief = _LONGER * Contest.SHORT if self._dear else Contest.SHORT
        best = self.contest.raced(started, Race(brief, 1, Contest.SETTLED, self.GAIN))[0]
        for spike in self.spikes:
            best = self._on(best, spike)
        if self._dear:
            best = self._refined(best)
        if k == 1:
            return best
        return Swapping(self.contest, self._patience, known).best(best, self.random)

    def _on(self, best: Candidate, spike: Integers) -> Candidate:
        """With a component on the rows (n,) of a spike, if that is better."""
        for moved in set_on(best, self.ascent.source, spike):
            tried = self.contest.settled(moved, best)
            if self.contest.better(tried, best):
                return tried
        return best

    def _refined(self, best: Candidate) -> Candidate:
        """After as many exchanges of what is merged for what is split as help."""
        while not self.ascent.budget.empty:
            better = None
            for moved in exchanged(self.ascent, best):
                tried = self.contest.settled(moved, best)
                if self.contest.better(tried, best):
                    better = tried
                    break
                if self.ascent.budget.empty:
                    break
            if better is None:
                break
            best = better
        return best

    def _grown(self, ascent: Ascent) -> Candidate | None:
        """From one component on, those that gain most by it are split, until there are K."""
        shares: Floats = np.ones((ascent.source.n_rows, 1))
        ways = [split(ascent, shares[:, 0])]
        while True:
            gains = np.array([0.0 if way is None else way.gain for way in ways])
            order = np.argsort(-gains, kind="stable")[: self.n_components - len(ways)]
            chosen = order[gains[order] > 0.5 * gains.max()]
            if not chosen.size:
                return None
            for k in chosen.tolist():
                way = ways[k]
                assert way is not None
                halves = way.shares(ascent.source.rows) * shares[:, [k]]
                shares = np.column_stack([shares, halves[:, 1]])
                shares[:, k] = halves[:, 0]
            candidate = ascent.climbed(ascent.from_shares(shares), 3)
            n_before, n_now = len(ways), shares.shape[1]
            if n_now == self.n_components:
                return candidate
            shares = ascent.shares(candidate)
            changed = {*chosen.tolist(), *range(n_before, n_now)}
            ways = [split(ascent, shares[:, k]) if k in changed else ways[k] for k in range(n_now)]
