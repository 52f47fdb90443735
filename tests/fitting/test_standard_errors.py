"""Standard errors are those of the textbook where there is one, and of repeated data elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import mixtura
from mixtura import Mixture
from mixtura.datasets import faithful, iris
from mixtura.engine.executors import Serial
from mixtura.engine.sources import ArraySource
from mixtura.errors import DataError, ParameterError
from mixtura.model.structures import STRUCTURES
from mixtura.uncertainty.chart import Chart
from mixtura.uncertainty.information import information, score, statistics

EXACT = {"tol": "auto", "reg_covar": 0, "random_state": 0}


def test_of_one_normal_they_are_the_textbooks():
    rows = np.asarray(faithful())
    fit = mixtura.fit(rows, 1, **EXACT)
    errors = mixtura.standard_errors(fit, rows)
    n, covariance = len(rows), np.cov(rows.T, bias=True)
    variances = np.diagonal(covariance)
    # Anderson 1984: the mean's covariance is Σ/n; that of s_ij is (σ_ii σ_jj + σ_ij²)/n.
    np.testing.assert_allclose(errors.means[0], np.sqrt(variances / n), rtol=1e-6)
    expected = np.sqrt((np.outer(variances, variances) + covariance**2) / n)
    np.testing.assert_allclose(errors.covariances[0], expected, rtol=1e-6)
    assert errors.weights == pytest.approx([0.0])


@pytest.mark.parametrize("letters", [each.letters for each in STRUCTURES])
def test_a_chart_has_as_many_coordinates_as_free_parameters_and_keeps_the_structure(letters):
    fit = mixtura.fit(iris(), 3, structure=letters, start="auto", tol="auto", reg_covar="auto")
    chart = Chart.about(fit.mixture)
    at = chart.parameters(np.zeros(chart.n_coordinates))
    whole = fit.mixture.covariance_matrices()
    np.testing.assert_allclose(at.covariances, whole, rtol=1e-6, atol=1e-8)
    jacobian = chart.jacobian(np.zeros(chart.n_coordinates))
    assert np.linalg.matrix_rank(jacobian, tol=1e-8) == fit.mixture.n_parameters


@pytest.mark.parametrize("letters", ["VVV", "VEE", "EVE", "EEV", "VEI", "EII"])
def test_the_score_is_the_slope_of_the_log_likelihood(letters):
    rows = np.asarray(iris())[:, :2]
    fit = mixtura.fit(rows, 2, structure=letters, start="auto", tol="auto", reg_covar="auto")
    chart = Chart.about(fit.mixture)
    theta = 0.05 * np.random.RandomState(0).normal(size=chart.n_coordinates)

    def log_likelihood(at):
        p = chart.parameters(at)
        parts = zip(p.weights, p.means, p.covariances, strict=True)
        return np.log(sum(w * multivariate_normal(m, c).pdf(rows) for w, m, c in parts)).sum()

    slope = approx_fprime(theta, log_likelihood, 1e-6)
    ours = score(chart, theta, ArraySource(rows), Serial())
    np.testing.assert_allclose(ours, slope, rtol=1e-4, atol=5e-3)


@pytest.mark.parametrize("letters", [each.letters for each in STRUCTURES])
def test_the_information_is_the_curvature_of_the_log_likelihood(letters):
    rows = np.asarray(iris())[:, :3]
    fit = mixtura.fit(rows, 2, structure=letters, reg_covar="auto")
    chart, source = Chart.about(fit.mixture), ArraySource(rows)
    sums = statistics(fit.mixture, source, Serial())

    def curvature(function, step=1e-3):
        """Second derivatives at 0, by differences in four directions."""
        e = step * np.eye(chart.n_coordinates)
        at = {}

        def value(x):
            return at.setdefault(x.tobytes(), function(chart.parameters(x)))

        corners = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
        found = [[sum(sign * value(u * a + v * b) for u, v, sign in corners) for b in e] for a in e]
        return -np.array(found) / (4.0 * step**2)

    shares = fit.mixture.predict_proba(rows)

    def logs(p):
        parts = zip(p.weights, p.means, p.covariances, strict=True)
        return np.stack([np.log(w) + multivariate_normal(m, c).logpdf(rows) for w, m, c in parts])

    known = information(fit.mixture, source, Serial(), sums)
    scale = np.sqrt(np.diagonal(known.complete))
    unit = scale * scale[:, None]
    expected = curvature(lambda p: logsumexp(logs(p), axis=0).sum())
    np.testing.assert_allclose(known.observed / unit, expected / unit, atol=2e-4)
    expected = curvature(lambda p: (shares.T * logs(p)).sum())
    np.testing.assert_allclose(known.complete / unit, expected / unit, atol=2e-4)


def test_rows_that_may_have_holes_and_have_none_have_the_same_errors():
    rows = np.asarray(faithful())
    fit = mixtura.fit(rows, 2, tol="auto")
    holed = np.concatenate([rows, [[np.nan, np.nan]]])
    plain, other = fit.standard_errors(rows), fit.standard_errors(holed, missing="em")
    for name in ("weights", "means", "covariances"):
        np.testing.assert_allclose(getattr(plain, name), getattr(other, name), rtol=1e-6)


def test_they_are_the_spread_over_repeated_data():
    truth = Mixture([0.4, 0.6], [[0.0], [5.0]], [[[1.0]], [[2.0]]])
    means = []
    for seed in range(60):
        rows, labels = truth.sample(400, seed)
        means.append(mixtura.fit(rows, 2, start=labels, tol=1e-6).mixture.means[:, 0])
    rows, labels = truth.sample(400, 1000)
    fit = mixtura.fit(rows, 2, start=labels, **{**EXACT, "max_iter": 500})
    spread = np.std(means, axis=0, ddof=1)
    np.testing.assert_allclose(fit.standard_errors(rows).means[:, 0], spread, rtol=0.35)
    for method in ("bootstrap", "weighted-bootstrap"):
        errors = fit.standard_errors(rows, method, n_bootstrap=60)
        assert errors.replicates == 60
        np.testing.assert_allclose(errors.means[:, 0], spread, rtol=0.4)


def test_they_shrink_as_the_root_of_the_weights():
    fit = mixtura.fit(faithful(), 2, structure="EEE", start="auto", **{**EXACT, "max_iter": 500})
    once = fit.standard_errors(faithful())
    four = fit.standard_errors(faithful(), sample_weight=4.0)
    np.testing.assert_allclose(four.means, once.means / 2.0, rtol=1e-6)
    np.testing.assert_allclose(four.weights, once.weights / 2.0, rtol=1e-6)


def test_intervals_hold_the_estimate_and_weights_stay_inside_0_and_1():
    fit = mixtura.fit(faithful(), 2, start="auto", **{**EXACT, "max_iter": 500})
    errors = fit.standard_errors(faithful())
    ends = errors.intervals(0.99)
    low, high = ends["weights"]
    assert ((low > 0.0) & (low < fit.mixture.weights) & (high < 1.0)).all()
    low, high = ends["means"]
    # 2.5758 is the 99.5 % point of a normal.
    np.testing.assert_allclose(high - low, 2 * 2.575829 * errors.means, rtol=1e-6)
    with pytest.raises(ParameterError, match="level is 95, expected a number above 0"):
        errors.intervals(95)


def test_a_mixture_that_is_no_maximum_has_none():
    fit = mixtura.fit(faithful(), 3, start="random", max_iter=1)
    with pytest.raises(DataError, match="not curved downwards"):
        fit.standard_errors(faithful())
    with pytest.raises(ParameterError, match="unknown method 'jackknife', expected one of: "):
        fit.standard_errors(faithful(), "jackknife")
    with pytest.raises(ParameterError, match="n_bootstrap is 1"):
        fit.standard_errors(faithful(), "bootstrap", n_bootstrap=1)


@pytest.mark.parametrize("method", ["information", "bootstrap", "weighted-bootstrap"])
def test_a_fit_with_labels_is_refused(method):
    known = np.repeat([0, -1], [20, 252])
    fit = mixtura.fit(faithful(), 2, labels=known, classes=[0, -1])
    with pytest.raises(ParameterError, match="the fit was made with labels"):
        mixtura.standard_errors(fit, faithful(), method)
