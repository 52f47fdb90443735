"""Low rank: roots of covariances that are a few directions beside a diagonal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats
from mixtura.engine.components import Components
from mixtura.engine.factors import Factor, FactorForm, InvertLower, Triangular


@dataclass(frozen=True, eq=False)
class LowRank(Factor):
    """Symmetric roots of Σ_k = A_k A_kᵀ + Ψ_k, Ψ_k diagonal, which no D × D matrix stands for.

    With B = Ψ^-½ A and M = I + BᵀB, (H, H), L = Ψ^½ (I + BBᵀ)^½, and so (Woodbury)::

        Σ⁻¹ = Ψ⁻¹ − U Uᵀ,   U = Ψ⁻¹ A M^-½
        log|Σ| = Σ_j log Ψ_j + log|M|

    Parameters
    ----------
    packed : (K, D, H + 1), the loadings A_k, and after them the diagonal of Ψ_k.

    References
    ----------
    Ghahramani & Hinton 1996, "The EM algorithm for mixtures of factor analyzers".
    """

    packed: Floats
    form = FactorForm.LOW_RANK
    diagonal = False

    @property
    def held(self) -> Floats:
        return self.packed

    @cached_property
    def directions(self) -> Floats:
        """The directions U_k in which a precision is lower than Ψ_k⁻¹, (K, D, H)."""
        return np.asarray((self._scaled @ self.shrinkage) / self._scale[:, :, None])

    @cached_property
    def shrinkage(self) -> Floats:
        """The matrices M_k^-½, (K, H, H): E[z | x] = M^-½ Uᵀ (x − μ), Cov[z | x] = M⁻¹."""
        return self._function(1.0 / np.sqrt(1.0 + self._lengths))

    def half_log_determinants(self, n_features: int, n_components: int) -> Floats:
        logs = np.log(self._scale).sum(axis=1) + 0.5 * np.log1p(self._lengths).sum(axis=1)
        return np.asarray(logs)

    def inverse(self, invert_lower: InvertLower) -> Floats:
        """Σ_k⁻¹ packed as Σ_k is, (K, D, H + 1): U_k and 1 / Ψ_k."""
        return np.concatenate([self.directions, 1.0 / self.packed[:, :, -1:]], axis=2)

    def whiten(self, k: int, deviations: Floats) -> Floats:
        scaled = deviations / self._scale[k][:, None]
        # (I + BBᵀ)^-½ = I − B f(BᵀB) Bᵀ with f(s) = (1 − 1/√(1 + s)) / s
        return np.asarray(scaled - self._along(k, -1.0) @ (self._scaled[k].T @ scaled))

    def colour(self, k: int, whitened: Floats) -> Floats:
        wide = whitened + self._along(k, 1.0) @ (self._scaled[k].T @ whitened)
        return np.asarray(wide * self._scale[k][:, None])

    def unwhiten_transposed(self, k: int, whitened: Floats) -> Floats:
        narrow = whitened - self._along(k, -1.0) @ (self._scaled[k].T @ whitened)
        return np.asarray(narrow / self._scale[k][:, None])

    def _along(self, k: int, power: float) -> Floats:
        """B f(BᵀB), (D, H), with f that of the root, or for −1 of its inverse."""
        lengths = self._lengths[k]
        roots = np.sqrt(1.0 + lengths)
        values = 1.0 / (1.0 + roots) if power > 0.0 else 1.0 / (roots * (1.0 + roots))
        axes = self._axes[k]
        return np.asarray(self._scaled[k] @ (axes * values) @ axes.T)

    def _function(self, values: Floats) -> Floats:
        """Matrices (K, H, H) of the axes of BᵀB and of other eigenvalues (K, H)."""
        return np.asarray((self._axes * values[:, None, :]) @ self._axes.swapaxes(1, 2))

    @property
    def _loadings(self) -> Floats:
        return self.packed[:, :, :-1]

    @cached_property
    def _scale(self) -> Floats:
        """√Ψ_k, (K, D)."""
        return np.asarray(np.sqrt(self.packed[:, :, -1]))

    @cached_property
    def _scaled(self) -> Floats:
        """B_k, (K, D, H)."""
        return np.asarray(self._loadings / self._scale[:, :, None])

    @property
    def _lengths(self) -> Floats:
        return self._decomposed[0]

    @property
    def _axes(self) -> Floats:
        return self._decomposed[1]

    @cached_property
    def _decomposed(self) -> tuple[Floats, Floats]:
        """Eigenvalues (K, H) and axes (K, H, H) of BᵀB."""
        values, axes = np.linalg.eigh(self._scaled.swapaxes(1, 2) @ self._scaled)
        return np.maximum(values, 0.0), axes


def written_out(components: Components) -> Components:
    """The components with triangular factors in place of those of low rank."""
    factor = components.factor
    if not isinstance(factor, LowRank):
        return components
    loadings, own = factor.packed[:, :, :-1], factor.packed[:, :, -1]
    matrices = loadings @ loadings.swapaxes(1, 2)
    matrices += own[:, :, None] * np.eye(own.shape[1])
    return Components(
        components.log_weights, components.means, Triangular(np.linalg.cholesky(matrices))
    )
