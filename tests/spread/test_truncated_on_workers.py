"""Truncated EM over the partitions of a Dask collection: what rows keep stays on the workers."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from test_cluster import Killer, cluster

import mixtura
from bounds import check_bound
from mixtura.engine.cells import Expanded
from mixtura.engine.sources.dask import DaskSource
from mixtura.errors import Interrupted, ParameterError
from mixtura.fitting.truncated import choice, sweep
from mixtura.fitting.truncated.sweep import Swept
from mixtura.model.mixture import Mixture

SPACING = 4.0 * np.sqrt(2.0)
SIDE = 8
K = SIDE * SIDE
LINES = SPACING * np.arange(SIDE)
CENTRES = np.stack(np.meshgrid(LINES, LINES), axis=-1).reshape(-1, 2)
RANDOM = np.random.default_rng(0)
#: of 64 unit clusters, shuffled
ROWS = np.repeat(CENTRES, 300, axis=0) + RANDOM.normal(size=(300 * K, 2))
RANDOM.shuffle(ROWS)
#: of partitions: uneven, one of few rows and one of none
LENGTHS = (3000, 0, 6000, 37, len(ROWS) - 9037)

pytestmark = [
    # distributed closes some sockets only when it is collected
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore:the Dask cluster at .* has no workers"),
]


@pytest.fixture(autouse=True)
def few_at_once(passes_over_cells: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A sample and chunks of few rows, so that partitions have several, and Dask's own threads."""
    monkeypatch.setattr("mixtura.rows.survey._SAMPLE", 1000)
    monkeypatch.setattr(sweep, "_NUMBERS", 2000)
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


@pytest.fixture
def stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that may not be brought here, block by block."""

    def refused(self: DaskSource) -> None:
        raise AssertionError("blocks were brought here")

    monkeypatch.setattr(DaskSource, "blocks", refused)


def spread(rows: Any = ROWS, lengths: tuple[int, ...] = LENGTHS) -> da.Array:
    return da.from_array(rows, chunks=(lengths, rows.shape[1]))


def fitted(rows: Any, **options: Any) -> mixtura.Fit:
    told = {"structure": "diag", "search": "truncated", "tol": 0.0, "max_iter": 6, **options}
    return mixtura.fit(rows, K, **told)


def the_same(found: mixtura.Fit, expected: mixtura.Fit) -> None:
    assert (found.trace == expected.trace).all()
    for name in ("weights", "means", "covariances"):
        assert (getattr(found.mixture, name) == getattr(expected.mixture, name)).all()
    assert found.truncation is not None
    assert expected.truncation is not None
    assert found.truncation.record() == expected.truncation.record()


@pytest.mark.parametrize(
    ("kind", "noise"), [("spherical", None), ("diag", True), ("full", None), ("tied", None)]
)
@pytest.mark.usefixtures("stay")
def test_the_bound_never_falls_and_no_rows_are_brought_here(kind: str, noise: Any) -> None:
    X = ROWS.copy()
    if noise:
        X[::9] = np.random.default_rng(1).uniform(-20.0, 60.0, size=X[::9].shape)
    fit = fitted(spread(X), structure=kind, noise=noise, max_iter=8)
    check_bound(fit, X)


def test_rows_keep_more_where_components_overlap_and_the_bound_does_not_fall() -> None:
    X = np.random.default_rng(4).normal(size=(12_000, 2))
    more: Any = {"structure": "diag", "search": "truncated", "tol": 0.0, "max_iter": 14}
    fit = mixtura.fit(spread(X, (5000, 7000)), 40, start="random_from_data", **more)
    assert fit.truncation is not None
    assert fit.truncation.breadth.kept > 3
    assert (np.diff(fit.trace) >= -1e-10 * np.abs(fit.trace[1:])).all()


def test_all_components_kept_make_exact_em() -> None:
    X = 0.3 * ROWS[(ROWS < 1.5 * SPACING).all(axis=1)]  # they overlap
    start = Mixture(np.full(3, 1 / 3), 0.3 * CENTRES[[0, 1, SIDE]], np.full((3, 2), 2.0), "diag")
    more: Any = {"structure": "diag", "start": start, "tol": 0.0, "max_iter": 6}
    lengths = (300, 0, len(X) - 300)
    ours, exact = (
        mixtura.fit(spread(X, lengths), 3, search=search, accelerate=False, **more)
        for search in ("truncated", "exact")
    )
    np.testing.assert_allclose(ours.trace[:-1], exact.trace[:-1], rtol=1e-10)
    np.testing.assert_allclose(ours.mixture.means, exact.mixture.means, rtol=1e-9)


def test_it_ends_as_a_stream_and_as_rows_in_memory_do() -> None:
    weights = np.random.default_rng(2).uniform(0.5, 2.0, size=len(ROWS))
    columns = pd.DataFrame({"a": ROWS[:, 0], "b": ROWS[:, 1], "v": weights})
    frame = dd.concat([dd.from_pandas(columns[:5000], 3), dd.from_pandas(columns[5000:], 1)])
    more: Any = {"tol": 1e-4, "max_iter": 100}
    ours = fitted(frame, sample_weight="v", **more)
    batches = [columns[at : at + 1000].to_numpy() for at in range(0, len(columns), 1000)]
    stream = fitted(mixtura.tables.streams.scan(batches, weights="x2"), **more)
    held = fitted(ROWS, sample_weight=weights, **more)
    assert ours.truncation is not None
    assert ours.mixture.feature_names == ("a", "b")
    assert abs(ours.mean_log_likelihood - stream.mean_log_likelihood) < 1e-3
    assert abs(ours.mean_log_likelihood - held.mean_log_likelihood) < 5e-3


def test_any_number_of_threads_and_workers_gives_the_same_bits() -> None:
    rows = spread()
    expected = fitted(rows, structure="full")
    with dask.config.set(scheduler="synchronous"):
        the_same(fitted(rows, structure="full"), expected)
    for n_workers in (1, 2):
        with cluster(n_workers, processes=False) as client:
            the_same(fitted(rows, structure="full", client=client), expected)
            gc.collect()
            assert not client.futures  # nothing is left on the cluster


class Stopping:
    """An observer that does something after an iteration."""

    def __init__(self, at: int, act: Callable[[], None]) -> None:
        self.at, self.act = at, act

    def begun(self, run: int) -> None:
        pass

    def iterated(self, iteration: int, trace: Any, mixture: Mixture) -> None:
        if iteration == self.at:
            self.act()

    def ended(self, fit: mixtura.Fit) -> None:
        pass


def pressed() -> None:
    raise KeyboardInterrupt


def test_what_a_worker_kept_that_is_lost_is_made_again() -> None:
    rows = spread()
    with cluster(2, processes=False) as client:
        workers = list(client.cluster.workers.values())
        lost = Stopping(4, lambda: client.sync(workers[0].close))
        the_same(fitted(rows, client=client, observer=lost), fitted(rows))
        assert len(client.scheduler_info()["workers"]) == 1


def part(number: int) -> np.ndarray:
    """Rows that a worker who needs them makes."""
    random = np.random.default_rng(number)
    return random.normal(size=(2000, 2)) + SPACING * random.integers(0, 4, size=(2000, 2))


@pytest.mark.slow
def test_what_a_worker_kept_that_dies_is_made_again() -> None:
    made = [da.from_delayed(dask.delayed(part)(i), (2000, 2), np.float64) for i in range(4)]
    rows = da.concatenate(made)
    with cluster(2) as client:
        killer = Killer(client, 4)
        the_same(fitted(rows, client=client, observer=killer), fitted(rows))
        assert killer.killed


def test_ctrl_c_leaves_the_fit_so_far() -> None:
    with pytest.raises(Interrupted) as caught:
        fitted(spread(), observer=Stopping(3, pressed))
    assert len(caught.value.fit.trace) == 3


def test_auto_takes_it_of_many_rows_and_components_and_is_exact_of_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert fitted(spread(), search="auto", max_iter=2).truncation is None
    monkeypatch.setattr(choice, "MANY", K)
    monkeypatch.setattr(choice, "WORTH", len(ROWS) * K - 1)
    assert fitted(spread(), search="auto", max_iter=2).truncation is not None


def test_checkpoints_are_refused_and_left_to_exact_em(tmp_path: Path) -> None:
    more: Any = {"max_iter": 2, "checkpoint": tmp_path / "there.safetensors"}
    with pytest.raises(ParameterError, match="checkpoints of rows that are on workers: leave"):
        fitted(spread(), **more)
    assert fitted(spread(), search="auto", **more).truncation is None


def test_sums_of_parts_are_associative() -> None:
    def part(seed: int) -> Swept:
        random = np.random.default_rng(seed)
        shapes = (5,), (5, 2), (5, 2)
        weight, first, second = (random.integers(0, 9, shape).astype(float) for shape in shapes)
        graph = random.integers(0, 5, size=(5, 3)).astype(np.int32)
        found = Expanded(float(seed), 0.0, seed)
        return Swept(found, (weight, first, second), graph, random.integers(0, 3, 5))

    for seed in range(20):
        a, b, c = (part(3 * seed + i) for i in range(3))
        one, other = (a + b) + c, a + (b + c)
        assert one.found == other.found
        assert (one.graph == other.graph).all()
        assert (one.sizes == other.sizes).all()
        for mine, yours in zip(one.sums, other.sums, strict=True):
            assert (mine == yours).all()
