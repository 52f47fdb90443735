"""The log density is right to what rounding the parameters can do, everywhere."""

from __future__ import annotations

from itertools import product

import mpmath
import numpy as np
import pytest
from exactly import EPS, assert_right, bound
from mpmath import mp
from randomly import STRUCTURES, far_rows, random_mixture
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from mixtura import Mixture
from mixtura.errors import DataError
from mixtura.testing import oracle

CONDITIONS = (1.0, 1e3, 1e6, 1e9, 1e12)
OFFSETS = (0.0, 1.0, 1e4, 1e8)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("n_features", [1, 2, 3, 5, 10, 20, 50])
def test_scores_are_right_for_any_condition_offset_and_distance(
    structure: str, n_features: int
) -> None:
    random = np.random.default_rng([n_features, STRUCTURES.index(structure)])
    cases = list(product(CONDITIONS if n_features > 1 else (1.0,), OFFSETS))
    if n_features > 10:  # the oracle takes its time: each condition and each offset, not each pair
        cases = [(c, OFFSETS[(i + n_features) % 4]) for i, c in enumerate(CONDITIONS)]
    for number, (condition, offset) in enumerate(cases):
        k = int(random.integers(1, 4))
        mixture = random_mixture(random, structure, k, n_features, condition, offset)
        rows = np.vstack(
            [
                mixture.sample(3, random_state=number)[0],
                mixture.means[:1],
                far_rows(random, mixture, 0, (5.0, 60.0, 1e3, 1e6)),
            ]
        )
        assert_right(mixture, rows)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_scores_are_right_where_the_log_density_crosses_zero(structure: str) -> None:
    # There the bound has no relative part to hide in, and large terms cancel.
    random = np.random.default_rng(STRUCTURES.index(structure))
    for n_features in (1, 2, 5, 30):
        for variance in (1e-3, 1e-6, 1e-9):
            shape = {"full": np.eye(n_features), "tied": np.eye(n_features)}
            one = shape.get(structure, np.ones(n_features if structure == "diag" else 1))
            stacked = one if structure in ("tied", "spherical") else one[None]
            mean = random.normal(size=n_features)
            mixture = Mixture([1.0], mean[None], variance * stacked, structure)
            peak = -0.5 * n_features * np.log(2.0 * np.pi * variance)
            assert peak > 0.0
            direction = random.normal(size=n_features)
            direction /= np.linalg.norm(direction)
            row = mean + np.sqrt(2.0 * peak * variance) * direction
            assert abs(mixture.score_samples(row[None])[0]) < 1e-4
            assert_right(mixture, row[None])


def test_a_covariance_of_condition_1e10_has_the_density_known_of_it() -> None:
    matrix = [
        [32.00000007, 35.99999993, 8.00000001],
        [35.99999993, 40.50000006, 8.99999998],
        [8.00000001, 8.99999998, 2.00000008],
    ]
    mixture = Mixture([1.0], np.zeros((1, 3)), [matrix])
    origin = np.zeros((1, 3))
    assert_right(mixture, origin)
    allowed = 4.0 * EPS * np.linalg.cond(matrix) * 3.0
    assert abs(mixture.score_samples(origin)[0] - 11.1852708872) <= allowed + 5e-11


@pytest.mark.parametrize("structure", STRUCTURES)
def test_scores_are_those_of_scipy(structure: str) -> None:
    random = np.random.default_rng(0)
    mixture = random_mixture(random, structure, 3, 4)
    rows = random.normal(size=(200, 4)) * 3.0
    joint = [
        np.log(weight) + multivariate_normal(mean, matrix).logpdf(rows)
        for weight, mean, matrix in zip(
            mixture.weights, mixture.means, mixture.covariance_matrices(), strict=True
        )
    ]
    np.testing.assert_allclose(mixture.score_samples(rows), logsumexp(joint, axis=0), rtol=1e-12)


def test_scores_of_single_precision_rows_are_those_of_their_exact_values(each_kernel: str) -> None:
    random = np.random.default_rng(1)
    for structure in STRUCTURES:
        mixture = random_mixture(random, structure, 2, 3, offset=1e6)
        rows = np.vstack(
            [mixture.sample(50, random_state=0)[0], far_rows(random, mixture, 1, (1e6,))]
        ).astype(np.float32)
        scores, exact = mixture.score_samples(rows), mixture.score_samples(rows.astype(np.float64))
        if each_kernel == "native":  # which whitens them in float32
            np.testing.assert_allclose(scores, exact, rtol=1e-6, atol=1e-5)
        else:
            assert_right(mixture, rows[:10])
            np.testing.assert_array_equal(scores, exact)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_log_responsibilities_are_right_and_do_not_underflow(structure: str) -> None:
    random = np.random.default_rng(2)
    mixture = random_mixture(random, structure, 3, 4, condition=1e4)
    rows = np.vstack([mixture.sample(5, random_state=0)[0], far_rows(random, mixture, 0, (1e5,))])
    ours = mixture.log_responsibilities(rows)
    conditions = np.linalg.cond(mixture.covariance_matrices())
    for row, answer in zip(ours, oracle(mixture, rows), strict=True):
        with mp.workdps(100):
            for k, value in enumerate(row):
                joint, squared = answer.log_joint[k], answer.squared_distances[k]
                allowed = (
                    bound(mixture, answer)
                    + 4 * EPS * float(conditions[k]) * (4 + squared)
                    + mpmath.mpf("1e-13") * abs(joint)
                )
                truth = joint - answer.log_likelihood
                assert abs(mpmath.mpf(float(value)) - truth) <= allowed
    assert ours.min() < -1e6
    assert np.isfinite(ours).all()


@pytest.mark.parametrize("k", [1, 2, 7, 50])
def test_responsibilities_sum_to_one_within_four_ulp(k: int) -> None:
    random = np.random.default_rng(k)
    mixture = random_mixture(random, "full", k, 2)
    rows = np.vstack([random.normal(size=(500, 2)) * 5.0, far_rows(random, mixture, 0, (1e6,))])
    exact = [mpmath.fsum(map(float, row)) for row in mixture.predict_proba(rows)]
    assert max(abs(float(total - 1)) for total in exact) <= 4.0 * EPS


def test_predict_is_the_component_of_largest_responsibility() -> None:
    random = np.random.default_rng(3)
    mixture = random_mixture(random, "full", 4, 2)
    rows = random.normal(size=(300, 2)) * 3.0
    answers = oracle(mixture, rows)
    largest = [max(range(4), key=lambda k: answer.log_joint[k]) for answer in answers]
    assert mixture.predict(rows).tolist() == largest


def test_score_is_the_mean_of_the_scores() -> None:
    mixture = Mixture([1.0], [[0.0]], [[[1.0]]])
    # log N(0) and log N(2): −½ log 2π, and 2 nats less.
    assert mixture.score([[0.0], [2.0]]) == pytest.approx(-0.9189385332046727 - 1.0, rel=1e-15)


def test_information_criteria_are_scikit_learn_s() -> None:
    from sklearn.mixture import GaussianMixture

    rows = np.random.default_rng(4).normal(size=(100, 2))
    theirs = GaussianMixture(2, random_state=0).fit(rows)
    ours = Mixture(theirs.weights_, theirs.means_, theirs.covariances_)
    assert ours.aic(rows) == pytest.approx(theirs.aic(rows), rel=1e-12)
    assert ours.bic(rows) == pytest.approx(theirs.bic(rows), rel=1e-12)


@pytest.mark.parametrize(
    "method", ["score_samples", "predict", "predict_proba", "log_responsibilities", "explain"]
)
def test_a_one_dimensional_array_is_told_to_reshape(method: str) -> None:
    mixture = Mixture([1.0], [[0.0]], [[[1.0]]])
    with pytest.raises(DataError, match=r"got a 1-D array of shape \(3,\): reshape it with") as hit:
        getattr(mixture, method)(np.array([1.0, 2.0, 3.0]))
    assert "X.reshape(-1, 1) if it holds one feature" in str(hit.value)
