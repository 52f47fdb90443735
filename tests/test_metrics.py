"""The adjusted Rand index is scikit-learn's, and what its definition says at the ends."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from mixtura.errors import DataError
from mixtura.metrics import adjusted_rand_index


@pytest.mark.parametrize("seed", range(20))
def test_it_is_scikit_learns(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = int(random.integers(2, 300))
    first, second = (random.integers(-1, random.integers(1, 8), n) for _ in range(2))
    second = np.where(random.random(n) < 0.5, first, second)
    expected = adjusted_rand_score(first, second)
    assert adjusted_rand_index(first, second) == pytest.approx(expected, abs=1e-12)
    assert adjusted_rand_index(first.astype(str), second) == adjusted_rand_index(second, first)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [([0], [5], 1.0), ([0, 0], [1, 1], 1.0), ([0, 1], [1, 0], 1.0), ([0, 0], [0, 1], 0.0)],
)
def test_trivial_partitions_are_told_apart(first, second, expected) -> None:
    assert adjusted_rand_index(first, second) == expected


def test_labels_that_do_not_go_together_are_refused() -> None:
    for first, second in (([0, 1], [0]), ([], []), ([[0]], [[0]])):
        with pytest.raises(DataError, match="one label a row"):
            adjusted_rand_index(first, second)
