"""Factor analysis of a scatter finds the maximum of the likelihood, also in a Heywood case."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

import mixtura
from mixtura.datasets import iris
from mixtura.model.structures.factor_analysis import analysed


def scatters(n: int, d: int, h: int, rows: int, seed: int) -> np.ndarray:
    """Covariances (n, D, D) of rows of random factor analysers."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        own = random.uniform(0.05, 1.0, size=d)
        drawn = random.normal(size=(rows, h)) @ random.normal(size=(h, d))
        found.append(np.cov((drawn + random.normal(size=(rows, d)) * own).T, bias=True))
    return np.stack(found)


def cost(loadings: np.ndarray, own: np.ndarray, matrix: np.ndarray) -> float:
    """Log|Σ| + tr Σ⁻¹ S, with matrices that are written out."""
    covariance = loadings @ loadings.T + np.diag(own)
    return float(np.linalg.slogdet(covariance)[1] + np.trace(np.linalg.solve(covariance, matrix)))


def best(matrices: np.ndarray, weight: np.ndarray, h: int, *, level: bool) -> float:
    """The least Σ w_k (log|Σ_k| + tr Σ_k⁻¹ S_k) that scipy finds, over loadings and log Ψ."""
    k, d, _ = matrices.shape
    n_own = d if level else k * d

    def total(x: np.ndarray) -> tuple[float, np.ndarray]:
        own = np.broadcast_to(np.exp(x[:n_own]).reshape(-1, d), (k, d))
        loadings = x[n_own:].reshape(k, d, h)
        parts = zip(weight, loadings, own, matrices, strict=True)
        height = sum(w * cost(*each) for w, *each in parts)
        covariances = loadings @ loadings.swapaxes(1, 2) + own[:, :, None] * np.eye(d)
        inverse = np.linalg.inv(covariances)
        slopes = weight[:, None, None] * (inverse - inverse @ matrices @ inverse)
        of_own = np.einsum("kdd->kd", slopes) * own
        of_own = of_own.sum(axis=0) if level else of_own.ravel()
        return height, np.concatenate([of_own, 2.0 * (slopes @ loadings).ravel()])

    variances = np.einsum("kdd->kd", matrices)
    floor = np.log(1e-6 * (weight @ variances / weight.sum() if level else variances)).ravel()
    bounds = [(low, None) for low in floor] + [(None, None)] * (k * d * h)
    found = []
    for seed in range(2):
        loadings = 0.5 * np.random.default_rng(seed).normal(size=k * d * h)
        begin = np.concatenate([floor + np.log(5e5), loadings])
        found.append(minimize(total, begin, jac=True, bounds=bounds, options={"maxiter": 3000}))
    return float(min(each.fun for each in found))


@pytest.mark.parametrize("level", [False, True])
@pytest.mark.parametrize(("d", "h", "rows"), [(4, 1, 30), (5, 2, 60)])
def test_it_ends_no_lower_than_scipy(d: int, h: int, rows: int, level: bool) -> None:
    matrices, weight = scatters(2, d, h, rows, d), np.array([2.0, 1.0])
    variances = np.einsum("kdd->kd", matrices)
    least = 1e-6 * variances
    if level:
        least = np.broadcast_to(weight @ least / 3.0, (2, d))
    own = np.full((2, d), 0.5 * variances.mean())
    for _ in range(8):  # as EM goes on from where the last M-step has come to
        loadings, own = analysed(weight, matrices, own, h, level=level, least=least)
    ours = sum(w * cost(*each) for w, *each in zip(weight, loadings, own, matrices, strict=True))
    assert ours <= best(matrices, weight, h, level=level) + 1e-5
    assert (own >= least * (1.0 - 1e-12)).all()
    if level:
        assert_allclose(own[0], own[1])


def test_a_heywood_case_is_met_in_few_iterations_and_told() -> None:
    rows = iris()
    fit = mixtura.fit(rows, 1, structure="factor-1")
    assert fit.outcome.converged
    assert len(fit.trace) < 20
    assert "a Heywood case: the factor leaves nothing of column 'petal_length'" in fit.notes[0]
    plain = mixtura.fit(rows, 1, structure="factor-1", accelerate=False, max_iter=5)
    X = np.asarray(rows)
    own = plain.mixture
    dense = multivariate_normal(own.means[0], own.covariance_matrices()[0]).logpdf(X).mean()
    assert plain.mean_log_likelihood == pytest.approx(dense, abs=1e-8)
    # What scipy's bounded search comes to for the same rows, from the best of four beginnings.
    theirs = best(np.cov(X.T, bias=True)[None], np.ones(1), 1, level=False)
    constant = 4 * np.log(2.0 * np.pi)
    assert fit.mean_log_likelihood >= -0.5 * (constant + theirs) - 1e-6


@pytest.mark.parametrize("structure", ["factor", "factor-shared"])
@pytest.mark.parametrize("h", [1, 2, 3])
def test_no_number_of_factors_takes_iris_long(structure: str, h: int) -> None:
    for k in (1, 2, 3):
        fit = mixtura.fit(iris(), k, structure=structure, n_factors=h, start="kmeans")
        assert fit.outcome.converged
        assert len(fit.trace) < 150


def test_one_factor_too_many_is_no_finding_where_none_is_at_its_end() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(2000, 2)) @ random.normal(size=(2, 8)) + random.normal(
        size=(2000, 8)
    )
    assert mixtura.fit(rows, 1, structure="factor-2").notes == ()
