"""Spherical: a variance a component."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mixtura.engine.arrays import Floats, frozen
from mixtura.engine.factors import Factor, Spherical
from mixtura.errors import ModelError
from mixtura.model.structures.form import Form, replaced

__all__ = ["SPHERICAL"]


class _Spherical(Form):
    name = "spherical"
    diagonal = True
    shared = False

    def shape(self, n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components,)

    def factor(self, covariances: Floats) -> Factor:
        if covariances.min() <= 0.0:
            k = int(covariances.argmin())
            raise ModelError(
                f"the covariance of component {k} is not positive definite: its variance is "
                f"{covariances[k]:.6g}, expected more than 0; add to the variances"
            )
        return Spherical(frozen(np.sqrt(covariances)))

    def matrices(self, covariances: Floats, n_components: int, n_features: int) -> Floats:
        return covariances[:, None, None] * np.eye(n_features)

    def gathered(self, matrices: Floats) -> Floats:
        return matrices[:, 0, 0]

    def ridged(self, covariances: Floats, ridge: float | Floats) -> Floats:
        return covariances + np.mean(np.diagonal(ridge) if np.ndim(ridge) == 2 else ridge)

    def restricted(self, covariances: Floats, features: Sequence[int]) -> Floats:
        return covariances

    def inverted(self, matrices: Floats) -> Floats:
        return 1.0 / matrices

    def precisions(self, whitening: Floats) -> Floats:
        return whitening * whitening

    def precision_factors(self, whitening: Floats) -> Floats:
        return whitening

    def unsound(self, covariances: Floats, floor: Floats | None = None) -> list[int]:
        sound = covariances > 0.0 if floor is None else covariances >= floor.mean()
        return np.flatnonzero(~sound).tolist()

    def floored(self, covariances: Floats, k: int, floor: Floats) -> Floats:
        return replaced(covariances, k, np.maximum(covariances[k], floor.mean()))


SPHERICAL = _Spherical()
