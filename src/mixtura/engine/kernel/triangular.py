"""Triangular matrices: Cholesky factors, and their inverses."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from mixtura.engine.arrays import Floats


def choleskys(matrices: Floats) -> Floats | None:
    """L with A = L Lᵀ, L lower triangular: (n, D, D) -> (n, D, D).

    None where a matrix is not symmetric, digit by digit, or not positive definite.
    """
    if not (matrices == matrices.transpose(0, 2, 1)).all():
        return None
    with suppress(np.linalg.LinAlgError):
        return np.linalg.cholesky(matrices)
    return None


def invert_lower(lower: Floats) -> Floats:
    """L⁻¹ for lower triangular matrices with positive diagonals: (n, D, D) -> (n, D, D).

    Row j of L·L⁻¹ = I gives row j of the inverse from those above it.
    """
    inverse = np.zeros_like(lower)
    for j in range(lower.shape[1]):
        inverse[:, j, :j] = -np.matmul(lower[:, j, None, :j], inverse[:, :j, :j])[:, 0]
        inverse[:, j, j] = 1.0
        inverse[:, j] /= lower[:, j, j, None]
    return inverse
