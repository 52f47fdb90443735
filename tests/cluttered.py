"""Two clusters amid rows that belong to neither."""

from __future__ import annotations

import numpy as np

__all__ = ["background", "halves"]


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
