"""Rows that lack features, and have errors of their own in the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import mixtura
from mixtura import Box, Mixture, Noise
from mixtura.errors import DataError, ParameterError

WEIGHTS = [0.5, 0.4]
MEANS = np.array([[0.0, 0.0, 0.0], [5.0, 4.0, -3.0]])
COVARIANCES = np.array([np.eye(3) + 0.5, np.eye(3) + 0.3])
PLAIN = Mixture([0.5, 0.5], MEANS, COVARIANCES)
NOISY = Mixture(WEIGHTS, MEANS, COVARIANCES, noise=Noise(0.1, Box([-10.0] * 3, [20.0, 25.0, 30.0])))


def measured(n: int, seed: int = 0) -> tuple[Any, Any]:
    """Rows (n, 3) with errors, some of whose values are missing, and the errors (n, 3)."""
    random = np.random.default_rng(seed)
    true = np.concatenate(
        [
            random.multivariate_normal(mean, covariance, n // 2)
            for mean, covariance in zip(MEANS, COVARIANCES, strict=True)
        ]
    )
    errors = random.uniform(0.1, 0.9, true.shape)
    rows = true + errors * random.standard_normal(true.shape)
    rows[random.random(rows.shape) < 0.25] = np.nan
    return rows, errors


@pytest.mark.parametrize("mixture", [PLAIN, NOISY], ids=["plain", "noise"])
def test_a_row_has_the_density_of_what_was_measured_of_it(mixture: Mixture) -> None:
    rows, errors = measured(60)
    scores = mixture.score_samples(rows, errors, missing="em")
    for row, error, score in zip(rows, errors, scores, strict=True):
        there = np.flatnonzero(~np.isnan(row))
        parts = [
            np.log(w)
            + (
                multivariate_normal(m[there], c[np.ix_(there, there)] + np.diag(error[there] ** 2))
                .logpdf(row[there])
                .item()
                if len(there)
                else 0.0
            )
            for w, m, c in zip(mixture.weights, MEANS, COVARIANCES, strict=True)
        ]
        if mixture.noise:
            extent = np.asarray(mixture.noise.box.extent)[there]
            parts.append(np.log(mixture.noise.weight) - np.log(extent).sum())
        assert score == pytest.approx(logsumexp(parts), rel=1e-12, abs=1e-12)


def test_errors_that_are_next_to_nothing_leave_what_a_mixture_imputes() -> None:
    rows, errors = measured(60)
    means, covariances = NOISY.posterior(rows, 1e-7 * errors, missing="em")
    filled, deviations = NOISY.impute(rows, return_std=True)
    np.testing.assert_allclose(means, filled, atol=1e-6)
    spread = np.sqrt(np.einsum("ndd->nd", covariances))
    np.testing.assert_allclose(spread, deviations, atol=1e-6)


@pytest.mark.parametrize("structure", ["full", "diag", "VVE"])
def test_the_likelihood_of_a_fit_is_that_of_its_mixture_and_a_maximum(structure: str) -> None:
    rows, errors = measured(300)
    fit = mixtura.fit(rows, 2, structure=structure, errors=errors, missing="em")
    assert fit.outcome.converged
    assert (np.diff(fit.trace) > -1e-10).all()
    scores = fit.mixture.score_samples(rows, errors, missing="em")
    assert scores.sum() == pytest.approx(fit.log_likelihood, rel=1e-12)
    for step in (0.98, 1.02):
        moved = fit.mixture.transformed(step).score_samples(rows, errors, missing="em")
        assert moved.sum() < scores.sum()
    np.testing.assert_allclose(np.sort(fit.mixture.means, axis=0), np.sort(MEANS, axis=0), atol=0.6)


def test_a_value_of_a_huge_error_is_as_good_as_missing() -> None:
    rows, errors = measured(300)
    lacking = np.isnan(rows)
    known = np.where(lacking, 0.0, rows), np.where(lacking, 1e7, errors)
    holes = mixtura.fit(rows, 2, structure="diag", errors=errors, missing="em", tol=1e-9)
    wide = mixtura.fit(
        known[0], 2, structure="diag", errors=known[1], tol=1e-9, start=holes.mixture
    )
    np.testing.assert_allclose(wide.mixture.means, holes.mixture.means, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["labels", "projections"])
def test_what_is_for_whole_rows_alone_is_refused(name: str) -> None:
    rows, _ = measured(40)
    given = {"labels": np.full(40, -1), "projections": np.eye(3)}[name]
    with pytest.raises(ParameterError, match=f"{name} are given with missing='em'"):
        mixtura.fit(rows, 2, missing="em", **{name: given})


def test_projections_of_noise_are_refused() -> None:
    rows, _ = measured(40)
    with pytest.raises(ParameterError, match="projections are given, and a component is even"):
        NOISY.score_samples(np.nan_to_num(rows), projections=np.eye(3))


def test_an_explanation_is_of_holes_or_of_errors() -> None:
    rows, errors = measured(40)
    with pytest.raises(DataError, match="rows with errors lack features"):
        PLAIN.explain(rows, errors=errors, missing="em")
    assert PLAIN.explain(rows, missing="em").tail.size == 0
    assert PLAIN.explain(np.nan_to_num(rows)).tail.size == 40


@pytest.mark.parametrize("name", ["tail", "outliers", "compare", "adapted"])
def test_who_cannot_take_holes_does_not_offer_to(name: str) -> None:
    rows, _ = measured(40)
    with pytest.raises(DataError, match=r"drop or fill those rows first$"):
        getattr(PLAIN, name)(rows)


def test_the_likeliest_components_are_those_of_the_responsibilities() -> None:
    rows, errors = measured(40)
    labels, shares = NOISY.predict_proba(rows, errors, top=2, missing="em")
    whole = NOISY.predict_proba(rows, errors, missing="em")
    np.testing.assert_array_equal(labels[:, 0], NOISY.predict(rows, errors, missing="em"))
    np.testing.assert_array_equal(shares, -np.sort(-whole, axis=1)[:, :2])


def test_a_bootstrap_test_draws_rows_that_lack_the_same() -> None:
    rows, _ = measured(60)
    test = mixtura.bootstrap_test(rows, 1, n_bootstrap=2, missing="em")
    assert np.isfinite(test.replicates).all()
