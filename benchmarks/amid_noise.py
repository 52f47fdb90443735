"""Amid noise: clusters on an even background, found and weighed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import mixtura
from claim import run, show
from table import Column, Table

Floats = NDArray[np.float64]

_WORDS = """\
1000 rows: normal clusters, and so many of all rows spread evenly over a box about them. The share
of seeds in which the weights of the clusters and of the noise come within 0.03 of those that the
rows were drawn with, and the largest miss of all seeds; beside them, one component more in place
of noise."""

_NEAR = 0.03


def measure(quick: bool) -> list[Table]:
    """The one table."""
    n_seeds = 5 if quick else 100
    rows = []
    for name, (make, structures) in _CASES.items():
        for structure in structures:
            show(f"amid noise: {name}, {structure}")
            misses = {"noise": [], "component": []}
            for seed in range(n_seeds):
                data, weights = make(np.random.default_rng(seed))
                k = len(weights) - 1
                fit = mixtura.fit(data, k, structure=structure, noise=True)
                misses["noise"].append(_miss(fit.mixture.shares, weights))
                more = mixtura.fit(data, k + 1, structure=structure)
                misses["component"].append(_miss(more.mixture.weights, weights))
            told = {kind: float(np.mean(np.less(m, _NEAR))) for kind, m in misses.items()}
            rows.append(
                {"case": name, "structure": structure, "worst": max(misses["noise"]), **told}
            )
    title = f"Clusters amid noise, in {n_seeds} seeds"
    return [Table("amid_noise", title, _WORDS, _COLUMNS, rows)]


_COLUMNS = (
    Column("case", "case", "s"),
    Column("structure", "structure", "s"),
    Column("noise", "noise", ".0%"),
    Column("worst", "largest miss", ".3f"),
    Column("component", "one component more", ".0%"),
)


def _miss(found: Floats, true: Floats) -> float:
    """The largest difference of a weight, whichever component is which."""
    return float(np.abs(np.sort(found) - np.sort(true)).max())


def _clusters(
    random: np.random.Generator, centres: list[list[float]], n: int, flat: float, reach: float
) -> tuple[Floats, Floats]:
    """Rows of round clusters of equal size and of noise, (N, D), and their weights."""
    k, d = np.shape(centres)
    own = round(n * (1.0 - flat) / k)
    rows = [random.standard_normal((own, d)) + centre for centre in centres]
    rows.append(random.uniform(-reach, reach, size=(n - k * own, d)))
    return np.vstack(rows), np.append(np.full(k, own / n), 1.0 - k * own / n)


def _two(random: np.random.Generator) -> tuple[Floats, Floats]:
    rows = [
        random.multivariate_normal([-3.0, 0.0], [[1.0, 0.5], [0.5, 0.8]], size=400),
        random.multivariate_normal([4.0, 2.0], [[0.6, -0.2], [-0.2, 1.0]], size=400),
        random.uniform(-12.0, 12.0, size=(200, 2)),
    ]
    return np.vstack(rows), np.array([0.4, 0.4, 0.2])


_Case = tuple[Callable[[np.random.Generator], tuple[Floats, Floats]], tuple[str, ...]]

_CASES: dict[str, _Case] = {
    "two clusters, 20 %, D 2": (_two, ("VVV", "VVI", "EVE", "EEE", "VII")),
    "two clusters, 20 %, D 1": (
        lambda random: _clusters(random, [[-5.0], [5.0]], 1000, 0.2, 20.0),
        ("V",),
    ),
    "two clusters, 20 %, D 5": (
        lambda random: _clusters(random, [[-2.0] * 5, [2.0] * 5], 1000, 0.2, 8.0),
        ("VVV",),
    ),
    "two clusters, half is noise, D 2": (
        lambda random: _clusters(random, [[-4.0, -4.0], [4.0, 4.0]], 1000, 0.5, 15.0),
        ("VVV",),
    ),
    "five clusters, 20 %, D 2": (
        lambda random: _clusters(
            random, [[0.0, 0.0], [8.0, 8.0], [-8.0, 8.0], [8.0, -8.0], [-8.0, -8.0]], 1000, 0.2, 15
        ),
        ("VVV",),
    ),
}


if __name__ == "__main__":
    run(measure)
