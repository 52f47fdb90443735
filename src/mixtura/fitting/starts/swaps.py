"""Swaps: a component is taken from where it is, and set elsewhere."""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.sources import ArraySource
from mixtura.fitting.starts.candidate import Candidate
from mixtura.fitting.starts.moves import merged_pair

#: draws that a swap takes, each from [0, 1)
DRAWS = 6
#: the share of a neighbour's covariance that a component set on few rows has besides theirs
SOFT = 0.02
#: how often what is taken is one of two that are nearly one, and not any
CLOSE = 0.25
#: how often rows about the new place tell the covariance there, and not the component they are of
LOCAL = 0.75
#: so many of the pairs that lose least by becoming one
PAIRS = 3
#: distances as far apart as this are one up to rounding
_AS_NEAR = 1.0 + 1e-9


def swapped(candidate: Candidate, source: ArraySource, losses: Floats, draws: Floats) -> Candidate:
    """The candidate with one component merged into its neighbour, or dropped, and set elsewhere.

    Where to is about a row drawn at random: a component of the rows nearest to it, as many as are
    drawn and all that are as near as the last, in the metric of the component that the row lies in.

    Parameters
    ----------
    candidate : of at least two components.
    source : the rows (m, d).
    losses : (K, K), what a merge loses: `merge_losses`.
    draws : (6,), from [0, 1): how what is taken is chosen, and which; whether it is merged, or
        dropped; the row; how the covariance there is told; and of how many rows.

    Notes
    -----
    2·m·d² multiply-adds.

    References
    ----------
    Zhao, Hautamäki, Kärkkäinen & Fränti 2012, "Random swap EM algorithm for Gaussian mixture
    models".
    """
    k, d = candidate.means.shape
    m = source.n_rows
    weight, means = candidate.weight.copy(), candidate.means.copy()
    covariances = candidate.covariances.copy()
    taken, left = _taken(losses, draws)
    if draws[2] < 0.5:
        weight[left], means[left], covariances[left] = merged_pair(candidate, left, taken)
    place = source.rows[int(draws[3] * m)]
    apart = means - place
    inside = int(np.einsum("kd,kd->k", apart, apart).argmin())
    metric = candidate.covariances[inside]
    if draws[4] < LOCAL:
        most = max(m / k, d + 3.0)
        count = min(int(d + 2 + draws[5] * (most - d - 2)), m)
        from_place = source.rows - place
        whitened = from_place @ np.linalg.inv(np.linalg.cholesky(metric)).T
        squared = np.einsum("md,md->m", whitened, whitened)
        near = squared <= _AS_NEAR * np.partition(squared, count - 1)[count - 1]
        share = None if source.weights is None else source.weights[near]
        total = float(np.count_nonzero(near)) if share is None else float(share.sum())
        rows = from_place[near]
        mean = rows.mean(axis=0) if share is None else share @ rows / total
        rows = rows - mean
        scatter = rows.T @ (rows if share is None else share[:, None] * rows)
        weight[taken], means[taken] = total, place + mean
        covariances[taken] = scatter / total + SOFT * metric
    else:
        weight[taken], means[taken] = 0.5 * m / k, place
        covariances[taken] = 0.5 * metric
    return candidate.restrained(weight, means, covariances)


def _taken(losses: Floats, draws: Floats) -> tuple[int, int]:
    """The component to take away, and the one nearest to it, which is left."""
    k = len(losses)
    if draws[0] < CLOSE:
        pairs = np.argsort(losses, axis=None, kind="stable")[: 2 * PAIRS]
        taken, left = divmod(int(pairs[int(draws[1] * len(pairs))]), k)
        if taken != left:
            return taken, left
    taken = int(draws[1] * k)
    return taken, int(losses[taken].argmin())
