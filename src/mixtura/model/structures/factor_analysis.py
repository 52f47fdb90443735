"""Factor analysis: the likeliest loadings and own variances of scatters that are known whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats

#: Newton's steps at most, from one M-step to the next: those after it go on from there
_STEPS = 4
#: no logarithm of a variance changes by more in one
_FARTHEST = 3.0
#: so often a step is halved at most
_HALVED = 8
#: a promise of so little is none, nats a row
_FLAT = 1e-12
#: products of axes that are held at a time
_AT_ONCE = 2**20
#: curvatures are no less than this share of the largest
_CURVED = 1e-8


def analysed(
    weight: Floats, matrices: Floats, own: Floats, n_factors: int, *, level: bool, least: Floats
) -> tuple[Floats, Floats]:
    """Loadings and own variances of least Σ_k n_k (log|Σ_k| + tr Σ_k⁻¹ S_k), Σ_k = A_k A_kᵀ + Ψ_k.

    Given Ψ the best loadings are those of the H largest eigenvalues θ_m of Ψ^-½ S Ψ^-½ that are
    above 1, Ψ^½ ω_m (θ_m − 1)^½, and what is left is a function of log Ψ alone, whose slopes are
    Σ_m (1 − θ_m) ω_jm² over the other eigenvalues. Newton's steps go down it, to a bound where
    there is no minimum above it: a Heywood case, at which EM's steps would never arrive.

    Parameters
    ----------
    weight : (K,), n_k.
    matrices : (K, D, D), the S_k.
    own : (K, D), the diagonals of Ψ_k to begin with, positive; rows are alike where Ψ is level.
    n_factors : H.
    level : whether one Ψ is for all.
    least : (K, D), what Ψ_k is at least, likewise.

    Returns
    -------
    loadings (K, D, H) and own variances (K, D).

    References
    ----------
    Jöreskog 1967, "Some contributions to maximum likelihood factor analysis"; Clarke 1970, "A
    rapidly convergent method for maximum-likelihood factor analysis", for the second derivatives.
    """
    shares = weight[:, None] / weight.sum() if level else np.ones((len(weight), 1))
    bound = np.log(least[:1] if level else least)
    place = np.maximum(np.log(own[:1] if level else own), bound)  # (1 or K, D)
    at = _Place(matrices, place, n_factors, shares, level=level)
    for _ in range(_STEPS):
        slopes, curvatures = at.derivatives()
        held = (place <= bound) & (slopes > 0.0)
        slopes = np.where(held, 0.0, slopes)
        step = _downward(slopes, curvatures, held)
        moving = -(slopes * step).sum(axis=1) > _FLAT
        if not moving.any():
            break
        for _ in range(_HALVED):
            ahead = np.maximum(place + np.where(moving[:, None], step, 0.0), bound)
            there = _Place(matrices, ahead, n_factors, shares, level=level)
            higher = moving & ~(there.height <= at.height)
            if not higher.any():
                break
            step = np.where(higher[:, None], 0.5 * step, step)
        else:
            ahead = np.where(higher[:, None], place, ahead)
            there = _Place(matrices, ahead, n_factors, shares, level=level)
        place, at = ahead, there
    return at.loadings(), np.broadcast_to(np.exp(place), own.shape).copy()


def _downward(slopes: Floats, curvatures: Floats, held: NDArray[np.bool_]) -> Floats:
    """Newton's steps of what is not held, along curvatures that are positive, (n, D)."""
    free = ~held
    matrix = curvatures * (free[:, :, None] & free[:, None, :])
    values, axes = np.linalg.eigh(matrix + np.eye(held.shape[1]) * held[:, :, None])
    values = np.maximum(np.abs(values), _CURVED * np.abs(values).max(axis=1, keepdims=True))
    along = np.einsum("kji,kj->ki", axes, slopes) / values
    step = -np.einsum("kij,kj->ki", axes, along)
    longest = np.abs(step).max(axis=1, keepdims=True)
    return np.asarray(step * np.minimum(1.0, _FARTHEST / np.maximum(longest, _FARTHEST)))


class _Place:
    """Log Ψ, (1 or K, D), and what the likelihood is there."""

    def __init__(
        self, matrices: Floats, place: Floats, n_factors: int, shares: Floats, *, level: bool
    ) -> None:
        self._shares, self._level, self._h = shares, level, n_factors
        self._scale = np.exp(0.5 * place)
        scaled = matrices / (self._scale[:, :, None] * self._scale[:, None, :])
        values, self._axes = np.linalg.eigh(0.5 * (scaled + scaled.swapaxes(1, 2)))
        self._values = np.maximum(values, 0.0)  # (K, D), rising
        self._used = np.zeros(values.shape, bool)
        self._used[:, -n_factors:] = values[:, -n_factors:] > 1.0
        used = np.where(self._used, self._values, 1.0)
        rest = np.where(self._used, 1.0, self._values)
        own = (np.log(used) + rest).sum(axis=1) + place.sum(axis=1)
        self.height = self._together(own)  # (1 or K,)

    def derivatives(self) -> tuple[Floats, Floats]:
        """The slopes (1 or K, D) and second derivatives (1 or K, D, D) of the height."""
        values, axes, used = self._values, self._axes, self._used
        slopes = np.einsum("kim,km->ki", axes**2, np.where(used, 0.0, 1.0 - values))
        one, other = values[:, :, None], values[:, None, :]
        across = used[:, :, None] & ~used[:, None, :]  # m used, n not
        apart = np.where(across & (one > other), one - other, 1.0)
        between = np.where(across, 0.5 * (1.0 - other) * (one + other) / apart, 0.0)
        neither = ~used[:, :, None] & ~used[:, None, :]
        factors = np.where(neither, 0.5 * (one + other), between + between.swapaxes(1, 2))
        k, d = values.shape
        curvatures, size = np.empty((k, d, d)), max(1, _AT_ONCE // d**3)
        for at in range(0, k, size):
            part = slice(at, at + size)
            whole = (axes[part, :, :, None] * axes[part, :, None, :]).reshape(-1, d, d * d)
            curvatures[part] = (whole * factors[part].reshape(-1, 1, d * d)) @ whole.swapaxes(1, 2)
        return self._together(slopes), self._together(curvatures)

    def loadings(self) -> Floats:
        """The best loadings given Ψ, (K, D, H)."""
        used = self._used[:, -self._h :]
        lengths = np.sqrt(np.where(used, self._values[:, -self._h :] - 1.0, 0.0))
        return np.asarray(self._scale[:, :, None] * self._axes[:, :, -self._h :] * lengths[:, None])

    def _together(self, each: Floats) -> Floats:
        if not self._level:
            return each
        shares = self._shares.reshape(-1, *[1] * (each.ndim - 1))
        return np.asarray((shares * each).sum(axis=0, keepdims=True))
