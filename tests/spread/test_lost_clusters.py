"""A cluster that is lost, that was never there or that has no room is told of in one line."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster
from lost import cluster

import mixtura
from mixtura.cli.main import main

pytestmark = [
    # distributed closes some sockets only when it is collected
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]

ROWS = np.random.default_rng(0).normal(size=(20_000, 2))
START = mixtura.Mixture([0.5, 0.5], [[0.0, 0.0], [1.0, 1.0]], [np.eye(2)] * 2)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "rows.parquet"
    pd.DataFrame(ROWS, columns=["a", "b"]).to_parquet(path)
    return path


@pytest.fixture
def typed() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Types a command line in a process of its own, which does not outlive the test."""
    with ExitStack() as stack:

        def started(*words: object) -> subprocess.Popen[str]:
            code = "from mixtura.cli.process import run; run()"
            command = [sys.executable, "-c", code, *map(str, words)]
            process = stack.enter_context(
                subprocess.Popen(
                    command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
                )
            )
            stack.callback(process.kill)
            return process

        yield started


def ends_in_one_line(started: subprocess.Popen[str], words: str, code: int = 6) -> None:
    _, told = started.communicate(timeout=120)
    assert started.returncode == code, told
    assert told.count("\n") == 1, told
    assert words in told


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("foo://host:1", "unknown address scheme 'foo'"),
        ("nonsense", "missing port number"),
        ("tls://127.0.0.1:9", "no Dask scheduler answers at 'tls://127.0.0.1:9'"),
    ],
)
def test_an_address_that_is_none_is_one_line(capsys, data, address, words):
    assert main(["fit", str(data), "-k", "2", "--scheduler", address]) == 6
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert words in told


@pytest.mark.slow
def test_nobody_and_somebody_else_at_an_address_is_one_line(typed, data):
    with socket.create_server(("127.0.0.1", 0)) as other:  # it accepts, and never says a word
        silent = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        nobody = typed("fit", data, "-k", 2, "--scheduler", "tcp://127.0.0.1:9")
        somebody = typed("fit", data, "-k", 2, "--scheduler", silent)
        ends_in_one_line(nobody, "no Dask scheduler answers at 'tcp://127.0.0.1:9'")
        ends_in_one_line(somebody, f"no Dask scheduler answers at '{silent}'")


@pytest.mark.slow
def test_a_scheduler_that_is_lost_in_a_fit_is_one_line(typed, data, tmp_path):
    with cluster(1) as there:
        words = ["fit", data, "-k", 3, "--scheduler", there.address, "--tol", 0, "--quiet"]
        kept = tmp_path / "run"
        started = typed(*words, "--max-iter", 100_000, "--checkpoint", kept)
        while not kept.exists():  # it is at work
            assert started.poll() is None
            time.sleep(0.05)
        there.scheduler.kill()
        ends_in_one_line(started, "the scheduler of the Dask cluster at tcp://127.0.0.1:")
    # The same rows on another cluster: the fit goes on.
    with cluster(1) as there:
        words = ["fit", data, "-k", 3, "--scheduler", there.address, "--tol", 0, "--quiet"]
        again = typed(*words, "--max-iter", 100_000, "--checkpoint", kept, "--resume")
        before = kept.read_bytes()
        while kept.read_bytes() == before:
            assert again.poll() is None
            time.sleep(0.05)


@pytest.mark.slow
def test_a_cluster_without_workers_is_waited_for_and_said_so(typed, data, tmp_path):
    with cluster(0) as there:
        words = ["fit", data, "-k", 2, "--scheduler", there.address, "--quiet"]
        started = typed(*words, "-o", tmp_path / "model")
        assert started.stderr is not None
        told = started.stderr.readline()
        assert "mixtura: warning: the Dask cluster at tcp://127.0.0.1:" in told
        assert "has no workers: waiting for some; start them with dask worker" in told
        assert started.poll() is None
        there.add_worker()
        _, more = started.communicate(timeout=120)
        assert (started.returncode, more) == (0, "")
    here = mixtura.fit(pd.read_parquet(data), 2)
    np.testing.assert_allclose(mixtura.load(tmp_path / "model").means, here.mixture.means)


def dying(number: int) -> np.ndarray:
    """A partition that is too much for whoever makes it."""
    if number == 1 and threading.current_thread() is not threading.main_thread():
        os._exit(1)
    return ROWS


@pytest.mark.slow
def test_a_partition_that_no_worker_outlives_is_named_with_the_remedy():
    parts = [da.from_delayed(dask.delayed(dying)(i), ROWS.shape, float) for i in range(2)]
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(n_workers=1, threads_per_worker=1, silence_logs=60) as local,
        Client(local) as client,
        pytest.raises(MemoryError, match=r"died, 3 times over: .*make smaller partitions"),
    ):
        mixtura.fit(da.concatenate(parts), 2, client=client, start=START)


def starving() -> np.ndarray:
    raise MemoryError("unable to allocate 1 TiB")


def test_a_worker_without_memory_is_told_of_with_the_partition():
    """As NumPy tells of it, where the system refuses: the read itself, or the work on it."""
    big = mixtura.Mixture([1.0], [[0.0] * 2], [np.eye(2)])

    def refusing(block: Any) -> Any:
        raise MemoryError("unable to allocate 1 TiB")

    from mixtura.rows.collected import collected

    rows = collected(da.from_array(ROWS, chunks=(10_000, 2)), None, 2, None)
    with (
        dask.config.set(scheduler="threads"),
        pytest.raises(MemoryError, match=r"partition 1 of X, .*make smaller partitions"),
    ):
        rows.partitions.one(1, refusing)
    with dask.config.set(scheduler="threads"), pytest.raises(MemoryError, match="1 TiB"):
        big.score(da.from_delayed(dask.delayed(starving)(), (10, 2), float))
