"""Full: a matrix a component."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, frozen
from mixtura.engine.factors import Factor, Triangular
from mixtura.model.structures.form import (
    Form,
    choleskys,
    floored_matrix,
    is_positive_definite,
    replaced,
)

__all__ = ["FULL"]


class _Full(Form):
    name = "full"
    diagonal = False
    shared = False

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components, n_features, n_features)

    def factor(self, covariances: Floats) -> Factor:
        return Triangular(frozen(choleskys(covariances, "the covariance of component")))

    def matrices(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        return covariances

    def gathered(self, matrices: Floats) -> Floats:
        return matrices

    def ridged(self, covariances: Floats, ridge: float | Floats) -> Floats:
        whole = ridge if np.ndim(ridge) == 2 else np.eye(covariances.shape[-1]) * ridge
        return covariances + whole

    def restricted(self, covariances: Floats, features: Sequence[int]) -> Floats:
        return covariances[:, features][:, :, features]

    def inverted(self, matrices: Floats) -> Floats:
        return self.precisions(kernel.invert_lower(choleskys(matrices, "the matrix of component")))

    def precisions(self, whitening: Floats) -> Floats:
        return whitening.swapaxes(1, 2) @ whitening

    def precision_factors(self, whitening: Floats) -> Floats:
        return whitening.swapaxes(1, 2)

    def unsound(self, covariances: Floats, floor: Floats | None = None) -> list[int]:
        # Σ has no eigenvalue below 1 in units of f exactly if Σ − diag(f) has none below 0.
        above = covariances if floor is None else covariances - np.diag(floor)
        if is_positive_definite(above):
            return []
        return [k for k, matrix in enumerate(above) if not is_positive_definite(matrix)]

    def floored(self, covariances: Floats, k: int, floor: Floats) -> Floats:
        return replaced(covariances, k, floored_matrix(covariances[k], floor))


FULL = _Full()
