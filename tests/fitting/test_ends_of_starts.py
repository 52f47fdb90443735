"""Where starts end: on uneven groups, three features and negative correlations.

Even groups, one feature and positive correlations hide a start that leads nowhere.
"""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

import mixtura
from mixtura import GaussianMixture, Mixture
from mixtura.fitting import Given
from mixtura.model.structures import STRUCTURES

K, D = 3, 3
CORRELATED = np.array([[1.0, -0.6, 0.2], [-0.6, 1.0, -0.3], [0.2, -0.3, 1.0]])
CENTRES = np.array([[30.0, -20.0, 50.0], [38.0, -17.0, 46.0], [23.0, -12.0, 55.0]])
COUNTS = 360, 180, 60


def drawn() -> np.ndarray:
    random = np.random.default_rng(0)
    return np.vstack(
        [
            random.multivariate_normal(centre, CORRELATED, count)
            for centre, count in zip(CENTRES, COUNTS, strict=True)
        ]
    )


ROWS = drawn()
every_structure = pytest.mark.parametrize("structure", [each.letters for each in STRUCTURES])


def best(structure: str, **options: object) -> mixtura.Fit:
    return mixtura.fit(ROWS, K, structure=structure, random_state=0, **options)


@every_structure
def test_every_start_ends_where_the_default_one_does(structure: str) -> None:
    known = best(structure).log_likelihood
    for start in ("kmeans", "k-means++", "random"):
        fit = best(structure, start=start, n_init=5)
        assert fit.log_likelihood == pytest.approx(known, abs=0.05), start


@pytest.mark.parametrize("start", ["k-means++", "random_from_data"])
@pytest.mark.parametrize("tol", [1e-3, "auto"])
def test_single_rows_with_one_covariance_come_apart(start: str, tol: float | str) -> None:
    ends = [
        GaussianMixture(
            K, covariance_type="tied", init_params=start, tol=tol, random_state=seed, max_iter=1000
        ).fit(ROWS)
        for seed in range(3)
    ]
    known = best("EEE").log_likelihood / len(ROWS)
    assert max(end.lower_bound_ for end in ends) == pytest.approx(known, abs=1e-4)
    assert min(end.lower_bound_ for end in ends) > known - 1.5  # all components one: 2.1 less


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("n", [100, 3000])
def test_random_shares_of_two_equal_groups_come_apart(covariance_type: str, n: int) -> None:
    random = np.random.default_rng(1)
    rows = random.normal(size=(n, 2)) + np.repeat([[0.0], [8.0]], n // 2, axis=0)
    known = GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(rows)
    found = [
        GaussianMixture(
            2, covariance_type=covariance_type, init_params="random", random_state=seed
        ).fit(rows)
        for seed in range(5)
    ]
    same = [abs(each.lower_bound_ - known.lower_bound_) < 1e-4 for each in found]
    assert sum(same) >= 3
    assert all(
        each.fit_.remedy != "nothing to do" for each, s in zip(found, same, strict=True) if not s
    )


@pytest.mark.parametrize("structure", ["full", "tied", "diag", "spherical", "VVE", "EEV"])
def test_given_means_take_the_groups_that_they_are_nearest_to(structure: str) -> None:
    random = np.random.default_rng(5)
    parts = zip([1.0, 0.3, 4.0], COUNTS, CENTRES / 4.0, strict=True)
    rows = np.vstack([random.multivariate_normal(c, s * CORRELATED, n) for s, n, c in parts])
    begun = [
        mixtura.fit(
            rows,
            K,
            structure=structure,
            start="kmeans",
            max_iter=0,
            given=Given(means=CENTRES[list(order)] / 4.0),
        ).mixture.reordered("weight")
        for order in permutations(range(K))
    ]
    for each in begun:
        assert_array_equal(each.means, begun[0].means)
        assert_allclose(each.covariances, begun[0].covariances, rtol=1e-12)
        assert_array_equal(each.means, CENTRES / 4.0)


def test_means_of_other_units_are_paired_by_the_spread_of_each_feature() -> None:
    rows = ROWS * [1.0, 1e6, 1e-6]
    given = (CENTRES * [1.0, 1e6, 1e-6])[::-1]
    fit = mixtura.fit(
        rows, K, start=np.repeat(range(K), COUNTS), given=Given(means=given), max_iter=0
    )
    assert_allclose(fit.mixture.weights, np.array(COUNTS)[::-1] / sum(COUNTS), rtol=1e-12)


# -- siblings --------------------------------------------------------------------------------------

#: how many numbers the covariances of K components in D features leave free, counted by hand:
#: volumes, shapes and orientations of three axes
FREE = {
    "EII": 1, "VII": 3, "EEI": 1 + 2, "VEI": 3 + 2, "EVI": 1 + 6, "VVI": 3 + 6,
    "EEE": 1 + 2 + 3, "VEE": 3 + 2 + 3, "EVE": 1 + 6 + 3, "VVE": 3 + 6 + 3,
    "EEV": 1 + 2 + 9, "VEV": 3 + 2 + 9, "EVV": 1 + 6 + 9, "VVV": 3 + 6 + 9,
}  # fmt: skip


@every_structure
def test_what_is_asked_of_a_fit_agrees_with_itself(structure: str) -> None:
    fit = best(structure)
    mixture, probabilities = fit.mixture, fit.mixture.predict_proba(ROWS)
    assert_array_equal(mixture.predict(ROWS), probabilities.argmax(axis=1))
    assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-12)
    n_parameters = (K - 1) + K * D + FREE[structure]
    by_hand = n_parameters * math.log(len(ROWS)) - 2.0 * mixture.score_samples(ROWS).sum()
    assert mixture.bic(ROWS) == pytest.approx(by_hand, rel=1e-12)
    assert fit.bic == pytest.approx(by_hand, rel=1e-9)
    lower, upper = [joint_score(mixture, seed) for seed in (1, 2)]
    assert lower == pytest.approx(upper, abs=0.2)


def joint_score(mixture: Mixture, seed: int) -> float:
    """The mean score of draws, less what numerical integration by other draws says it is."""
    rows, labels = mixture.sample(4000, seed)
    shares = np.bincount(labels, minlength=K) / len(rows)
    assert_allclose(shares, mixture.weights, atol=0.04)
    assert_allclose(rows.mean(axis=0), mixture.mean(), atol=0.4)
    assert_allclose(np.cov(rows.T), mixture.covariance(), atol=2.5)
    return float(mixture.score(rows))


def test_an_estimator_warns_of_components_that_coincide_in_its_own_spelling() -> None:
    alike = np.full((len(ROWS), 2), 0.5)
    with pytest.warns(ConvergenceWarning, match="begin with init_params='auto', or use fewer"):
        GaussianMixture(2, init_params=alike).fit(ROWS)
