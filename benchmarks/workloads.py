"""Workloads: the data and the start that every peer is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True)
class Workload:
    """N rows of D features, from K components, to be fitted with covariances of one structure.

    The rows are drawn from a mixture whose components overlap. Its means are normal, scaled so
    that the distance from a mean to its nearest other is 3 in the median over components; the
    eigenvalues of its covariances are log-uniform from ½ to 2, so that a standard deviation is
    about 1. The start is near the truth but not at it: equal weights, unit covariances, and every
    mean moved by ½ in a random direction.
    """

    name: str
    n_rows: int
    n_features: int
    n_components: int
    covariance: str
    seed: int = 0

    def rows(self) -> Floats:
        """The rows, (N, D)."""
        random = np.random.default_rng(self.seed)
        means, factors = self._truth(random)
        weights = random.uniform(0.5, 1.5, self.n_components)
        labels = random.choice(self.n_components, self.n_rows, p=weights / weights.sum())
        rows = random.standard_normal((self.n_rows, self.n_features))
        for k, (mean, factor) in enumerate(zip(means, factors, strict=True)):
            chosen = np.flatnonzero(labels == k)
            rows[chosen] = rows[chosen] @ factor.T + mean
        return rows

    def start(self) -> Start:
        """Parameters near the truth; they depend on the seed alone."""
        random = np.random.default_rng(self.seed)
        means, _ = self._truth(random)
        d, k = self.n_features, self.n_components
        steps = random.standard_normal((k, d))
        steps *= 0.5 / np.linalg.norm(steps, axis=1, keepdims=True)
        units = {
            "full": np.broadcast_to(np.eye(d), (k, d, d)),
            "tied": np.eye(d),
            "diag": np.ones((k, d)),
        }
        return Start(np.full(k, 1.0 / k), means + steps, units[self.covariance].copy())

    def shape(self) -> dict[str, Any]:
        """Its name and sizes, as a row of a table begins."""
        return {"workload": self.name} | {
            key: getattr(self, key)
            for key in ("n_rows", "n_features", "n_components", "covariance")
        }

    def of_size(self, name: str, **sizes: Any) -> Workload:
        """The same with other numbers of rows, features or components."""
        return replace(self, name=name, **sizes)

    def _truth(self, random: np.random.Generator) -> tuple[Floats, Floats]:
        """Means (K, D), and factors (K, D, D) whose products with their transposes are Σ_k."""
        d, k = self.n_features, self.n_components
        means = random.standard_normal((k, d))
        if k > 1:
            means *= 3.0 / np.median(_nearest(means))
        if self.covariance == "diag":
            scales = np.exp2(random.uniform(-0.5, 0.5, (k, d)))
            return means, scales[:, :, None] * np.eye(d)
        n = 1 if self.covariance == "tied" else k
        scales = np.exp2(random.uniform(-0.5, 0.5, (n, d)))
        rotations = np.linalg.qr(random.standard_normal((n, d, d)))[0]
        return means, np.broadcast_to(rotations * scales[:, None, :], (k, d, d))


@dataclass(frozen=True)
class Start:
    """Weights (K,), means (K, D), and covariances in their structure's form.

    The covariances are units, so they are their own inverses and square roots: each peer takes
    them as it likes, and no rounding comes between them.
    """

    weights: Floats
    means: Floats
    covariances: Floats

    def moved(self, far: Floats) -> Start:
        """The start for rows that are moved by `far` (D,)."""
        return replace(self, means=self.means + far)


def _nearest(means: Floats) -> Floats:
    """The distance of each mean to its nearest other, (K,)."""
    squares = np.einsum("kd,kd->k", means, means)
    distances = squares[:, None] + squares - 2.0 * means @ means.T
    np.fill_diagonal(distances, np.inf)
    nearest: Floats = np.sqrt(distances.min(axis=1))
    return nearest


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("F1", 1_000_000, 1, 4, "full"),
        Workload("F2", 1_000_000, 2, 4, "full"),
        Workload("F3", 1_000_000, 2, 32, "full"),
        Workload("F4", 500_000, 8, 16, "full"),
        Workload("F5", 200_000, 32, 32, "full"),
        Workload("F6", 100_000, 128, 16, "full"),
        Workload("D1", 200_000, 39, 256, "diag"),
        Workload("D2", 1_000_000, 4, 64, "diag"),
        Workload("T1", 500_000, 8, 16, "tied"),
        Workload("S1", 400, 2, 4, "full"),
    )
}
