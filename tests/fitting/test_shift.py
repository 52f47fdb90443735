"""Where the origin is plays no part."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mixtura.datasets import separated
from usual import usual_fit

STRUCTURES = ("full", "tied", "diag", "spherical")


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference, relative to the largest of `b`."""
    return float(np.abs(a - b).max() / np.abs(b).max())


@pytest.mark.parametrize("shift", [1e6, 1e8])
@pytest.mark.parametrize("start", ["kmeans", "random"])
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("seed", range(3))
def test_moved_rows_have_the_fit_of_the_rows_moved(
    seed: int, structure: str, start: str, shift: float
) -> None:
    rows = separated(500, 2 + seed, 3, 3.0 + seed, random_state=seed)[0].rows
    options = {"structure": structure, "start": start, "tol": 1e-7, "max_iter": 1000}
    here = usual_fit(rows, 3, **options)
    there = usual_fit(rows + shift, 3, **options)
    assert difference(there.mixture.means - shift, here.mixture.means) < 1e-6
    assert difference(there.mixture.covariances, here.mixture.covariances) < 1e-6
    assert_allclose(there.mixture.weights, here.mixture.weights, rtol=1e-6)
    gains = np.diff(there.trace)
    assert gains.min() >= -1e-12 * np.abs(there.trace).max()
    assert there.repairs == ()


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("start", ["kmeans", "k-means++", "random_from_data"])
def test_two_float32_rows_far_apart_keep_the_variance_that_is_added(
    structure: str, start: str
) -> None:
    rows = np.array([[9999], [0]], dtype=np.float32)
    fitted = usual_fit(rows, 2, structure=structure, start=start, reg_covar=0.1).mixture
    assert_allclose(fitted.covariances, 0.1, rtol=1e-6)
    assert_allclose(np.sort(fitted.means.ravel()), [0.0, 9999.0], atol=1e-3)
