"""Covariances below a floor are found, and raised to it in the directions that lie below."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import eigh

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats

FEATURES = [1, 2, 3, 8, 9, 16, 33, 64]


def scatters(d: int, n_rows: list[int]) -> tuple[Floats, Floats]:
    """Covariances of so many rows each, features of very different units, and a floor."""
    random = np.random.default_rng(d)
    units = 10.0 ** random.uniform(-3, 3, size=d)
    rows = [units * random.normal(size=(n, d)) for n in n_rows]
    return np.stack([each.T @ each / len(each) for each in rows]), 1e-8 * units**2


@pytest.mark.parametrize("d", FEATURES)
def test_covariances_of_few_rows_are_below_the_floor(d: int) -> None:
    covariances, floor = scatters(d, [1, d, d + 1, 4 * d + 4])
    low = [at for at, each in enumerate(covariances) if eigh(each, np.diag(floor))[0][0] < 1.0]
    assert kernel.below_floor(covariances, floor) == low
    assert 3 not in low


@pytest.mark.parametrize("d", FEATURES)
def test_eigenvalues_below_the_floor_are_raised_and_no_others(d: int) -> None:
    covariances, floor = scatters(d, [1, d // 2 + 1, d, 4 * d + 4])
    floor[: d // 2] *= 1e7
    before = covariances.copy()
    raised = kernel.raised_to_floor(covariances, [0, 2, 3], floor)
    assert (covariances == before).all()
    assert (raised[1] == covariances[1]).all()
    scale = np.outer(np.sqrt(floor), np.sqrt(floor))
    for k in (0, 2, 3):
        values, axes = eigh(covariances[k] / scale)
        wanted = (axes * np.maximum(values, 1.0)) @ axes.T
        assert (raised[k] == raised[k].T).all()
        assert_allclose(raised[k] / scale, wanted, rtol=0, atol=1e-14 * d * values[-1])
