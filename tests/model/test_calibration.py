"""Calibration: rows of a mixture have uniform shares, and distances of the chi distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats
from scipy.spatial.distance import mahalanobis

from mixtura import Mixture
from mixtura.errors import ParameterError
from mixtura.model import calibration
from mixtura.model.calibration import (
    component_distances,
    marginal_cdf,
    marginal_quantiles,
    weighted_distances,
)
from mixtura.model.distributions import chi_cdf, chi_quantiles

WEIGHTS, MEANS, DEVIATIONS = [0.2, 0.5, 0.3], [-4.0, 0.0, 0.5], [1.0, 2.0, 0.01]
LINE = Mixture(WEIGHTS, [[m] for m in MEANS], [[[s * s]] for s in DEVIATIONS])
OVERLAPPING = Mixture(
    [0.7, 0.3], [[0.0, 0.0], [1.5, 0.5]], [[[1.0, 0.6], [0.6, 1.0]], [[2.0, -0.5], [-0.5, 0.5]]]
)


def cdf(x):
    parts = zip(WEIGHTS, MEANS, DEVIATIONS, strict=True)
    return sum(w * stats.norm.cdf(x, m, s) for w, m, s in parts)


def test_the_share_of_a_value_is_the_distribution_function_into_its_far_tail():
    x = np.concatenate([np.linspace(-12.0, 12.0, 101), [-30.0, 0.5, 1e300, -1e300]])
    ours = marginal_cdf(LINE, x[:, None])[:, 0]
    np.testing.assert_allclose(ours, np.minimum(cdf(x), 1.0), rtol=1e-12)
    assert 0.0 < marginal_cdf(LINE, [[-30.0]])[0, 0] < 1e-50


def test_the_share_of_many_components_is_right_in_either_tail_and_for_rows_in_any_order():
    random = np.random.RandomState(0)
    weights = random.dirichlet(np.ones(200))
    means, deviations = random.uniform(-60.0, 60.0, (200, 2)), random.uniform(0.1, 3.0, (200, 2))
    mixture = Mixture(weights, means, deviations**2, "diag")
    x = np.concatenate([random.uniform(-80.0, 80.0, 200), [-100.0, -1e300, 1e300, means[0, 0]]])
    rows = np.column_stack([x, random.permutation(x)])
    expected = np.einsum("k,nkj->nj", weights, stats.norm.cdf(rows[:, None], means, deviations))
    np.testing.assert_allclose(marginal_cdf(mixture, rows), np.minimum(expected, 1.0), rtol=1e-12)


def test_distances_that_matter_are_those_of_rows_that_a_component_has_a_share_in(monkeypatch):
    rows, _ = OVERLAPPING.sample(500, 0)
    distances, shares = component_distances(OVERLAPPING, rows)
    monkeypatch.setattr(calibration, "_NUMBERS", 64)
    monkeypatch.setattr(calibration, "_LEAST", 0.01)
    components, found, weights = weighted_distances(OVERLAPPING, rows)
    for k in range(2):
        held = shares[:, k] > 0.01
        assert 0 < held.sum() < 500
        order = np.argsort(distances[held, k], kind="stable")
        np.testing.assert_allclose(found[components == k], distances[held, k][order], rtol=1e-12)
        np.testing.assert_allclose(weights[components == k], shares[held, k][order], rtol=1e-12)


def test_the_shares_of_a_mixtures_own_rows_are_uniform_and_of_others_are_not():
    rows, _ = OVERLAPPING.sample(4000, 1)
    for shares in marginal_cdf(OVERLAPPING, rows).T:
        assert stats.kstest(shares, "uniform").pvalue > 0.01
    wider = Mixture([1.0], [OVERLAPPING.mean()], [4.0 * OVERLAPPING.covariance()])
    for shares in marginal_cdf(wider, rows).T:
        assert stats.kstest(shares, "uniform").pvalue < 1e-20


def test_a_quantile_is_where_the_distribution_function_has_its_value():
    probabilities = np.array([1e-9, 0.001, 0.2, 0.21, 0.5, 0.7, 0.999, 1.0 - 1e-9])
    ours = marginal_quantiles(LINE, 0, probabilities)
    theirs = [
        optimize.brentq(lambda x, p=p: cdf(x) - p, -30.0, 30.0, xtol=1e-13) for p in probabilities
    ]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_one_feature_of_several_has_the_quantiles_of_its_marginal():
    two = Mixture([1.0], [[0.0, 5.0]], [[[1.0, 1.0], [1.0, 9.0]]])
    probabilities = np.array([0.025, 0.5, 0.975])
    expected = stats.norm.ppf(probabilities, 5.0, 3.0)
    np.testing.assert_allclose(marginal_quantiles(two, 1, probabilities), expected, rtol=1e-12)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 7, 20, 101])
def test_the_chi_distribution_is_that_of_the_length_of_a_normal_vector(degrees):
    middle = np.sqrt(degrees)
    distances = np.concatenate([[0.0, 1e-3], middle + np.linspace(-0.9, 6.0, 60), [1e3]])
    distances = distances[distances >= 0.0]
    ours = chi_cdf(distances, degrees)
    np.testing.assert_allclose(ours, stats.chi.cdf(distances, degrees), atol=1e-13)
    assert chi_cdf([1e200, np.inf], degrees).tolist() == [1.0, 1.0]
    probabilities = np.array([0.001, 0.1, 0.5, 0.9, 0.99999])
    expected = stats.chi.ppf(probabilities, degrees)
    np.testing.assert_allclose(chi_quantiles(probabilities, degrees), expected, rtol=1e-9)


def test_no_degrees_of_freedom_are_refused():
    with pytest.raises(ParameterError, match="got 0 degrees of freedom, expected at least 1"):
        chi_cdf([1.0], 0)


def test_distances_are_those_of_mahalanobis():
    rows, _ = OVERLAPPING.sample(20, 0)
    distances, _ = component_distances(OVERLAPPING, rows)
    for k, (mean, covariance) in enumerate(
        zip(OVERLAPPING.means, OVERLAPPING.covariances, strict=True)
    ):
        inverse = np.linalg.inv(covariance)
        expected = [mahalanobis(row, mean, inverse) for row in rows]
        np.testing.assert_allclose(distances[:, k], expected, rtol=1e-10)


def test_distances_weighted_by_responsibilities_have_the_chi_distribution_in_spite_of_overlap():
    rows, _ = OVERLAPPING.sample(20_000, 0)
    distances, responsibilities = component_distances(OVERLAPPING, rows)
    labels = responsibilities.argmax(axis=1)
    hard = []
    for k in range(2):
        for probability in (0.1, 0.5, 0.9, 0.99):
            inside = distances[:, k] <= stats.chi.ppf(probability, 2)
            share = np.average(inside, weights=responsibilities[:, k])
            spread = np.sqrt(probability * (1.0 - probability) / responsibilities[:, k].sum())
            assert share == pytest.approx(probability, abs=4.0 * spread)
            hard.append(abs(inside[labels == k].mean() - probability) / spread)
    assert max(hard) > 10.0  # rows put into the component that is likeliest would not do
