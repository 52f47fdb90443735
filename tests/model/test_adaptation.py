"""A background mixture that is drawn towards rows, by Reynolds' formulas written out."""

from __future__ import annotations

import numpy as np
import pytest
from randomly import random_mixture
from scipy import stats

from mixtura import Mixture
from mixtura.errors import DataError, ParameterError

BACKGROUND = random_mixture(np.random.default_rng(1), "full", 3, 2)
ROWS = np.random.default_rng(2).normal([1.0, -1.0], [0.5, 1.5], size=(200, 2))


def reynolds(mixture: Mixture, rows: np.ndarray, relevance: float) -> tuple[np.ndarray, ...]:
    """Weights, means and covariances after equations 7 to 14, by raw moments."""
    matrices = mixture.covariance_matrices()
    densities = np.column_stack(
        [
            w * stats.multivariate_normal(mean, matrix).pdf(rows)
            for w, mean, matrix in zip(mixture.weights, mixture.means, matrices, strict=True)
        ]
    )
    r = densities / densities.sum(axis=1, keepdims=True)
    n = r.sum(axis=0)
    alpha = (n / (n + relevance))[:, None]
    mean = r.T @ rows / n[:, None]
    square = np.einsum("nk,ni,nj->kij", r, rows, rows) / n[:, None, None]
    weights = alpha[:, 0] * n / len(rows) + (1.0 - alpha[:, 0]) * mixture.weights
    means = alpha * mean + (1.0 - alpha) * mixture.means
    old = matrices + np.einsum("ki,kj->kij", mixture.means, mixture.means)
    wide = alpha[:, :, None]
    second = wide * square + (1.0 - wide) * old - np.einsum("ki,kj->kij", means, means)
    return weights / weights.sum(), means, second


def test_all_parameters_are_those_of_the_formulas() -> None:
    weights, means, covariances = reynolds(BACKGROUND, ROWS, 16.0)
    found = BACKGROUND.adapted(ROWS, what=["weights", "means", "covariances"])
    np.testing.assert_allclose(found.weights, weights, rtol=1e-10)
    np.testing.assert_allclose(found.means, means, rtol=1e-9)
    np.testing.assert_allclose(found.covariances, covariances, rtol=1e-8, atol=1e-10)


def test_what_is_not_named_stays_as_it_was() -> None:
    found = BACKGROUND.adapted(ROWS, relevance=4.0)
    np.testing.assert_allclose(found.means, reynolds(BACKGROUND, ROWS, 4.0)[1], rtol=1e-9)
    np.testing.assert_array_equal(found.weights, BACKGROUND.weights)
    np.testing.assert_array_equal(found.covariances, BACKGROUND.covariances)


def test_relevance_decides_between_the_rows_and_what_was_there() -> None:
    far = BACKGROUND.adapted(ROWS, relevance=1e12, what=["means", "covariances", "weights"])
    np.testing.assert_allclose(far.means, BACKGROUND.means, rtol=1e-8)
    np.testing.assert_allclose(far.covariances, BACKGROUND.covariances, rtol=1e-8)
    one = Mixture([1.0], [[3.0, 3.0]], [[[1.0, 0.0], [0.0, 1.0]]])
    near = one.adapted(ROWS, relevance=0.0, what=("means", "covariances"))
    np.testing.assert_allclose(near.means[0], ROWS.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(near.covariances[0], np.cov(ROWS.T, bias=True), rtol=1e-9)


@pytest.mark.parametrize("structure", ["tied", "diag", "spherical", "VEV"])
def test_covariances_keep_their_structure(structure: str) -> None:
    kind = structure if structure != "VEV" else "full"
    mixture = random_mixture(np.random.default_rng(3), kind, 2, 2)
    if structure == "VEV":
        mixture = Mixture(mixture.weights, mixture.means, mixture.covariances, "VEV")
    found = mixture.adapted(ROWS, what="covariances")
    assert found.structure.name == mixture.structure.name
    assert found.covariances.shape == mixture.covariances.shape
    assert found.score(ROWS) > mixture.score(ROWS)


def test_weights_streams_and_repeated_rows_are_one() -> None:
    times = np.arange(200) % 3 + 1
    once = BACKGROUND.adapted(ROWS, times, what=["weights", "means"])
    again = BACKGROUND.adapted(np.repeat(ROWS, times, axis=0), what=["weights", "means"])
    np.testing.assert_allclose(once.means, again.means, rtol=1e-10)
    np.testing.assert_allclose(once.weights, again.weights, rtol=1e-10)
    streamed = BACKGROUND.adapted(lambda: iter([ROWS[:150], ROWS[150:]]))
    np.testing.assert_allclose(streamed.means, BACKGROUND.adapted(ROWS).means, rtol=1e-12)


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(ParameterError, match="relevance is -1"):
        BACKGROUND.adapted(ROWS, relevance=-1)
    for what in ("variances", [], 3):
        with pytest.raises(ParameterError, match="expected 'weights', 'means' or 'covariances'"):
            BACKGROUND.adapted(ROWS, what=what)
    equal = Mixture([0.5, 0.5], [[0.0], [1.0]], [[[1.0]], [[1.0]]], equal_weights=True)
    with pytest.raises(ParameterError, match="equal by decree"):
        equal.adapted([[0.0]], what="weights")
    with pytest.raises(DataError, match="row 0, column 0 is NaN"):
        BACKGROUND.adapted([[np.nan, 0.0]])
