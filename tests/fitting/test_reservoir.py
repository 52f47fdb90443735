"""A sample of a stream does not depend on its chunks, and stands for the weights of all rows."""

from __future__ import annotations

import numpy as np
import pytest

from mixtura.engine.sources import Block, fields_of
from mixtura.rows.sampling import Reservoir


def drawn(rows, weights, size, seed, chunk):
    reservoir = Reservoir(size, seed)
    for at in range(0, len(rows), chunk):
        reservoir.add(Block(0, rows, fields_of(weights)).part(at, at + chunk))
    sample = reservoir.drawn(rows.dtype)
    return sample.rows, sample.weights


ROWS = np.arange(5_000.0)[:, None]


@pytest.mark.parametrize("weighted", [False, True])
def test_chunks_do_not_matter_and_the_order_is_kept(weighted):
    weights = 1.0 + ROWS[:, 0] % 7 if weighted else None
    one, of_one = drawn(ROWS, weights, 300, 4, 5_000)
    many, of_many = drawn(ROWS, weights, 300, 4, 17)
    assert one.shape == (300, 1)
    np.testing.assert_array_equal(one, many)
    np.testing.assert_array_equal(of_one, of_many)
    assert (np.diff(one[:, 0]) > 0).all()


def test_few_rows_are_all_there_with_their_weights():
    weights = np.linspace(1.0, 2.0, 50)
    rows, kept = drawn(ROWS[:50], weights, 50, 0, 8)
    np.testing.assert_array_equal(rows, ROWS[:50])
    np.testing.assert_array_equal(kept, weights)


def test_rows_are_drawn_evenly_without_weights():
    # 200 draws of 50 of 5000: each tenth of the rows has 1000 expected, give or take 30.
    counts = sum(
        np.histogram(drawn(ROWS, None, 50, seed, 999)[0], bins=10, range=(0, 5_000))[0]
        for seed in range(200)
    )
    assert np.abs(counts - 1_000).max() < 5 * 30


def test_the_weight_of_a_set_of_rows_is_estimated_without_bias():
    weights = np.ones(5_000)
    weights[:10] = 2_000.0  # ten rows weigh four times as much as all others
    heavy, light = [], []
    for seed in range(100):
        rows, kept = drawn(ROWS, weights, 100, seed, 800)
        heavy.append(kept[rows[:, 0] < 10].sum())
        light.append(kept[rows[:, 0] >= 2_500].sum())
    assert np.mean(heavy) == pytest.approx(20_000.0, rel=1e-12)  # all ten, with their own weights
    # 90 of 4990 light rows, each for 55: the half of them, give or take 55·√(90/4) in one draw.
    assert np.mean(light) == pytest.approx(2_500.0, abs=5 * 55 * np.sqrt(90 / 4) / np.sqrt(100))
