"""Tied: one matrix for all components."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, frozen
from mixtura.engine.factors import Factor, SharedTriangular
from mixtura.model.structures.form import (
    Form,
    cholesky,
    floored_matrix,
    is_positive_definite,
)

__all__ = ["TIED"]


class _Tied(Form):
    name = "tied"
    diagonal = False
    shared = True

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_features, n_features)

    def factor(self, covariances: Floats) -> Factor:
        return SharedTriangular(
            frozen(cholesky(covariances, "the covariance shared by all components"))
        )

    def matrices(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        return np.broadcast_to(covariances, (n_components, n_features, n_features))

    def gathered(self, matrices: Floats) -> Floats:
        return matrices[0]

    def ridged(self, covariances: Floats, ridge: float | Floats) -> Floats:
        whole = ridge if np.ndim(ridge) == 2 else np.eye(covariances.shape[-1]) * ridge
        return covariances + whole

    def restricted(self, covariances: Floats, features: Sequence[int]) -> Floats:
        return covariances[features][:, features]

    def inverted(self, matrices: Floats) -> Floats:
        lower = cholesky(matrices, "the matrix shared by all components")
        return self.precisions(kernel.invert_lower(lower[None])[0])

    def precisions(self, whitening: Floats) -> Floats:
        return whitening.T @ whitening

    def precision_factors(self, whitening: Floats) -> Floats:
        return whitening.T

    def unsound(self, covariances: Floats, floor: Floats | None = None) -> list[int]:
        above = covariances if floor is None else covariances - np.diag(floor)
        return [] if is_positive_definite(above) else [0]

    def floored(self, covariances: Floats, k: int, floor: Floats) -> Floats:
        return floored_matrix(covariances, floor)


TIED = _Tied()
