"""Sixty accidents on real workers: each answer has the bits of one that was never disturbed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from distributed import Client
from lost import Cluster, cluster

import mixtura
from mixtura.model.explain import least_likely

pytestmark = [
    # distributed closes some sockets only when it is collected
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    # all workers may be on their way back at once
    pytest.mark.filterwarnings("ignore:the Dask cluster at .* has no workers"),
]

N_PARTS, PART = 4, 5_000
START = mixtura.Mixture([0.3, 0.3, 0.4], [[0.0] * 3, [0.6] * 3, [5.0] * 3], [np.eye(3)] * 3, "full")


def made(number: int, folder: str, deadly: int) -> np.ndarray:
    """A partition; whoever makes it for the `deadly`-th time dies of it."""
    with (Path(folder) / f"made-{number}").open("ab") as times:
        times.write(b".")
        count = times.tell()
    if count == deadly:
        (Path(folder) / "died").touch()
        os._exit(1)
    return rows_of(number)


def rows_of(number: int) -> np.ndarray:
    random = np.random.default_rng(number)
    rows = random.normal(size=(PART, 3))
    rows[::2] += 5.0
    rows[::10] = random.uniform(-9.0, 14.0, (PART // 10, 3))
    return rows


def spread(make: Callable[[int], Any]) -> da.Array:
    parts = [da.from_delayed(make(i), (PART, 3), np.float64) for i in range(N_PARTS)]
    return da.concatenate(parts)


def bits(value: Any) -> list[bytes]:
    return [np.ascontiguousarray(part).tobytes() for part in value]


def of_fit(fit: mixtura.Fit) -> list[bytes]:
    mixture = fit.mixture
    return bits([mixture.weights, mixture.means, mixture.covariances, fit.trace])


BRIEF: dict[str, Any] = {"start": START, "max_iter": 5, "tol": 0.0, "accelerate": False}

ASKED: dict[str, Callable[[Any], list[bytes]]] = {
    "a fit": lambda rows: of_fit(mixtura.fit(rows, 3, **BRIEF)),
    "a fit amid noise, with a prior": lambda rows: of_fit(
        mixtura.fit(rows, 3, noise=True, prior="conjugate", **BRIEF)
    ),
    "a score": lambda rows: bits([START.score(rows), START.icl(rows)]),
    "clusters": lambda rows: bits(
        [mixtura.merge_components(START, rows).entropy, START.predict(rows).compute()]
    ),
    "standard errors": lambda rows: bits([mixtura.standard_errors(best(), rows).means]),
    "an explanation": lambda rows: bits(
        [START.explain(rows, [17, 7_000, 19_999]).contributions, least_likely(START, rows, 3)]
    ),
}
#: which partition is deadly, and the how-manieth time that it is made
MOMENTS = [(0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (1, 3), (3, 3)]


@cache
def best() -> mixtura.Mixture:
    """A maximum of the likelihood of all rows, of few parameters."""
    rows = np.concatenate([rows_of(number) for number in range(N_PARTS)])
    return mixtura.fit(rows, 2, structure="VII", tol=1e-13).mixture


@cache
def undisturbed(asked: str) -> list[bytes]:
    """The answer without a cluster."""
    with dask.config.set(scheduler="threads", num_workers=2):
        return ASKED[asked](spread(dask.delayed(rows_of)))


@pytest.fixture(scope="module")
def workplace() -> Iterator[tuple[Cluster, Client]]:
    """A cluster of workers that nobody brings back, and its client."""
    with cluster(3) as there, Client(there.address) as client:
        yield there, client


@pytest.fixture
def client(workplace: tuple[Cluster, Client]) -> Client:
    """The client, of two workers at least: one is enough to go on, and a third is on its way."""
    there, client = workplace
    for _ in range(3 - there.alive):
        there.add_worker()
    client.wait_for_workers(2)
    return client


def test_there_are_sixty():
    assert len(ASKED) * len(MOMENTS) == 60


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: "-".join(map(str, moment)))
@pytest.mark.parametrize("asked", ASKED)
def test_a_worker_that_dies_of_a_partition_is_not_missed(client, tmp_path, asked, moment):
    where, times = moment

    def make(number: int) -> Any:
        deadly = times if number == where else 0
        return dask.delayed(made)(number, str(tmp_path), deadly)

    rows = spread(make)
    found = ASKED[asked](rows)
    assert found == undisturbed(asked)
    assert (tmp_path / "died").exists()
