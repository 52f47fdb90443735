"""Dask workers: EM on a local cluster beside EM by threads.

    python benchmarks/dask_workers.py [--rows 20000000] [--workers 2] [--quick]

Iterations with K = 16 on float32 rows of 8 features, persisted on single-threaded workers in
processes of their own: rows per second as a share of those of as many threads on an array. Both
take turns, three times, and the median share counts. The rows are the same and so are the blocks,
so that the log-likelihoods have to agree to the last bit. `--quick` takes a tenth of the rows.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from typing import Any

import numpy as np

from mixtura.engine.sources import even_block_rows
from out_of_core import ITERATIONS, Clock, D, K, centres

SHARE_BAR = 0.85
TURNS = 3
#: rows of a partition, about
PARTITION = 1_000_000


def chunks(n_rows: int) -> list[tuple[int, int]]:
    """The first row of each partition, and how many rows it has: whole blocks."""
    step = even_block_rows(n_rows, D)
    size = PARTITION // step * step or step
    return [(at, min(size, n_rows - at)) for at in range(0, n_rows, size)]


def rows_of(first: int, count: int) -> np.ndarray:
    """The rows of a partition, (count, D) float32: a mixture that overlaps."""
    random = np.random.default_rng(first)
    rows = random.standard_normal((count, D), dtype=np.float32)
    rows += centres()[random.integers(0, K, count)].astype(np.float32)
    return rows


def fitted(data: Any, n_rows: int) -> dict[str, float]:
    """The iterations, from the same start."""
    import mixtura

    start = mixtura.Mixture(np.full(K, 1.0 / K), centres() + 0.3, np.stack([np.eye(D)] * K))
    clock = Clock()
    fit = mixtura.fit(
        data, K, start=start, max_iter=ITERATIONS, tol=0.0, accelerate=False, observer=clock
    )
    return {"rate": n_rows / clock.seconds(), "mean": fit.mean_log_likelihood}


def threads(n_rows: int) -> dict[str, float]:
    """On an array, by the threads executor."""
    return fitted(np.concatenate([rows_of(*chunk) for chunk in chunks(n_rows)]), n_rows)


def dask(n_rows: int, n_workers: int) -> dict[str, float]:
    """On a local cluster."""
    import dask
    import dask.array as da
    from distributed import Client, LocalCluster, wait

    parts = [
        da.from_delayed(dask.delayed(rows_of)(first, count), (count, D), np.float32)
        for first, count in chunks(n_rows)
    ]
    cluster = LocalCluster(n_workers=n_workers, threads_per_worker=1, dashboard_address=":0")
    with cluster, Client(cluster) as client:
        rows = client.persist(da.concatenate(parts))
        wait(rows)
        return fitted(rows, n_rows)


def measured(what: str, n_rows: int, n_workers: int) -> dict[str, float]:
    """The work of that name in a process of its own."""
    command = [sys.executable, __file__, "--work", what]
    command += ["--rows", str(n_rows), "--workers", str(n_workers)]
    count = n_workers if what == "threads" else 1
    environment = os.environ | {"MIXTURA_NUM_THREADS": str(count), "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return json.loads(ended.stdout.splitlines()[-1])


def main() -> None:
    """Parse, and do."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="2,000,000 rows")
    parser.add_argument("--work", choices=["threads", "dask"], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    n_rows = 2_000_000 if asked.quick else asked.rows
    if asked.work:
        found = threads(n_rows) if asked.work == "threads" else dask(n_rows, asked.workers)
        print(json.dumps(found))
        return
    print(f"{n_rows:,} x {D} float32, K = {K}, {asked.workers} single-threaded workers")
    shares = []
    for _ in range(TURNS):
        one = measured("threads", n_rows, asked.workers)
        other = measured("dask", n_rows, asked.workers)
        assert one["mean"] == other["mean"], "the log-likelihoods differ"
        shares.append(other["rate"] / one["rate"])
        print(
            f"threads {one['rate'] / 1e6:6.2f}, Dask {other['rate'] / 1e6:6.2f} million rows a "
            f"second an iteration: {shares[-1]:.0%}",
            flush=True,
        )
    share = statistics.median(shares)
    said = "met" if share >= SHARE_BAR else "MISSED"
    print(f"median {share:.0%}, at least {SHARE_BAR:.0%}: {said}")


if __name__ == "__main__":
    main()
