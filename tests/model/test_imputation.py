"""What rows lack is filled in by what a mixture makes of the rest of them."""

from __future__ import annotations

import numpy as np
import pytest

from mixtura import Box, Mixture, Noise
from mixtura.errors import DataError, ParameterError

RANDOM = np.random.default_rng(0)
ROOTS = RANDOM.normal(size=(2, 3, 3)) + 2.0 * np.eye(3)
MIXTURE = Mixture([0.3, 0.7], [[0.0] * 3, [3.0, -2.0, 1.0]], ROOTS @ ROOTS.transpose(0, 2, 1))
ROWS = np.array(
    [
        [0.5, np.nan, 1.0],
        [np.nan, -1.0, np.nan],
        [2.0, -2.0, 1.0],
        [np.nan, np.nan, np.nan],
        [3.0, np.nan, np.nan],
    ]
)


def test_what_is_expected_is_the_mean_of_the_conditioned_mixture() -> None:
    filled, deviations = MIXTURE.impute(ROWS, return_std=True)
    for row, whole, std in zip(ROWS, filled, deviations, strict=True):
        lacking = np.isnan(row)
        np.testing.assert_array_equal(whole[~lacking], row[~lacking])
        np.testing.assert_array_equal(std[~lacking], 0.0)
        if not lacking.any():
            continue
        given = {j: float(row[j]) for j in np.flatnonzero(~lacking).tolist()}
        left = MIXTURE.condition(given) if given else MIXTURE
        np.testing.assert_allclose(whole[lacking], left.mean(), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(std[lacking] ** 2, np.diagonal(left.covariance()), rtol=1e-9)


def test_draws_have_the_mean_and_the_covariance_of_what_is_missing() -> None:
    drawn = MIXTURE.impute(ROWS[4:], draws=40_000, random_state=1)
    assert drawn.shape == (40_000, 1, 3)
    assert (drawn[:, 0, 0] == 3.0).all()
    left = MIXTURE.condition({0: 3.0})
    np.testing.assert_allclose(drawn[:, 0, 1:].mean(axis=0), left.mean(), atol=0.06)
    np.testing.assert_allclose(np.cov(drawn[:, 0, 1:].T), left.covariance(), atol=0.2)


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    one, same, other = (MIXTURE.impute(ROWS, draws=2, random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_noise_says_of_a_missing_value_that_it_is_in_the_box() -> None:
    mixture = Mixture(
        [0.5], [[0.0, 0.0]], [np.eye(2)], noise=Noise(0.5, Box([-10.0, 4.0], [20.0, 12.0]))
    )
    rows = np.array([[9.0, np.nan]])
    filled, deviations = mixture.impute(rows, return_std=True)
    assert filled[0, 1] == pytest.approx(10.0)
    assert deviations[0, 1] == pytest.approx(12.0 / np.sqrt(12.0))
    drawn = mixture.impute(rows, draws=5000, random_state=0)[:, 0, 1]
    assert drawn.min() >= 4.0
    assert drawn.max() <= 16.0


def test_an_explanation_is_of_what_was_observed_and_its_parts_recombine() -> None:
    found = MIXTURE.explain(ROWS, missing="em")
    log_joint = (
        found.log_weights + found.normalisation + found.log_determinants + found.distance_terms
    )
    np.testing.assert_allclose(log_joint, found.log_joint, rtol=1e-10)
    np.testing.assert_allclose(found.contributions.sum(axis=2), found.squared_distances, rtol=1e-9)
    np.testing.assert_allclose(
        found.log_likelihood, MIXTURE.score_samples(ROWS, missing="em"), rtol=1e-12
    )
    assert (found.contributions[0, :, 1] == 0.0).all()
    assert "missing" in found.to_text()
    assert found.to_dict()["rows"][0]["values"]["x1"] is None


def test_rows_with_holes_are_taken_where_asked_alone() -> None:
    for answer in (MIXTURE.score_samples, MIXTURE.predict, MIXTURE.bic, MIXTURE.explain):
        with pytest.raises(DataError, match="missing='em'"):
            answer(ROWS)  # type: ignore[operator]
    with pytest.raises(ParameterError, match="draws is 0"):
        MIXTURE.impute(ROWS, draws=0)


def test_many_rows_are_conditioned_at_once_as_one_by_one() -> None:
    values = {0: np.array([0.5, 3.0, -1.0]), 2: np.array([1.0, 0.0, 2.0])}
    found = MIXTURE.conditions(values)
    assert len(found) == 3
    for i, one in enumerate(found):
        alone = MIXTURE.condition({0: float(values[0][i]), 2: float(values[2][i])})
        np.testing.assert_array_equal(one.means, alone.means)
        np.testing.assert_array_equal(one.weights, alone.weights)
    with pytest.raises(DataError, match="one value of each a row"):
        MIXTURE.conditions({0: [1.0, 2.0], 1: 0.0})
