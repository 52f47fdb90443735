"""Truncated EM of factor analysers raises its bound, and with nothing left out is exact EM."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import mixtura
from mixtura.engine import kernel
from mixtura.engine.cells import Cells
from mixtura.errors import ParameterError
from mixtura.fitting.em import EM
from mixtura.fitting.m_step.estimate import Estimate
from mixtura.fitting.settings import Settings
from mixtura.fitting.truncated.begin import begun, from_mixture, passes_over, with_factors
from mixtura.fitting.truncated.factor_halves import FactorHalves
from mixtura.fitting.truncated.truncation import Breadth
from mixtura.fitting.truncated.unions import log_determinants, united
from mixtura.model.structures import structure
from mixtura.rows.data import Data


@pytest.fixture(autouse=True, scope="module")
def natively(each_kernel: str) -> None:
    if kernel.cell_passes is None:
        pytest.skip("the reference kernel has no passes over cells")


def clusters(k: int, d: int, h: int, n: int, seed: int = 0, apart: float = 6.0) -> np.ndarray:
    """Rows of components with factors of their own."""
    return random_rows(true_mixture(k, d, h, seed, apart), n, seed)


def true_mixture(k: int, d: int, h: int, seed: int = 0, apart: float = 6.0) -> mixtura.Mixture:
    """Random components with factors of their own, means so many deviations from the middle."""
    random = np.random.default_rng(seed)
    packed = np.concatenate(
        [random.normal(size=(k, d, h)), random.uniform(0.3, 1.0, size=(k, d, 1))], axis=2
    )
    means = apart * random.normal(size=(k, d))
    return mixtura.Mixture(np.full(k, 1 / k), means, packed, f"factor-{h}")


def random_rows(mixture: mixtura.Mixture, n: int, seed: int) -> np.ndarray:
    """So many rows of a mixture, shuffled."""
    return np.random.default_rng(seed).permutation(mixture.sample(n, seed)[0])


def loop(rows: np.ndarray, k: int, kind: str) -> EM:
    return EM(Data.held(rows), Settings(k, structure(kind), "auto", "auto", "auto"))


@pytest.mark.parametrize("kind", ["factor-2", "factor-shared-2"])
def test_the_bound_never_falls_and_rows_keep_their_likeliest(kind: str) -> None:
    rows = clusters(40, 6, 2, 4000)
    em, breadth = loop(rows, 40, kind), Breadth.usual(40, 6)
    rounds, place, _ = begun(loop(rows, 40, "diag"), breadth, np.random.RandomState(0))
    rounds.expand(place)
    rounds = replace(rounds, em=em)
    place = with_factors(rounds, place)
    bounds = []
    for number in range(25):
        bounds.append(rounds.expand(place).bound)
        _, repairs = rounds.maximise(place, number + 1, ())
        assert not repairs
    assert (np.diff(bounds) >= -1e-10 * np.abs(bounds[-1])).all()
    assert bounds[-1] <= em.objective(place.mixture) * len(rows) + 1e-6 * len(rows)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("d", [4, 40])  # whose second moments are whole, or along directions
@pytest.mark.parametrize("kind", ["factor-1", "factor-shared-2"])
def test_with_nothing_left_out_rounds_are_exact_em(kind: str, d: int, weighted: bool) -> None:
    rows = clusters(9, d, 1, 2700)
    weights = np.random.default_rng(2).uniform(0.5, 2.0, size=2700) if weighted else None
    data = Data.held(rows, {} if weights is None else {"weights": weights})
    em = EM(data, Settings(9, structure(kind), "auto", "auto", "auto"))
    exact = mixtura.fit(rows, 9, structure=kind, start="kmeans", max_iter=8).mixture
    rounds, place = from_mixture(em, exact, Breadth(9, 9), np.random.RandomState(0))
    for number in range(6):
        bound = rounds.expand(place).bound / data.source.total_weight
        assert bound == pytest.approx(em.objective(exact), rel=1e-10)
        assert not rounds.maximise(place, number + 1, ())[1]
        exact = em.m_step(em.statistics(exact), near=exact.covariances).mixture()
        assert em.objective(place.mixture) == pytest.approx(em.objective(exact), rel=1e-10)
        # At a maximum a likelihood tells where it is half as finely.
        close = {"rtol": 1e-9, "atol": 1e-10} if d > 32 else {"rtol": 1e-5, "atol": 1e-5}
        assert_allclose(place.mixture.means, exact.means, **close)
        assert_allclose(place.mixture.covariances, exact.covariances, **close)
        exact = place.mixture


def falls(seed: int) -> float:
    """The largest fall of what a fit with moves raises, relative to its size."""
    random = np.random.default_rng(seed)
    d, k = int(random.integers(2, 8)), int(random.integers(3, 24))
    h, n = int(random.integers(1, d)), k * int(random.integers(12 + 4 * d, 80))
    rows = clusters(int(random.integers(1, k + 4)), d, h, n, seed, random.uniform(0.3, 6.0))
    fit = mixtura.fit(
        rows,
        k,
        structure="factor-shared" if seed % 2 else "factor",
        n_factors=h,
        search="truncated",
        sample_weight=random.uniform(0.2, 2.0, size=n) if seed % 3 == 0 else None,
        max_iter=30,
        random_state=seed,
    )
    if fit.repairs:  # what a repair loses is no fall
        return 0.0
    bounds = fit.trace[:-1]  # the last is the exact likelihood
    thin = float((fit.mixture.variances() / fit.mixture.uniquenesses).max())
    lost = 1e-14 * thin  # what the digits of distances lose, that are differences
    return max([0.0, *(-np.diff(bounds) / np.abs(bounds[1:]) - lost)])


def test_what_is_raised_never_falls_with_moves_either() -> None:
    assert max(map(falls, range(6))) <= 1e-10


@pytest.mark.slow
def test_what_is_raised_never_falls_over_a_thousand_problems() -> None:
    assert max(map(falls, range(1000))) <= 1e-10


@pytest.mark.parametrize("kind", ["factor-2", "factor-shared-2"])
def test_moves_find_every_cluster_with_any_number_of_threads(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = true_mixture(40, 10, 2, 3, 3.0)
    rows, fits = random_rows(true, 6000, 3), []
    for n_threads in (1, 3):
        monkeypatch.setenv("MIXTURA_NUM_THREADS", str(n_threads))
        fits.append(mixtura.fit(rows, 40, structure=kind, search="truncated", tol=1e-3))
    one, other = fits
    assert (other.trace == one.trace).all()
    assert (other.mixture.covariances == one.mixture.covariances).all()
    assert one.truncation is not None
    assert one.truncation.n_moves > 0
    found = np.argmin(((true.means[:, None] - one.mixture.means) ** 2).sum(axis=2), axis=1)
    assert len(set(found.tolist())) == 40


def test_cells_of_two_clusters_gain_by_halves_and_others_do_not() -> None:
    true = true_mixture(6, 5, 1, 1, 8.0)
    rows, labels = true.sample(1200, 0)
    cell = np.minimum(labels, 4)  # the last two clusters in one
    order = np.argsort(cell, kind="stable").astype(np.int32)
    cells = Cells(order, np.concatenate([[0], np.cumsum(np.bincount(cell))]))
    once = mixtura.fit(rows, 5, structure="factor-1", start=cell).mixture
    estimate = Estimate.of(once, len(rows))
    passes = passes_over(Data.held(rows).sample, None)
    found = FactorHalves(passes, cells, estimate, 0.0, np.full(5, 1e-8)).found(6)
    assert found.gains[4] > 200.0
    assert found.gains[:4].max() < 4.0 * 6
    near = [np.abs(found.means[4] - mean).max(axis=1).min() for mean in true.means[4:]]
    assert max(near) < 0.5


def test_two_components_together_have_their_moments() -> None:
    mixture = true_mixture(3, 7, 2)
    estimate = Estimate.of(mixture, 90.0)
    one, other = np.array([0, 1, 2]), np.array([1, 2, 2])
    both = united(estimate, one, other)
    form, dense = mixture.structure.form, mixture.covariance_matrices()
    apart = mixture.means[one] - mixture.means[other]
    whole = 0.5 * (dense[one] + dense[other]) + 0.25 * apart[:, :, None] * apart[:, None, :]
    ours = form.matrices(both, 3, 7)
    assert_allclose(form.variances(both, 3, 7), np.einsum("kdd->kd", whole), rtol=1e-12)
    assert_allclose(ours[2], dense[2], rtol=1e-10, atol=1e-12)  # of one and the same
    heights = log_determinants(both, mixture.structure, 7)
    assert_allclose(heights, np.linalg.slogdet(ours)[1], rtol=1e-12)
    assert (heights > np.linalg.slogdet(whole)[1] - 1e-12).all()


def test_a_truncated_fit_ends_where_an_exact_one_from_the_same_start_does() -> None:
    rows = clusters(40, 6, 2, 4000)
    more = {"structure": "factor-2", "start": "kmeans", "tol": 1e-3}
    ours = mixtura.fit(rows, 40, search="truncated", **more)
    exact = mixtura.fit(rows, 40, search="exact", **more)
    assert ours.truncation is not None
    assert ours.truncation.best_kept > 0.99
    assert ours.mean_log_likelihood > exact.mean_log_likelihood - 1e-2


def test_a_stream_ends_where_rows_in_memory_do(tmp_path: Path) -> None:
    rows = clusters(40, 6, 2, 4000)
    np.save(tmp_path / "rows.npy", rows)
    start = mixtura.fit(rows, 40, structure="factor-2", start="kmeans", max_iter=3, tol=0.0).mixture
    more = {"structure": "factor-2", "start": start, "search": "truncated", "tol": 1e-4}
    held = mixtura.fit(rows, 40, **more)
    streamed = mixtura.fit(tmp_path / "rows.npy", 40, **more)
    assert streamed.truncation is not None
    assert streamed.mean_log_likelihood == pytest.approx(held.mean_log_likelihood, abs=2e-3)


def test_amid_noise_it_is_refused() -> None:
    with pytest.raises(ParameterError, match="with noise yet"):
        mixtura.fit(
            clusters(40, 6, 2, 400), 40, structure="factor-2", search="truncated", noise=True
        )
