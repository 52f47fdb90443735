"""Weights count rows: scikit-learn on repeated rows is the oracle."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import sklearn
from classics import COVARIANCE_TYPES, difference, standardised
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Theirs
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mixtura import GaussianMixture

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
every_type = pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)

ROWS = standardised("iris")
COUNTS = np.random.RandomState(0).randint(0, 5, size=len(ROWS))
REPEATED = np.repeat(ROWS, COUNTS, axis=0)


def given_start(covariance_type: str) -> dict[str, Any]:
    """All options of a fit that draws nothing: it begins with parameters that are far from good."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        start = Theirs(
            3, covariance_type=covariance_type, init_params="random", max_iter=3, random_state=1
        ).fit(ROWS)
    given = {f"{part}_init": getattr(start, f"{part}_") for part in ("weights", "means")}
    given["precisions_init"] = start.precisions_
    return {"covariance_type": covariance_type, "max_iter": 30, "tol": 1e-5, **given}


@every_type
def test_whole_weights_are_scikit_learns_fit_of_repeated_rows(covariance_type: str) -> None:
    options = given_start(covariance_type)
    theirs = Theirs(3, **options).fit(REPEATED)
    ours = GaussianMixture(3, **options).fit(ROWS, sample_weight=COUNTS)
    assert difference(ours, theirs) < 1e-9
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.score(ROWS, sample_weight=COUNTS) == pytest.approx(
        theirs.score(REPEATED), rel=1e-10
    )
    for criterion in ("aic", "bic"):
        weighted = getattr(ours, criterion)(ROWS, sample_weight=COUNTS)
        assert weighted == pytest.approx(getattr(theirs, criterion)(REPEATED), rel=1e-10)
        assert getattr(ours.fit_, criterion) == pytest.approx(weighted, rel=1e-12)


@every_type
def test_whole_weights_are_our_fit_of_repeated_rows_to_twelve_digits(covariance_type: str) -> None:
    options = given_start(covariance_type)
    repeated = GaussianMixture(3, **options).fit(REPEATED)
    weighted = GaussianMixture(3, **options).fit(ROWS, sample_weight=COUNTS)
    assert difference(weighted, repeated) < 1e-12
    assert weighted.n_iter_ == repeated.n_iter_
    assert weighted.fit_.total_weight == len(REPEATED)
    assert weighted.lower_bound_ == pytest.approx(
        weighted.score(ROWS, sample_weight=COUNTS), rel=1e-12
    )


@every_type
def test_separate_clusters_are_found_alike_by_weights_and_by_repeats(covariance_type: str) -> None:
    centres = np.array([[0.0, 0.0], [30.0, 0.0], [0.0, 40.0]])
    random = np.random.RandomState(3)
    rows = np.repeat(centres, 40, axis=0) + random.standard_normal((120, 2))
    counts = random.randint(0, 4, size=120)
    options = {"covariance_type": covariance_type, "random_state": 0}
    weighted = GaussianMixture(3, **options).fit(rows, sample_weight=counts)
    theirs = Theirs(3, **options).fit(np.repeat(rows, counts, axis=0))
    order = [np.lexsort(fit.means_.round(1).T) for fit in (weighted, theirs)]
    assert_allclose(weighted.means_[order[0]], theirs.means_[order[1]], rtol=1e-9, atol=1e-9)
    assert_allclose(weighted.weights_[order[0]], theirs.weights_[order[1]], rtol=1e-9)


@every_type
@pytest.mark.parametrize("init_params", ["kmeans", "k-means++", "random", "random_from_data"])
def test_a_row_of_weight_zero_is_absent_bit_for_bit(covariance_type: str, init_params: str) -> None:
    random = np.random.RandomState(5)
    weights = random.uniform(0.5, 2.0, size=len(ROWS)) * (random.uniform(size=len(ROWS)) < 0.7)
    kept = weights > 0.0
    rows = ROWS.copy()
    rows[~kept] = 1e100  # were they not absent, all would be different
    options = {"covariance_type": covariance_type, "init_params": init_params, "random_state": 2}
    fits = [
        GaussianMixture(3, **options).fit(rows, sample_weight=weights),
        GaussianMixture(3, **options).fit(ROWS[kept], sample_weight=weights[kept]),
    ]
    assert_array_equal(fits[0].means_, fits[1].means_)
    assert_array_equal(fits[0].covariances_, fits[1].covariances_)
    assert fits[0].lower_bounds_ == fits[1].lower_bounds_
    assert np.isfinite(fits[0].score(rows, sample_weight=weights))


@every_type
@pytest.mark.parametrize("init_params", ["kmeans", "k-means++", "random", "random_from_data"])
def test_a_factor_on_all_weights_changes_only_the_counts(
    covariance_type: str, init_params: str
) -> None:
    weights = np.random.RandomState(6).uniform(0.2, 3.0, size=len(ROWS))
    options = {"covariance_type": covariance_type, "init_params": init_params, "random_state": 2}
    once = GaussianMixture(3, **options).fit(ROWS, sample_weight=weights)
    doubled = GaussianMixture(3, **options).fit(ROWS, sample_weight=2.0**70 * weights)
    assert_array_equal(once.means_, doubled.means_)
    assert_array_equal(once.covariances_, doubled.covariances_)
    assert once.lower_bounds_ == doubled.lower_bounds_
    assert doubled.fit_.total_weight == 2.0**70 * once.fit_.total_weight
    other = GaussianMixture(3, **options).fit(ROWS, sample_weight=1e-300 / 7.0 * weights)
    assert difference(other, once) < 1e-12
    assert other.score(ROWS, sample_weight=1e300 * weights) == pytest.approx(
        once.score(ROWS, sample_weight=weights), rel=1e-13
    )


def test_equal_weights_are_no_weights() -> None:
    plain = GaussianMixture(3, random_state=0).fit(ROWS)
    for weight in (1.0, 3.7, np.full(len(ROWS), 0.1)):
        weighted = GaussianMixture(3, random_state=0).fit(ROWS, sample_weight=weight)
        assert_array_equal(weighted.means_, plain.means_)


def test_rows_drawn_by_weight_come_as_often_as_repeated_rows() -> None:
    # The first component of this start is one row, drawn with a probability of its weight's share.
    rows, weights = np.arange(4.0)[:, None], np.array([1.0, 2.0, 0.0, 5.0])
    options = {"init_params": "random_from_data", "max_iter": 0}
    drawn = np.array(
        [
            GaussianMixture(2, random_state=seed, **options)
            .fit(rows, sample_weight=weights)
            .means_.ravel()
            for seed in range(800)
        ]
    )
    shares = [np.mean(drawn[:, 0] == row) for row in range(4)]
    # Four standard deviations of a share of one half of 800 draws are 0.07.
    assert_allclose(shares, [1 / 8, 2 / 8, 0.0, 5 / 8], atol=0.07)
    assert (drawn != 2.0).all()
    assert (drawn[:, 0] != drawn[:, 1]).all()


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ([1.0, -2.0, 1.0], r"sample_weight\[1\] is -2, expected a finite number of at least 0"),
        ([1.0, 1.0, np.nan], r"sample_weight\[2\] is nan, expected a finite number"),
        ([np.inf, 1.0, 1.0], r"sample_weight\[0\] is inf, expected a finite number"),
        ([0.0, 0.0, 0.0], "every weight in sample_weight is zero, expected at least one above"),
        ([1.0, 1.0], r"sample_weight has shape \(2,\), expected \(3,\): one weight a row"),
        ([[1.0], [1.0], [1.0]], r"sample_weight has shape \(3, 1\), expected \(3,\)"),
        (["a", "b", "c"], "sample_weight holds text, such as 'a', expected numbers"),
        ([1.0, 0.0, 0.0], "at least 2"),
    ],
)
def test_weights_that_cannot_be_used_are_told(weights: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        GaussianMixture().fit([[0.0], [1.0], [2.0]], sample_weight=weights)


def test_only_rows_that_count_are_enough_for_a_component_each() -> None:
    with pytest.raises(
        ValueError, match="n_components = 3, n_samples = 2: X has 2 rows that count"
    ):
        GaussianMixture(3).fit([[0.0], [1.0], [2.0]], sample_weight=[1.0, 1.0, 0.0])


def test_a_likelihood_of_zero_of_a_row_without_weight_is_not_counted() -> None:
    ours = GaussianMixture(random_state=0).fit([[0.0], [1.0], [2.0]])
    rows = [[1.0], [1e200]]
    assert ours.score(rows) == -np.inf
    assert ours.score(rows, sample_weight=[1.0, 0.0]) == ours.score(rows[:1])


def test_weights_reach_the_fit_and_the_score_through_a_pipeline_and_a_search() -> None:
    weights = 1.0 + COUNTS
    with sklearn.config_context(enable_metadata_routing=True):
        mixture = GaussianMixture(3, random_state=0)
        mixture.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, mixture)
        pipeline.set_score_request(sample_weight=True)  # for scikit-learn before 1.8
        search = GridSearchCV(pipeline, {"gaussianmixture__tol": [1e-4]}, cv=3)
        search.fit(ROWS, sample_weight=weights)
        routed = search.best_estimator_[-1]
        direct = GaussianMixture(3, tol=1e-4, random_state=0)
        scaled = StandardScaler().fit_transform(ROWS)
        direct.fit(scaled, sample_weight=weights)
        assert_array_equal(routed.means_, direct.means_)
        folds = [(np.arange(150) // 50 != fold) for fold in range(3)]
        expected = []
        for kept in folds:
            scaler = StandardScaler().fit(ROWS[kept])
            part = GaussianMixture(3, tol=1e-4, random_state=0)
            part.fit(scaler.transform(ROWS[kept]), sample_weight=weights[kept])
            expected.append(part.score(scaler.transform(ROWS[~kept]), sample_weight=weights[~kept]))
        assert search.cv_results_["mean_test_score"][0] == pytest.approx(np.mean(expected))
