"""Hard assignment is the pass with another posterior: each row wholly its likeliest component's."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from scipy.stats import multivariate_normal

from mixtura import Mixture
from mixtura.engine import kernel
from mixtura.engine.components import spheres
from mixtura.engine.sources import Block, fields_of

ROWS = np.random.default_rng(3).normal(size=(60, 2))
CENTRES = np.array([[0.0, 0.0], [1.5, 1.0], [-1.0, 1.0], [90.0, 90.0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("diagonal", [True, False])
def test_spheres_make_it_lloyds_step(diagonal: bool, dtype: type) -> None:
    rows = ROWS.astype(dtype)
    weights = np.linspace(0.5, 2.0, 60)
    labels, sums = kernel.assign(
        Block(0, rows, fields_of(weights)), spheres(CENTRES), diagonal=diagonal
    )
    distances = cdist(rows, CENTRES, "sqeuclidean")
    assert_array_equal(labels, distances.argmin(axis=1))
    for k in range(3):
        own = labels == k
        mean = np.average(rows[own].astype(float), axis=0, weights=weights[own])
        assert sums.weight[k] == pytest.approx(weights[own].sum(), rel=1e-13)
        assert_allclose(CENTRES[k] + sums.first[k] / sums.weight[k], mean, rtol=1e-12)
        deviations = rows[own] - CENTRES[k]
        second = (weights[own, None] * deviations).T @ deviations
        expected = np.diagonal(second) if diagonal else second
        assert_allclose(sums.second[k], expected, rtol=1e-12, atol=1e-14)
    assert sums.weight[3] == 0.0
    assert_array_equal(sums.first[3], 0.0)
    assert_array_equal(sums.second[3], 0.0)
    assert (sums.n_rows, sums.total_weight) == (60, pytest.approx(weights.sum()))
    nearest = weights @ distances.min(axis=1)
    assert sums.log_likelihood == pytest.approx(
        -0.5 * nearest, rel=1e-6 if dtype == np.float32 else 1e-13
    )


def test_its_log_likelihood_is_that_of_the_likeliest_components() -> None:
    mixture = Mixture([0.2, 0.8], CENTRES[:2], [np.eye(2), [[2.0, 0.3], [0.3, 0.4]]])
    labels, sums = kernel.assign(Block(0, ROWS), mixture.components, diagonal=False)
    joint = np.column_stack(
        [
            np.log(weight) + multivariate_normal(mean, covariance).logpdf(ROWS)
            for weight, mean, covariance in zip(
                mixture.weights, mixture.means, mixture.covariances, strict=True
            )
        ]
    )
    assert_array_equal(labels, joint.argmax(axis=1))
    assert_array_equal(labels, kernel.labels(ROWS, mixture.components))
    assert sums.log_likelihood == pytest.approx(joint.max(axis=1).sum(), rel=1e-13)


def test_of_equal_components_the_first_is_taken() -> None:
    centres = np.array([[-1.0], [1.0], [1.0], [-1.0]])
    rows = np.array([[0.0], [2.0], [-2.0]])
    labels, sums = kernel.assign(Block(0, rows), spheres(centres), diagonal=True)
    assert labels.tolist() == [0, 1, 0]
    assert sums.weight.tolist() == [2.0, 1.0, 0.0, 0.0]


def test_distances_of_any_size_are_told_apart() -> None:
    for scale in (1e-150, 1e-12, 1.0, 1e140):
        rows = scale * np.array([[0.0], [1.0], [2.0]])
        labels, _ = kernel.assign(Block(0, rows), spheres(rows[::-1]), diagonal=True)
        assert labels.tolist() == [2, 1, 0]


def test_a_row_beyond_reach_belongs_to_the_nearest_centre() -> None:
    rows = np.array([[0.0], [1e200], [-1e200]])
    centres = np.array([[-1e190], [0.0], [1e190]])
    labels, sums = kernel.assign(Block(0, rows), spheres(centres), diagonal=True)
    assert labels.tolist() == [1, 2, 0]
    assert sums.weight.tolist() == [1.0, 1.0, 1.0]
    assert sums.log_likelihood == -np.inf
