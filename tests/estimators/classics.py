"""Five classic data sets, and scikit-learn's fit beside ours, for the tests of this folder."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
from sklearn import datasets as theirs
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Theirs

from mixtura import GaussianMixture as Ours, datasets as ours

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")
STARTS = ("kmeans", "k-means++", "random", "random_from_data")
#: name -> the number of components that people fit to it
SETS = {"faithful": 2, "iris": 3, "wine": 3, "breast_cancer": 2, "digits": 10}


@cache
def rows_of(name: str) -> np.ndarray:
    """The rows of a data set, (N, D)."""
    if name in ours.NAMES:
        return ours.load(name).rows
    return getattr(theirs, f"load_{name}")().data


@cache
def standardised(name: str) -> np.ndarray:
    """The rows with means 0 and variances 1: near the origin scikit-learn loses no digits."""
    rows = rows_of(name)
    return (rows - rows.mean(axis=0)) / rows.std(axis=0)


def both(rows: np.ndarray, n_components: int, **options: Any) -> tuple[Theirs, Ours]:
    """scikit-learn's fit and ours of the same rows, with the same options."""
    options.setdefault("random_state", 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return Theirs(n_components, **options).fit(rows), Ours(n_components, **options).fit(rows)


@cache
def both_on(name: str, covariance_type: str) -> tuple[Theirs, Ours]:
    """Both fits of a data set with scikit-learn's defaults."""
    return both(rows_of(name), SETS[name], covariance_type=covariance_type)


def difference(a: Any, b: Any) -> float:
    """The largest difference between two fits' parameters, relative to each one's largest."""
    return max(
        float(np.abs(getattr(a, name) - getattr(b, name)).max() / np.abs(getattr(b, name)).max())
        for name in ("weights_", "means_", "covariances_")
    )
