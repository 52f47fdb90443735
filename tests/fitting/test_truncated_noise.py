"""Truncated EM amid noise: every row keeps the noise, and what it raises never falls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import mixtura
from mixtura import Box, Noise
from mixtura.fitting.em import EM
from mixtura.fitting.given import Given
from mixtura.fitting.settings import Settings
from mixtura.fitting.truncated.begin import from_mixture
from mixtura.fitting.truncated.rounds import Place, Rounds
from mixtura.fitting.truncated.truncation import Breadth
from mixtura.model.mixture import Mixture
from mixtura.model.structures import structure
from mixtura.rows.data import Data

SPACING = 4.0 * np.sqrt(2.0)


pytestmark = pytest.mark.usefixtures("passes_over_cells")


def amid_noise(side: int, rows: int = 50, share: float = 0.1) -> tuple[Any, Any, Any]:
    """Unit clusters on a grid, even noise about them, shuffled; the centres, and who is noise."""
    random, lines = np.random.default_rng(5), SPACING * np.arange(side)
    centres = np.stack(np.meshgrid(lines, lines), axis=-1).reshape(-1, 2)
    n = len(centres) * rows
    own = np.repeat(centres, rows, axis=0) + random.normal(size=(n, 2))
    n_noise = int(n * share / (1.0 - share))
    even = random.uniform(-30.0, lines[-1] + 30.0, size=(n_noise, 2))
    order = random.permutation(n + n_noise)
    return np.vstack([own, even])[order], centres, (np.arange(n + n_noise) >= n)[order]


def some_mixture(X: Any, k: int, kind: str, seed: int = 0) -> Mixture:
    """Equal wide components about rows, and noise in the box about all of them."""
    random = np.random.default_rng(seed)
    means = X[random.choice(len(X), k, replace=False)]
    form, d = structure(kind).form, X.shape[1]
    covariances = form.gathered(np.broadcast_to(X.var() / k * np.eye(d), (k, d, d)))
    box = Box(X.min(axis=0), np.ptp(X, axis=0))
    return Mixture(np.full(k, 0.9 / k), means, covariances, kind, noise=Noise(0.1, box))


def rounds_of(
    X: Any, mixture: Mixture, breadth: Breadth, weights: Any = None
) -> tuple[Rounds, Place]:
    settings = Settings(
        mixture.n_components, mixture.structure, reg_covar="auto", max_iter=10**6, noise=True
    )
    data = Data.held(X, {} if weights is None else {"weights": weights})
    return from_mixture(EM(data, settings), mixture, breadth, np.random.RandomState(0))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["spherical", "diag", "full", "tied", "VVE"])
def test_rows_that_keep_all_components_make_exact_em(kind: str, weighted: bool) -> None:
    random, k = np.random.default_rng(1), 7
    centres = random.uniform(-8.0, 8.0, size=(k, 3))
    X = centres[random.integers(k, size=600)] + random.normal(size=(600, 3)) * [1.0, 2.0, 0.4]
    X[:60] = random.uniform(-20.0, 20.0, size=(60, 3))
    weights = random.uniform(0.5, 2.0, size=600) if weighted else None
    start = some_mixture(X, k, kind)
    start = Mixture(start.weights, centres, start.covariances, kind, noise=start.noise)
    how: Any = {"reg_covar": "auto", "accelerate": False, "max_iter": 6, "tol": 0.0}
    settings = Settings(7, structure(kind), noise=True, **how)
    data = Data.held(X, {} if weights is None else {"weights": weights})
    rounds, place = rounds_of(X, start, Breadth(7, 7), weights)
    bounds = []
    for at in range(6):
        bounds.append(rounds.expand(place).bound / data.source.total_weight)
        assert rounds.maximise(place, at + 1, ())[1] == []
    exact = EM(data, settings).climb(start)
    np.testing.assert_allclose(bounds, exact.trace[:6], rtol=1e-10)
    np.testing.assert_allclose(place.mixture.means, exact.mixture.means, rtol=1e-9, atol=1e-10)
    assert place.mixture.noise is not None
    assert exact.mixture.noise is not None
    assert place.mixture.noise.weight == pytest.approx(exact.mixture.noise.weight, rel=1e-10)


def falls(seed: int) -> float:
    """The largest fall of the bound in some rounds of a problem, relative to its size."""
    random = np.random.default_rng(seed)
    n, d = int(random.integers(300, 1500)), int(random.integers(1, 6))
    k = int(random.integers(2, min(50, n // (3 * (d + 2)))))
    places = random.normal(
        scale=random.uniform(1.0, 10.0), size=(int(random.integers(1, k + 5)), d)
    )
    X = places[random.integers(len(places), size=n)] + random.normal(size=(n, d))
    X[: n // 10] = random.uniform(-20.0, 20.0, size=(n // 10, d))
    kind = ["spherical", "diag", "full", "tied"][seed % 4]
    weights = random.uniform(0.1, 3.0, size=n) if seed % 3 == 0 else None
    few = int(random.integers(1, min(k, 6) + 1)), int(random.integers(1, min(k, 9) + 1))
    rounds, place = rounds_of(X, some_mixture(X, k, kind, seed), Breadth(*few), weights)
    bounds = []
    for at in range(8):
        bounds.append(rounds.expand(place).bound)
        if rounds.maximise(place, at + 1, ())[1]:  # a repair may lower it
            break
    return max([0.0, *(-np.diff(bounds) / np.abs(bounds[1:]))])


def test_the_bound_never_falls() -> None:
    assert max(map(falls, range(30))) <= 1e-10


@pytest.mark.slow
def test_the_bound_never_falls_over_a_thousand_problems() -> None:
    assert max(map(falls, range(1000))) <= 1e-10


@pytest.mark.parametrize("kind", ["spherical", "diag", "full"])
def test_clusters_amid_noise_are_found_and_noise_is_told(kind: str) -> None:
    X, centres, noisy = amid_noise(9)
    fit = mixtura.fit(X, len(centres), structure=kind, noise=True, search="truncated", tol=1e-4)
    mixture, told = fit.mixture, fit.truncation
    assert told is not None
    nearest = ((mixture.means[:, None] - centres) ** 2).sum(-1)
    assert len(set(nearest.argmin(axis=1).tolist())) >= 79
    assert mixture.noise is not None
    assert mixture.noise.weight == pytest.approx(noisy.mean(), abs=0.03)
    found = mixture.predict(X) == -1
    assert found[noisy].mean() > 0.7
    assert found[~noisy].mean() < 0.05


def test_what_is_left_out_amid_noise_is_told_as_it_is() -> None:
    X, centres, _ = amid_noise(6)
    fit = mixtura.fit(X, len(centres), structure="full", noise=True, search="truncated")
    told, mixture = fit.truncation, fit.mixture
    assert told is not None
    assert mixture.noise is not None
    parts = zip(mixture.weights, mixture.means, mixture.covariance_matrices(), strict=True)
    densities = np.column_stack(
        [np.log(w) + multivariate_normal(mean, matrix).logpdf(X) for w, mean, matrix in parts]
    )
    even = np.full((len(X), 1), np.log(mixture.noise.weight / mixture.noise.box.volume))
    exact = logsumexp(np.hstack([densities, even]), axis=1).mean()
    assert fit.mean_log_likelihood == pytest.approx(exact, abs=1e-9)
    best = np.sort(densities, axis=1)[:, -told.breadth.kept :]
    assert told.bound <= logsumexp(np.hstack([best, even]), axis=1).mean() + 1e-9
    assert exact - 0.01 < told.bound <= exact + 1e-12
    assert told.best_kept > 0.99


def test_amid_noise_the_same_bits_for_any_number_of_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X, centres, _ = amid_noise(11, rows=150)

    def fitted(n_threads: int) -> mixtura.Fit:
        monkeypatch.setenv("MIXTURA_NUM_THREADS", str(n_threads))
        more: Any = {"structure": "diag", "noise": True, "search": "truncated", "max_iter": 6}
        return mixtura.fit(X, len(centres), **more)

    one, *others = (fitted(n) for n in (1, 2, 3))
    for other in others:
        assert (other.trace == one.trace).all()
        assert (other.mixture.means == one.mixture.means).all()
        assert (other.mixture.covariances == one.mixture.covariances).all()


def test_from_parameters_it_ends_no_lower_amid_noise_than_exact_em() -> None:
    X, centres, _ = amid_noise(8)
    given = Given(np.full(64, 1 / 64), centres, np.ones((64, 2)))
    more: Any = {"structure": "diag", "noise": True, "given": given, "tol": 0.0, "max_iter": 15}
    ours, exact = (
        mixtura.fit(X, len(centres), search=search, accelerate=False, **more)
        for search in ("truncated", "exact")
    )
    assert ours.mean_log_likelihood > exact.mean_log_likelihood - 1e-3
