"""Calls on few rows take the short way, and end where the long one does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas
import pytest
from sklearn.utils._param_validation import InvalidParameterError

from mixtura import GaussianMixture
from mixtura.datasets import faithful
from mixtura.model.random import seeded

ROWS = np.asarray(faithful(), dtype=np.float64)
#: what is said of a fit, but for how long it took
HELD = ("weights_", "means_", "covariances_", "precisions_", "lower_bounds_", "n_features_in_")


class Kind(np.ndarray):
    """An array that is no plain one."""


def fitted(X: Any, **parameters: Any) -> GaussianMixture:
    return GaussianMixture(2, random_state=0, **parameters).fit(X)


@pytest.mark.parametrize("method", ["score_samples", "predict", "predict_proba"])
@pytest.mark.parametrize("n_rows", [1, 272])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_an_array_is_answered_as_one_that_scikit_learn_looks_into(
    method: str, n_rows: int, dtype: type
) -> None:
    rows = ROWS[:n_rows].astype(dtype)
    answer = getattr(fitted(ROWS), method)
    np.testing.assert_array_equal(answer(rows), answer(rows.view(Kind)))


@pytest.mark.parametrize("method", ["score_samples", "predict", "predict_proba"])
def test_a_row_alone_is_answered_as_among_more_than_a_block(method: str) -> None:
    answer = getattr(fitted(ROWS).mixture_, method)
    many = np.tile(ROWS, (600, 1))
    np.testing.assert_array_equal(answer(ROWS[7:8])[0], answer(many)[272 * 599 + 7])


def test_an_array_is_fitted_as_one_that_scikit_learn_looks_into() -> None:
    one, other = fitted(ROWS), fitted(ROWS.view(Kind))
    for name in HELD:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("method", ["fit", "predict", "score_samples"])
def test_what_is_not_finite_is_refused_in_scikit_learns_words(method: str, value: float) -> None:
    model, rows = fitted(ROWS), ROWS.copy()
    rows[3, 1] = value
    with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
        getattr(model, method)(rows)


def test_an_array_after_a_table_leaves_no_names_behind() -> None:
    table = pandas.DataFrame(ROWS, columns=["eruptions", "waiting"])
    model = fitted(table)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(ROWS[:1])
    assert not hasattr(model.fit(ROWS), "feature_names_in_")


def test_as_many_columns_as_in_the_fit_are_asked_for() -> None:
    with pytest.raises(ValueError, match="X has 1 features, but GaussianMixture is expecting 2"):
        fitted(ROWS).predict(ROWS[:, :1])


def test_a_parameter_that_passed_once_is_refused_when_it_is_another() -> None:
    model = fitted(ROWS)
    for wrong in (
        {"n_components": 0},
        {"n_components": 2.0},
        {"n_components": "2"},
        {"tol": -1.0},
        {"tol": "1"},
    ):
        with pytest.raises(InvalidParameterError, match=f"The '{next(iter(wrong))}' parameter"):
            fitted(ROWS).set_params(**wrong).fit(ROWS)
    assert model.fit(ROWS).n_components == 2


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**32 - 1])
def test_a_seed_draws_what_numpy_draws_of_it(seed: int) -> None:
    one, other = seeded(seed), np.random.RandomState(seed)
    np.testing.assert_array_equal(one.random_sample(700), other.random_sample(700))
    np.testing.assert_array_equal(one.standard_normal(3), other.standard_normal(3))
    np.testing.assert_array_equal(one.permutation(9), other.permutation(9))
