"""GaussianMixture is an estimator as scikit-learn's own code expects one."""

from __future__ import annotations

import inspect
import pickle
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from classics import COVARIANCE_TYPES, rows_of
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture as Theirs
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

import mixtura
from mixtura import GaussianMixture
from mixtura.datasets import faithful


def test_the_constructor_is_scikit_learns() -> None:
    def arguments(kind: type) -> list[tuple[str, Any, Any]]:
        parameters = inspect.signature(kind).parameters.values()
        return [(p.name, p.kind, p.default) for p in parameters]

    ours, theirs = arguments(GaussianMixture), arguments(Theirs)
    by_name = inspect.Parameter.KEYWORD_ONLY
    new = [
        ("accelerate", by_name, False),
        ("weights", by_name, "free"),
        ("prior", by_name, None),
        ("noise", by_name, None),
        ("missing", by_name, "refuse"),
        ("search", by_name, "exact"),
        ("n_factors", by_name, None),
    ]
    assert [argument for argument in ours if argument not in new] == theirs
    assert [argument for argument in ours if argument not in theirs] == new


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
        (
            {"n_components": 7},
            "X has 6 rows that count, expected at least one for each of the 7 components",
        ),
        (
            {"n_components": 2, "weights_init": [0.7, 0.7]},
            "weights sum to 1.4, expected 1",
        ),
        (
            {"n_components": 2, "means_init": [[0.0, 1.0]]},
            r"'means' should have the shape of \(2, 1\), but got \(1, 2\)",
        ),
        (
            {"n_components": 2, "precisions_init": [[[1.0]], [[-1.0]]]},
            "'full precision' should be symmetric, positive-definite: that of component 1 is not",
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


def tables() -> dict[str, Any]:
    """The same rows with the same column names, as each library's table."""
    values = {"eruptions": rows_of("faithful")[:, 0], "waiting": rows_of("faithful")[:, 1]}
    made = {"pandas": pd.DataFrame(values)}
    for library, kind in (("polars", "DataFrame"), ("pyarrow", "table")):
        if find_spec(library) is not None:
            made[library] = getattr(import_module(library), kind)(values)
    return made


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_tables_of_every_library_are_fitted_with_their_names(library: str) -> None:
    if library not in tables():
        pytest.skip(f"{library} is not installed")
    table = tables()[library]
    ours = GaussianMixture(2, random_state=0).fit(table)
    theirs = Theirs(2, random_state=0).fit(table)
    assert ours.feature_names_in_.tolist() == theirs.feature_names_in_.tolist()
    assert ours.feature_names_in_.tolist() == ["eruptions", "waiting"]
    assert_allclose(ours.means_, theirs.means_, rtol=1e-9)
    assert_array_equal(ours.predict(table), theirs.predict(table))
    with pytest.raises(ValueError, match="feature names should match"):
        ours.predict(
            table.select(["waiting", "eruptions"]) if library != "pandas" else table.iloc[:, ::-1]
        )


def test_the_tags_are_scikit_learns() -> None:
    assert get_tags(GaussianMixture()) == get_tags(Theirs())


def test_it_is_no_transformer_as_scikit_learns_is_none() -> None:
    for method in ("set_output", "transform", "get_feature_names_out"):
        assert hasattr(GaussianMixture(), method) == hasattr(Theirs(), method)


def test_metadata_is_requested_where_weights_are_taken() -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        ours = GaussianMixture().set_fit_request(sample_weight=True)
        ours.set_score_request(sample_weight="mass")
        requested = ours.get_metadata_routing()
        assert requested.fit.requests == {"sample_weight": True, "errors": None}
        assert requested.score.requests == {"sample_weight": "mass", "errors": None}
        assert clone(ours).get_metadata_routing().fit.requests == {
            "sample_weight": True,
            "errors": None,
        }


def test_the_html_leads_nowhere_that_is_not_ours() -> None:
    html = make_pipeline(StandardScaler(), GaussianMixture(2)).fit(rows_of("iris"))._repr_html_()
    links = re.findall(r'href="([^"]*)"', html)
    assert any("StandardScaler" in link for link in links)
    assert [link for link in links if "ixture" in link] == []
    assert "GaussianMixture" in html


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_joblib_stores_it_and_carries_it_to_a_worker(covariance_type: str, tmp_path: Path) -> None:
    rows = rows_of("iris")
    fitted = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(rows)
    joblib.dump(fitted, tmp_path / "model.joblib")
    assert_array_equal(joblib.load(tmp_path / "model.joblib").predict(rows), fitted.predict(rows))
    with joblib.parallel_config("threading", n_jobs=2):
        scores = joblib.Parallel()(joblib.delayed(fitted.score)(rows) for _ in range(2))
    assert scores == [fitted.score(rows)] * 2


def test_the_repr_tells_what_was_changed() -> None:
    assert repr(GaussianMixture(2, tol=1e-5)) == "GaussianMixture(n_components=2, tol=1e-05)"


def test_weights_of_single_precision_may_miss_one_by_their_own_rounding() -> None:
    given = np.array([0.1, 0.9], dtype=np.float32)
    assert abs(given.astype(float).sum() - 1.0) > 1e-8
    options = {"weights_init": given, "random_state": 0}
    ours = GaussianMixture(2, **options).fit(rows_of("faithful"))
    theirs = Theirs(2, **options).fit(rows_of("faithful"))
    assert_allclose(ours.means_, theirs.means_, rtol=1e-6)


def test_a_collapse_names_the_component_its_rows_and_the_remedy() -> None:
    rows = np.vstack([np.random.RandomState(0).normal(size=(20, 2)), np.full((4, 2), 50.0)])
    with pytest.raises(mixtura.errors.CollapseError) as raised:
        GaussianMixture(2, reg_covar=0.0, random_state=0).fit(rows)
    sentence = str(raised.value)
    assert "the weight of 4 rows around (50, 50)" in sentence
    assert "rows 20, 21, 22, 23 are nearest" in sentence
    assert "set reg_covar above 0" in sentence
    assert raised.value.rows == (20, 21, 22, 23)
    with pytest.raises(ValueError, match="ill-defined empirical covariance"):
        Theirs(2, reg_covar=0.0, random_state=0).fit(rows)


def test_a_collapse_numbers_the_rows_as_they_were_given_also_with_weights() -> None:
    rows = np.vstack([np.random.RandomState(0).normal(size=(20, 2)), np.full((4, 2), 50.0)])
    weights = np.r_[0.0, np.full(23, 2.0)]
    with pytest.raises(mixtura.errors.CollapseError, match="weight of 8 rows") as raised:
        GaussianMixture(2, reg_covar=0.0, random_state=0).fit(rows, sample_weight=weights)
    assert raised.value.rows == (20, 21, 22, 23)


MASKED = np.ma.masked_array(rows_of("faithful"), rows_of("faithful") > 90.0)


@pytest.mark.parametrize(
    "method", ["fit", "partial_fit", "fit_predict", "predict", "score_samples"]
)
def test_a_masked_array_is_refused_as_the_function_refuses_it(method: str) -> None:
    with pytest.raises(ValueError, match="masked array") as told:
        mixtura.fit(MASKED, 2)
    model = GaussianMixture(2, random_state=0).fit(MASKED.data)
    with pytest.raises(ValueError, match=re.escape(str(told.value))):
        getattr(model, method)(MASKED)


def test_what_is_masked_is_missing_where_that_is_asked_for() -> None:
    holes = np.ma.filled(MASKED, np.nan)
    ours, expected = (
        GaussianMixture(2, missing="em", random_state=0).fit(rows) for rows in (MASKED, holes)
    )
    assert_array_equal(ours.means_, expected.means_)


@pytest.mark.parametrize("kind", [mixtura.MixtureClassifier, mixtura.GaussianMixtureRegressor])
def test_a_masked_array_is_refused_where_nothing_may_be_missing(kind: type) -> None:
    labels = np.arange(len(MASKED)) % 2
    with pytest.raises(ValueError, match=r"masked array, expected a plain one: put numbers in"):
        kind().fit(MASKED, labels)
    with pytest.raises(ValueError, match="masked array"):
        kind().fit(MASKED.data, labels).predict(MASKED)


@pytest.mark.parametrize("argument", ["sample_weight", "labels", "errors"])
def test_nothing_that_goes_with_the_rows_may_be_masked(argument: str) -> None:
    given = MASKED if argument == "errors" else np.ma.masked_array([1.0] * 272, [True] * 272)
    with pytest.raises(ValueError, match=f"{argument} is a masked array"):
        mixtura.fit(MASKED.data, 2, **{argument: given})
