"""The conjugate prior: its evidence is the integral, and nothing depends on where rows stand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from scipy.integrate import quad
from scipy.special import digamma as scipy_digamma

from mixtura.bayesian.family import FAMILIES
from mixtura.bayesian.posterior import Posterior
from mixtura.bayesian.prior import ConjugatePrior
from mixtura.bayesian.special import digamma
from mixtura.engine import kernel
from mixtura.errors import ParameterError

ROWS = np.random.default_rng(7).normal([1.0, -2.0, 0.5], [1.0, 3.0, 0.2], size=(12, 3))


def prior_of(letters: str, d: int = 3) -> ConjugatePrior:
    scale = {"I": np.arange(1.0, d + 1.0), "E": np.eye(d) + 0.3, "V": np.eye(d) + 0.3}[letters[2]]
    scale = np.array(2.0) if letters[1:] == "II" else scale
    return ConjugatePrior.of(letters, np.linspace(-1.0, 1.0, d), 0.7, d + 1.5, scale)


def test_the_derivative_of_log_gamma_is_scipys() -> None:
    x = np.concatenate([np.geomspace(1e-3, 1e7, 400), [1.4616321449683622]])
    assert_allclose(digamma(x), scipy_digamma(x), rtol=3e-15, atol=3e-15)


@pytest.mark.parametrize("letters", FAMILIES)
def test_the_evidence_is_a_product_of_students_densities(letters: str) -> None:
    """By the chain rule: each row under the predictive of those before it."""
    prior, total = prior_of(letters), 0.0
    for n, row in enumerate(ROWS):
        before = Posterior.of(prior, prior.statistics(ROWS[:n]))
        nu, beta = float(before.degrees[0]), float(before.mean_precision[0])
        wide, scale, mean = (1 + beta) / beta, before.scale[0], before.means[0]
        if letters[1:] == "II":
            shape = wide / nu * scale * np.eye(3)
            total += stats.multivariate_t(mean, shape, nu).logpdf(row)
        elif letters[2] == "I":
            total += stats.t(nu, mean, np.sqrt(wide / nu * scale)).logpdf(row).sum()
        else:
            free = nu - 2.0
            total += stats.multivariate_t(mean, wide / free * scale, free).logpdf(row)
    found = Posterior.of(prior, prior.statistics(ROWS)).log_evidence
    assert_allclose(found, total, rtol=1e-12)


def test_the_evidence_of_one_feature_is_its_integral() -> None:
    prior = ConjugatePrior.of("VII", [0.5], 0.7, 3.0, 2.0)
    rows = np.array([[0.1], [1.9], [0.8]])

    def joint(log_precision: float) -> float:
        precision = np.exp(log_precision)
        covariance = np.eye(3) / precision + 1.0 / (0.7 * precision)
        density = stats.multivariate_normal([0.5] * 3, covariance).pdf(rows[:, 0])
        return density * stats.gamma(1.5, scale=1.0).pdf(precision) * precision

    found = Posterior.of(prior, prior.statistics(rows)).log_evidence
    assert_allclose(found, np.log(quad(joint, -12, 6, epsabs=1e-13)[0]), rtol=1e-9)


@pytest.mark.parametrize("letters", FAMILIES)
def test_evidence_and_divergence_stay_where_everything_is_moved_far(letters: str) -> None:
    near = prior_of(letters)
    far = ConjugatePrior.of(letters, near.mean + 2.0**27, 0.7, near.degrees, near.scale)
    rows = np.round(ROWS * 2.0**20) / 2.0**20  # so that moving them is exact
    here = Posterior.of(near, near.statistics(rows))
    there = Posterior.of(far, far.statistics(rows + 2.0**27))
    assert_allclose(there.log_evidence, here.log_evidence, rtol=1e-8)
    assert_allclose(there.divergence, here.divergence, rtol=1e-8)


@pytest.mark.parametrize("letters", FAMILIES)
def test_the_divergence_and_the_expected_log_likelihood_make_the_evidence(letters: str) -> None:
    prior = prior_of(letters)
    posterior = Posterior.of(prior, prior.statistics(ROWS))
    own = posterior.components(np.zeros(1))
    expected = kernel.log_joint(ROWS, own).sum()
    assert_allclose(expected - posterior.divergence, posterior.log_evidence, rtol=1e-12)


@pytest.mark.parametrize("letters", FAMILIES)
def test_of_no_row_the_posterior_is_the_prior(letters: str) -> None:
    posterior = Posterior.none_seen(prior_of(letters), 3)
    assert_allclose(posterior.divergence, 0.0, atol=1e-12)
    assert_allclose(posterior.log_evidence, 0.0, atol=1e-12)


@pytest.mark.parametrize("letters", ["VEI", "EVI", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV"])
def test_a_structure_without_a_conjugate_prior_is_refused(letters: str) -> None:
    with pytest.raises(ParameterError, match=f"{letters} has no conjugate prior"):
        ConjugatePrior.of(letters, [0.0, 0.0], 1.0, 2.0, np.eye(2))
