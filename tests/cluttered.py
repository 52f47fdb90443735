"""Clusters amid rows that belong to none."""

from __future__ import annotations

import numpy as np

__all__ = ["SHAPES", "background", "halves", "shaped"]


def _line(length: float, width: float, degrees: float) -> np.ndarray:
    """The covariance of a thin line, (2, 2)."""
    angle = np.radians(degrees)
    along = np.array([np.cos(angle), np.sin(angle)])
    return (length**2 - width**2) * np.outer(along, along) + width**2 * np.eye(2)


#: weights (K,), means (K, 2) and covariances (K, 2, 2), in a square from 0 to 100
SHAPES = {
    "chevron": (
        [0.5, 0.5],
        [[62.0, 50.0], [38.0, 50.0]],
        [_line(12.0, 1.5, 60.0), _line(12.0, 1.5, 120.0)],
    ),
    "blobs": (
        [0.5, 0.25, 0.15, 0.07, 0.03],
        [[25.0, 30.0], [70.0, 25.0], [50.0, 70.0], [20.0, 80.0], [85.0, 80.0]],
        [width**2 * np.eye(2) for width in (6.0, 5.0, 4.0, 3.0, 2.0)],
    ),
    "lines": (
        [0.25] * 4,
        [[50.0, 50.0]] * 4,
        [_line(20.0, 1.0, degrees) for degrees in (0.0, 45.0, 90.0, 135.0)],
    ),
}


def shaped(shape: str, share: float, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Clusters of a shape, a share of the N rows spread evenly about them, (N, 2); and labels."""
    random = np.random.default_rng([seed, n, round(100 * share)])
    weights, means, covariances = SHAPES[shape]
    flat = round(share * n)
    counts = random.multinomial(n - flat, weights)
    parts = [
        random.multivariate_normal(mean, covariance, size=count)
        for mean, covariance, count in zip(means, covariances, counts, strict=True)
    ]
    parts.append(random.uniform(0.0, 100.0, size=(flat, 2)))
    labels = np.append(np.repeat(np.arange(len(weights)), counts), np.full(flat, -1))
    return np.vstack(parts), labels


def background(seed: int, n: int = 1000, share: float = 0.2) -> np.ndarray:
    """Two clusters of equal size, and so many of N rows spread evenly behind them, (N, 2)."""
    random = np.random.default_rng(seed)
    flat = round(share * n)
    first, second = (n - flat + 1) // 2, (n - flat) // 2
    return np.vstack(
        [
            random.multivariate_normal([-3.0, 0.0], [[1.0, 0.5], [0.5, 0.8]], size=first),
            random.multivariate_normal([4.0, 2.0], [[0.6, -0.2], [-0.2, 1.0]], size=second),
            random.uniform(-12.0, 12.0, size=(flat, 2)),
        ]
    )


def halves(rows: np.ndarray) -> np.ndarray:
    """Labels by the rank of the first column."""
    return 2 * np.argsort(np.argsort(rows[:, 0], kind="stable"), kind="stable") // len(rows)
