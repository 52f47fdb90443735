"""Rows follow moving centres: SciPy's distances say where to, and how far from going elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist

from mixtura.engine import kernel
from mixtura.engine.components import Centres
from mixtura.engine.sources import Block, fields_of

ROUNDING = 1e-9


class Followers:
    """Rows, and the sums of what their clusters gained."""

    def __init__(self, block: Block, reference: np.ndarray) -> None:
        self.block, self.reference = block, reference
        self.labels = np.full(len(block.rows), -1, dtype=np.int32)
        self.slack = np.zeros(len(block.rows))
        self.weight, self.first = np.zeros(len(reference)), np.zeros(reference.shape)

    def follow(self, centres: np.ndarray, loss: float = 0.0) -> int:
        about = Centres(centres, self.reference, np.full(len(centres), loss), ROUNDING)
        weight, first, moved = kernel.hamerly_step(self.block, about, self.labels, self.slack)
        self.weight += weight
        self.first += first
        return moved


def block(m: int, d: int, *, weighted: bool = False, dtype: type = np.float64) -> Block:
    random = np.random.default_rng([m, d])
    weights = random.uniform(0.0, 3.0, m) * (random.uniform(size=m) < 0.9) if weighted else None
    return Block(0, (3.0 * random.normal(size=(m, d))).astype(dtype), fields_of(weights))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("k", [1, 2, 5, 19])
@pytest.mark.parametrize("d", [1, 2, 3, 8, 9, 40])
def test_rows_are_with_the_nearest_centre_wherever_the_centres_go(
    d: int, k: int, weighted: bool
) -> None:
    random = np.random.default_rng([d, k])
    one = block(700, d, weighted=weighted)
    centres = 2.0 * random.normal(size=(k, d))
    rows = Followers(one, centres.copy())
    loss = 0.0
    for _ in range(6):
        before = rows.labels.copy()
        moved = rows.follow(centres, loss)
        distances = np.sort(cdist(one.rows, centres), axis=1)
        assert_array_equal(rows.labels, cdist(one.rows, centres).argmin(axis=1))
        assert moved == np.count_nonzero(before != rows.labels)
        if k > 1:
            assert (rows.slack <= distances[:, 1] - distances[:, 0] + 1e-12).all()
        weights = np.ones(700) if one.weights is None else one.weights
        assert_allclose(rows.weight, np.bincount(rows.labels, weights, k), atol=1e-11)
        for c in range(k):
            own = rows.labels == c
            sums = weights[own] @ (one.rows[own] - rows.reference[c])
            assert_allclose(rows.first[c], sums, atol=1e-9)
        step = random.normal(size=(k, d)) * 0.3 / np.sqrt(d)
        centres = centres + step
        loss = 2.0 * (1.0 + ROUNDING) * np.linalg.norm(step, axis=1).max()


def test_rows_with_slack_left_are_not_read() -> None:
    rows = Followers(Block(0, np.full((50, 2), np.nan)), np.zeros((3, 2)))
    rows.labels[:] = np.arange(50) % 3
    rows.slack[:] = 1.0
    assert rows.follow(np.zeros((3, 2)), 0.5) == 0
    assert_array_equal(rows.labels, np.arange(50) % 3)
    assert_array_equal(rows.slack, 0.5)


def test_rows_too_far_for_their_squares_go_to_the_nearest_centre() -> None:
    one = block(100, 2)
    one.rows[7] = 1e200, 1e200
    one.rows[50] = -1e200, 3.0
    centres = np.array([[5e199, 5e199], [0.0, 0.0], [-5e199, 0.0]])
    rows = Followers(one, np.zeros((3, 2)))
    assert rows.follow(centres) == 100
    assert (rows.labels[7], rows.labels[50]) == (0, 2)
    assert_array_equal(rows.weight, [1.0, 98.0, 1.0])
    assert rows.follow(centres) == 0


def test_single_precision_rows_have_the_nearest_centre() -> None:
    one = block(3000, 7, dtype=np.float32)
    centres = np.random.default_rng(3).normal(size=(6, 7))
    rows = Followers(one, centres)
    rows.follow(centres)
    distances = cdist(one.rows.astype(np.float64), centres)
    assert_allclose(distances[np.arange(3000), rows.labels], distances.min(axis=1), rtol=1e-6)
