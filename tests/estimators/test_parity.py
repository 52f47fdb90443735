"""The same seed gives scikit-learn's fit."""

from __future__ import annotations

import numpy as np
import pytest
from classics import (
    COVARIANCE_TYPES,
    SETS,
    STARTS,
    both,
    both_on,
    difference,
    rows_of,
    standardised,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture as Theirs

from mixtura import GaussianMixture
from parity_problems import ALIKE

every_set = pytest.mark.parametrize("name", SETS)
every_type = pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)


@every_type
@every_set
def test_the_same_seed_gives_the_same_parameters(name: str, covariance_type: str) -> None:
    theirs, ours = both_on(name, covariance_type)
    for attribute in ("weights_", "means_", "covariances_"):
        expected = getattr(theirs, attribute)
        # What is zero but for rounding has no relative error to speak of: some columns of the
        # digits are empty in some component.
        rounding = 1e-13 * np.abs(expected).max()
        assert_allclose(getattr(ours, attribute), expected, rtol=1e-6, atol=rounding)
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.converged_ == theirs.converged_
    assert_array_equal(ours.predict(rows_of(name)), theirs.predict(rows_of(name)))


@every_type
@every_set
def test_the_same_fit_gives_the_same_answers(name: str, covariance_type: str) -> None:
    theirs, ours = both_on(name, covariance_type)
    rows = rows_of(name)
    assert_allclose(ours.score_samples(rows), theirs.score_samples(rows), rtol=1e-6)
    assert_allclose(ours.predict_proba(rows), theirs.predict_proba(rows), rtol=1e-6, atol=1e-6)
    for criterion in ("score", "aic", "bic"):
        assert getattr(ours, criterion)(rows) == pytest.approx(
            getattr(theirs, criterion)(rows), rel=1e-6
        )


@every_type
def test_precisions_have_scikit_learns_shape_and_sign(covariance_type: str) -> None:
    theirs, ours = both_on("faithful", covariance_type)
    assert_allclose(ours.precisions_, theirs.precisions_, rtol=1e-9)
    assert_allclose(ours.precisions_cholesky_, theirs.precisions_cholesky_, rtol=1e-9, atol=1e-15)


@every_type
def test_the_same_seed_draws_the_same_sample(covariance_type: str) -> None:
    theirs, ours = both_on("wine", covariance_type)
    expected_rows, expected_labels = theirs.sample(25)
    rows, labels = ours.sample(25)
    assert_allclose(rows, expected_rows, rtol=1e-6)
    assert_array_equal(labels, expected_labels)


class StartedFrom(Theirs):
    """scikit-learn's estimator, started from stated labels whatever the order of the rows."""

    def _initialize_parameters(self, X, random_state, xp=None):
        self._initialize(X, np.eye(self.n_components)[self.labels])


def fitted_from(labels: np.ndarray, rows: np.ndarray, **options: object) -> Theirs:
    estimator = StartedFrom(10, **options)
    estimator.labels = labels
    return estimator.fit(rows)


def test_where_scikit_learn_moves_with_the_order_of_rows_ours_is_as_near() -> None:
    # Three pixels of the digits are always 0: scikit-learn is about to call their covariance
    # singular, and already ends elsewhere when the rows come in another order.
    options = {"reg_covar": 1e-14}
    rows = rows_of("digits")
    theirs, ours = both(rows, 10, **options)
    labels = KMeans(10, n_init=1, random_state=0).fit(rows).labels_
    assert difference(fitted_from(labels, rows, **options), theirs) == 0.0
    movement = max(
        difference(fitted_from(labels[order], rows[order], **options), theirs)
        for order in (np.random.RandomState(seed).permutation(len(rows)) for seed in range(2))
    )
    assert difference(ours, theirs) <= max(1e-6, 10.0 * movement)
    assert_array_equal(ours.predict(rows), theirs.predict(rows))


@pytest.mark.parametrize("max_iter", [0, 1])
@pytest.mark.parametrize(("covariance_type", "init_params"), ALIKE)
@pytest.mark.parametrize("name", ["faithful", "wine"])
def test_every_start_is_scikit_learns(
    name: str, covariance_type: str, init_params: str, max_iter: int
) -> None:
    theirs, ours = both(
        standardised(name),
        4,
        covariance_type=covariance_type,
        init_params=init_params,
        max_iter=max_iter,
        random_state=3,
    )
    # A start of one row a component leaves scikit-learn's weights at 1/N each until the first
    # iteration; ours sum to 1 at once.
    theirs.weights_ = theirs.weights_ / theirs.weights_.sum()
    assert difference(ours, theirs) < 1e-6
    assert ours.n_iter_ == max_iter


@pytest.mark.parametrize("init_params", STARTS)
def test_a_start_leaves_the_random_state_where_scikit_learn_leaves_it(init_params: str) -> None:
    after = []
    for kind in (Theirs, GaussianMixture):
        random = np.random.RandomState(5)
        kind(3, init_params=init_params, random_state=random, n_init=2).fit(standardised("iris"))
        after.append(random.uniform())
    assert after[0] == after[1]


@pytest.mark.parametrize(
    "given", [("weights",), ("means",), ("precisions",), ("weights", "means", "precisions")]
)
@every_type
def test_given_parameters_start_as_in_scikit_learn(
    covariance_type: str, given: tuple[str, ...]
) -> None:
    # The same seed numbers the groups of k-means in the order of the means.
    start = Theirs(3, covariance_type=covariance_type, random_state=0)
    start.fit(standardised("iris"))
    options = {f"{part}_init": getattr(start, f"{part}_") for part in given}
    theirs, ours = both(
        standardised("iris"), 3, covariance_type=covariance_type, max_iter=3, **options
    )
    assert difference(ours, theirs) < 1e-6


@every_type
def test_the_best_of_several_starts_is_no_worse_than_scikit_learns(covariance_type: str) -> None:
    rows = rows_of("iris")
    options = {"covariance_type": covariance_type, "init_params": "random", "random_state": 1}
    theirs, ours = both(rows, 3, n_init=4, **options)
    assert ours.score(rows) >= theirs.score(rows) - 1e-9
    assert ours.score(rows) >= GaussianMixture(3, **options).fit(rows).score(rows) - 1e-9


def test_several_starts_keep_scikit_learns_best_where_one_is_clearly_best() -> None:
    theirs, ours = both(rows_of("wine"), 3, n_init=5, init_params="random_from_data")
    assert difference(ours, theirs) < 1e-6
    assert ours.n_iter_ == theirs.n_iter_


@every_type
def test_the_trace_is_scikit_learns_one_iteration_later(covariance_type: str) -> None:
    theirs, ours = both_on("wine", covariance_type)
    assert_allclose(ours.fit_.trace[:-1], theirs.lower_bounds_, rtol=1e-9)
    assert_allclose(ours.lower_bounds_[:-1], theirs.lower_bounds_[1:], rtol=1e-9)
    assert len(ours.lower_bounds_) == ours.n_iter_
