"""Problems: data with more than one maximum of the likelihood, and how many components to fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

__all__ = ["PROBLEMS", "Problem", "classic"]

_DATA = Path(__file__).with_name("data")


@dataclass(frozen=True)
class Problem:
    """Rows, K and a structure.

    Parameters
    ----------
    name : of the data: ``synthetic``, or a classic.
    n_components : K.
    structure : of the covariances.
    n_features : D; a classic has its own.
    n_rows : N; a classic has its own.
    separation : how far a synthetic component's mean is from its nearest other in the median,
        standard deviations.
    """

    name: str
    n_components: int
    structure: str = "full"
    n_features: int = 0
    n_rows: int = 0
    separation: float = 0.0

    def rows(self) -> Floats:
        """The rows (N, D), every column with mean 0 and variance 1."""
        rows = self._synthetic() if self.name == "synthetic" else classic(self.name)
        return (rows - rows.mean(axis=0)) / rows.std(axis=0)

    def _synthetic(self) -> Floats:
        """Normal means, scaled to the separation; covariances' eigenvalues from ¼ to 4."""
        n, d, k = self.n_rows, self.n_features, self.n_components
        random = np.random.default_rng([n, d, k])
        means = random.standard_normal((k, d))
        distances = np.linalg.norm(means[:, None] - means, axis=2) + np.diag(np.full(k, np.inf))
        means *= self.separation / np.median(distances.min(axis=1))
        labels = random.choice(k, n, p=random.dirichlet(np.full(k, 10.0)))
        rows = random.standard_normal((n, d))
        for j in range(k):
            axes, _ = np.linalg.qr(random.standard_normal((d, d)))
            lengths = 2.0 ** random.uniform(-1.0, 1.0, d)
            rows[labels == j] = means[j] + rows[labels == j] * lengths @ axes.T
        return rows


@cache
def classic(name: str) -> Floats:
    """The measurements of a classic, without its classes."""
    if name == "wine":
        from sklearn.datasets import load_wine

        return np.asarray(load_wine().data)
    if name in ("faithful", "galaxies", "iris"):
        from mixtura import datasets

        return np.asarray(getattr(datasets, name)().rows)
    columns = {"acidity": 1, "banknote": 6, "diabetes": 3, "precip": 1, "thyroid": 5}[name]
    path = _DATA / f"{name}.csv"
    return np.loadtxt(path, delimiter=",", skiprows=1, usecols=range(columns), ndmin=2)


PROBLEMS = (
    Problem("faithful", 2),
    Problem("faithful", 3),
    Problem("faithful", 3, "tied"),
    Problem("iris", 2),
    Problem("iris", 3),
    Problem("iris", 3, "diag"),
    Problem("iris", 4, "tied"),
    Problem("wine", 3, "tied"),
    Problem("wine", 3, "diag"),
    Problem("galaxies", 3),
    Problem("galaxies", 4, "tied"),
    Problem("acidity", 2),
    Problem("acidity", 3),
    Problem("banknote", 2),
    Problem("banknote", 3, "tied"),
    Problem("diabetes", 2),
    Problem("diabetes", 3),
    Problem("synthetic", 3, n_features=2, n_rows=600, separation=3.0),
    Problem("synthetic", 5, n_features=2, n_rows=1000, separation=3.0),
    Problem("synthetic", 10, n_features=2, n_rows=1500, separation=4.0),
    Problem("synthetic", 20, n_features=2, n_rows=2000, separation=6.0),
    Problem("synthetic", 4, n_features=3, n_rows=800, separation=3.0),
    Problem("synthetic", 8, n_features=3, n_rows=1500, separation=4.0),
    Problem("synthetic", 5, n_features=5, n_rows=1000, separation=4.0),
    Problem("synthetic", 10, n_features=5, n_rows=2000, separation=4.0),
    Problem("synthetic", 6, "diag", n_features=5, n_rows=1000, separation=4.0),
    Problem("synthetic", 5, n_features=10, n_rows=2000, separation=4.0),
    Problem("synthetic", 12, "tied", n_features=10, n_rows=2000, separation=5.0),
    Problem("synthetic", 3, n_features=20, n_rows=1500, separation=4.0),
    Problem("synthetic", 8, n_features=20, n_rows=4000, separation=6.0),
)
