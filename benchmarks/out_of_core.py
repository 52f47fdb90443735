"""Out of core: EM over a Parquet file that memory need not hold.

    python benchmarks/out_of_core.py [--rows 100000000] [--quick] [--limit MIB] [--folder DIR]
        [--keep]

Ten iterations, K = 16, on float32 rows of 8 features: the largest resident memory of the process,
and rows per second, as a share of those in memory (5,000,000 rows of the same file) and of those
that reading alone gives. Each is measured in a process of its own; in-memory and reading before
and after the fit, so that a neighbour's work hits all of them. `--quick` takes 20,000,000 rows.
`--limit 400` lets the fit write to no more than so many MiB of memory, shared libraries' own
included: a file that is larger cannot be held.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

K, D = 16, 8
SLICE = 5_000_000
ITERATIONS = 10
MEMORY_BAR = 300.0  # MiB
SHARE_BAR = 0.6


def make(path: Path, n_rows: int) -> dict[str, float]:
    """The file: a mixture that overlaps, in row groups of a million."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(0)
    means = centres()
    names = [f"x{j}" for j in range(D)]
    schema = pa.schema([(name, pa.float32()) for name in names])
    with pq.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
        for at in range(0, n_rows, 10**6):
            m = min(10**6, n_rows - at)
            rows = random.standard_normal((m, D), dtype=np.float32)
            rows += means[random.integers(0, K, m)].astype(np.float32)
            columns = {name: np.ascontiguousarray(rows[:, j]) for j, name in enumerate(names)}
            writer.write_table(pa.table(columns))
    return {}


def centres() -> np.ndarray:
    """Where the components are, (K, D)."""
    return np.random.default_rng(1).normal(0.0, 2.0, (K, D))


class Clock:
    """Notes when each iteration ended; an `Observer`."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def begun(self, run: int) -> None:
        """Not of interest."""

    def iterated(self, iteration: int, trace: Sequence[float], mixture: Any) -> None:
        """An iteration is done."""
        self.times.append(time.perf_counter())

    def ended(self, fit: Any) -> None:
        """Not of interest."""

    def seconds(self) -> float:
        """Of an iteration: the first is left out, as the start is in it."""
        return (self.times[-1] - self.times[0]) / (len(self.times) - 1)


def fitted(data: Any, n_rows: int) -> dict[str, float]:
    """Ten iterations."""
    import mixtura

    start = mixtura.Mixture(np.full(K, 1.0 / K), centres() + 0.3, np.stack([np.eye(D)] * K))
    clock = Clock()
    fit = mixtura.fit(data, K, start=start, max_iter=ITERATIONS, tol=0.0, observer=clock)
    return {"rate": n_rows / clock.seconds(), "mean": fit.mean_log_likelihood}


def streamed(path: Path, n_rows: int) -> dict[str, float]:
    """EM over the file."""
    from mixtura.tables.streams import scan

    return fitted(scan(path), n_rows)


def in_memory(path: Path, n_rows: int) -> dict[str, float]:
    """EM over an array of the first rows of the file."""
    import pyarrow.parquet as pq

    n = min(SLICE, n_rows)
    rows = np.empty((n, D), np.float32)
    at = 0
    for batch in pq.ParquetFile(path).iter_batches():
        m = min(batch.num_rows, n - at)
        for j in range(D):
            rows[at : at + m, j] = batch.column(j).to_numpy()[:m]
        at += m
        if at == n:
            break
    return fitted(rows, n)


def reading(path: Path, n_rows: int) -> dict[str, float]:
    """The blocks of the file, with which nothing is done."""
    from mixtura.engine.sources import Block, StreamSource
    from mixtura.tables.streams import scan

    rows = scan(path)

    def batches() -> Any:
        return (Block(0, chunk.rows) for chunk in rows.chunks())

    source = StreamSource(batches, (n_rows, D), np.dtype(np.float32))
    began = time.perf_counter()
    for _ in source.blocks():
        pass
    return {"rate": n_rows / (time.perf_counter() - began)}


WORK = {"make": make, "streamed": streamed, "memory": in_memory, "reading": reading}


def measured(what: str, path: Path, n_rows: int, limit: int | None = None) -> dict[str, float]:
    """The work of that name in a process of its own, with so many MiB of memory to write to."""
    command = [sys.executable, __file__, "--work", what, "--file", str(path), "--rows", str(n_rows)]
    command += [] if limit is None else ["--limit", str(limit)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def report(path: Path, n_rows: int, limit: int | None) -> None:
    """Measure, and print."""
    size = path.stat().st_size / 2**20
    print(f"{n_rows:,} x {D} float32, {size:,.0f} MiB of Parquet; K = {K}", flush=True)
    around = [measured("memory", path, n_rows), measured("reading", path, n_rows)]
    main = measured("streamed", path, n_rows, limit)
    again = [measured("memory", path, n_rows), measured("reading", path, n_rows)]
    memory, read = ((a["rate"] + b["rate"]) / 2 for a, b in zip(around, again, strict=True))
    rate = main["rate"]
    print(f"streamed   {rate / 1e6:6.2f} million rows a second an iteration")
    print(f"in memory  {memory / 1e6:6.2f}    streamed is {rate / memory:.0%} of it")
    print(f"reading    {read / 1e6:6.2f}    streamed is {rate / read:.0%} of it")
    binds = "reading" if read < SHARE_BAR * memory else "computing"
    print(f"what binds: {binds}")
    met = rate >= min(SHARE_BAR * memory, 0.9 * read)
    said = "met" if met else "MISSED"
    print(f"at least {SHARE_BAR:.0%} of in memory, or what reading allows: {said}")
    if limit is not None:
        times = size / limit
        print(f"the fit could write to {limit} MiB: the file is {times:.1f} times as large")
    peak = main["peak"]
    print(
        f"largest resident memory {peak:.0f} MiB, at most {MEMORY_BAR:.0f}: "
        f"{'met' if peak <= MEMORY_BAR else 'MISSED'}"
    )


def main() -> None:
    """Parse, and do."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--quick", action="store_true", help="20,000,000 rows")
    parser.add_argument("--limit", type=int, help="MiB of memory that the fit may write to")
    parser.add_argument("--folder", type=Path, help="where the file goes; removed afterwards")
    parser.add_argument("--keep", action="store_true", help="do not remove it")
    parser.add_argument("--work", choices=WORK, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        if asked.limit:
            resource.setrlimit(resource.RLIMIT_DATA, (asked.limit * 2**20,) * 2)
        found = WORK[asked.work](asked.file, asked.rows)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found | {"peak": peak}))
        return
    n_rows = 20_000_000 if asked.quick else asked.rows
    folder = asked.folder or Path(tempfile.mkdtemp())
    path = folder / f"out_of_core_{n_rows}.parquet"
    try:
        if not path.exists():
            measured("make", path, n_rows)
        report(path, n_rows, asked.limit)
    finally:
        if not asked.keep:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
