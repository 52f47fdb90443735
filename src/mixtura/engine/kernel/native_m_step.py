"""The native kernel's M-step of a start: from sums alone, with nothing to go on from."""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.kernel import _native
from mixtura.engine.statistics import Statistics


def first_m_step(
    statistics: Statistics, letters: str, ridge: Floats | None
) -> tuple[Floats, Floats, Floats, Floats] | None:
    """The parameters of largest expected log-likelihood, as `mixtura.fitting.m_step.estimate`.

    Parameters
    ----------
    statistics : sums about points, with the second moments that the structure needs.
    letters : of the structure, one of the fourteen.
    ridge : (D, D), added to each covariance, squared feature units, or None.

    Returns
    -------
    Weights n_k (K,), means (K, D), scatters W_k with n_k times the ridge in them where it comes
    first, and covariances; both (K, D, D), or (K, D) of a diagonal structure. None where the
    scatters leave none, or some component has none.

    Notes
    -----
    One thread, the GIL released unless it is brief; K·D² multiply-adds. Where structures share a
    part K·D³ a turn, of which volumes and a shape take 100 at most, a common orientation
    20·(K + 1) + 200.

    References
    ----------
    Celeux & Govaert 1995, "Gaussian parsimonious clustering models".

    Examples
    --------
    >>> sums = Statistics(np.zeros((1, 1)), np.array([2.0]), np.array([[2.0]]),
    ...                   np.array([[4.0]]), 0.0, 2, 2.0)
    >>> [each.round(12).tolist() for each in first_m_step(sums, "VVI", None)]
    [[2.0], [[1.0]], [[2.0]], [[1.0]]]
    """
    weight, scatter = statistics.weight.copy(), statistics.second.copy()
    shift, covariances = np.empty(statistics.first.shape), np.empty(scatter.shape)
    if not _native.first_m_step(
        letters, ridge, weight, statistics.first, scatter, shift, covariances
    ):
        return None
    return weight, statistics.reference + shift, scatter, covariances
