"""Spread: how far rows spread in each feature and in all, which EM does not change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.factors import solve_lower
from mixtura.rows.summary import RowSummary

#: a spread below so many ulp of the values themselves is rounding, not spread
_ROUNDING = 16.0 * float(np.finfo(np.float64).eps)
#: squared feature units; its inverse, and the square of a deviation over it, stay in float64
_LEAST = 1e-300
#: the least share of the total that a within-scatter may be in any direction: 3 of 16 digits go
_LEAST_SHARE = 1e-3


@dataclass(frozen=True, eq=False)
class Spread:
    """How far the data spread in each feature.

    A feature that varies by no more than the rounding of its values says nothing about its
    scale: the square of its mean stands in for its variance, and 1 where that is 0 too.

    Parameters
    ----------
    variances : (D,), v_j, squared feature units, positive.
    resolution : (D,), the squares of 16 ulp of the features' means, squared feature units.
    singles : whether the rows are float32.
    """

    variances: Floats
    resolution: Floats
    singles: bool

    @classmethod
    def of(cls, rows: RowSummary) -> Spread:
        """The spread of rows of which that is known."""
        return cls.told(rows.variances, rows.mean, singles=rows.dtype == np.float32)

    @classmethod
    def told(cls, variances: Floats, mean: Floats, *, singles: bool) -> Spread:
        """The spread of rows of which the variances (D,) and the mean (D,) are known."""
        squared = mean**2
        resolution = _ROUNDING**2 * squared
        constant = variances <= np.maximum(resolution, _LEAST)
        scales = np.where(squared > _LEAST, squared, 1.0)
        return cls(np.where(constant, scales, variances), resolution, singles)


@dataclass(frozen=True, eq=False)
class TotalScatter:
    """T = Σ_i v_i (x_i − c)(x_i − c)ᵀ about the rows' mean c.

    Responsibilities of a row sum to 1, so T splits into what is within components and what is
    between them, W + Σ_k n_k (μ_k − c)(μ_k − c)ᵀ. A covariance that all components share needs
    only W, and so no second moments of its own.

    Parameters
    ----------
    centre : (D,), c.
    matrix : (D, D), T, squared feature units.
    total_weight : Σ_i v_i.
    """

    centre: Floats
    matrix: Floats
    total_weight: float

    @classmethod
    def of(cls, rows: RowSummary) -> TotalScatter:
        """The total scatter of rows of which the whole second moments are known."""
        assert rows.products is not None
        return cls(rows.mean, rows.unit * rows.products, rows.unit * rows.weight)

    def within(self, weight: Floats, means: Floats) -> Floats:
        """W = T − Σ_k n_k (μ_k − c)(μ_k − c)ᵀ for weights (K,) and means (K, D); (1, D, D)."""
        apart = means - self.centre  # (K, D)
        return (self.matrix - (weight[:, None] * apart).T @ apart)[None]

    def keeps_digits(self, covariance: Floats) -> bool:
        """Whether a within-scatter of n·`covariance` (D, D) is no small difference.

        W = T − B loses as many digits as T is larger than W, in the direction where that is most:
        the smallest eigenvalue of L⁻¹ W L⁻ᵀ with T = L Lᵀ.
        """
        try:
            lower = np.linalg.cholesky(self.matrix)
        except np.linalg.LinAlgError:
            return False
        half = solve_lower(lower, self.total_weight * covariance)
        share = solve_lower(lower, np.ascontiguousarray(half.T))
        return float(np.linalg.eigvalsh(0.5 * (share + share.T))[0]) >= _LEAST_SHARE
