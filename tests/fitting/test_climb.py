"""EM climbs the likelihood, and reports that of the parameters it returns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, reject, settings, strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal

from mixtura import Fit, Given, Outcome
from mixtura.datasets import faithful, galaxies, iris, separated, separation_of
from mixtura.errors import CollapseError
from mixtura.fitting import Settings, fit_rows
from mixtura.model.structures import structure as structure_called
from mixtura.rows.opening import Held
from usual import usual_fit

STRUCTURES = ("full", "tied", "diag", "spherical")
every_structure = pytest.mark.parametrize("structure", STRUCTURES)


@every_structure
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 4), d=st.integers(1, 4))
@settings(max_examples=25)
def test_no_iteration_lowers_the_likelihood(structure: str, seed: int, k: int, d: int) -> None:
    table, _, _ = separated(120, d, 3, separation=1.5, random_state=seed)
    options = {"start": "random", "tol": 0.0, "max_iter": 30, "reg_covar": 0.0}
    try:
        fit = usual_fit(table, k, structure=structure, random_state=seed, **options)
    except CollapseError:  # the likelihood has no maximum, and EM was on its way there
        reject()
    gains = np.diff(fit.trace)
    assert gains.min() >= -1e-11 * np.abs(fit.trace).max()


@pytest.mark.parametrize("max_iter", [0, 1, 2, 50])
@every_structure
def test_the_reported_likelihood_is_that_of_the_reported_parameters(
    structure: str, max_iter: int
) -> None:
    rows = iris().rows
    fit = usual_fit(rows, 3, structure=structure, max_iter=max_iter)
    mixture = fit.mixture
    densities = sum(
        weight * multivariate_normal(mean, covariance).pdf(rows)
        for weight, mean, covariance in zip(
            mixture.weights, mixture.means, mixture.covariance_matrices(), strict=True
        )
    )
    assert fit.log_likelihood == pytest.approx(np.log(densities).sum(), rel=1e-11)
    assert fit.log_likelihood == pytest.approx(mixture.score_samples(rows).sum(), rel=1e-13)
    assert len(fit.trace) == fit.n_iter + 1


def test_one_component_is_the_mean_and_the_covariance() -> None:
    rows = iris().rows
    fit = usual_fit(rows, 1, reg_covar=0.0)
    assert_allclose(fit.mixture.means[0], rows.mean(axis=0), rtol=1e-13)
    assert_allclose(fit.mixture.covariances[0], np.cov(rows.T, bias=True), rtol=1e-12)
    assert fit.outcome is Outcome.CONVERGED


@pytest.mark.parametrize("start", ["kmeans", "random"])
@pytest.mark.parametrize("offset", [1e6, 1e8])
@every_structure
def test_an_offset_moves_the_means_and_nothing_else(
    structure: str, offset: float, start: str
) -> None:
    table, _, _ = separated(300, 3, 3, separation=4.0, random_state=5)
    # Rows on a grid of 2⁻²⁰ are the same numbers after the offset, to the last bit.
    rows = np.round(table.rows * 2**20) / 2**20
    near = usual_fit(rows, 3, structure=structure, start=start, random_state=1)
    far = usual_fit(rows + offset, 3, structure=structure, start=start, random_state=1)
    assert_allclose(far.mixture.weights, near.mixture.weights, rtol=1e-6)
    assert_allclose(far.mixture.means - offset, near.mixture.means, rtol=1e-6, atol=1e-7)
    assert_allclose(far.mixture.covariances, near.mixture.covariances, rtol=1e-6, atol=1e-7)
    assert far.n_iter == near.n_iter
    assert far.log_likelihood == pytest.approx(near.log_likelihood, rel=1e-9)


def test_well_separated_components_are_found() -> None:
    table, labels, truth = separated(2000, 2, 3, separation=8.0, random_state=0)
    found = usual_fit(table, 3).mixture
    order = [int(np.linalg.norm(found.means - mean, axis=1).argmin()) for mean in truth.means]
    assert sorted(order) == [0, 1, 2]
    assert_allclose(found.means[order], truth.means, atol=0.2)
    assert_allclose(found.covariances[order], truth.covariances, atol=0.3)
    assert (np.argsort(order)[found.predict(table)] == labels).mean() > 0.999
    assert separation_of(truth) == pytest.approx(8.0)


def test_faithful_comes_to_the_published_maximum() -> None:
    # mclust prints log-likelihood −1130.264 for VVV with two components.
    fit = usual_fit(faithful(), 2, tol=1e-9, max_iter=1000, reg_covar=0.0)
    assert fit.log_likelihood == pytest.approx(-1130.264, abs=5e-4)
    assert fit.mixture.feature_names == ("eruptions", "waiting")
    assert fit.bic == pytest.approx(2 * 1130.264 + 11 * np.log(272), abs=2e-3)
    assert fit.aic == pytest.approx(2 * 1130.264 + 22, abs=2e-3)


def test_going_on_from_a_fit_is_the_longer_fit() -> None:
    rows = iris().rows

    def fitted(max_iter: int, resumed: Fit | None = None) -> Fit:
        settings = Settings(3, structure_called("full"), max_iter=max_iter)
        random = np.random.RandomState(0)
        return fit_rows(Held(rows), settings, given=Given(), random=random, resumed=resumed)

    short, long = fitted(5), fitted(100)
    more = fitted(100, short)
    assert_array_equal(more.mixture.means, long.mixture.means)
    assert short.n_iter + more.n_iter == long.n_iter
    assert_array_equal(np.r_[short.trace[:-1], more.trace], long.trace)


def test_the_start_of_the_better_end_is_kept() -> None:
    options = {"start": "random", "random_state": 3, "tol": 1e-5}
    best = usual_fit(galaxies(), 4, n_init=6, **options)
    random = np.random.RandomState(3)
    single = [
        usual_fit(galaxies(), 4, **{**options, "random_state": random}).log_likelihood
        for _ in range(6)
    ]
    assert best.log_likelihood == max(single)
    assert max(single) > min(single)


def test_a_fall_at_the_last_step_is_not_converged() -> None:
    # With this ridge the likelihood gains 9e-6 in the first iteration and loses 6e-6 in the
    # second, whose end is known only after the tolerance has stopped the loop.
    shares = np.random.RandomState(0).uniform(size=(272, 3))
    start = shares / shares.sum(axis=1, keepdims=True)
    fit = usual_fit(faithful(), 3, start=start, reg_covar=0.1, tol=1e-5)
    assert_allclose(np.diff(fit.trace), [8.9e-6, -6.3e-6], rtol=0.05)
    assert fit.outcome is Outcome.STALLED
