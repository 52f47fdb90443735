"""Finite mixture with an unknown number of components, and the clusterings that it makes likely."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.arguments import is_number, is_whole
from mixtura.bayesian.hyperparameters import MOST_ROWS
from mixtura.bayesian.special import log_gamma
from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Integers, Value, frozen
from mixtura.errors import ParameterError

#: of no other wish the most components, of K − 1 ~ Poisson(1); more have a share of 1e-31
_USUAL_MOST = 30
#: a component more than this no label of 16 bits has
_MOST = 30_000


@dataclass(frozen=True, eq=False)
class FiniteMixture(Value):
    """A prior of K, and given K a Dirichlet law of K weights: K ~ p, π | K ~ Dir(γ, …, γ).

    N rows are of t of the K components, and these of n_1 … n_t rows, with the probability

        p(C) = V_N(t) Π_c γ^(n_c),    V_N(t) = Σ_k p(k) k_(t) / (γk)^(N),

    where x^(n) = x (x + 1) … (x + n − 1) and k_(t) = k (k − 1) … (k − t + 1).

    Parameters
    ----------
    shares : (M,), p(K = 1), …, p(K = M); they sum to 1.
    gamma : γ > 0, rows that each component is worth before any is seen.

    References
    ----------
    Miller & Harrison 2018, "Mixture models with a prior on the number of components", theorem 3.1.
    """

    shares: Floats
    gamma: float

    @classmethod
    def of(cls, shares: Any, gamma: float) -> FiniteMixture:
        """The law of these wishes.

        Parameters
        ----------
        shares : what K = 1, 2, … are in proportion to; a whole number is exactly so many; None is
            K − 1 ~ Poisson(1).
        gamma : γ.

        Raises
        ------
        ParameterError : they make no law.
        """
        if not is_number(gamma) or not 0.0 < gamma <= MOST_ROWS:
            raise ParameterError(
                f"weight_concentration_prior is {gamma!r}, expected a number above 0, at most "
                f"{MOST_ROWS:g}"
            )
        if shares is None:
            given = np.exp(-log_gamma(np.arange(1.0, _USUAL_MOST + 1.0)))
        elif is_whole(shares) and 1 <= shares <= _MOST:
            given = np.zeros(int(shares))
            given[-1] = 1.0
        else:
            given = _listed(shares)
        total = float(given.sum()) if given.ndim == 1 else 0.0
        sound = 0.0 < total < math.inf and not (given < 0.0).any() and len(given) <= _MOST
        if not sound:
            raise ParameterError(
                f"n_components_prior is {shares!r}, expected a whole number from 1 to {_MOST}, or "
                "what 1, 2, … components are in proportion to: numbers of at least 0, not all 0"
            )
        most = int(np.flatnonzero(given)[-1]) + 1
        return cls(frozen(given[:most] / total), float(gamma))

    @property
    def most(self) -> int:
        """The largest K that is possible."""
        return len(self.shares)

    def log_terms(self, n: int) -> Floats:
        """Log p(k) k_(t) / (γk)^(n), the terms of V_n(t), nats; (M + 1, M): t from 0, k from 1."""
        k = np.arange(1.0, self.most + 1.0)
        t = np.arange(self.most + 1.0)[:, None]
        with np.errstate(divide="ignore"):
            of_k = np.log(self.shares) + log_gamma(k + 1.0)
        of_k = of_k - self.log_rising(self.gamma * k, n)
        left = k - t + 1.0  # k − t + 1 ≥ 1 where t clusters fit into k components
        return np.where(left >= 1.0, of_k - log_gamma(np.maximum(left, 1.0)), -math.inf)

    def log_counts(self, n: int, most: int | None = None) -> Floats:
        """Log V_n(t) of t = 0 … `most`, n + 1 by default, (most + 1,); −inf beyond M; nats."""
        found = np.full((n + 1 if most is None else most) + 1, -math.inf)
        sums = _log_sums(self.log_terms(n))[: len(found)]
        found[: len(sums)] = sums
        return found

    def log_rising(self, x: Floats, n: Any) -> Floats:
        """Log x^(n) of the rising factorial x (x + 1) … (x + n − 1)."""
        x, n = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(n, np.float64))
        return log_gamma(x + n) - log_gamma(x)

    def log_probability(self, sizes: Integers) -> float:
        """Log p(C) of a clustering into clusters of so many rows, (t,), nats."""
        n, t = int(sizes.sum()), len(sizes)
        each = self.log_rising(np.full(t, self.gamma), sizes)
        return float(self.log_counts(n, t)[t] + each.sum())

    def given_clusters(self, n: int) -> Floats:
        """p(K = k | t clusters of n rows), (M + 1, M): t = 0 … M, k = 1 … M.

        The rows tell K by their clustering alone, and that by its number of clusters.
        """
        terms = self.log_terms(n)
        return np.exp(terms - _log_sums(terms)[:, None])

    @cached_property
    def mean(self) -> float:
        """E K."""
        return float(self.shares @ np.arange(1.0, self.most + 1.0))


def _listed(shares: Any) -> Floats:
    """Numbers (M,) that a person lists; NaN where they are none."""
    try:
        given = np.asarray(shares)
        return given.astype(np.float64) if given.dtype.kind in "iuf" else np.array([math.nan])
    except (TypeError, ValueError):
        return np.array([math.nan])


def _log_sums(terms: Floats) -> Floats:
    """Log Σ exp over the last axis, of which not all are −inf."""
    top = terms.max(axis=-1, keepdims=True)
    return np.log(np.exp(terms - top).sum(axis=-1)) + top[..., 0]
