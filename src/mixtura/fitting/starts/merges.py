"""Merges: two components taken for one."""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.fitting.starts.candidate import Candidate

__all__ = ["merge_losses", "merged_pair"]


def merged_pair(candidate: Candidate, i: int, j: int) -> tuple[float, Floats, Floats]:
    """The weight, mean (d,) and covariance (d, d) of components i and j together."""
    weight, means, covariances = candidate.weight, candidate.means, candidate.covariances
    both = float(weight[i] + weight[j])
    first, second = weight[i] / both, weight[j] / both
    apart = means[i] - means[j]
    together = first * covariances[i] + second * covariances[j]
    together = together + first * second * np.outer(apart, apart)
    return both, first * means[i] + second * means[j], together


def merge_losses(candidate: Candidate) -> Floats:
    """What the log-likelihood loses at most if components i and j become one, (K, K), nats.

    ½ [(n_i + n_j) log|Σ_ij| − n_i log|Σ_i| − n_j log|Σ_j|], with Σ_ij the covariance of both
    together, over all rows; infinite for i = j.

    Notes
    -----
    K²·D³/6 operations, memory for K more covariances.

    References
    ----------
    Runnalls 2007, "Kullback–Leibler approach to Gaussian mixture reduction", equation 21.
    """
    weight, means = candidate.weight, candidate.means
    k = len(weight)
    diagonal = candidate.structure.form.diagonal
    matrices = candidate.covariances
    if diagonal:
        matrices = np.einsum("kdd->kd", matrices)
    own = weight * _log_determinants(matrices)
    losses = np.full((k, k), np.inf)
    for i in range(k - 1):
        others = slice(i + 1, k)
        both = weight[i] + weight[others]
        first, second = weight[i] / both, weight[others] / both  # (K − i − 1,)
        apart = means[others] - means[i]
        shape = (slice(None),) + (None,) * (matrices.ndim - 1)
        between = apart**2 if diagonal else apart[:, :, None] * apart[:, None, :]
        together = first[shape] * matrices[i] + second[shape] * matrices[others]
        together = together + (first * second)[shape] * between
        loss = 0.5 * (both * _log_determinants(together) - own[i] - own[others])
        losses[i, others] = losses[others, i] = loss
    return losses


def _log_determinants(matrices: Floats) -> Floats:
    """Of matrices (n, D, D), or of diagonals (n, D); (n,)."""
    if matrices.ndim == 2:
        return np.log(matrices).sum(axis=1)
    return np.linalg.slogdet(matrices)[1]
