"""How time grows with N, K and D, and falls with a second thread: mixtura and oneDAL."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from claim import run, show
from pace import Pace, paces
from table import Column, Table
from worker import Worker
from workloads import Workload

_WORDS = """\
Milliseconds per EM iteration, full covariances, on one thread and on two, by difference of two
lengths, one reading each; one of the three sizes varies at a time."""

#: what varies, its values, and the sizes that stay
_SERIES: tuple[tuple[str, tuple[int, ...], Workload], ...] = (
    (
        "n_rows",
        (10_000, 100_000, 1_000_000, 10_000_000),
        Workload("N", 0, 2, 4, "full"),
    ),
    (
        "n_components",
        (4, 16, 64, 256, 1024),
        Workload("K", 50_000, 4, 0, "full"),
    ),
    (
        "n_features",
        (1, 2, 4, 8, 16, 32, 64, 128, 256),
        Workload("D", 20_000, 0, 8, "full"),
    ),
)


def measure(quick: bool) -> list[Table]:
    """The one table."""
    repeats = 1
    with ExitStack() as stack:
        workers = {name: stack.enter_context(Worker(name)) for name in ("mixtura", "oneDAL")}
        rows = [
            _row(workload, workers, repeats, 0.05 if quick else 0.15)
            for workload in _workloads(quick)
        ]
    return [Table("scaling", "Scaling", _WORDS, _COLUMNS, rows)]


_COLUMNS = (
    Column("varies", "varies"),
    Column("n_rows", "rows", ",d"),
    Column("n_components", "K", "d"),
    Column("n_features", "D", "d"),
    Column("oneDAL 1", "oneDAL, 1 thread", "short"),
    Column("oneDAL 2", "2 threads", "short"),
    Column("mixtura 1", "mixtura, 1 thread", "short"),
    Column("mixtura 2", "2 threads", "short"),
    Column("speedup", "1 ÷ 2 threads", ".2f"),
    Column("over_onedal", "oneDAL ÷ mixtura", ".2f"),
    Column("nanoseconds", "ns a row and component", "short"),
)


def _workloads(quick: bool) -> list[Workload]:
    """One size varied at a time; in a hurry, every other size and no large ones."""
    return [
        base.of_size(base.name, **{key: size})
        for key, sizes, base in _SERIES
        for size in (sizes[:-1:2] if quick else sizes)
    ]


def _row(
    workload: Workload, workers: dict[str, Worker], repeats: int, seconds: float
) -> dict[str, Any]:
    """A workload on one and two threads; the peers take turns."""
    show(f"{workload.name}: {workload.n_rows} × {workload.n_features}, K {workload.n_components}")
    found: dict[str, Pace] = {}
    for worker in workers.values():
        worker.load(workload)
    for threads in (1, 2):
        for worker in workers.values():
            worker.use_threads(threads)
        both = paces(workers, seconds, repeats)
        found |= {f"{name} {threads}": pace for name, pace in both.items()}
    times = {name: pace.milliseconds for name, pace in found.items()}
    ours = times["mixtura 2"]
    return {
        "varies": workload.name,
        **workload.shape(),
        **times,
        "speedup": times["mixtura 1"] / ours,
        "over_onedal": times["oneDAL 2"] / ours,
        "nanoseconds": 1e6 * ours / (workload.n_rows * workload.n_components),
        "readings": {name: list(pace.readings) for name, pace in found.items()},
    }


if __name__ == "__main__":
    run(measure)
