"""Search: for the parameters of largest likelihood, over the rows of a sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.engine.sources import ArraySource
from mixtura.engine.spheres import spheres
from mixtura.fitting import kmeans
from mixtura.fitting.starts.ascent import Ascent, Candidate
from mixtura.fitting.starts.merges import merge_losses
from mixtura.fitting.starts.splits import Split, split

__all__ = ["Search"]

#: EM steps that tell candidates apart, and after which one should have settled
_SHORT, _SETTLED = 5, 60
#: exchanges that are tried from one candidate
_TRIALS = 6
#: how often random starts may lead to what is known before it is taken for the best
_MET = 8


@dataclass(frozen=True, eq=False)
class Search:
    """Short runs from clusters; then merges with splits, and random starts, while they may.

    Parameters
    ----------
    ascent : over the rows; its purse says how long.
    views : the same rows, each as something that distances are taken in.
    n_components : K.
    random : the source of its draws.
    """

    ascent: Ascent
    views: Sequence[ArraySource]
    n_components: int
    random: np.random.RandomState

    #: a gain below this, nats a row, is none
    GAIN = 1e-6
    #: candidates nearer than this to each other, nats a row, are the same
    SAME = 1e-5

    def best(self) -> Candidate:
        """The best candidate found."""
        ascent = self.ascent
        if self.n_components == 1:
            return ascent.from_shares(np.ones((ascent.source.n_rows, 1)))
        started = [self._clustered(view) for view in self.views]
        grown = self._grown()
        if grown is not None:
            started.append(grown)
        best = self._best_of([ascent.climbed(each, _SHORT) for each in started])
        best = self._refined(ascent.climbed(best, _SETTLED, self.GAIN))
        views, met = cycle(self.views), 0
        while met < _MET and not ascent.purse.empty:
            other = self._settled(self._scattered(next(views)), best)
            if self._better(other, best):
                best, met = self._refined(other), 0
            elif self._same(other, best):
                met += 1
        return best

    def _refined(self, best: Candidate) -> Candidate:
        """After as many exchanges as help."""
        while not self.ascent.purse.empty:
            exchanged = self._exchanged(best)
            if exchanged is None:
                break
            best = exchanged
        return best

    def _best_of(self, candidates: Sequence[Candidate]) -> Candidate:
        """The candidate with the fewest spurious components, of those the likeliest."""
        return min(candidates, key=lambda each: (each.n_spurious, -each.log_likelihood))

    def _better(self, one: Candidate, other: Candidate) -> bool:
        """Whether one is sounder than the other, or as sound and of larger likelihood."""
        if one.n_spurious != other.n_spurious:
            return one.n_spurious < other.n_spurious
        return one.log_likelihood > other.log_likelihood + self.GAIN

    def _clustered(self, view: ArraySource) -> Candidate:
        """The clusters of one k-means run."""
        ascent, k, executor = self.ascent, self.n_components, self.ascent.executor
        seeds = kmeans.seeds(view, k, self.random, executor)
        labels, _ = kmeans.cluster(view, view.rows[seeds], executor, diagonal=True)
        return ascent.from_shares((labels[:, None] == np.arange(k)).astype(np.float64))

    def _scattered(self, view: ArraySource) -> Candidate:
        """The rows nearest to each of K that are drawn at random."""
        k = self.n_components
        seeds = (self.random.uniform(size=k) * view.n_rows).astype(np.int64)
        squared = kernel.squared_distances(view.rows, spheres(view.rows[seeds]))
        nearest = squared.argmin(axis=1)
        return self.ascent.from_shares((nearest[:, None] == np.arange(k)).astype(np.float64))

    def _grown(self) -> Candidate | None:
        """From one component on, those that gain most by it are split, until there are K."""
        ascent = self.ascent
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

    def _exchanged(self, best: Candidate) -> Candidate | None:
        """A better candidate by one merge and one split, or None where none is found."""
        ascent = self.ascent
        shares = ascent.shares(best)
        for (i, j), k, found in self._exchanges(best, shares):
            if ascent.purse.empty:
                return None
            merged = shares.copy()
            merged[:, i] += merged[:, j]
            merged[:, j] = 0.0
            way = split(ascent, merged[:, k]) if k == i else found
            if way is None:
                continue
            halves = way.shares(ascent.source.rows) * merged[:, [k]]
            merged[:, k], merged[:, j] = halves[:, 0], halves[:, 1]
            tried = self._settled(ascent.from_shares(merged), best)
            if self._better(tried, best):
                return tried
        return None

    def _exchanges(
        self, best: Candidate, shares: Floats
    ) -> Iterator[tuple[tuple[int, int], int, Split | None]]:
        """Pairs to merge and components to split, those that promise most first.

        A component of the pair itself stands for both of them, once merged, split another way.
        """
        k = self.n_components
        losses = merge_losses(best.estimate)
        ways = [split(self.ascent, shares[:, j]) for j in range(k)]
        first, second = np.triu_indices(k, 1)
        gains = np.array([-np.inf if way is None else way.gain for way in ways])
        net = gains - losses[first, second][:, None]  # (pairs, K)
        pairs = np.arange(len(first))
        net[pairs, first] = -losses[first, second]
        net[pairs, second] = -np.inf
        order = np.argsort(-net, axis=None, kind="stable")[:_TRIALS]
        for place in order.tolist():
            pair, component = divmod(place, k)
            if np.isfinite(net[pair, component]):
                yield (int(first[pair]), int(second[pair])), component, ways[component]

    def _settled(self, candidate: Candidate, best: Candidate) -> Candidate:
        """The candidate, climbed for as long as it may yet be better than `best`."""
        ascent, done = self.ascent, _SHORT
        candidate = ascent.climbed(candidate, _SHORT)
        while not self._better(candidate, best):
            before = candidate.log_likelihood
            if done >= _SETTLED or self._same(candidate, best):
                return candidate
            candidate = ascent.climbed(candidate, _SHORT)
            done += _SHORT
            # At the pace of the last steps it would not arrive in those that are left.
            left = (_SETTLED - done) / _SHORT
            reached = candidate.log_likelihood + left * (candidate.log_likelihood - before)
            if reached < best.log_likelihood - self.SAME:
                return candidate
        return ascent.climbed(candidate, _SETTLED, self.GAIN)

    def _same(self, one: Candidate, other: Candidate) -> bool:
        """Whether two candidates have come to the same height."""
        return abs(one.log_likelihood - other.log_likelihood) < self.SAME
