"""Moments, marginals and conditions of a mixture are those of its density."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from mpmath import mp
from randomly import STRUCTURES, random_mixture
from scipy.integrate import quad
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from mixtura import Mixture
from mixtura.errors import DataError, ParameterError

NAMES = ["height", "mass", "age", "pace"]


def scipy_scores(mixture: Mixture, rows: np.ndarray, features: list[int]) -> np.ndarray:
    """Log p of some features, by scipy's normal density of the sub-blocks."""
    joint = [
        np.log(weight)
        + multivariate_normal(mean[features], matrix[np.ix_(features, features)]).logpdf(rows)
        for weight, mean, matrix in zip(
            mixture.weights, mixture.means, mixture.covariance_matrices(), strict=True
        )
    ]
    return logsumexp(joint, axis=0)


def made(structure: str, seed: int = 0) -> Mixture:
    return random_mixture(np.random.default_rng(seed), structure, 3, 4, condition=50.0)


def test_mean_and_covariance_are_those_by_hand() -> None:
    mixture = Mixture([0.25, 0.75], [[-1.0], [3.0]], [[[1.0]], [[4.0]]])
    # mean ¼·(−1) + ¾·3 = 2; covariance ¼·(1 + 3²) + ¾·(4 + 1²) = 6.25
    assert mixture.mean().tolist() == [2.0]
    assert mixture.covariance().tolist() == [[6.25]]


def test_mean_and_covariance_of_two_features_are_those_by_hand() -> None:
    mixture = Mixture(
        [0.5, 0.5], [[-1.0, 2.0], [1.0, 6.0]], [[[1.0, 0.5], [0.5, 2.0]], [[3.0, 0.0], [0.0, 2.0]]]
    )
    # deviations ±(1, 2): within [[2, ¼], [¼, 2]], between [[1, 2], [2, 4]]
    assert mixture.mean().tolist() == [0.0, 4.0]
    assert mixture.covariance().tolist() == [[3.0, 2.25], [2.25, 6.0]]


def test_mean_and_variance_are_the_integrals_of_the_density() -> None:
    mixture = Mixture([0.2, 0.3, 0.5], [[-2.0], [0.5], [4.0]], [0.3, 2.0, 1.0], "spherical")

    def density(x: float) -> float:
        return float(np.exp(mixture.score_samples([[x]])[0]))

    points = [-2.0, 0.5, 4.0]
    total = quad(density, -20.0, 25.0, points=points)[0]
    mean = quad(lambda x: x * density(x), -20.0, 25.0, points=points)[0]
    square = quad(lambda x: x * x * density(x), -20.0, 25.0, points=points)[0]
    assert total == pytest.approx(1.0, rel=1e-8)
    assert mixture.mean()[0] == pytest.approx(mean, rel=1e-8)
    assert mixture.covariance()[0, 0] == pytest.approx(square - mean**2, rel=1e-8)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("features", [[0], [2], [3, 1], [0, 1, 3]])
def test_a_marginal_has_the_density_of_its_features(structure: str, features: list[int]) -> None:
    mixture = made(structure)
    rows = mixture.sample(50, random_state=1)[0][:, features]
    marginal = mixture.marginal(features)
    np.testing.assert_allclose(
        marginal.score_samples(rows), scipy_scores(mixture, rows, features), rtol=1e-10, atol=1e-12
    )
    assert marginal.structure is mixture.structure


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("given", [[0], [3], [2, 0], [1, 2, 3]])
def test_a_condition_is_the_joint_density_over_the_marginal(
    structure: str, given: list[int]
) -> None:
    mixture = made(structure, 5)
    left = [j for j in range(4) if j not in given]
    for row in mixture.sample(10, random_state=2)[0]:
        conditioned = mixture.condition({j: row[j] for j in given})
        joint = scipy_scores(mixture, row[None], [0, 1, 2, 3])
        alone = scipy_scores(mixture, row[None, given], given)
        ours = conditioned.score_samples(row[None, left])
        np.testing.assert_allclose(ours, joint - alone, rtol=1e-9, atol=1e-9)
        assert conditioned.structure is mixture.structure


def test_a_condition_s_parameters_are_those_of_mpmath() -> None:
    mixture = random_mixture(np.random.default_rng(1), "full", 1, 4, condition=1e6)
    given, left, values = [1, 3], [0, 2], [0.25, -1.5]
    conditioned = mixture.condition(dict(zip(given, values, strict=True)))
    matrix = mixture.covariances[0]
    with mp.workdps(60):
        aa, ba = (mp.matrix(matrix[np.ix_(rows, given)].tolist()) for rows in (given, left))
        gain = ba * mp.inverse(aa)
        at = [float(value) for value in mixture.means[0]]
        deviation = mp.matrix([mpmath.mpf(v) - at[j] for j, v in zip(given, values, strict=True)])
        mean = mp.matrix([at[j] for j in left]) + gain * deviation
        rest = mp.matrix(matrix[np.ix_(left, left)].tolist()) - gain * ba.T
        allowed = 4.0 * np.finfo(float).eps * np.linalg.cond(matrix) * (1.0 + mp.norm(deviation))
        for i in range(2):
            assert abs(conditioned.means[0, i] - mean[i]) <= allowed
            for j in range(2):
                assert abs(conditioned.covariances[0, i, j] - rest[i, j]) <= allowed


def test_a_condition_far_from_all_leaves_the_nearest_component() -> None:
    mixture = Mixture([0.5, 0.5], [[0.0, 1.0], [10.0, 2.0]], np.stack([np.eye(2)] * 2))
    conditioned = mixture.condition({0: 1e6})
    assert conditioned.weights.tolist() == [1.0]
    assert conditioned.means.tolist() == [[2.0]]


def test_features_go_by_name_or_number() -> None:
    plain = made("full")
    mixture = Mixture(plain.weights, plain.means, plain.covariances, feature_names=NAMES)
    assert mixture.marginal(["pace", "mass"]).feature_names == ("pace", "mass")
    np.testing.assert_array_equal(
        mixture.marginal(["pace", "mass"]).means, mixture.marginal([3, 1]).means
    )
    assert mixture.condition({"age": 1.0, "mass": 0.0}).feature_names == ("height", "pace")


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ([], "no features given, expected at least one"),
        ([4], "there is no feature 4, this mixture has 4, numbered from 0"),
        ([-1], "there is no feature -1"),
        (["depth"], "there is no feature 'depth', this mixture has: height, mass, age, pace"),
        ([1, "mass"], "feature 'mass' is given twice"),
    ],
)
def test_a_marginal_of_features_that_are_not_there_is_refused(
    features: list[int | str], message: str
) -> None:
    plain = made("full")
    mixture = Mixture(plain.weights, plain.means, plain.covariances, feature_names=NAMES)
    with pytest.raises(ParameterError, match=message):
        mixture.marginal(features)


def test_a_condition_on_nothing_or_everything_is_refused() -> None:
    mixture = made("diag")
    for given in ({}, {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0}):
        with pytest.raises(ParameterError, match=f"{len(given)} of 4 features are given"):
            mixture.condition(given)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_condition_on_no_number_is_refused(value: float) -> None:
    with pytest.raises(DataError, match=f"feature 2 is given as {value}, expected a finite number"):
        made("full").condition({2: value})
