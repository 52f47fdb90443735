"""Divergences are the integrals that they name, and components may be moved without a change."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from randomly import STRUCTURES, random_mixture
from scipy.integrate import quad
from scipy.linalg import sqrtm
from scipy.stats import multivariate_normal

from mixtura import Mixture
from mixtura.errors import ParameterError
from mixtura.model.reduction import assignment

P = Mixture([0.3, 0.7], [[0.0], [3.0]], [1.0, 0.5], "spherical")
Q = Mixture([0.5, 0.5], [[1.0], [4.0]], [2.0, 1.0], "spherical")
LOG_2 = float(np.log(2.0))


def log_density(mixture: Mixture, x: float) -> float:
    return float(mixture.score_samples([[x]])[0])


def integral(function) -> float:
    return quad(function, -25.0, 30.0, limit=400, points=[0.0, 3.0])[0]


def relative(x: float, p: Mixture, q: Mixture) -> float:
    a, b = log_density(p, x), log_density(q, x)
    return np.exp(a) * (a - b)


def to_the_middle(x: float, p: Mixture, q: Mixture) -> float:
    a, b = log_density(p, x), log_density(q, x)
    return np.exp(a) * (a - np.logaddexp(a, b) + LOG_2)


def test_estimates_are_the_integrals_within_their_errors() -> None:
    integrals = {
        "entropy": integral(lambda x: -np.exp(log_density(P, x)) * log_density(P, x)),
        "kullback_leibler": integral(lambda x: relative(x, P, Q)),
        "jensen_shannon": 0.5 * integral(lambda x: to_the_middle(x, P, Q) + to_the_middle(x, Q, P)),
        "bhattacharyya": -np.log(
            integral(lambda x: np.exp(0.5 * (log_density(P, x) + log_density(Q, x))))
        ),
    }
    for name, expected in integrals.items():
        others = [] if name == "entropy" else [Q]
        told = getattr(P, name)(*others, n_draws=200_000)
        assert 0.0 < told.standard_error < 0.005, name
        assert abs(told.value - expected) < 3.0 * told.standard_error, name


def test_standard_errors_are_those_of_repetitions() -> None:
    told = [P.kullback_leibler(Q, n_draws=500, random_state=seed) for seed in range(200)]
    spread = np.std([each.value for each in told], ddof=1)
    assert np.mean([each.standard_error for each in told]) == pytest.approx(spread, rel=0.15)


def test_between_gaussians_all_is_exact() -> None:
    random = np.random.default_rng(0)
    p, q = (random_mixture(random, "full", 1, 3) for _ in range(2))
    assert p.entropy().value == pytest.approx(
        multivariate_normal(p.means[0], p.covariances[0]).entropy(), rel=1e-12
    )
    twin = Mixture([0.5, 0.5], np.repeat(p.means, 2, 0), np.repeat(p.covariances, 2, 0))
    for name in ("kullback_leibler", "bhattacharyya"):
        exact, drawn = getattr(p, name)(q), getattr(twin, name)(q, n_draws=100_000)
        assert exact.standard_error == 0.0
        assert abs(exact.value - drawn.value) < 3.0 * drawn.standard_error
    assert p.kullback_leibler(p).value == pytest.approx(0.0, abs=1e-12)
    assert twin.jensen_shannon(p).value == pytest.approx(0.0, abs=1e-12)


def test_wasserstein_distances_are_those_of_matrix_roots() -> None:
    random = np.random.default_rng(1)
    p, q = random_mixture(random, "full", 2, 3), random_mixture(random, "diag", 3, 3)
    told = p.wasserstein(q)
    assert told.shape == (2, 3)
    for j, (m, a) in enumerate(zip(p.means, p.covariance_matrices(), strict=True)):
        for k, (n, b) in enumerate(zip(q.means, q.covariance_matrices(), strict=True)):
            root = sqrtm(a)
            trace = np.trace(a + b - 2.0 * np.real(sqrtm(root @ b @ root)))
            assert told[j, k] ** 2 == pytest.approx((m - n) @ (m - n) + trace, rel=1e-8)
    np.testing.assert_allclose(np.diag(p.wasserstein()), 0.0, atol=1e-6)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_fewer_components_keep_mean_and_covariance(structure: str) -> None:
    mixture = random_mixture(np.random.default_rng(3), structure, 6, 3)
    before = np.inf
    for k in range(1, 6):
        fewer = mixture.reduce(k)
        assert fewer.n_components == k
        np.testing.assert_allclose(fewer.mean(), mixture.mean(), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(fewer.covariance(), mixture.covariance(), rtol=1e-11, atol=1e-11)
        lost = mixture.kullback_leibler(fewer, n_draws=20_000).value
        assert lost < before + 0.02
        before = lost
    assert mixture.reduce(6).structure is mixture.structure


@pytest.mark.parametrize("structure", [*STRUCTURES, "VVE"])
def test_components_in_another_order_are_the_same_density(structure: str) -> None:
    plain = (
        random_mixture(np.random.default_rng(4), structure, 4, 3) if structure != "VVE" else None
    )
    mixture = plain or Mixture(
        [0.1, 0.2, 0.3, 0.4], np.arange(12.0).reshape(4, 3), [np.eye(3) * v for v in (1, 2, 3, 4)],
        "VVE",
    )  # fmt: skip
    rows = mixture.sample(50, random_state=0)[0]
    by_weight, by_mean = mixture.reordered("weight"), mixture.reordered(1)
    assert (np.diff(by_weight.weights) <= 0.0).all()
    assert (np.diff(by_mean.means[:, 1]) >= 0.0).all()
    for other in (by_weight, by_mean):
        assert other.structure is mixture.structure
        np.testing.assert_allclose(other.score_samples(rows), mixture.score_samples(rows))
    turned = mixture.reordered([2, 0, 3, 1])
    np.testing.assert_array_equal(turned.matched(mixture).means, mixture.means)
    np.testing.assert_array_equal(mixture.matched(turned).weights, turned.weights)


def test_an_assignment_is_the_best_of_all() -> None:
    random = np.random.default_rng(5)
    for n in (1, 2, 3, 5, 6):
        costs = random.normal(size=(n, n))
        best = min(permutations(range(n)), key=lambda order: costs[range(n), order].sum())
        assert assignment(costs).tolist() == list(best)


def test_what_makes_no_sense_is_refused() -> None:
    wide = random_mixture(np.random.default_rng(6), "full", 2, 2)
    for ask, match in (
        (lambda: P.kullback_leibler(wide), "other has 2 features, expected 1"),
        (lambda: P.wasserstein([[1.0]]), "other is a list"),
        (lambda: P.entropy(n_draws=1), "n_draws is 1"),
        (lambda: P.reduce(3), "n_components is 3"),
        (lambda: P.reordered([0, 0]), "each number from 0 to 1 once"),
        (lambda: P.reordered("age"), "there is no feature 'age'"),
        (lambda: P.matched(Q.reduce(1)), "to has 1 components"),
    ):
        with pytest.raises(ParameterError, match=match):
            ask()
