"""Iterated: the M-steps of varying volumes and one shape.

Given the volumes λ_k the shape is a weighted sum of scatters, and given the shape the volumes are
traces; each is the best for the other, so the likelihood rises by turns. It has one maximum: with
volumes e^s and the shape moved along geodesics it is concave.

References
----------
Celeux & Govaert 1995, "Gaussian parsimonious clustering models".
"""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats

__all__ = ["vee", "vei", "vev"]

#: a change of the volumes that is too small to matter: its square is lost in the likelihood
_SETTLED = 1e-9
#: ten to forty are usual; more where scatters are nearly singular
_TURNS = 100
#: within EM, which goes on from where it ends: more would save EM no iteration
_FEW = 1


def vei(weight: Floats, scatter: Floats, before: Floats | None = None) -> Floats:
    """Σ_k = λ_k A, with λ_k = tr(W_k A⁻¹) / (n_k D) and A ∝ Σ_k diag(W_k) / λ_k, |A| = 1.

    Parameters
    ----------
    weight : (K,), n_k.
    scatter : (K, D), diag(W_k).
    before : (K, D), covariances near the answer, or None.
    """
    d = scatter.shape[1]
    mean = np.add.reduce(scatter, axis=1) / (d * weight)
    volumes = mean
    if before is not None:
        volumes = np.exp(np.add.reduce(np.log(before), axis=1) / d)
    for _ in range(_TURNS if before is None else _FEW):
        shape = np.add.reduce(_over(scatter, volumes), axis=0)
        if not shape.min() > 0.0:
            return mean[:, None] * (shape > 0.0)
        shape /= np.exp(np.add.reduce(np.log(shape)) / d)
        last, volumes = volumes, np.add.reduce(scatter / shape, axis=1) / (d * weight)
        if _settled(last, volumes):
            break
    return volumes[:, None] * shape


def vee(weight: Floats, scatter: Floats, before: Floats | None = None) -> Floats:
    """Σ_k = λ_k C, with λ_k = tr(W_k C⁻¹) / (n_k D) and C ∝ Σ_k W_k / λ_k, |C| = 1.

    Parameters
    ----------
    weight : (K,), n_k.
    scatter : (K, D, D), W_k.
    before : (K, D, D), covariances near the answer, or None.
    """
    k, d, _ = scatter.shape
    mean = np.einsum("kdd->k", scatter) / (d * weight)
    volumes = mean if before is None else np.exp(np.linalg.slogdet(before)[1] / d)
    for _ in range(_TURNS if before is None else _FEW):
        shape = np.add.reduce(_over(scatter, volumes), axis=0)
        try:
            lower = np.linalg.cholesky(shape)
        except np.linalg.LinAlgError:
            return np.zeros_like(scatter)
        volume = np.exp(2.0 * np.log(np.diagonal(lower)).mean())
        whitening = np.linalg.inv(lower)
        inverse = whitening.T @ whitening * volume
        last, volumes = volumes, scatter.reshape(k, -1) @ inverse.ravel() / (d * weight)
        if _settled(last, volumes):
            break
    return volumes[:, None, None] * (shape / volume)


def vev(weight: Floats, scatter: Floats, before: Floats | None = None) -> Floats:
    """Σ_k = L_k (λ_k A) L_kᵀ, with W_k = L_k Ω_k L_kᵀ, and λ_k A the `vei` of Ω_k in order.

    Parameters
    ----------
    weight : (K,), n_k.
    scatter : (K, D, D), W_k.
    before : (K, D, D), covariances near the answer, or None.
    """
    eigenvalues, axes = np.linalg.eigh(scatter)
    near = None if before is None else np.linalg.eigvalsh(before)
    spread = vei(weight, np.maximum(eigenvalues, 0.0), near)
    matrices = (axes * spread[:, None, :]) @ axes.swapaxes(1, 2)
    return 0.5 * (matrices + matrices.swapaxes(1, 2))


def _over(scatter: Floats, volumes: Floats) -> Floats:
    """W_k / λ_k, which is nothing for a component without volume."""
    factors = np.divide(1.0, volumes, out=np.zeros(len(volumes)), where=volumes > 0.0)
    return (scatter.T * factors).T


def _settled(last: Floats, volumes: Floats) -> bool:
    return bool((abs(volumes - last) <= _SETTLED * volumes).all())
