"""Parity: whether scikit-learn's fit and ours of the same rows come out the same."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture as Theirs

from mixtura import GaussianMixture as Ours
from mixtura.datasets import separated

__all__ = ["ALIKE", "COVARIANCE_TYPES", "STARTS", "Problem", "Verdict", "compared", "problems"]

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")
STARTS = ("kmeans", "k-means++", "random", "random_from_data")
#: covariance type and start of the fits that are to be the same: scikit-learn's random shares end
#: where they begin, and so do its single rows with one covariance for all components
ALIKE = tuple(
    (kind, start)
    for kind in COVARIANCE_TYPES
    for start in STARTS
    if start == "kmeans" or (start != "random" and kind != "tied")
)
#: parameters that differ by less, relative to the largest of their array, are the same
_SAME = 1e-6


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows from a random mixture, and how many components to fit to them.

    Parameters
    ----------
    number : which one; it is the seed, too.
    rows : (N, D), each feature of mean 0 and variance 1.
    n_components : K, as many as the rows were drawn from.
    separation : of the closest two components, see `mixtura.datasets.separated`.
    """

    number: int
    rows: NDArray[np.float64]
    n_components: int
    separation: float

    def __str__(self) -> str:
        n, d = self.rows.shape
        return (
            f"problem {self.number} (N {n}, D {d}, K {self.n_components}, separation "
            f"{self.separation:.2f})"
        )


@dataclass(frozen=True)
class Verdict:
    """How two fits compare.

    Parameters
    ----------
    covariance_type, start, seed : what was fitted.
    difference : the largest of the parameters, relative to the largest of their array.
    iterations : scikit-learn's and ours.
    relabelled : how many rows got another label.
    """

    covariance_type: str
    start: str
    seed: int
    difference: float
    iterations: tuple[int, int]
    relabelled: int

    @property
    def same(self) -> bool:
        """Parameters within 1e-6, as many iterations, equal labels."""
        alike = self.iterations[0] == self.iterations[1] and self.relabelled == 0
        return alike and self.difference <= _SAME

    def __str__(self) -> str:
        return (
            f"{self.covariance_type}, {self.start}, seed {self.seed}: parameters differ by "
            f"{self.difference:.1e}, iterations {self.iterations[0]} and {self.iterations[1]}, "
            f"{self.relabelled} labels"
        )


def problems(count: int) -> Iterator[Problem]:
    """Well-posed problems: D 1 to 8, K 2 to 5, forty rows or more for each parameter of a mean.

    The components are 2 to 6 standard deviations apart, so that some overlap and some do not.
    """
    for number in range(count):
        random = np.random.RandomState(number)
        d, k = int(random.randint(1, 9)), int(random.randint(2, 6))
        n = 40 * k * d + int(random.randint(100, 600))
        separation = float(random.uniform(2.0, 6.0))
        rows = separated(n, d, k, separation, random_state=number)[0].rows
        yield Problem(number, (rows - rows.mean(axis=0)) / rows.std(axis=0), k, separation)


def compared(problem: Problem, covariance_type: str, start: str, seed: int) -> Verdict:
    """scikit-learn's default fit beside ours."""
    options: dict[str, Any] = {
        "covariance_type": covariance_type,
        "init_params": start,
        "random_state": seed,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = Theirs(problem.n_components, **options).fit(problem.rows)
        ours = Ours(problem.n_components, **options).fit(problem.rows)
    difference = 0.0
    for name in ("weights_", "means_", "covariances_"):
        expected, got = getattr(theirs, name), getattr(ours, name)
        apart = float(np.abs(got - expected).max() / np.abs(expected).max())
        difference = max(difference, apart)
    relabelled = np.count_nonzero(theirs.predict(problem.rows) != ours.predict(problem.rows))
    return Verdict(
        covariance_type,
        start,
        seed,
        difference,
        (int(theirs.n_iter_), int(ours.n_iter_)),
        int(relabelled),
    )
