"""Moves: a component split in two, and two components merged into one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.engine.sources import ArraySource
from mixtura.fitting.starts.ascent import RIDGE, Ascent
from mixtura.fitting.starts.candidate import Candidate

#: a row that belongs to the component by less than the first has no say in how it is split, and by
#: less than the second neither, where the others are so much of the component: the tails of its
#: neighbours hide that two peaks are between them
_PRESENT, _OWN, _MOSTLY = 0.01, 0.5, 0.7
#: EM steps that the two are given
_STEPS = 5
#: features from which on the axes of least kurtosis are sought one by one
_MANY = 5
#: and so many times as many rows as features, of which chance alone makes no such axis
_ENOUGH = 10
#: turns of that search, and the shares of rows that are cut off across it
_TURNS, _CUTS = 15, (1 / 3, 1 / 2, 2 / 3)


@dataclass(frozen=True, eq=False)
class Split:
    """Two components in place of one.

    Parameters
    ----------
    gain : of log-likelihood, nats, over all rows of the component together.
    halves : the two.
    """

    gain: float
    halves: Candidate

    def shares(self, rows: Floats) -> Floats:
        """How the rows (m, D) are shared between the halves, (m, 2)."""
        return kernel.posterior(rows, self.halves.components)[1]


def split(ascent: Ascent, share: Floats) -> Split | None:
    """The best way to take a component for two, or None where it has too few rows.

    Several directions are tried, all of which follow any linear map of the rows: a few EM steps
    with two components, on the rows of the one alone, tell which is best.

    Parameters
    ----------
    ascent : over the rows.
    share : (m,), how much of each row belongs to the component.
    """
    source = ascent.source
    own = share > _OWN
    mostly = share[own].sum() > _MOSTLY * share.sum()
    present = np.flatnonzero(own if mostly else share > _PRESENT)
    weights = share[present]
    if source.weights is not None:
        weights = weights * source.weights[present]
    if weights.sum() < 2.0 * ascent.least:
        return None
    rows = source.rows[present]
    local = ascent.without_background().over(ArraySource(rows, weights))
    whole = local.climbed(local.from_shares(np.ones((len(rows), 1))), 1)
    first = _best_half(rows, weights, ascent.least)
    if first is None:
        return None
    shares = np.column_stack([first, ~first]).astype(np.float64)
    best = local.climbed(local.from_shares(shares), _STEPS)
    if best.n_spurious:
        return None
    gain = best.log_likelihood - whole.log_likelihood
    return Split(float(gain * weights.sum()), best)


def _best_half(rows: Floats, weights: Floats, least: float) -> NDArray[np.bool_] | None:
    """The rows (m, D) on one side of the best way to halve them, (m,), or None.

    With y the rows, whitened, the ways are: across their longest axis; across the eigenvectors of
    E[‖y‖² y yᵀ] of least and of largest eigenvalue, where the fourth moments are least and
    most (two clusters of equal size beside each other have the least there can be); across
    E[‖y‖² y], which clusters of unequal size do not leave at zero; and the inner from the outer.
    Of many features, whose sum hides the one that tells, also across the axis of least kurtosis.
    The best has the largest classification likelihood Σ_h n_h (log n_h − ½ log|Σ_h|).

    References
    ----------
    Cardoso 1989, "Source separation using higher order moments", equation 8; Celeux & Govaert
    1992, "A classification EM algorithm for clustering", equation 4.
    """
    total = weights.sum()
    share = weights / total
    apart = rows - share @ rows
    values, vectors = np.linalg.eigh((share[:, None] * apart).T @ apart)
    if values[-1] <= 0.0:
        return None
    kept = values > 1e-13 * values[-1]
    whitened = apart @ (vectors[:, kept] / np.sqrt(values[kept]))  # (m, d)
    d = whitened.shape[1]
    squared = np.einsum("md,md->m", whitened, whitened)
    ways = [whitened[:, -1] > 0.0, squared > d]
    if d > 1:
        fourth = (share * squared)[:, None] * whitened
        _, axes = np.linalg.eigh(fourth.T @ whitened)
        across = np.column_stack([axes[:, [0, -1]], fourth.sum(axis=0)])
        ways.extend((whitened @ across > 0.0).T)
        if _MANY <= d <= len(whitened) / _ENOUGH:
            along = whitened @ _least_kurtosis(whitened, share, axes)
            ways.extend(along > cut for cut in np.quantile(along, _CUTS))
    best, largest = None, -np.inf
    for way in ways:
        smaller = min(weights[way].sum(), weights[~way].sum())
        if smaller < least:
            continue
        likelihood = _classified(whitened[way], share[way]) + _classified(
            whitened[~way], share[~way]
        )
        if likelihood > largest:
            best, largest = way, likelihood
    return best


def _least_kurtosis(whitened: Floats, share: Floats, axes: Floats) -> Floats:
    """The direction (d,) of least E[(aᵀy)⁴] that is found, |a| = 1.

    a ← E[y (aᵀy)³] − 3a, made of length 1 again, from each of d directions: a sum over all rows
    leaves a direction that separates clusters where chance alone leaves none.

    Parameters
    ----------
    whitened : (m, d), rows of unit covariance.
    share : (m,), weights of sum 1.
    axes : (d, d), a column each, to begin with.

    References
    ----------
    Hyvärinen 1999, "Fast and robust fixed-point algorithms for independent component analysis".
    """
    weighted = share[:, None] * whitened
    for _ in range(_TURNS):
        axes = weighted.T @ (whitened @ axes) ** 3 - 3.0 * axes
        axes = axes / np.maximum(np.sqrt((axes * axes).sum(axis=0)), np.finfo(np.float64).tiny)
    kurtosis = share @ (whitened @ axes) ** 4
    least: Floats = axes[:, kurtosis.argmin()]
    return least


def _classified(rows: Floats, share: Floats) -> float:
    """N (log n − ½ log|Σ|) for n the sum of `share`, Σ the covariance of its rows; −∞ for none."""
    n = share.sum()
    if n <= 0.0:
        return -np.inf
    weighted = share[:, None] * rows
    mean = weighted.sum(axis=0) / n
    covariance = weighted.T @ rows / n - np.outer(mean, mean)
    covariance += RIDGE * np.eye(len(mean))
    return float(n * (np.log(n) - 0.5 * np.linalg.slogdet(covariance)[1]))


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
