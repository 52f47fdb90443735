"""GaussianMixture is an estimator as scikit-learn's own code expects one."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from classics import COVARIANCE_TYPES, rows_of
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture as Theirs
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import mixtura
from mixtura import GaussianMixture
from mixtura.datasets import faithful


# The checks fit noise, which converges or does not; array API input is not promised.
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [GaussianMixture()]
    + [GaussianMixture(2, covariance_type=kind, random_state=0) for kind in COVARIANCE_TYPES]
)
def test_scikit_learns_own_checks_pass(estimator: Any, check: Any) -> None:
    check(estimator)


def test_the_constructor_is_scikit_learns() -> None:
    def arguments(kind: type) -> list[tuple[str, Any, Any]]:
        parameters = inspect.signature(kind).parameters.values()
        return [(p.name, p.kind, p.default) for p in parameters]

    assert arguments(GaussianMixture) == arguments(Theirs)


def test_every_public_method_and_fitted_attribute_of_scikit_learns_is_there() -> None:
    rows = rows_of("faithful")
    theirs, ours = Theirs(2, random_state=0).fit(rows), GaussianMixture(2, random_state=0).fit(rows)
    public = {name for name in dir(theirs) if not name.startswith("_")}
    assert public - set(dir(ours)) == set()


def test_a_clone_has_the_parameters_and_nothing_else() -> None:
    fitted = GaussianMixture(2, tol=1e-5, random_state=3).fit(rows_of("faithful"))
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(rows_of("faithful"))


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_a_pickle_answers_the_same(covariance_type: str) -> None:
    rows = rows_of("iris")
    fitted = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(rows)
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(again.score_samples(rows), fitted.score_samples(rows))
    assert again.fit_.outcome is fitted.fit_.outcome
    assert again.set_params(warm_start=True).fit(rows).n_iter_ == 1


def test_it_works_at_the_end_of_a_pipeline() -> None:
    rows = rows_of("wine")
    pipe = make_pipeline(StandardScaler(), GaussianMixture(3, random_state=0))
    theirs = make_pipeline(StandardScaler(), Theirs(3, random_state=0))
    assert_array_equal(pipe.fit_predict(rows), theirs.fit_predict(rows))
    assert pipe.score(rows) == pytest.approx(theirs.score(rows), rel=1e-9)


def test_a_grid_search_chooses_what_it_chooses_for_scikit_learn() -> None:
    rows = np.random.RandomState(0).permutation(rows_of("faithful"))
    grid = {"n_components": [1, 2, 3], "covariance_type": ["tied", "spherical"]}
    searches = [
        GridSearchCV(kind(random_state=0), grid, cv=3).fit(rows)
        for kind in (GaussianMixture, Theirs)
    ]
    assert searches[0].best_params_ == searches[1].best_params_
    scores = [search.cv_results_["mean_test_score"] for search in searches]
    assert_allclose(scores[0], scores[1], rtol=1e-9)


def test_column_names_are_kept_and_held_to() -> None:
    frame = pd.DataFrame(rows_of("faithful"), columns=["eruptions", "waiting"])
    fitted = GaussianMixture(2, random_state=0).fit(frame)
    assert fitted.feature_names_in_.tolist() == ["eruptions", "waiting"]
    assert fitted.mixture_.feature_names == ("eruptions", "waiting")
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(frame[["waiting", "eruptions"]])


def test_a_table_is_fitted_as_its_rows() -> None:
    table = faithful()
    fitted = GaussianMixture(2, random_state=0).fit(table)
    again = GaussianMixture(2, random_state=0).fit(table.rows)
    assert_array_equal(fitted.means_, again.means_)
    assert_array_equal(np.asarray(table, dtype=np.float32), table.rows.astype(np.float32))
    copied = np.array(table)
    copied[:] = 0.0
    assert table.rows.min() > 0.0


def test_a_failed_fit_is_no_fit() -> None:
    estimator = GaussianMixture(2, reg_covar=0.0)
    with pytest.raises(mixtura.errors.CollapseError):
        estimator.fit(np.ones((5, 2)))
    with pytest.raises(NotFittedError):
        estimator.predict(np.ones((5, 2)))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"n_components": 0}, "'n_components' parameter .* int in the range .* Got 0"),
        ({"n_components": -1}, "'n_components' parameter .* Got -1"),
        ({"n_components": 2.5}, "'n_components' parameter .* Got 2.5"),
        (
            {"covariance_type": "round"},
            "(?=.*'full')(?=.*'tied')(?=.*'diag')(?=.*'spherical').* Got 'round'",
        ),
        ({"init_params": "kmeans++"}, r"(?=.*'kmeans')(?=.*'k-means\+\+').* Got 'kmeans\+\+'"),
        ({"tol": -1.0}, "'tol' parameter .* Got -1.0"),
        ({"max_iter": -1}, "'max_iter' parameter .* Got -1"),
        ({"n_components": 7}, "X has 6 rows, expected at least one for each of the 7 components"),
        (
            {"n_components": 2, "weights_init": [0.7, 0.7]},
            "the weights sum to 1.4, expected 1",
        ),
        (
            {"n_components": 2, "means_init": [[0.0, 1.0]]},
            r"means have shape \(1, 2\), expected \(2, 1\)",
        ),
        (
            {"n_components": 2, "precisions_init": [[[1.0]], [[-1.0]]]},
            "component 1 is not positive definite",
        ),
    ],
)
def test_an_argument_out_of_range_is_named(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        GaussianMixture(**options).fit([[0.0], [1.0], [2.0], [5.0], [6.0], [7.0]])


def test_rows_of_another_width_are_refused() -> None:
    fitted = GaussianMixture(2, random_state=0).fit(rows_of("faithful"))
    with pytest.raises(ValueError, match="X has 3 features, but GaussianMixture is expecting 2"):
        fitted.score_samples(np.zeros((2, 3)))


def test_one_dimension_is_to_be_reshaped() -> None:
    with pytest.raises(ValueError, match=r"Reshape your data"):
        GaussianMixture().fit(np.arange(5.0))


def test_a_sample_has_at_least_one_row() -> None:
    fitted = GaussianMixture(2, random_state=0).fit(rows_of("faithful"))
    with pytest.raises(ValueError, match="Invalid value for 'n_samples': 0, expected at least 1"):
        fitted.sample(0)


def test_float32_rows_give_the_fit_of_the_same_numbers_in_float64_to_single_precision() -> None:
    narrow = rows_of("iris").astype(np.float32)
    fitted = GaussianMixture(3, random_state=0).fit(narrow)
    wide = GaussianMixture(3, random_state=0).fit(narrow.astype(np.float64))
    assert_allclose(fitted.means_, wide.means_, rtol=1e-6)
    assert_allclose(fitted.covariances_, wide.covariances_, rtol=1e-5)
    assert_array_equal(fitted.predict(narrow), wide.predict(narrow))
