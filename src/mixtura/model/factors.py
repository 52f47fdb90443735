"""Factors: what the factors of a mixture of factor analysers say of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Value, frozen
from mixtura.engine.low_rank import LowRank
from mixtura.errors import ParameterError
from mixtura.model.density import Density


@dataclass(frozen=True, eq=False)
class Factors(Value):
    """The factors that are expected of rows, and the parts of their squared distances.

    With x = μ_k + A_k z + e, z ~ N(0, I) and e ~ N(0, Ψ_k)::

        E[z | x] = M_k⁻¹ A_kᵀ Ψ_k⁻¹ (x − μ_k),      M_k = I + A_kᵀ Ψ_k⁻¹ A_k
        d² = ‖E[z]‖² + Σ_j (x − μ_k − A_k E[z])²_j / Ψ_kj

    the first part for how unusual the factors are, the second for what they do not explain.

    Parameters
    ----------
    expected : (N, K, H), the expected factors under each component, in standard deviations.
    of_factors : (N, K), ‖E[z]‖².
    of_residuals : (N, K), the rest of the squared Mahalanobis distance.
    contributions : (N, K, D), each feature's part of the rest.
    """

    expected: Floats
    of_factors: Floats
    of_residuals: Floats
    contributions: Floats

    def record(self, i: int, k: int) -> dict[str, Any]:
        """What is said of row i under component k, ready for JSON."""
        return {
            "factors": self.expected[i, k].tolist(),
            "squared_distance_of_factors": float(self.of_factors[i, k]),
            "squared_distance_of_residuals": float(self.of_residuals[i, k]),
        }

    @property
    def squared_distances(self) -> Floats:
        """The squared Mahalanobis distances, (N, K): both parts together."""
        return self.of_factors + self.of_residuals


def loadings_of(mixture: Density) -> Floats:
    """The loadings A_k (K, D, H), turned so that A_kᵀ Ψ_k⁻¹ A_k is diagonal, and falls.

    The sign of each is that of its largest entry.
    """
    factor = factor_of(mixture)
    loadings = factor.packed[:, :, :-1]
    scaled = loadings / np.sqrt(factor.packed[:, :, -1:])
    axes = np.linalg.eigh(scaled.swapaxes(1, 2) @ scaled)[1][:, :, ::-1]
    turned = loadings @ axes
    largest = np.abs(turned).argmax(axis=1)[:, None]
    signs = np.where(np.take_along_axis(turned, largest, axis=1) < 0.0, -1.0, 1.0)
    return frozen(turned * signs)


def uniquenesses_of(mixture: Density) -> Floats:
    """The diagonals of Ψ_k, (K, D), squared feature units: what is a feature's own."""
    return frozen(factor_of(mixture).packed[:, :, -1])


def factors(mixture: Density, X: Any) -> Factors:
    """What the factors of a mixture say of rows; see `Factors`.

    Raises
    ------
    ParameterError : the mixture has none.
    DataError : wrong shape, missing columns, NaN or infinity.
    """
    loadings, own = loadings_of(mixture), uniquenesses_of(mixture)
    rows = mixture.rows(X)
    lengths = np.einsum("kdh,kdh->kh", loadings, loadings / own[:, :, None])  # M_k is diagonal
    slopes = loadings / own[:, :, None] / (1.0 + lengths)[:, None, :]
    apart = rows[:, None, :] - mixture.means  # (N, K, D)
    expected = np.einsum("nkd,kdh->nkh", apart, slopes, optimize=True)
    residuals = apart - np.einsum("nkh,kdh->nkd", expected, loadings, optimize=True)
    parts = residuals * residuals / own
    squares = (expected * expected).sum(axis=2)
    return Factors(frozen(expected), frozen(squares), frozen(parts.sum(axis=2)), frozen(parts))


def factor_of(mixture: Density) -> LowRank:
    """The roots of the covariances of a mixture of factor analysers.

    Raises
    ------
    ParameterError : it is of others.
    """
    found = mixture.gaussians.factor
    if not isinstance(found, LowRank):
        raise ParameterError(
            f"this mixture is {mixture.structure.name}, which has no factors: fit one with the "
            "structure factor"
        )
    return found


def written_out(mixture: Density) -> Density:
    """The same density, with whole covariances in place of those of factor analysers."""
    if not mixture.structure.n_factors:
        return mixture
    return type(mixture)(
        mixture.weights,
        mixture.means,
        mixture.covariance_matrices(),
        "full",
        mixture.feature_names,
        equal_weights=mixture.equal_weights,
    )
