"""A cluster gives the same bits whatever befalls its workers."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from distributed import Client, LocalCluster
from distributed.chaos import KillWorker
from distributed.security import Security

import mixtura
from mixtura import GaussianMixture

N_PARTS, PART = 8, 20_000
START = mixtura.Mixture([0.5, 0.5], [[0.0] * 3, [1.0] * 3], [np.eye(3)] * 2)

pytestmark = [
    # distributed closes some sockets only when it is collected
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    # all workers may be on their way back at once
    pytest.mark.filterwarnings("ignore:the Dask cluster at .* has no workers"),
]


def part(number: int) -> np.ndarray:
    rows = np.random.default_rng(number).normal(size=(PART, 3))
    rows[::2] = 0.5 * rows[::2] + 2.0
    return rows


def spread() -> da.Array:
    """Rows that a worker who needs them makes."""
    make = dask.delayed(part)
    parts = [da.from_delayed(make(i), (PART, 3), np.float64) for i in range(N_PARTS)]
    return da.concatenate(parts)


@contextmanager
def cluster(n_workers: int, **options: Any) -> Iterator[Client]:
    options = {"threads_per_worker": 1, "dashboard_address": ":0", **options}
    silent = {"silence_logs": logging.CRITICAL}
    with LocalCluster(n_workers=n_workers, **silent, **options) as local, Client(local) as client:
        yield client


def fitted(rows: Any, **options: Any) -> mixtura.Fit:
    told = {"start": START, "max_iter": 6, "tol": 0.0, "accelerate": False, **options}
    return mixtura.fit(rows, 2, **told)


@cache
def undisturbed(max_iter: int = 6) -> mixtura.Fit:
    """The fit without a cluster."""
    return fitted(spread(), max_iter=max_iter)


def the_same(found: mixtura.Fit, expected: mixtura.Fit) -> None:
    for name in ("weights", "means", "covariances"):
        np.testing.assert_array_equal(getattr(found.mixture, name), getattr(expected.mixture, name))
    np.testing.assert_array_equal(found.trace, expected.trace)


@pytest.mark.parametrize("n_workers", [1, 2, 4])
def test_any_number_of_workers_gives_the_same_bits(n_workers):
    with cluster(n_workers, processes=False) as client:
        rows = client.persist(spread())
        the_same(fitted(rows, client=client), undisturbed())
        # The client that is there is the one that Dask takes.
        the_same(fitted(rows), undisturbed())
        assert GaussianMixture(2, init_params=START, tol=1.0).fit(rows).converged_


def test_nothing_is_left_on_the_cluster():
    with cluster(2, processes=False) as client:
        fitted(spread(), client=client)
        lazy = START.score_samples(spread())
        assert client.scheduler_info(n_workers=-1)["workers"]
        assert not client.futures
        np.testing.assert_array_equal(lazy.compute(), START.score_samples(spread().compute()))


class Killer:
    """Kills a worker in an iteration; an `Observer`."""

    def __init__(self, client: Client, iteration: int) -> None:
        self.iteration = iteration
        self.victim = min(client.run(os.getpid).values())
        self.killed = False

    def begun(self, run: int) -> None:
        """Not of interest."""

    def iterated(self, iteration: int, *_: Any) -> None:
        """It is time."""
        if iteration == self.iteration:
            os.kill(self.victim, signal.SIGKILL)
            self.killed = True

    def ended(self, fit: Any) -> None:
        """Not of interest."""


def test_a_worker_that_dies_is_not_missed():
    with cluster(2) as client:
        rows = client.persist(spread())
        killer = Killer(client, 2)
        the_same(fitted(rows, client=client, observer=killer), undisturbed())
        assert killer.killed


def deaths(client: Client) -> int:
    """How many workers the scheduler has lost."""
    events = client.get_events("all")
    return sum(event.get("action") == "remove-worker" for _, event in events)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["sys.exit", "graceful", "segfault"])
def test_thirty_fits_under_chaos_end_with_the_same_bits(mode):
    lost = 0
    for _ in range(10):
        with cluster(2) as client:
            # A worker that leaves by sys.exit does not come back by itself.
            client.cluster.adapt(minimum=2, maximum=2, interval="100ms")
            rows = client.persist(spread())
            client.register_plugin(KillWorker("4 s", mode))
            the_same(fitted(rows, client=client, max_iter=60), undisturbed(max_iter=60))
            lost += deaths(client)
    print(f"{mode}: {lost} workers died in 10 fits")
    assert lost > 0


def test_a_cluster_that_speaks_tls_alone_is_served(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
        f"-keyout {key} -out {certificate}".split(),
        check=True,
        capture_output=True,
    )
    own = {"tls_ca_file": str(certificate)}
    for role in ("client", "scheduler", "worker"):
        own |= {f"tls_{role}_key": str(key), f"tls_{role}_cert": str(certificate)}
    security = Security(require_encryption=True, **own)
    with cluster(2, processes=False, protocol="tls://", security=security) as client:
        assert client.scheduler.address.startswith("tls://")
        rows = client.persist(spread())
        the_same(fitted(rows, client=client), undisturbed())
