"""Spectrum: covariances below a floor, and raised to it, by LAPACK."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mixtura.engine.arrays import Floats

#: a multiple of it, times D and the largest eigenvalue, keeps a Cholesky factor in existence
_ROUNDING = 32.0 * float(np.finfo(np.float64).eps)


def is_positive_definite(matrices: Floats) -> bool:
    """Whether each of `matrices` (..., D, D) has a Cholesky factor."""
    try:
        np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        return False
    return True


def below_floor(covariances: Floats, floor: Floats) -> list[int]:
    """Those of `covariances` (K, D, D) with an eigenvalue below 1 in units of `floor` (D,)."""
    # Σ has no eigenvalue below 1 in units of f exactly if Σ − diag(f) has none below 0.
    above = covariances - np.diag(floor)
    if is_positive_definite(above):
        return []
    return [k for k, matrix in enumerate(above) if not is_positive_definite(matrix)]


def raised_to_floor(covariances: Floats, low: Sequence[int], floor: Floats) -> Floats:
    """A copy of `covariances` (K, D, D) with the eigenvalues of those of the numbers `low` raised.

    To 1 in units of `floor` (D,), and to no less than what rounding takes of the largest.
    """
    copy = covariances.copy()
    for k in low:
        copy[k] = floored_matrix(covariances[k], floor)
    return copy


def floored_matrix(matrix: Floats, floor: Floats) -> Floats:
    """A symmetric matrix (D, D) with eigenvalues at least 1 in units of `floor` (D,)."""
    scale = np.sqrt(floor)
    values, vectors = np.linalg.eigh(matrix / np.outer(scale, scale))
    # Below the rounding of the largest, an eigenvalue would be lost in the product again.
    least = max(1.0, _ROUNDING * len(values) * float(values[-1]))
    raised = (vectors * np.maximum(values, least)) @ vectors.T
    raised = 0.5 * (raised + raised.T)
    return raised * np.outer(scale, scale)
