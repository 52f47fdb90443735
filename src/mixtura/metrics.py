"""Metrics: how alike two partitions of rows are."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mixtura.errors import DataError


def adjusted_rand_index(first: ArrayLike, second: ArrayLike) -> float:
    """The agreement of two partitions, over what chance gives: 1 where they are the same.

    ARI = (I − E) / (M − E), with I = Σ_ij C(n_ij, 2) the pairs of rows that are together in both,
    E = Σ_i C(a_i, 2) Σ_j C(b_j, 2) / C(N, 2) what chance gives, and M the mean of both sums. Which
    label a part has does not count.

    Parameters
    ----------
    first, second : (N,), labels of the same rows: numbers or texts; noise is a part like others.

    Returns
    -------
    At most 1; 0 on average for labels of chance, below 0 for less.

    Raises
    ------
    DataError : they are not two lists of as many labels, at least 1.

    References
    ----------
    Hubert & Arabie 1985, "Comparing partitions", equation 5.

    Examples
    --------
    >>> from mixtura.metrics import adjusted_rand_index
    >>> adjusted_rand_index([0, 0, 1, 1], ["b", "b", "a", "a"])
    1.0
    >>> round(adjusted_rand_index([0, 0, 1, 1], [0, 0, 1, 2]), 4)
    0.5714
    """
    labels = [np.asarray(each) for each in (first, second)]
    if labels[0].ndim != 1 or labels[0].shape != labels[1].shape or not len(labels[0]):
        raise DataError(
            f"the labels have shapes {labels[0].shape} and {labels[1].shape}, expected (N,) for "
            "both: one label a row"
        )
    codes = [np.unique(each, return_inverse=True)[1] for each in labels]
    joint = codes[0] * (int(codes[1].max()) + 1) + codes[1]
    together, own, other = (_pairs(each) for each in (joint, *codes))
    n = len(joint)
    # In whole numbers: the differences are exact for any N.
    above = together * n * (n - 1) - 2 * own * other
    whole = (own + other) * n * (n - 1) - 4 * own * other
    return 2.0 * above / whole if whole else 1.0


def _pairs(codes: np.ndarray) -> int:
    """How many pairs of rows have one code."""
    return sum(count * (count - 1) // 2 for count in np.bincount(codes).tolist())
