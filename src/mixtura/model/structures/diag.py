"""Diag: a variance a component and feature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mixtura.engine.arrays import Floats, frozen
from mixtura.engine.factors import Diagonal, Factor
from mixtura.errors import ModelError
from mixtura.model.structures.form import Form, replaced

__all__ = ["DIAG"]


class _Diag(Form):
    name = "diag"
    diagonal = True
    shared = False

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components, n_features)

    def factor(self, covariances: Floats) -> Factor:
        if covariances.min() <= 0.0:
            k, j = np.unravel_index(int(covariances.argmin()), covariances.shape)
            raise ModelError(
                f"the covariance of component {k} is not positive definite: its variance of "
                f"feature {j} is {covariances[k, j]:.6g}, expected more than 0; drop a constant "
                "feature, or add to the variances"
            )
        return Diagonal(frozen(np.sqrt(covariances)))

    def matrices(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        return covariances[:, :, None] * np.eye(n_features)

    def gathered(self, matrices: Floats) -> Floats:
        return np.einsum("kdd->kd", matrices)

    def ridged(self, covariances: Floats, ridge: float | Floats) -> Floats:
        return covariances + (np.diagonal(ridge) if np.ndim(ridge) == 2 else ridge)

    def restricted(self, covariances: Floats, features: Sequence[int]) -> Floats:
        return covariances[:, features]

    def inverted(self, matrices: Floats) -> Floats:
        return 1.0 / matrices

    def precisions(self, whitening: Floats) -> Floats:
        return whitening * whitening

    def precision_factors(self, whitening: Floats) -> Floats:
        return whitening

    def unsound(self, covariances: Floats, floor: Floats | None = None) -> list[int]:
        sound = covariances > 0.0 if floor is None else covariances >= floor
        return np.flatnonzero(~sound.all(axis=1)).tolist()

    def floored(self, covariances: Floats, k: int, floor: Floats) -> Floats:
        return replaced(covariances, k, np.maximum(covariances[k], floor))


DIAG = _Diag()
