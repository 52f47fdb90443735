"""Factors of the covariances: what the kernel needs to whiten a deviation.

Every factor stands for K matrices L_k with Σ_k = L_k L_kᵀ, lower triangular but for those of
`mixtura.engine.low_rank`, held in the cheapest form that the structure allows.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from mixtura.engine.arrays import Floats, Value

InvertLower = Callable[[Floats], Floats]
"""Lower triangular matrices (n, D, D) -> their inverses (n, D, D)"""


def solve_lower(lower: Floats, right: Floats) -> Floats:
    """Solve L z = b by forward substitution, for many b at once.

    Parameters
    ----------
    lower : (D, D), lower triangular with a positive diagonal.
    right : (D, m), one right-hand side a column.

    Returns
    -------
    (D, m), the solutions.

    References
    ----------
    Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 8.1: the solution
    is that of a system perturbed by a few ulp in each entry of L, whatever its condition.
    """
    solution = np.empty_like(right)
    for j in range(lower.shape[0]):
        solution[j] = (right[j] - lower[j, :j] @ solution[:j]) / lower[j, j]
    return solution


class FactorForm(IntEnum):
    """The five forms, by the numbers that the compiled kernel knows them by."""

    TRIANGULAR = 0
    SHARED_TRIANGULAR = 1
    DIAGONAL = 2
    SPHERICAL = 3
    LOW_RANK = 4


class Factor(Value, ABC):
    """Roots L_k of K covariances, in one of five forms."""

    form: FactorForm
    #: whether the factor is diagonal, so that only diagonal second moments are needed
    diagonal: bool
    #: (K, D, H), along which alone second moments are needed; None where all are
    directions: Floats | None = None

    @property
    @abstractmethod
    def held(self) -> Floats:
        """L_k in the factor's own form: (K, D, D), (D, D), (K, D) or (K,)."""

    @abstractmethod
    def half_log_determinants(self, n_features: int, n_components: int) -> Floats:
        """The halves ½·log|Σ_k| = log|L_k| of the log determinants, (K,), nats."""

    @abstractmethod
    def inverse(self, invert_lower: InvertLower) -> Floats:
        """L_k⁻¹ in the factor's own form: (K, D, D), (D, D), (K, D) or (K,)."""

    @abstractmethod
    def whiten(self, k: int, deviations: Floats) -> Floats:
        """Z = L_k⁻¹ d for deviations (D, m) from mean k; (D, m)."""

    @abstractmethod
    def colour(self, k: int, whitened: Floats) -> Floats:
        """L_k z for (D, m): deviations from mean k, of whitened ones."""

    @abstractmethod
    def unwhiten_transposed(self, k: int, whitened: Floats) -> Floats:
        """L_k⁻ᵀ z for (D, m), so that applied to whitened deviations it gives Σ_k⁻¹ d."""


@dataclass(frozen=True, eq=False)
class Triangular(Factor):
    """A lower triangular matrix a component: lower (K, D, D)."""

    lower: Floats
    form = FactorForm.TRIANGULAR
    diagonal = False

    @property
    def held(self) -> Floats:
        return self.lower

    def half_log_determinants(self, n_features: int, n_components: int) -> Floats:
        return np.add.reduce(np.log(self.lower.diagonal(axis1=1, axis2=2)), axis=1)

    def inverse(self, invert_lower: InvertLower) -> Floats:
        return invert_lower(self.lower)

    def whiten(self, k: int, deviations: Floats) -> Floats:
        return solve_lower(self.lower[k], deviations)

    def colour(self, k: int, whitened: Floats) -> Floats:
        return self.lower[k] @ whitened

    def unwhiten_transposed(self, k: int, whitened: Floats) -> Floats:
        return solve_lower_transposed(self.lower[k], whitened)


@dataclass(frozen=True, eq=False)
class SharedTriangular(Factor):
    """One lower triangular matrix for all components: lower (D, D)."""

    lower: Floats
    form = FactorForm.SHARED_TRIANGULAR
    diagonal = False

    @property
    def held(self) -> Floats:
        return self.lower

    def half_log_determinants(self, n_features: int, n_components: int) -> Floats:
        return np.full(n_components, np.log(np.diagonal(self.lower)).sum())

    def inverse(self, invert_lower: InvertLower) -> Floats:
        return invert_lower(self.lower[None])[0]

    def whiten(self, k: int, deviations: Floats) -> Floats:
        return solve_lower(self.lower, deviations)

    def colour(self, k: int, whitened: Floats) -> Floats:
        return self.lower @ whitened

    def unwhiten_transposed(self, k: int, whitened: Floats) -> Floats:
        return solve_lower_transposed(self.lower, whitened)


@dataclass(frozen=True, eq=False)
class Diagonal(Factor):
    """A standard deviation a component and feature: scale (K, D)."""

    scale: Floats
    form = FactorForm.DIAGONAL
    diagonal = True

    @property
    def held(self) -> Floats:
        return self.scale

    def half_log_determinants(self, n_features: int, n_components: int) -> Floats:
        return np.log(self.scale).sum(axis=1)

    def inverse(self, invert_lower: InvertLower) -> Floats:
        return 1.0 / self.scale

    def whiten(self, k: int, deviations: Floats) -> Floats:
        return deviations / self.scale[k][:, None]

    def colour(self, k: int, whitened: Floats) -> Floats:
        return whitened * self.scale[k][:, None]

    def unwhiten_transposed(self, k: int, whitened: Floats) -> Floats:
        return whitened / self.scale[k][:, None]


@dataclass(frozen=True, eq=False)
class Spherical(Factor):
    """A standard deviation a component: scale (K,)."""

    scale: Floats
    form = FactorForm.SPHERICAL
    diagonal = True

    @property
    def held(self) -> Floats:
        return self.scale

    def half_log_determinants(self, n_features: int, n_components: int) -> Floats:
        return n_features * np.log(self.scale)

    def inverse(self, invert_lower: InvertLower) -> Floats:
        return 1.0 / self.scale

    def whiten(self, k: int, deviations: Floats) -> Floats:
        return deviations / self.scale[k]

    def colour(self, k: int, whitened: Floats) -> Floats:
        return whitened * self.scale[k]

    def unwhiten_transposed(self, k: int, whitened: Floats) -> Floats:
        return whitened / self.scale[k]


@dataclass(frozen=True, eq=False)
class WithUniform(Factor):
    """The factors of K Gaussians, and after them a whitening of 0.

    A component whose whitening is 0 is at the distance 0 from every row, so its density is the
    constant of its own everywhere. A kernel needs to know nothing of it.

    Parameters
    ----------
    inner : of the K components; one that they share is written out for each.
    log_volume : log V, of which 1/V is the density; V in feature units.
    log_extents : (D,), the logarithms of how far its rows reach in each feature, whose sum that is;
        None where it is the same in all.
    """

    inner: Triangular | Diagonal | Spherical
    log_volume: float
    log_extents: Floats | None = None

    @property
    def form(self) -> FactorForm:  # type: ignore[override]
        return self.inner.form

    @property
    def diagonal(self) -> bool:  # type: ignore[override]
        return self.inner.diagonal

    def half_log_determinants(self, n_features: int, n_components: int) -> Floats:
        inner = self.inner.half_log_determinants(n_features, n_components - 1)
        # With −D/2·log 2π, which every component has, it comes to −log V.
        flat = self.log_volume - 0.5 * n_features * math.log(2.0 * math.pi)
        return np.append(inner, flat)

    def extents(self, n_features: int) -> Floats:
        """The logarithms of how far its rows reach in each feature, (D,)."""
        if self.log_extents is not None:
            return self.log_extents
        return np.full(n_features, self.log_volume / n_features)

    def inverse(self, invert_lower: InvertLower) -> Floats:
        inner = self.inner.inverse(invert_lower)
        return np.concatenate([inner, np.zeros((1, *inner.shape[1:]))])

    @property
    def held(self) -> Floats:
        return self.inner.held

    def whiten(self, k: int, deviations: Floats) -> Floats:
        if self._is_uniform(k):
            return np.zeros_like(deviations)
        return self.inner.whiten(k, deviations)

    def colour(self, k: int, whitened: Floats) -> Floats:
        if self._is_uniform(k):
            return np.zeros_like(whitened)
        return self.inner.colour(k, whitened)

    def unwhiten_transposed(self, k: int, whitened: Floats) -> Floats:
        if self._is_uniform(k):
            return np.zeros_like(whitened)
        return self.inner.unwhiten_transposed(k, whitened)

    def _is_uniform(self, k: int) -> bool:
        return k == len(self.held)


def solve_lower_transposed(lower: Floats, right: Floats) -> Floats:
    """Solve Lᵀ y = b by back substitution, for many b at once: (D, m) -> (D, m)."""
    # Reversing rows and columns of Lᵀ gives a lower triangular matrix again.
    flipped = np.ascontiguousarray(lower.T[::-1, ::-1])
    return solve_lower(flipped, right[::-1])[::-1]
