"""An interruption at any instant is raised, and leaves no thread, no open file and no memory."""

from __future__ import annotations

import gc
import inspect
import random
import signal
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.feather
import pyarrow.parquet
import pytest

import mixtura

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="counts threads and open files in /proc"),
    # of the standard library: between `open` and `with` a file is closed as it is dropped
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

ROWS = np.random.default_rng(0).normal(size=(9_000, 3))
ROWS[4_500:] += 4.0


def written(folder: Path) -> dict[str, Any]:
    """The rows in every kind of source there is."""
    table = pa.table(dict(zip("abc", ROWS.T, strict=True)))
    lines = "a,b,c\n" + "\n".join(",".join(map(repr, row)) for row in ROWS.tolist()) + "\n"
    np.save(folder / "rows.npy", ROWS)
    np.save(folder / "columns.npy", np.asfortranarray(ROWS))
    (folder / "rows.csv").write_text(lines)
    pa.parquet.write_table(table, folder / "rows.parquet", row_group_size=2_000)
    pa.feather.write_feather(table, folder / "rows.arrow", chunksize=2_000)
    for number, at in enumerate(range(0, 9_000, 3_000)):
        pa.parquet.write_table(table.slice(at, 3_000), folder / f"part{number}.parquet")
    return {
        "an array": ROWS,
        "a .npy file": str(folder / "rows.npy"),
        "a .npy file by columns": str(folder / "columns.npy"),
        "a CSV file": str(folder / "rows.csv"),
        "a Parquet file": str(folder / "rows.parquet"),
        "an Arrow file": str(folder / "rows.arrow"),
        "several files": str(folder / "part*.parquet"),
        "a dataset": pa.dataset.dataset(folder / "rows.parquet"),
        "batches": [ROWS[:4_000], ROWS[4_000:]],
        "batches that are made": lambda: (ROWS[at : at + 1_000] for at in range(0, 9_000, 1_000)),
    }


KINDS = [
    "an array", "a .npy file", "a .npy file by columns", "a CSV file", "a Parquet file",
    "an Arrow file", "several files", "a dataset", "batches", "batches that are made",
]  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> None:
    """One kernel is enough: what is interrupted is Python's code."""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return written(tmp_path_factory.mktemp("rows"))


@pytest.fixture(autouse=True, scope="module")
def arrow_has_one_thread() -> Iterator[None]:
    """Arrow's pools begin a further thread whenever there is work for two at once."""
    before = pa.cpu_count(), pa.io_thread_count()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    yield
    pa.set_cpu_count(before[0])
    pa.set_io_thread_count(before[1])


@pytest.fixture(autouse=True)
def two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXTURA_NUM_THREADS", "2")


def fitted(source: Any) -> mixtura.Fit:
    return mixtura.fit(source, 2, start="kmeans", max_iter=3, tol=0.0)


def threads() -> int:
    """Those of this process, but the allocator's of Arrow, which comes when it likes."""
    names = []
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # it is gone by now
            names.append((task / "comm").read_text())
    return sum(not name.startswith("jemalloc") for name in names)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def assert_comes_to(expected: int, count: Callable[[], int]) -> None:
    """What ends is given all the time that it needs: a hang takes ten minutes to be told."""
    for _ in range(60_000):
        if count() <= expected:
            return
        time.sleep(0.01)
    assert count() <= expected


class Calls:
    """Counts the calls on this thread, and the returns of C's functions; Ctrl-C comes at one."""

    def __init__(self, at: int = 0) -> None:
        self.count, self.at = 0, at

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        resumed = frame.f_code.co_flags & inspect.CO_GENERATOR and frame.f_lasti > 0
        if event == "return" or (event == "call" and resumed):
            return  # as a generator is dropped, too, where Python lets no signal's handler run
        self.count += 1
        if self.count == self.at:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGINT)

    @contextmanager
    def counted(self) -> Iterator[None]:
        gc.disable()  # others have it call them back, where an interruption is lost
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(None)
            gc.enable()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [20, pytest.param(500, marks=pytest.mark.slow)])
def test_an_interruption_at_any_call_is_raised_and_leaves_nothing(
    sources: dict[str, Any], kind: str, count: int
) -> None:
    source = sources[kind]
    whole = fitted(source)
    calls = Calls()
    with calls.counted():
        fitted(source)
    n_threads, n_files = threads(), open_files()
    for number in range(count):
        at = 1 + number * calls.count // count
        with pytest.raises(KeyboardInterrupt), Calls(at).counted():
            fitted(source)
    assert_comes_to(n_threads, threads)
    assert_comes_to(n_files, open_files)
    again = fitted(source)
    np.testing.assert_array_equal(again.mixture.covariances, whole.mixture.covariances)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_500_interruptions_at_random_instants_leave_nothing(
    sources: dict[str, Any], kind: str
) -> None:
    source = sources[kind]
    whole = fitted(source)
    began = time.perf_counter()
    fitted(source)
    seconds = time.perf_counter() - began
    n_threads, n_files = threads(), open_files()
    chance = random.Random(0)
    raised = 0
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    tracemalloc.start()
    held = []
    while raised < 500:
        try:
            try:
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-6, seconds))
                fitted(source)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0.0)  # the fit was quicker
        except KeyboardInterrupt:
            raised += 1
        if raised in (100, 500):
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    signal.signal(signal.SIGALRM, before)
    assert_comes_to(n_threads, threads)
    assert_comes_to(n_files, open_files)
    assert held[-1] < held[0] + 200_000  # bytes: not one batch
    again = fitted(source)
    np.testing.assert_array_equal(again.mixture.covariances, whole.mixture.covariances)
