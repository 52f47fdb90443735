"""The predictive density: Student's t, that integrates to one, and is kept in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from scipy.integrate import quad

import mixtura
from mixtura.bayesian.family import FAMILIES
from mixtura.errors import ModelError

ROWS = np.vstack(
    [
        np.random.default_rng(0).normal(size=(20, 2)),
        np.random.default_rng(1).normal([6.0, 2.0], [1.0, 0.3], size=(30, 2)),
    ]
)


def test_of_one_feature_it_integrates_to_one() -> None:
    predictive = mixtura.fit_bayes(ROWS[:, :1], 4).predictive
    total = quad(lambda x: np.exp(predictive.score_samples([[x]])[0]), -np.inf, np.inf, limit=400)
    assert_allclose(total[0], 1.0, rtol=1e-7)


@pytest.mark.parametrize("structure", FAMILIES)
def test_it_is_the_evidence_of_one_row_more(structure: str) -> None:
    """p(x | X) = p(x, X) / p(X), exact where one component is all there is."""
    asked = {"weight_concentration_prior_type": "dirichlet_distribution", "moves": False}
    fit = mixtura.fit_bayes(ROWS, 1, structure, **asked)
    prior = fit.belief.posterior.prior
    given = {
        "mean_prior": prior.mean,
        "mean_precision_prior": prior.mean_precision,
        "degrees_of_freedom_prior": prior.degrees,
        "covariance_prior": prior.scale,
    }
    more = mixtura.fit_bayes(np.vstack([ROWS, [[3.0, 1.0]]]), 1, structure, **asked, **given)
    found = fit.predictive.score_samples([[3.0, 1.0]])[0]
    assert_allclose(found, more.elbo - fit.elbo, rtol=1e-9)


def test_it_is_scipys_mixture_of_students() -> None:
    fit = mixtura.fit_bayes(ROWS, 3)
    density, t = np.zeros(len(ROWS)), fit.predictive
    for weight, mean, degrees, lower in zip(
        t.weights, t.means, t.degrees, t.factor.held, strict=True
    ):
        density += weight * stats.multivariate_t(mean, lower @ lower.T, degrees).pdf(ROWS)
    assert len(t.weights) == 4  # and one for what no row is of
    assert_allclose(t.score_samples(ROWS), np.log(density), rtol=1e-10)


@pytest.mark.parametrize("structure", ["VVV", "VVI", "EII"])
def test_its_parts_sum_to_it(structure: str) -> None:
    t = mixtura.fit_bayes(ROWS, 4, structure).predictive
    parts = t.explain(ROWS)
    assert parts.shape == (50, 4)
    assert_allclose(parts.sum(axis=1), t.score_samples(ROWS), rtol=1e-12)
    assert (parts[:, 1:3] <= 0.0).all()
    assert (parts[:, 3] >= 0.0).all()


@pytest.mark.parametrize("structure", ["VVV", "VVI", "VII"])
def test_what_is_drawn_has_its_distribution(structure: str) -> None:
    t = mixtura.fit_bayes(ROWS, 4, structure).predictive
    rows, terms = t.sample(4000, 0)
    assert rows.shape == (4000, 2)
    assert_allclose(np.bincount(terms, minlength=5) / 4000, t.weights, atol=0.03)
    one = rows[terms == 0][:, 0]
    scale = t.factor.colour(0, np.eye(2))
    spread = np.sqrt((scale @ scale.T)[0, 0])
    free = float(t.degrees[0])
    assert stats.kstest(one, stats.t(free, t.means[0, 0], spread).cdf).pvalue > 1e-3


def test_a_model_file_keeps_it_to_the_last_bit(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    for asked in ({}, {"weight_concentration_prior_type": "dirichlet_distribution"}):
        fit = mixtura.fit_bayes(ROWS, 4, **asked)
        mixtura.save(fit, path)
        again = mixtura.load_bayes(path)
        assert_array_equal(again.predictive.score_samples(ROWS), fit.predictive.score_samples(ROWS))
        assert (again.elbo, again.spread, again.moves) == (fit.elbo, fit.spread, fit.moves)
        assert_array_equal(mixtura.load(path).means, fit.occupied.means)


def test_a_mixture_alone_has_no_laws(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    mixtura.save(mixtura.fit(ROWS, 2), path)
    with pytest.raises(ModelError, match="no laws of its parameters"):
        mixtura.load_bayes(path)
