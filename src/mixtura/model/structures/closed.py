"""Closed: the M-steps that are a formula.

Each takes the effective numbers of rows n_k (K,) and the scatters W_k, (K, D, D) or their diagonals
(K, D), and gives covariances in its structure's form; n = Σ_k n_k. A scatter without volume gives a
covariance of zeros, which no mixture takes.

References
----------
Celeux & Govaert 1995, "Gaussian parsimonious clustering models".
"""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats

__all__ = ["eee", "eei", "eev", "eii", "evi", "evv", "vii", "vvi", "vvv"]


def eii(weight: Floats, scatter: Floats) -> Floats:
    """Σ_k = Σ_j tr(W_j) / (n D) · I."""
    k, d = scatter.shape
    return np.full(k, scatter.sum() / (weight.sum() * d))


def vii(weight: Floats, scatter: Floats) -> Floats:
    """Σ_k = tr(W_k) / (n_k D) · I."""
    return np.add.reduce(scatter, axis=1) / (scatter.shape[1] * weight)


def eei(weight: Floats, scatter: Floats) -> Floats:
    """Σ_k = Σ_j diag(W_j) / n."""
    shared = np.empty_like(scatter)
    shared[:] = scatter.sum(axis=0) / weight.sum()
    return shared


def evi(weight: Floats, scatter: Floats) -> Floats:
    """Σ_k = λ diag(W_k) / v_k, with v_k = |diag(W_k)|^(1/D) and λ = Σ_j v_j / n."""
    volumes = np.exp(np.add.reduce(np.log(scatter), axis=1) / scatter.shape[1])  # (K,)
    return _of_one_volume(weight, scatter, volumes)


def vvi(weight: Floats, scatter: Floats) -> Floats:
    """Σ_k = diag(W_k) / n_k."""
    return scatter / weight[:, None]


def eee(weight: Floats, scatter: Floats) -> Floats:
    """Σ = Σ_j W_j / n."""
    return scatter.sum(axis=0) / weight.sum()


def eev(weight: Floats, scatter: Floats) -> Floats:
    """Σ_k = L_k (Σ_j Ω_j / n) L_kᵀ, with W_k = L_k Ω_k L_kᵀ and eigenvalues Ω_k in order."""
    eigenvalues, axes = np.linalg.eigh(scatter)
    shared = np.maximum(eigenvalues, 0.0).sum(axis=0) / weight.sum()  # (D,)
    matrices = (axes * shared) @ axes.swapaxes(1, 2)
    return 0.5 * (matrices + matrices.swapaxes(1, 2))


def evv(weight: Floats, scatter: Floats) -> Floats:
    """Σ_k = λ W_k / v_k, with v_k = |W_k|^(1/D) and λ = Σ_j v_j / n."""
    signs, logarithms = np.linalg.slogdet(scatter)
    volumes = np.where(signs > 0.0, np.exp(logarithms / scatter.shape[-1]), 0.0)
    return _of_one_volume(weight, scatter, volumes)


def vvv(weight: Floats, scatter: Floats) -> Floats:
    """Σ_k = W_k / n_k."""
    return scatter / weight[:, None, None]


def _of_one_volume(weight: Floats, scatter: Floats, volumes: Floats) -> Floats:
    """λ W_k / v_k with λ = Σ_j v_j / n, and zeros where there is no volume."""
    mean = volumes.sum() / weight.sum()
    factors = np.divide(mean, volumes, out=np.zeros_like(volumes), where=volumes > 0.0)
    return scatter * factors.reshape(-1, *[1] * (scatter.ndim - 1))
