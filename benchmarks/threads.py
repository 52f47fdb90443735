"""Two threads against one: mixtura alone, on an idle machine."""

from __future__ import annotations

from statistics import median

from claim import chosen, run, show
from float32_rows import NAMES
from pace import paces
from table import Column, Table
from worker import Worker
from workloads import Workload

_WORDS = """\
Milliseconds per EM iteration of mixtura on one thread and on two, which take turns: the median of
{repeats}. What else the machine does at the time, the second thread pays for."""


def measure(quick: bool) -> list[Table]:
    """The one table."""
    repeats = 1 if quick else 3
    with Worker("mixtura") as worker:
        rows = [_row(workload, worker, repeats) for workload in chosen(NAMES, quick)]
    words = _WORDS.format(repeats=repeats)
    return [Table("threads", "Threads", words, _COLUMNS, rows)]


_COLUMNS = (
    Column("workload", "workload"),
    Column("1", "1 thread", "short"),
    Column("2", "2 threads", "short"),
    Column("speedup", "1 ÷ 2 threads", ".2f"),
)


def _row(workload: Workload, worker: Worker, repeats: int) -> dict[str, object]:
    show(f"{workload.name}: threads")
    worker.load(workload)
    readings: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(repeats):
        for threads, found in readings.items():
            worker.use_threads(threads)
            found.append(paces({"mixtura": worker}, 0.5, 1)["mixtura"].milliseconds)
    one, two = median(readings[1]), median(readings[2])
    return {**workload.shape(), "1": one, "2": two, "speedup": one / two, "readings": readings}


if __name__ == "__main__":
    run(measure)
