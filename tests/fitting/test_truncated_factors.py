"""Truncated EM of factor analysers raises its bound, and with nothing left out is exact EM."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import mixtura
from mixtura.engine import kernel
from mixtura.errors import ParameterError
from mixtura.fitting.em import EM
from mixtura.fitting.settings import Settings
from mixtura.fitting.truncated.begin import begun, from_mixture, with_factors
from mixtura.fitting.truncated.truncation import Breadth
from mixtura.model.structures import structure
from mixtura.rows.data import Data


@pytest.fixture(autouse=True, scope="module")
def natively(each_kernel: str) -> None:
    if kernel.cell_passes is None:
        pytest.skip("the reference kernel has no passes over cells")


def clusters(k: int, d: int, h: int, n: int, seed: int = 0) -> np.ndarray:
    """Rows of well-separated components with factors of their own."""
    random = np.random.default_rng(seed)
    packed = np.concatenate(
        [random.normal(size=(k, d, h)), random.uniform(0.3, 1.0, size=(k, d, 1))], axis=2
    )
    means = 6.0 * random.normal(size=(k, d))
    return random.permutation(
        mixtura.Mixture(np.full(k, 1 / k), means, packed, f"factor-{h}").sample(n, seed)[0]
    )


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


def test_with_nothing_left_out_a_round_is_an_iteration() -> None:
    rows = clusters(5, 4, 1, 500)
    em = loop(rows, 5, "factor-1")
    mixture = mixtura.fit(
        rows, 5, structure="factor-1", start="kmeans", max_iter=3, tol=0.0
    ).mixture
    rounds, place = from_mixture(em, mixture, Breadth(5, 5), np.random.RandomState(0))
    bound = rounds.expand(place).bound
    assert bound / len(rows) == pytest.approx(mixture.score(rows), rel=1e-12)
    rounds.maximise(place, 1, ())
    exact = em.m_step(em.statistics(mixture), near=mixture.covariances)
    assert_allclose(place.mixture.means, exact.means, rtol=1e-10, atol=1e-12)
    assert_allclose(place.mixture.covariances, exact.covariances, rtol=1e-9, atol=1e-11)


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
