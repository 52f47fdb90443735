"""M-steps: the likeliest covariances of each structure, but of those that seek an orientation.

Each takes the effective numbers of rows n_k (K,) and the scatters W_k, (K, D, D) or their diagonals
(K, D), and gives covariances in its structure's form; n = Σ_k n_k. A scatter without volume gives a
covariance of zeros, which no mixture takes. Nine are formulas.

Of varying volumes and one shape (`vei`, `vee`, `vev`), given the volumes λ_k the shape is a
weighted sum of scatters, and given the shape the volumes are traces; each is the best for the
other, so the likelihood rises by turns. It has one maximum: with volumes e^s and the shape moved
along geodesics it is concave. These also take `before`, covariances near the answer in their form,
or None.

References
----------
Celeux & Govaert 1995, "Gaussian parsimonious clustering models".
"""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats

#: a change of the volumes that is too small to matter: its square is lost in the likelihood
_SETTLED = 1e-9
#: ten to forty are usual; more where scatters are nearly singular
_TURNS = 100
#: within EM, which goes on from where it ends: more would save EM no iteration
_FEW = 1


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
    """Σ_k = diag(W_k) / n_k, each component's own variances."""
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
    """Σ_k = W_k / n_k, each component's own covariances."""
    return scatter / weight[:, None, None]


def _of_one_volume(weight: Floats, scatter: Floats, volumes: Floats) -> Floats:
    """λ W_k / v_k with λ = Σ_j v_j / n, and zeros where there is no volume."""
    mean = volumes.sum() / weight.sum()
    factors = np.divide(mean, volumes, out=np.zeros_like(volumes), where=volumes > 0.0)
    return scatter * factors.reshape(-1, *[1] * (scatter.ndim - 1))


def vei(weight: Floats, scatter: Floats, before: Floats | None = None) -> Floats:
    """Σ_k = λ_k A, with λ_k = tr(W_k A⁻¹) / (n_k D) and A ∝ Σ_k diag(W_k) / λ_k, |A| = 1."""
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
    """Σ_k = λ_k C, with λ_k = tr(W_k C⁻¹) / (n_k D) and C ∝ Σ_k W_k / λ_k, |C| = 1."""
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
    """Σ_k = L_k (λ_k A) L_kᵀ, with W_k = L_k Ω_k L_kᵀ, and λ_k A the `vei` of Ω_k in order."""
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
