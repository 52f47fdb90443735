"""Background: a density that is the same everywhere, as one more component."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Floats, frozen
from mixtura.engine.components import Components
from mixtura.engine.factors import (
    Diagonal,
    Factor,
    FactorForm,
    InvertLower,
    SharedTriangular,
    Spherical,
    Triangular,
)

__all__ = ["OverBackground", "over_background"]


@dataclass(frozen=True, eq=False)
class OverBackground(Factor):
    """The factors of K components, and after them a whitening of 0.

    A component whose whitening is 0 is at the distance 0 from every row, so its density is the
    constant of its own everywhere. A kernel needs to know nothing of it.

    Parameters
    ----------
    inner : of the K components; one that they share is written out for each.
    log_volume : log V, of which 1/V is the density; V in feature units.
    """

    inner: Triangular | Diagonal | Spherical
    log_volume: float

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

    def inverse(self, invert_lower: InvertLower) -> Floats:
        inner = self.inner.inverse(invert_lower)
        return np.concatenate([inner, np.zeros((1, *inner.shape[1:]))])

    def whiten(self, k: int, deviations: Floats) -> Floats:
        if self._is_background(k):
            return np.zeros_like(deviations)
        return self.inner.whiten(k, deviations)

    def unwhiten_transposed(self, k: int, whitened: Floats) -> Floats:
        if self._is_background(k):
            return np.zeros_like(whitened)
        return self.inner.unwhiten_transposed(k, whitened)

    def _is_background(self, k: int) -> bool:
        held = self.inner.lower if isinstance(self.inner, Triangular) else self.inner.scale
        return k == len(held)


def over_background(
    components: Components, weight: float, log_volume: float, centre: Floats
) -> Components:
    """The components, and after them one of density 1/V everywhere, (K + 1).

    Parameters
    ----------
    components : K, whose weights and `weight` sum to 1.
    weight : of the background, above 0.
    log_volume : log V; V in feature units.
    centre : (D,), about which the moments of its rows are taken; nothing else depends on it.

    Notes
    -----
    A pass costs what K + 1 components of their own covariances cost: a shared one is whitened K
    times.
    """
    inner = components.factor
    if isinstance(inner, SharedTriangular):
        k, d = components.means.shape
        inner = Triangular(np.broadcast_to(inner.lower, (k, d, d)))
    assert isinstance(inner, (Triangular, Diagonal, Spherical))
    return Components(
        frozen(np.append(components.log_weights, math.log(weight))),
        frozen(np.vstack([components.means, centre])),
        OverBackground(inner, log_volume),
    )
