"""The evidence bound: below the evidence, equal to it of one component, and never falling."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import gammaln, logsumexp, multigammaln

import mixtura
from mixtura.bayesian.family import FAMILIES
from mixtura.bayesian.fitted import BayesianFit
from mixtura.bayesian.posterior import Posterior
from mixtura.engine.statistics import Statistics

DIRICHLET = {"weight_concentration_prior_type": "dirichlet_distribution"}


def blobs(seed: int, n: int = 60, d: int = 2) -> np.ndarray:
    random = np.random.default_rng(seed)
    centres = random.normal(scale=4.0, size=(3, d))
    return centres[random.integers(3, size=n)] + random.normal(size=(n, d))


def evidence_of(fit: BayesianFit, rows: np.ndarray, owner: np.ndarray) -> float:
    """Log p(X | z), by sums written out."""
    prior, k = fit.belief.posterior.prior, fit.belief.posterior.n_components
    parts = [prior.statistics(rows[owner == c]) for c in range(k)]
    names = ("reference", "weight", "first", "second")
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    sums = Statistics(**arrays, log_likelihood=0.0, n_rows=len(rows), total_weight=len(rows))
    return Posterior.of(prior, sums).log_evidence


@pytest.mark.parametrize("structure", FAMILIES)
def test_of_one_component_it_is_the_evidence(structure: str) -> None:
    rows = blobs(1, d=3)
    fit = mixtura.fit_bayes(rows, 1, structure, **DIRICHLET)
    exact = evidence_of(fit, rows, np.zeros(len(rows), int))
    assert_allclose(fit.elbo, exact, rtol=1e-12)


def test_a_normal_inverse_wishart_evidence_is_the_published_one() -> None:
    """Murphy 2007, equation 266, written out in SciPy's functions."""
    rows = blobs(2)
    fit = mixtura.fit_bayes(rows, 1, **DIRICHLET)
    prior = fit.belief.posterior.prior
    (n, d), kappa, nu = rows.shape, prior.mean_precision, prior.degrees
    apart = rows.mean(axis=0) - prior.mean
    scatter = np.cov(rows.T, bias=True) * n
    scale = prior.scale + scatter + kappa * n / (kappa + n) * np.outer(apart, apart)
    exact = -0.5 * n * d * np.log(np.pi)
    exact += multigammaln(0.5 * (nu + n), d) - multigammaln(0.5 * nu, d)
    exact += 0.5 * nu * np.linalg.slogdet(prior.scale)[1]
    exact -= 0.5 * (nu + n) * np.linalg.slogdet(scale)[1]
    exact += 0.5 * d * np.log(kappa / (kappa + n))
    assert_allclose(fit.elbo, exact, rtol=1e-12)


@pytest.mark.parametrize("structure", FAMILIES)
@pytest.mark.parametrize("seed", [0, 1])
def test_it_is_below_the_evidence_of_all_partitions(structure: str, seed: int) -> None:
    rows = blobs(seed, n=8)
    fit = mixtura.fit_bayes(rows, 2, structure, weight_concentration_prior=0.5, **DIRICHLET)
    logs = []
    for owners in product(range(2), repeat=len(rows)):
        owner = np.array(owners)
        counts = np.bincount(owner, minlength=2)
        weights = gammaln(1.0) - 2.0 * gammaln(0.5) + gammaln(0.5 + counts).sum() - gammaln(9.0)
        logs.append(weights + evidence_of(fit, rows, owner))
    exact = float(logsumexp(logs))
    assert exact - 8.0 < fit.elbo < exact


def check_rising(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = blobs(seed, int(random.integers(5, 80)), int(random.integers(1, 4)))
    rows = rows * 10.0 ** random.uniform(-3, 3) + 10.0 ** random.uniform(-3, 6)
    prior = [{}, DIRICHLET, {"weight_concentration_prior": 0.3}][seed % 3]
    names = list(FAMILIES)
    structure = names[seed % 6] if rows.shape[1] > 1 else "EV"[seed % 2]
    k = int(random.integers(1, 9))
    start = ["kmeans", "random", "random_from_data"][seed % 3]
    told: list[float] = []

    class Watch:
        def begun(self, run: int) -> None: ...
        def ended(self, fit: object) -> None: ...
        def iterated(self, iteration: int, trace: list[float], belief: object) -> None:
            told.append(trace[-1])

    fit = mixtura.fit_bayes(
        rows, k, structure, start=start, random_state=seed, observer=Watch(), **prior
    )
    assert told == fit.trace.tolist()
    assert np.diff(told).min(initial=0.0) >= -1e-10 * abs(told[-1])
    core = mixtura.fit_bayes(rows, k, structure, start=start, random_state=seed, **prior)
    assert np.diff(core.trace).min(initial=0.0) >= -1e-10 * abs(core.elbo)


@pytest.mark.parametrize("seed", range(24))
def test_it_never_falls_moves_included(seed: int) -> None:
    check_rising(seed)


@pytest.mark.slow
def test_it_never_falls_in_two_thousand_problems() -> None:
    for seed in range(100, 2100):
        check_rising(seed)


@pytest.mark.parametrize("structure", ["VVV", "EEE"])
def test_an_affine_map_of_everything_shifts_it_by_the_determinant(structure: str) -> None:
    rows = blobs(3)
    matrix = np.array([[2.0, 0.5], [-1.0, 3.0]])
    there = rows @ matrix.T + [5.0, -7.0]
    labels = mixtura.fit(rows, 4).mixture.predict(rows)
    one, other = (mixtura.fit_bayes(x, 4, structure, start=labels) for x in (rows, there))
    shift = len(rows) * np.linalg.slogdet(matrix)[1]
    assert_allclose(other.elbo, one.elbo - shift, rtol=1e-11)


def test_weights_are_repeats() -> None:
    rows, times = blobs(4, n=30), np.random.default_rng(0).integers(1, 4, size=30)
    labels = (rows[:, 0] > rows[:, 0].mean()).astype(int)
    once = mixtura.fit_bayes(rows, 2, start=labels, sample_weight=times)
    often = mixtura.fit_bayes(np.repeat(rows, times, axis=0), 2, start=np.repeat(labels, times))
    assert_allclose(once.elbo, often.elbo, rtol=1e-11)
    assert_allclose(once.mixture.means, often.mixture.means, rtol=1e-8)


def test_all_weights_of_two_are_each_row_twice() -> None:
    rows = blobs(5, n=30)
    labels = (rows[:, 0] > rows[:, 0].mean()).astype(int)
    once = mixtura.fit_bayes(rows, 2, start=labels, sample_weight=np.full(30, 2.0))
    often = mixtura.fit_bayes(np.repeat(rows, 2, axis=0), 2, start=np.repeat(labels, 2))
    assert_allclose(once.elbo, often.elbo, rtol=1e-11)


def test_labels_in_another_order_change_nothing() -> None:
    rows = blobs(6)
    labels = mixtura.fit(rows, 3).mixture.predict(rows)
    ends = [
        mixtura.fit_bayes(rows, 3, start=np.array(order)[labels]).elbo
        for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0])
    ]
    assert_allclose(ends, ends[0], rtol=1e-9)


@pytest.mark.parametrize("structure", FAMILIES)
def test_far_from_the_origin_it_is_the_same(structure: str) -> None:
    rows = np.round(blobs(7) * 2.0**20) / 2.0**20
    near, far = (mixtura.fit_bayes(rows + by, 5, structure) for by in (0.0, 2.0**27))
    assert_allclose(far.elbo, near.elbo, rtol=1e-7)
    assert far.n_occupied == near.n_occupied


@pytest.mark.parametrize("structure", FAMILIES)
@pytest.mark.parametrize("kind", ["constant", "repeated", "few", "huge", "line"])
def test_hostile_rows_give_finite_answers(structure: str, kind: str) -> None:
    random = np.random.default_rng(0)
    rows = {
        "constant": np.column_stack([random.normal(size=20), np.full(20, 3.0)]),
        "repeated": np.repeat([[0.0, 0.0], [1.0, 5.0]], 10, axis=0),
        "few": random.normal(size=(3, 2)),
        "huge": random.normal(size=(20, 2)) * 1e120,
        "line": np.column_stack([np.arange(20.0), 2.0 * np.arange(20.0)]),
    }[kind]
    fit = mixtura.fit_bayes(rows, 6, structure)
    assert np.isfinite(fit.elbo)
    assert np.isfinite(fit.predictive.score_samples(rows)).all()
    assert_allclose(fit.predictive.predict_proba(rows).sum(axis=1), 1.0)
    assert np.isfinite(fit.mixture.score(rows))


@pytest.mark.parametrize("number", [2, 3, 5])
def test_the_number_of_groups_is_found(number: int) -> None:
    random = np.random.default_rng(number)
    centres = 8.0 * np.array([[0, 0], [1, 0], [0, 1], [1, 1], [2, 0.5]])[:number]
    rows = centres[random.integers(number, size=300)] + random.normal(size=(300, 2))
    fit = mixtura.fit_bayes(rows, random_state=0)
    assert fit.n_occupied == number
    expected, deviation = fit.spread
    assert abs(expected - number) < 0.1
    assert 0.0 <= deviation < 0.4
    assert fit.occupied.n_components == number
