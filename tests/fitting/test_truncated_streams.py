"""Truncated EM of rows that memory does not hold, and from a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mixtura
from bounds import check_bound
from mixtura.errors import Interrupted, ParameterError
from mixtura.fitting.truncated import sweep
from mixtura.model.mixture import Mixture

SPACING = 4.0 * np.sqrt(2.0)


pytestmark = pytest.mark.usefixtures("passes_over_cells")


def grid(side: int, rows: int = 40, n_features: int = 2) -> tuple[Any, Any]:
    """Rows of side² unit clusters, shuffled, and their centres."""
    random = np.random.default_rng(0)
    lines = SPACING * np.arange(side)
    centres = np.stack(np.meshgrid(lines, lines), axis=-1).reshape(-1, 2)
    centres = np.hstack([centres, np.zeros((len(centres), n_features - 2))])
    X = np.repeat(centres, rows, axis=0) + random.normal(size=(len(centres) * rows, n_features))
    return X[random.permutation(len(X))], centres


class Batches:
    """Rows that are read anew at each pass, some at a time."""

    def __init__(self, X: Any, size: int = 1000) -> None:
        self.X, self.size = X, size

    def __iter__(self) -> Iterator[Any]:
        for at in range(0, len(self.X), self.size):
            yield self.X[at : at + self.size]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples and chunks of few rows, so that there are several of those."""
    monkeypatch.setattr("mixtura.rows.survey._SAMPLE", 1000)
    monkeypatch.setattr(sweep, "_NUMBERS", 2000)


@pytest.mark.parametrize("noise", [None, True])
@pytest.mark.parametrize("kind", ["spherical", "diag", "full", "tied"])
def test_the_bound_of_a_stream_never_falls(small_chunks: None, kind: str, noise: Any) -> None:
    X, centres = grid(12, rows=120)
    if noise:
        X[::9] = np.random.default_rng(1).uniform(-20.0, 90.0, size=X[::9].shape)
    more: Any = {"structure": kind, "noise": noise, "tol": 0.0, "max_iter": 8}
    fit = mixtura.fit(Batches(X), len(centres), search="truncated", **more)
    check_bound(fit, X)


def test_all_components_kept_of_a_stream_make_exact_em(small_chunks: None) -> None:
    X, centres = grid(2, rows=3000)
    X *= 0.3  # they overlap
    start = Mixture(np.full(3, 1 / 3), centres[:3] * 0.3, np.full((3, 2), 2.0), "diag")
    more: Any = {"structure": "diag", "start": start, "tol": 0.0, "max_iter": 6}
    ours, exact = (
        mixtura.fit(Batches(X), 3, search=search, accelerate=False, **more)
        for search in ("truncated", "exact")
    )
    np.testing.assert_allclose(ours.trace[:-1], exact.trace[:-1], rtol=1e-10)
    np.testing.assert_allclose(ours.mixture.means, exact.mixture.means, rtol=1e-9)


def test_a_stream_has_the_same_bits_for_any_number_of_threads_and_however_it_is_cut(
    small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, centres = grid(10, rows=250)

    def fitted(n_threads: int, size: int) -> mixtura.Fit:
        monkeypatch.setenv("MIXTURA_NUM_THREADS", str(n_threads))
        more: Any = {"structure": "full", "search": "truncated", "max_iter": 5}
        return mixtura.fit(Batches(X, size), len(centres), **more)

    one, *others = (fitted(n, size) for n, size in ((1, 1000), (2, 777), (3, 20_000)))
    for other in others:
        assert (other.trace == one.trace).all()
        assert (other.mixture.covariances == one.mixture.covariances).all()


def test_a_stream_ends_as_the_rows_in_memory_do(small_chunks: None) -> None:
    X, centres = grid(12, rows=120)
    weights = np.random.default_rng(2).uniform(0.5, 2.0, size=len(X))
    columns = np.column_stack([X, weights])
    more: Any = {"structure": "diag", "search": "truncated", "tol": 1e-4}
    held = mixtura.fit(X, len(centres), sample_weight=weights, **more)
    batches = mixtura.tables.streams.scan(Batches(columns), weights="x2")
    stream = mixtura.fit(batches, len(centres), **more)
    assert abs(stream.mean_log_likelihood - held.mean_log_likelihood) < 5e-3


def test_rows_of_a_stream_keep_more_where_components_overlap(small_chunks: None) -> None:
    X = np.random.default_rng(4).normal(size=(15_000, 2))
    more: Any = {"structure": "diag", "search": "truncated", "tol": 0.0, "max_iter": 14}
    fit = mixtura.fit(Batches(X), 40, start="random_from_data", **more)
    assert fit.truncation is not None
    assert fit.truncation.breadth.kept > 3
    assert (np.diff(fit.trace) >= -1e-10 * np.abs(fit.trace[1:])).all()


# -- checkpoints --------------------------------------------------------------------------------


class Stopping:
    """An observer at whose word the user presses Ctrl-C."""

    def __init__(self, at: int) -> None:
        self.at = at

    def begun(self, run: int) -> None:
        pass

    def iterated(self, iteration: int, trace: Any, mixture: Mixture) -> None:
        if iteration == self.at:
            raise KeyboardInterrupt

    def ended(self, fit: mixtura.Fit) -> None:
        pass


@pytest.mark.parametrize("every", [1, 4])
@pytest.mark.parametrize(
    ("kind", "noise", "start"),
    [("diag", None, "auto"), ("full", True, "auto"), ("VVE", None, "kmeans")],
)
def test_a_truncated_fit_goes_on_from_a_checkpoint_to_the_same_bits(
    tmp_path: Path, kind: str, noise: Any, start: str, every: int
) -> None:
    X, centres = grid(6)
    X[::20] = np.random.default_rng(1).uniform(-5.0, 35.0, size=X[::20].shape)
    more: Any = {"structure": kind, "noise": noise, "start": start, "tol": 0.0, "max_iter": 24}
    more |= {"search": "truncated", "random_state": 3}
    whole = mixtura.fit(X, len(centres), **more)
    path = tmp_path / "there.safetensors"
    kept: Any = {"checkpoint": path, "every": every, **more}
    with pytest.raises(Interrupted) as caught:
        mixtura.fit(X, len(centres), observer=Stopping(19), **kept)
    assert caught.value.checkpoint == str(path)
    again = mixtura.fit(X, len(centres), resume=True, **kept)
    for fit in (again, mixtura.fit(X, len(centres), resume=True, **kept)):  # and once it is over
        assert (fit.trace == whole.trace).all()
        assert (fit.mixture.means == whole.mixture.means).all()
        assert (fit.mixture.covariances == whole.mixture.covariances).all()
        assert fit.truncation is not None
        assert whole.truncation is not None
        assert fit.truncation.record() == whole.truncation.record()


def test_a_checkpoint_of_another_search_is_refused(tmp_path: Path) -> None:
    X, _ = grid(4)
    more: Any = {"structure": "diag", "checkpoint": tmp_path / "there.safetensors"}
    mixtura.fit(X, 16, search="truncated", max_iter=3, **more)
    with pytest.raises(ParameterError, match="search was 'truncated' and is 'exact'"):
        mixtura.fit(X, 16, search="exact", max_iter=3, resume=True, **more)


def test_checkpoints_of_a_stream_are_refused_and_left_to_exact_em(
    tmp_path: Path, small_chunks: None
) -> None:
    X, _ = grid(4, rows=300)
    more: Any = {"structure": "diag", "max_iter": 3, "checkpoint": tmp_path / "there.safetensors"}
    with pytest.raises(ParameterError, match="checkpoints of rows that are streamed"):
        mixtura.fit(Batches(X), 16, search="truncated", **more)
    assert mixtura.fit(Batches(X), 16, resume=True, **more).truncation is None
