"""Divergences: entropies of mixtures and distances between them, with their errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mixtura.arguments import is_whole
from mixtura.engine.arrays import Floats
from mixtura.errors import ParameterError
from mixtura.model.density import Density
from mixtura.model.random import Seed, random_state_of


@dataclass(frozen=True)
class MonteCarloEstimate:
    """A number that was drawn for, and how far chance takes it.

    Parameters
    ----------
    value : nats.
    standard_error : nats; 0 where the value is exact.
    """

    value: float
    standard_error: float = 0.0

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        return f"{self.value:.6g} ± {self.standard_error:.2g} nats"


def entropy(mixture: Density, n: int, seed: Seed) -> MonteCarloEstimate:
    """−E[log p(x)]; exact for one component, ½·log|2πe Σ|."""
    if len(mixture.shares) == 1:
        half = float(mixture.gaussians.half_log_determinants[0])
        return MonteCarloEstimate(
            half + 0.5 * mixture.n_features * math.log(2.0 * math.pi * math.e)
        )
    return _expected(mixture, lambda rows: -mixture.score_samples(rows), n, seed)


def kullback_leibler(p: Density, q: Density, n: int, seed: Seed) -> MonteCarloEstimate:
    """E_p[log p(x) − log q(x)]; exact between two Gaussians."""
    _alike(p, q)
    if len(p.shares) == len(q.shares) == 1:
        (a,), (b,), apart = (
            p.covariance_matrices(),
            q.covariance_matrices(),
            q.means[0] - p.means[0],
        )
        halves = q.gaussians.half_log_determinants - p.gaussians.half_log_determinants
        spread = np.trace(np.linalg.solve(b, a)) + apart @ np.linalg.solve(b, apart)
        return MonteCarloEstimate(float(halves[0] + 0.5 * (spread - p.n_features)))
    return _expected(p, lambda rows: p.score_samples(rows) - q.score_samples(rows), n, seed)


def jensen_shannon(p: Density, q: Density, n: int, seed: Seed) -> MonteCarloEstimate:
    """½·E_p[log p/m] + ½·E_q[log q/m] with m = (p + q)/2, from 0 to log 2."""
    _alike(p, q)
    rng = random_state_of(seed)

    def part(one: Density, other: Density) -> MonteCarloEstimate:
        def ratio(rows: Floats) -> Floats:
            own, others = one.score_samples(rows), other.score_samples(rows)
            return own - np.logaddexp(own, others) + math.log(2.0)

        return _expected(one, ratio, n, rng)

    first, second = part(p, q), part(q, p)
    error = 0.5 * math.hypot(first.standard_error, second.standard_error)
    return MonteCarloEstimate(0.5 * (first.value + second.value), error)


def bhattacharyya(p: Density, q: Density, n: int, seed: Seed) -> MonteCarloEstimate:
    """−log ∫ √(p(x) q(x)) dx; exact between two Gaussians.

    Rows are drawn from p and q, half of them each: √(pq) over their mean is never above 1.
    """
    _alike(p, q)
    if len(p.shares) == len(q.shares) == 1:
        both = 0.5 * (p.covariance_matrices()[0] + q.covariance_matrices()[0])
        apart = q.means[0] - p.means[0]
        halves = p.gaussians.half_log_determinants + q.gaussians.half_log_determinants
        volume = 0.5 * float(np.linalg.slogdet(both)[1]) - 0.5 * float(halves[0])
        return MonteCarloEstimate(float(0.125 * apart @ np.linalg.solve(both, apart)) + volume)
    rng = random_state_of(seed)

    def ratio(rows: Floats) -> Floats:
        own, others = p.score_samples(rows), q.score_samples(rows)
        return np.exp(0.5 * (own + others) - np.logaddexp(own, others) + math.log(2.0))

    first, second = _expected(p, ratio, n, rng), _expected(q, ratio, n, rng)
    overlap = 0.5 * (first.value + second.value)
    error = 0.5 * math.hypot(first.standard_error, second.standard_error)
    return MonteCarloEstimate(
        -math.log(overlap) if overlap else math.inf, error / overlap if overlap else 0.0
    )


def wasserstein(p: Density, q: Density) -> Floats:
    """The 2-Wasserstein distances between the components of two mixtures, (K, K').

    W² = ‖μ_j − μ_k‖² + tr(Σ_j + Σ_k − 2(Σ_j^½ Σ_k Σ_j^½)^½).
    """
    _alike(p, q)
    first, second = p.covariance_matrices(), q.covariance_matrices()
    values, vectors = np.linalg.eigh(first)
    roots = (vectors * np.sqrt(np.maximum(values, 0.0))[:, None]) @ vectors.swapaxes(1, 2)
    between = np.einsum("jab,kbc,jcd->jkad", roots, second, roots, optimize=True)
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(between), 0.0)).sum(axis=2)
    traces = [np.trace(each, axis1=1, axis2=2) for each in (first, second)]
    apart = np.square(p.means[:, None] - q.means).sum(axis=2)
    return np.sqrt(np.maximum(apart + traces[0][:, None] + traces[1] - 2.0 * shared, 0.0))


def _expected(
    mixture: Density, function: Callable[[Floats], Floats], n: int, seed: Seed
) -> MonteCarloEstimate:
    """The mean of a function of rows, each term drawn from in proportion to its weight.

    Σ_t w_t ȳ_t with the standard error √(Σ_t w_t² s_t² / n_t): what lies between the terms is no
    part of it.
    """
    if not is_whole(n) or n < 2:
        raise ParameterError(f"n_draws is {n!r}, expected a whole number of rows, at least 2")
    rng = random_state_of(seed)
    shares = mixture.shares
    counts = np.maximum(np.rint(n * shares), 2).astype(np.int64)
    at, blocks = 0, []
    for family in mixture.terms:
        blocks.append(family.sample(counts[at : at + len(family.labels)], rng))
        at += len(family.labels)
    values = np.split(function(np.concatenate(blocks)), np.cumsum(counts)[:-1])
    value = sum(w * float(v.mean()) for w, v in zip(shares.tolist(), values, strict=True))
    squares = [w * w * float(v.var(ddof=1)) / len(v) for w, v in zip(shares, values, strict=True)]
    return MonteCarloEstimate(float(value), math.sqrt(sum(squares)))


def _alike(p: Density, q: object) -> None:
    """Refuse what is no mixture of as many features."""
    if not isinstance(q, Density):
        raise ParameterError(f"other is a {type(q).__name__}, expected a mixtura.Mixture")
    if p.n_features != q.n_features:
        raise ParameterError(
            f"other has {q.n_features} features, expected {p.n_features}, as this mixture: take a "
            "marginal of the larger one"
        )
