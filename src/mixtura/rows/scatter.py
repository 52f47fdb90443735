"""Scatter: what the rows vary in all, which EM does not change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.factors import solve_lower
from mixtura.rows.summary import RowSummary

__all__ = ["TotalScatter"]

#: the least share of the total that a within-scatter may be in any direction: 3 of 16 digits go
_LEAST_SHARE = 1e-3


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
