"""Moves: components merged, emptied and halved, from the sums that a pass leaves."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from mixtura.bayesian.belief import Belief
from mixtura.bayesian.posterior import Posterior
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.statistics import Statistics

#: the mean of half a standard normal variable
_HALF = math.sqrt(2.0 / math.pi)


def reordered(statistics: Statistics, order: Integers) -> Statistics:
    """The same sums with component order[k] in place k."""
    held = {name: getattr(statistics, name)[order] for name in ("reference", "weight", "first")}
    return replace(statistics, second=statistics.second[order], **held)


def merged(statistics: Statistics, one: int, other: int) -> Statistics:
    """The sums with the rows of `other` given to `one`: `other` has none."""
    reference = statistics.reference.copy()
    reference[other] = reference[one]
    about = statistics.about(reference)
    return _with(about, {one: (one, other), other: ()})


def emptied(statistics: Statistics, k: int) -> Statistics:
    """The sums with those of component k set to 0."""
    return _with(statistics, {k: ()})


def _with(statistics: Statistics, parts: dict[int, tuple[int, ...]]) -> Statistics:
    """The sums with that of each of some components the sum of others', about one point."""
    changed = {}
    for name in ("weight", "first", "second"):
        old = getattr(statistics, name)
        new = old.copy()
        for k, of in parts.items():
            new[k] = old[list(of)].sum(axis=0)
        changed[name] = new
    return replace(statistics, **changed)


def halved(statistics: Statistics, belief: Belief, k: int, slot: int, axis: int = 0) -> Statistics:
    """The sums with half of component k's rows in place `slot`, which has none.

    They are taken to be normal, and divided at their mean across an axis of their scatter, in
    units of the data's: each half has its mean √(2/π) standard deviations out, and along the axis
    1 − 2/π of the variance.

    Parameters
    ----------
    axis : 0 is the longest.
    """
    n = statistics.weight[k]
    mean = statistics.reference[k] + statistics.first[k] / n
    reference = statistics.reference.copy()
    reference[k] = reference[slot] = mean
    about = statistics.about(reference)
    step, length = _axis(about.second[k] / n, belief.posterior, axis)
    weight, first, second = about.weight.copy(), about.first.copy(), about.second.copy()
    weight[k] = weight[slot] = 0.5 * n
    out = _HALF * length * step
    first[k], first[slot] = 0.5 * n * out, -0.5 * n * out
    # About the whole's mean each half has half of its second moments, whatever the axis.
    second[slot] = second[k] = 0.5 * about.second[k]
    return replace(about, weight=weight, first=first, second=second)


def _axis(covariance: Floats, laws: Posterior, axis: int) -> tuple[Floats, float]:
    """An axis (D,) of a covariance in units of the prior's scale, and its length along it."""
    if covariance.ndim == 1:
        scale = laws.prior.scale
        units = scale if scale.ndim == 1 else np.ones_like(covariance)
        j = int(np.argsort(-covariance / units, kind="stable")[axis % len(covariance)])
        return np.eye(len(covariance))[j], math.sqrt(max(covariance[j], 0.0))
    root = laws.prior.root
    half = np.linalg.solve(root, covariance)
    values, vectors = np.linalg.eigh(np.linalg.solve(root, half.T))
    place = -1 - axis % len(values)
    return root @ vectors[:, place], math.sqrt(max(float(values[place]), 0.0))


def candidates(belief: Belief, statistics: Statistics, least: float = 0.5) -> list[tuple[int, int]]:
    """Pairs whose merger may raise the bound, the most promising first.

    With a belief in the sums, the bound is Σ_k log evidence of each component's sums, the entropy
    of the responsibilities and what the weights add. A merger lets the entropy fall by
    Σ_i [(r_j + r_k) log (r_j + r_k) − r_j log r_j − r_k log r_k] ≥ 0, for which a pass is needed;
    the rest is told by the sums. Pairs whose rest is below 0 cannot gain as they are.

    References
    ----------
    Hughes & Sudderth 2013, "Memoized online variational inference for Dirichlet process mixture
    models", section 4.
    """
    alive = np.flatnonzero(statistics.weight > least)
    laws = belief.posterior
    own = dict(zip(alive.tolist(), _evidences(laws, statistics, alive), strict=True))
    pairs = [(int(j), int(k)) for a, j in enumerate(alive) for k in alive[a + 1 :]]
    if not pairs:
        return []
    gains = []
    for j, k in pairs:
        together = merged(_only(statistics, [j, k]), 0, 1)
        whole = _evidences(laws, together, np.array([0]))[0]
        n = statistics.weight[[j, k]]
        mixing = _log_gamma(n.sum()) - _log_gamma(n[0]) - _log_gamma(n[1])
        gains.append(whole - own[j] - own[k] + mixing)
    order = np.argsort(-np.array(gains), kind="stable")
    return [pairs[i] for i in order.tolist()]


def _evidences(laws: Posterior, statistics: Statistics, which: Integers) -> list[float]:
    """The log evidence of the sums of some components, each by itself, nats."""
    return [
        Posterior.of(laws.prior, _only(statistics, [int(k)])).log_evidence for k in which.tolist()
    ]


def _only(statistics: Statistics, which: list[int]) -> Statistics:
    held = ("reference", "weight", "first", "second")
    return replace(statistics, **{name: getattr(statistics, name)[which] for name in held})


def _log_gamma(x: float) -> float:
    return math.lgamma(1.0 + x)
