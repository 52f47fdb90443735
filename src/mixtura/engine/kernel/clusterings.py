"""Draws of clusterings in NumPy, the specification: Gibbs, and moves that split and merge.

A row is of a cluster with rows in proportion to (n + γ) p(x | its rows), of a new one to
γ V(t + 1)/V(t) p(x): of a problem these are ratios of p(X, C), of which one row is moved.

References
----------
Neal 2000, "Markov chain sampling methods for Dirichlet process mixture models", algorithm 3; Jain &
Neal 2004, "A split-merge Markov chain Monte Carlo procedure for the Dirichlet process mixture
model"; Dahl 2005, "Sequentially-allocated merge-split sampler"; Miller & Harrison 2018, "Mixture
models with a prior on the number of components".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.clusterings import ClusteringProblem, ClusteringRule, DrawnClusterings

_WORD = 2**64 - 1


def sample_clusterings(
    problem: ClusteringProblem, labels: Integers, state: int, rule: ClusteringRule
) -> DrawnClusterings:
    """Clusterings drawn one after the other, each after moves and a sweep of Gibbs.

    Parameters
    ----------
    problem : the rows and the joint law.
    labels : (N,), the clustering to begin with, of numbers from 0 to N − 1.
    state : of the numbers at random.
    rule : how many, and what is done between.
    """
    drawn = np.empty((rule.n_sweeps, len(labels)), np.int32)
    heights, accepted = np.empty(rule.n_sweeps), np.zeros(2, np.int64)
    now, draws = labels, _Draws(state)
    for sweep in range(rule.n_sweeps):
        walk = _Walk(problem, [int(label) for label in now], draws)
        for _ in range(rule.n_moves):
            move = walk.split_or_merge(rule.n_scans)
            if move is not None:
                accepted[move] += 1
        walk.sweep()
        _, first, own = np.unique(walk.labels, return_index=True, return_inverse=True)
        now = drawn[sweep] = np.argsort(np.argsort(first))[own]
        heights[sweep] = walk.log_density()
    return DrawnClusterings(drawn, heights, accepted, draws.state)


class _Draws:
    """Numbers from [0, 1); Steele, Lea & Flood 2014, the generator SplitMix."""

    def __init__(self, state: int) -> None:
        self._word = state & _WORD

    @property
    def state(self) -> int:
        return self._word - (self._word >> 63 << 64)

    def __call__(self) -> float:
        self._word = z = (self._word + 0x9E3779B97F4A7C15) & _WORD
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
        return float((z ^ (z >> 31)) >> 11) * 2.0**-53

    def of(self, n: int) -> int:
        return min(int(self() * n), n - 1)


@dataclass
class _Sums:
    """How many rows, Σ (x − m₀) and Σ (x − m₀)(x − m₀)ᵀ, or what the form needs of it."""

    count: int
    first: Floats
    second: Floats


@dataclass
class _Walk:
    """A clustering that changes."""

    problem: ClusteringProblem
    labels: list[int]
    draws: _Draws
    sums: dict[int, _Sums] = field(default_factory=dict)

    def __post_init__(self) -> None:
        begun, self.labels = self.labels, [-1] * len(self.labels)
        for row, place in enumerate(begun):
            self.enter(row, place)

    def sweep(self) -> None:
        counts = self.problem.counts
        for row in range(len(self.labels)):
            self.leave(row)
            places, t = list(self.sums), len(self.sums)
            logs = [self.log_predictive(row, place) for place in places]
            if counts[t + 1] > -math.inf:
                places.append(self.vacant())
                logs.append(self.log_predictive(row, places[-1]) + counts[t + 1] - counts[t])
            self.enter(row, places[self._drawn(logs)])

    def split_or_merge(self, n_scans: int) -> int | None:
        """0 or 1 where a split or a merge was accepted."""
        n, labels = len(self.labels), self.labels
        if n < 2:
            return None
        one = self.draws.of(n)
        other = (one + 1 + self.draws.of(n - 1)) % n
        before, begun = self.log_density(), labels.copy()
        sums = {place: replace(own) for place, own in self.sums.items()}
        here, there = labels[one], labels[other]
        split = here == there
        if split and self.problem.counts[len(self.sums) + 1] == -math.inf:
            return None
        rows = [i for i, own in enumerate(labels) if own in (here, there) and i not in (one, other)]
        apart = self.vacant() if split else there
        if split:
            self.move(other, apart)
        self._launch(rows, here, apart)
        for _ in range(n_scans):
            self._restricted(rows, here, apart, None)
        chance = self._restricted(rows, here, apart, None if split else begun)
        if not split:
            for row in (*rows, other):
                self.move(row, here)
        gain = self.log_density() - before - (chance if split else -chance)
        if math.log(1.0 - self.draws()) < gain:
            return 0 if split else 1
        self.labels, self.sums = begun, sums
        return None

    def _launch(self, rows: list[int], here: int, apart: int) -> None:
        for row in rows:
            self.leave(row)
        order = rows.copy()
        for left in range(len(order), 0, -1):
            chosen = self.draws.of(left)
            order[chosen], order[left - 1] = order[left - 1], order[chosen]
            row = order[left - 1]
            goes = self._goes(row, here, apart)[0]
            self.enter(row, apart if self.draws() < math.exp(goes) else here)

    def _restricted(
        self, rows: list[int], here: int, apart: int, wanted: list[int] | None
    ) -> float:
        chance = 0.0
        for row in rows:
            self.leave(row)
            goes, stays = self._goes(row, here, apart)
            away = wanted[row] == apart if wanted else self.draws() < math.exp(goes)
            chance += goes if away else stays
            self.enter(row, apart if away else here)
        return chance

    def _goes(self, row: int, here: int, apart: int) -> tuple[float, float]:
        """The logs of the chances of the two."""
        odds = self.log_predictive(row, apart) - self.log_predictive(row, here)
        return -float(np.logaddexp(0.0, -odds)), -float(np.logaddexp(0.0, odds))

    def _drawn(self, logs: list[float]) -> int:
        shares = np.exp(np.array(logs) - max(logs))
        left = self.draws() * shares.sum()
        for number, share in enumerate(shares[:-1]):
            left -= share
            if left < 0.0:
                return number
        return len(shares) - 1

    def move(self, row: int, place: int) -> None:
        self.leave(row)
        self.enter(row, place)

    def vacant(self) -> int:
        return next(place for place in range(len(self.labels) + 1) if place not in self.sums)

    def enter(self, row: int, place: int) -> None:
        away, d = self._deviation(row), self.problem.rows.shape[1]
        own = self.sums.setdefault(
            place, _Sums(0, np.zeros(d), np.zeros(self._squares(away).shape))
        )
        own.count, own.first = own.count + 1, own.first + away
        own.second = own.second + self._squares(away)
        self.labels[row] = place

    def leave(self, row: int) -> None:
        place = self.labels[row]
        own, away = self.sums[place], self._deviation(row)
        own.count, own.first = own.count - 1, own.first - away
        own.second = own.second - self._squares(away)
        if not own.count:
            del self.sums[place]
        self.labels[row] = -1

    def log_predictive(self, row: int, place: int) -> float:
        """What a row that is nowhere adds to `log_density` by entering, but for log V(t)."""
        t = len(self.sums)
        before = self.log_density()
        self.enter(row, place)
        after = self.log_density() - self.problem.counts[len(self.sums)]
        self.leave(row)
        return after - before + float(self.problem.counts[t])

    def log_density(self) -> float:
        """Log p(X, C), nats."""
        problem = self.problem
        scale = problem.scale
        if problem.form == "full":
            scale = scale @ scale.T
        laws: list[tuple[int, Floats]] = []
        total = float(problem.counts[len(self.sums)])
        for own in self.sums.values():
            total += float(problem.sizes[own.count])
            beta = problem.mean_precision + own.count
            laws.append((own.count, own.second - self._squares(own.first / math.sqrt(beta))))
        if problem.pooled:
            laws = [(sum(count for count, _ in laws), sum((s for _, s in laws), 0.0 * scale))]
        for count, squares in laws:
            copies = problem.rows.shape[1] if problem.form == "spherical" else 1
            degrees = problem.degrees + copies * count
            whole = scale + squares
            full = problem.form == "full"
            log_scale = np.linalg.slogdet(whole)[1] if full else np.log(whole).sum()
            total += float(problem.normalisers[count] - 0.5 * degrees * log_scale)
        return total

    def _deviation(self, row: int) -> Floats:
        return self.problem.rows[row] - self.problem.mean

    def _squares(self, away: Floats) -> Floats:
        if self.problem.form == "full":
            return np.outer(away, away)
        squares = away * away
        return squares if self.problem.form == "diag" else squares.sum(keepdims=True)
