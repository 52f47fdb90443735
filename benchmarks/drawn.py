"""Drawn: problems from overlapping components to separate ones, by number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

__all__ = ["Drawn"]


@dataclass(frozen=True)
class Drawn:
    """A problem by its number.

    Parameters
    ----------
    number : the seed of everything.
    """

    number: int

    #: of the components as they are drawn no axis is shorter, in units of the means' deviation
    LEAST_AXIS = 0.1

    def least_axis(self, n_rows: Floats) -> Floats:
        """How short the axes are that so many rows (K,) show of a component as drawn, (K,).

        Rows shorten an axis: of n rows in D dimensions the eigenvalues of the sample's covariance
        go down to (1 − √(D/n))² of the true ones.

        References
        ----------
        Marchenko & Pastur 1967, "Distribution of eigenvalues for some sets of random matrices".
        """
        d = self.rows.shape[1]
        return self.LEAST_AXIS * (1.0 - np.sqrt(np.minimum(d / n_rows, 1.0)))

    @cached_property
    def _all(self) -> tuple[Floats, NDArray[np.int_], int, float]:
        """K from 3 to 8, D from 2 to 4, N from 5 to 20 times K (D + 1).

        The means are standard normal; the standard deviations along a component's own axes lie
        within a factor 2 of a size between 0.15 and 1 that the components share, and above 0.1.
        """
        random = np.random.default_rng([40, self.number])
        k, d = int(random.integers(3, 9)), int(random.integers(2, 5))
        least = 5 * k * (d + 1)
        n = int(random.integers(least, 4 * least + 1))
        size = 0.15 ** random.uniform()
        weights, means = random.dirichlet(np.full(k, 8.0)), random.standard_normal((k, d))
        labels = random.choice(k, n, p=weights)
        rows = random.standard_normal((n, d))
        for j in range(k):
            axes, _ = np.linalg.qr(random.standard_normal((d, d)))
            lengths = np.maximum(size * 2.0 ** random.uniform(-1.0, 1.0, d), self.LEAST_AXIS)
            rows[labels == j] = means[j] + rows[labels == j] * lengths @ axes.T
        return rows, labels, k, size

    @property
    def rows(self) -> Floats:
        """(N, D)."""
        return self._all[0]

    @property
    def labels(self) -> NDArray[np.int_]:
        """The components that they were drawn from, (N,)."""
        return self._all[1]

    @property
    def n_components(self) -> int:
        """K."""
        return self._all[2]

    @property
    def size(self) -> float:
        """Of the components' standard deviations; that of the means is 1."""
        return self._all[3]

    def start(self, seed: int) -> Floats:
        """Responsibilities (N, K): at random, or of clusters around rows drawn evenly or apart."""
        random = np.random.default_rng([self.number, seed])
        rows, k = self.rows, self.n_components
        if seed % 3 == 0:
            return random.dirichlet(np.ones(k), len(rows))
        chosen = [int(random.integers(len(rows)))]
        nearest = np.full(len(rows), np.inf)
        while len(chosen) < k:
            nearest = np.minimum(nearest, np.square(rows - rows[chosen[-1]]).sum(axis=1))
            evenly = (nearest > 0.0) / np.count_nonzero(nearest)
            shares = evenly if seed % 3 == 1 else nearest / nearest.sum()
            chosen.append(int(random.choice(len(rows), p=shares)))
        squared = np.square(rows[:, None] - rows[chosen]).sum(axis=2)
        return np.eye(k)[squared.argmin(axis=1)]

    def __str__(self) -> str:
        n, d = self.rows.shape
        return f"{self.number}: {n} × {d}, K {self.n_components}"
