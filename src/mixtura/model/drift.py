"""Drift: the tests of whether rows are still those that a mixture describes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Rows, Value
from mixtura.engine.executors import Executor, default_executor
from mixtura.engine.sources import ArraySource, Block
from mixtura.errors import DataError
from mixtura.model.comparison import Comparison, Departure, holm
from mixtura.model.density import Density
from mixtura.model.distributions import chi_survival
from mixtura.model.tail import Tail
from mixtura.rows.out_of_core import is_out_of_core, totals

#: bins of each distribution
_BINS = 256
#: rows that are drawn of the mixture, and where it is no sum of Gaussians alone; by which seed
_DRAWN, _OFTEN, _SEED = 2**14, 2**17, 0
#: responsibilities that are held at once, about
_NUMBERS = 2**20
#: of components that fewer rows are expected of, the shares are tested together
_FEW = 5.0
#: a maximum over points a step h apart falls short of that over all by so much of √h
_SHORT = 0.5826
#: shares that differ by no more are one
_ROUNDING = 1e-12
#: rows of that tail probability are called rare
_RARE = 0.01


@dataclass(frozen=True, eq=False)
class Yardstick(Value):
    """What rows are held to: bins of each feature and of the score, and what should be in them.

    Parameters
    ----------
    mixture : the density.
    tail : the distribution of its scores.
    edges : (D, B − 1), between the bins of each feature, feature units.
    below : (D, B − 1), the mixture's own share of rows below each.
    shares : (K,), the mean responsibilities of the mixture's own rows: its weights, but for noise,
        whose density goes on outside its box; then they are those of drawn rows.
    n_drawn : how many rows `shares` is the mean of, or infinity.
    scatter : (K, K), the covariance of the responsibilities, noise the last.
    middle, scale : (D,), the mixture's mean and standard deviations, feature units.
    """

    mixture: Density
    tail: Tail
    edges: Floats
    below: Floats
    shares: Floats
    n_drawn: float
    scatter: Floats
    middle: Floats
    scale: Floats

    @classmethod
    def of(cls, mixture: Density, tail: Tail) -> Yardstick:
        """The yardstick of a mixture: bins between quantiles of some rows drawn from it."""
        random, exact = np.random.RandomState(_SEED), len(mixture.terms) == 1
        n = _DRAWN if exact else _OFTEN
        counts, blocks, at = random.multinomial(n, mixture.shares), [], 0
        for terms in mixture.terms:
            blocks.append(terms.sample(counts[at : at + len(terms.labels)], random))
            at += len(terms.labels)
        drawn = np.vstack(blocks)
        edges = np.quantile(drawn, np.arange(1, _BINS) / _BINS, axis=0)
        step, scatter = np.zeros(len(mixture.shares)), np.zeros((len(mixture.shares),) * 2)
        for _, shares in _posteriors(drawn, mixture):
            apart = shares - mixture.shares
            step += apart.sum(axis=0) / n
            scatter += apart.T @ apart / n
        if not exact:
            scatter -= np.outer(step, step)
        middle = np.sum([terms.mean() for terms in mixture.terms], axis=0)
        spread = np.sum([terms.covariance(middle) for terms in mixture.terms], axis=0)
        return cls(
            mixture,
            tail,
            np.ascontiguousarray(edges.T),
            np.sum([terms.marginal_cdf(edges) for terms in mixture.terms], axis=0).T,
            mixture.shares if exact else mixture.shares + step,
            math.inf if exact else float(n),
            scatter,
            middle,
            np.sqrt(np.diagonal(spread)),
        )

    def sums(self, executor: Executor, block: Block) -> Floats:
        """What is to be known of the rows of a block, as sums that add up, (S,)."""
        return np.asarray(executor.run(ArraySource(block.rows), self._of_block))

    def _of_block(self, block: Block) -> Floats:
        """Of a block: rows, rare ones, responsibilities, moments, then the bins of each."""
        rows = np.asarray(block.rows, dtype=np.float64)
        parts = [(each, r.sum(axis=0)) for each, r in _posteriors(block.rows, self.mixture)]
        likelihood = np.concatenate([each for each, _ in parts])
        shares = np.sum([each for _, each in parts], axis=0)
        tails = self.tail.probability(likelihood)
        bins = np.minimum(tails * _BINS, _BINS - 1).astype(np.int64)
        held = [np.bincount(bins, minlength=_BINS)]
        for j, edges in enumerate(self.edges):
            held.append(np.bincount(np.searchsorted(edges, rows[:, j]), minlength=_BINS))
        with np.errstate(over="ignore"):
            apart = (rows - self.middle) / self.scale
            moments = [apart.sum(axis=0), np.square(apart).sum(axis=0)]
        few = [[float(len(rows)), float(np.count_nonzero(tails <= _RARE))], shares]
        return np.concatenate([*few, *moments, *held])

    def departures(self, sums: Floats, known: float) -> list[Departure]:
        """The tests, of the sums over all rows; parameters as for `compared`, `known` rows or inf.

        Holm's adjustment is left to be made.
        """
        d, k = len(self.middle), len(self.mixture.shares)
        parts = np.split(sums, np.cumsum([2, k, d, d]))
        (n, rare), shares, first, second = parts[0], parts[1] / sums[0], parts[2], parts[3]
        below = np.cumsum(parts[4].reshape(d + 1, _BINS), axis=1)[:, :-1] / n
        certain = 1.0 / (1.0 / n + 1.0 / known)
        found = [self._of_score(below[0], certain, known, rare / n)]
        with np.errstate(over="ignore", invalid="ignore"):  # of rows beyond 1e154 deviations
            means = first / n
            spreads = np.sqrt(np.maximum(second / n - np.square(means), 0.0))
        for name, seen, due, shift, spread in zip(
            self.mixture.feature_labels, below[1:], self.below, means, spreads, strict=True
        ):
            distance = float(np.abs(seen - due).max())
            p = kolmogorov_survival(distance, certain)
            effect = {"shift": float(shift), "spread": float(spread)}
            found.append(Departure("feature", name, distance, p, p, effect))
        return found if k == 1 else [*found, self._of_shares(shares, certain)]

    def _of_score(self, seen: Floats, n: float, known: float, rare: float) -> Departure:
        """The test of the tail probabilities, with the tail's own standard error in n.

        Rows that a mixture was not fitted to score lower under it by p/n nats about, for p free
        parameters and n rows of the fit, and the more the farther they lie: so far they may. It is
        taken in proportion to D/2 + m − s, a row's depth below a peak, for scores s below the
        median m.
        """
        levels = np.arange(1, _BINS) / _BINS
        least = float(self.tail.probability([-math.inf])[0])
        low, high = (self.tail.threshold(max(end, least)) for end in (0.5 / _BINS, 0.998))
        scores = np.linspace(low, high, 16 * _BINS)
        at = np.interp(levels, self.tail.probability(scores), scores)
        deep = 1.0 + np.maximum(float(np.median(at)) - at, 0.0) * 2.0 / len(self.middle)
        allowed = self.tail.probability(at + self.mixture.n_parameters / known * deep)
        due = np.where(levels < least, 0.0, levels)
        error = float(self.tail.error(at).max())
        beyond = np.maximum(seen - np.maximum(allowed, due), due - seen)
        distance = max(float(beyond.max()), 0.0)
        p = kolmogorov_survival(distance, 1.0 / (1.0 / n + 4.0 * error * error))
        return Departure("score", "log-likelihood", distance, p, p, {"rare": float(rare)})

    def _of_shares(self, shares: Floats, n: float) -> Departure:
        """The quadratic form n δᵀ C⁻¹ δ of δ = mean r − w, chi-square of the rank of C."""
        n = 1.0 / (1.0 / n + 1.0 / self.n_drawn)
        weights = self.shares
        apart = shares - weights
        few = n * weights < _FEW
        places = np.append(np.flatnonzero(~few), np.flatnonzero(few))
        # Where each group begins: those with few rows are one, the last.
        groups = np.arange(np.count_nonzero(~few) + few.any())
        ordered = np.add.reduceat(self.scatter[np.ix_(places, places)], groups, axis=0)
        scatter = np.add.reduceat(ordered, groups, axis=1)
        values, vectors = np.linalg.eigh(scatter)
        kept = values > 1e-9 * values[-1]
        along = vectors[:, kept].T @ np.add.reduceat(apart[places], groups)
        form = float(n * np.sum(np.square(along) / values[kept]))
        p = float(chi_survival(math.sqrt(form), int(kept.sum()))) if kept.any() else 1.0
        sizes = np.abs(apart)  # of two components both are as far, but for rounding
        worst = int((sizes >= sizes.max() - _ROUNDING).argmax())
        labels = np.concatenate([terms.labels for terms in self.mixture.terms])
        effect = {
            "component": float(labels[worst]),
            "observed": float(shares[worst]),
            "expected": float(weights[worst]),
        }
        distance = 0.5 * float(np.abs(apart).sum())
        return Departure("components", "components", distance, p, p, effect)


def _posteriors(rows: Rows, mixture: Density) -> Iterator[tuple[Floats, Floats]]:
    """Log-likelihoods and responsibilities of some rows after others, a few million at once."""
    few = max(1, _NUMBERS // len(mixture.shares))
    for first in range(0, max(len(rows), 1), few):
        yield kernel.posterior(rows[first : first + few], mixture.components)


def compared(yardstick: Yardstick, X: Any, fitted_to: float | None, alpha: float) -> Comparison:
    """The comparison of rows with a mixture's yardstick; see `Mixture.compare`."""
    mixture = yardstick.mixture
    if is_out_of_core(X):
        ask = (yardstick.sums, mixture.n_features, mixture.feature_names)
        sums = totals(X, None, *ask)
    else:
        rows = mixture.rows(X)
        if len(rows) == 0:
            raise DataError("X has 0 rows, expected at least 1")
        sums = yardstick.sums(default_executor(), Block(0, rows))
    found = yardstick.departures(sums, math.inf if fitted_to is None else float(fitted_to))
    adjusted = holm([each.p_value for each in found])
    told = [
        Departure(each.of, each.name, each.distance, each.p_value, p, each.effect)
        for each, p in zip(found, adjusted, strict=True)
    ]
    return Comparison(int(sums[0]), fitted_to, alpha, tuple(told))


def kolmogorov_survival(distance: float, n: float) -> float:
    """P(max |F_n − F| > distance) over the edges of bins, for n rows: 2 Σ_j (−1)^(j−1) e^(−2j²λ²).

    With λ = (√n + 0.12 + 0.11/√n)·distance, and what a maximum over the edges alone falls short of.

    References
    ----------
    Stephens 1970, "Use of the Kolmogorov-Smirnov, Cramér-von Mises and related statistics without
    extensive tables"; Broadie, Glasserman & Kou 1997, "A continuity correction for discrete barrier
    options", for the maximum over the edges.
    """
    root = math.sqrt(n)
    size = (root + 0.12 + 0.11 / root) * distance + _SHORT / math.sqrt(_BINS)
    if size < 0.2:
        return 1.0
    terms = ((-1.0) ** (j - 1) * math.exp(-2.0 * j * j * size * size) for j in range(1, 40))
    return min(max(2.0 * math.fsum(terms), 0.0), 1.0)
