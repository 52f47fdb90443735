"""The time of a grid and of a bootstrap test, on one core, beside R's mclust.

python benchmarks/time_beside_mclust.py [--quick] [--only CASE]; R needs its package mclust (Debian:
r-cran-mclust).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import mixtura
from claim import asked, publish, show, surroundings
from mixtura.datasets import faithful, iris
from table import Column, Table

_SCRIPT = Path(__file__).with_name("mclust_time.R")


def _grid(rows: Any) -> object:
    return mixtura.select(rows, n_jobs=1)


def _one_start(rows: Any) -> object:
    """One start a candidate, and on until a gain is below 1e-5 (1 + |log L|), as `Mclust`."""
    values = np.asarray(rows.rows)
    normal = mixtura.fit(values, 1).log_likelihood
    tol = 1e-5 * (1.0 + abs(normal)) / len(values)
    return mixtura.select(rows, start="kmeans", tol=tol, neighbours=False, n_jobs=1)


def _choice(rows: Any) -> object:
    values = np.asarray(rows.rows)
    group = np.zeros(len(values), np.int64)
    return mixtura.select_groups(values, group, range(1, 10), structures="all", n_jobs=1)


def _bootstrap(rows: Any, n_jobs: int | None = 1) -> object:
    return mixtura.bootstrap_test(rows, [1, 2, 3], structure="EEE", n_bootstrap=199, n_jobs=n_jobs)


_on_all_cores = partial(_bootstrap, n_jobs=None)


#: what is called, the rows, what R calls it, and how many times as fast as R it should be
CASES: dict[str, tuple[Callable[[Any], object], Callable[[], Any], str, float | None]] = {
    "grid, faithful": (_grid, faithful, "grid", 4.0),
    "grid, faithful, one start, mclust's rule": (_one_start, faithful, "grid", 6.0),
    "grid, faithful, select_groups": (_choice, faithful, "grid", None),
    "grid, iris": (_grid, iris, "grid", 4.0),
    "grid, iris, one start, mclust's rule": (_one_start, iris, "grid", 4.0),
    "grid, iris, select_groups": (_choice, iris, "grid", None),
    "bootstrap test EEE 1-3, faithful": (_bootstrap, faithful, "bootstrap", None),
    "bootstrap test EEE 1-3, faithful, all cores, by the clock": (
        _on_all_cores,
        faithful,
        "bootstrap",
        3.0,
    ),
}

_COLUMNS = (
    Column("case", "case"),
    Column("ours", "mixtura, s", ".3f"),
    Column("theirs", "mclust, s", ".3f"),
    Column("ratio", "mclust / mixtura", ".2f"),
    Column("bar", "at least", ".0f"),
    Column("met", "met"),
)

_WORDS = """\
Least of {n} readings of either, in turn, seconds of the process on one core: `mixtura.select` of
fourteen structures and one to nine components beside `Mclust`, and `mixtura.bootstrap_test` with
199 replicates beside `mclustBootstrapLRT`, both with their defaults; that once more as they are
called, seconds of a clock, mixtura on all cores, of which R uses one. The grid once more from one
start a candidate, the clusters of k-means, to where mclust stops, a gain of 1e-5 (1 + |log L|), and
no further, as there (`neighbours=False`); and by `mixtura.select_groups` of all rows as one group,
which fits the same candidates from ten starts each and keeps the one that is chosen."""


def _by_the_clock(case: str) -> bool:
    return CASES[case][0] is _on_all_cores


def ours(case: str) -> float:
    """Seconds of the process, or of a clock, of one call."""
    call, rows, *_ = CASES[case]
    given, told = rows(), time.perf_counter if _by_the_clock(case) else time.process_time
    began = told()
    call(given)
    return told() - began


def theirs(case: str) -> float:
    """Seconds of R's process, or of a clock, of one call."""
    _, rows, name, _ = CASES[case]
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        values = np.asarray(rows().rows)
        names = ",".join(f"x{j}" for j in range(values.shape[1]))
        np.savetxt(file, values, delimiter=",", header=names, comments="", fmt="%.17g")
        file.flush()
        command = ["Rscript", str(_SCRIPT), file.name, name, "1"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(told.split()[-1 if _by_the_clock(case) else -2])


def measure(names: list[str], n_readings: int) -> Iterator[Table]:
    """The one table; none without R."""
    if shutil.which("Rscript") is None:
        show("there is no Rscript: apt-get install r-cran-mclust")
        return
    rows = []
    for case in names:
        ours(case)  # what is loaded once
        readings = [(ours(case), theirs(case)) for _ in range(n_readings)]
        mine, other = (min(column) for column in zip(*readings, strict=True))
        bar = CASES[case][3]
        met = "" if bar is None else "yes" if other >= bar * mine else "no"
        rows.append(
            {
                "case": case,
                "ours": mine,
                "theirs": other,
                "ratio": other / mine,
                "bar": bar,
                "met": met,
                "readings": readings,
            }
        )
        show(f"{case}: {mine:.3f} s, mclust {other:.3f} s")
    words = _WORDS.format(n=n_readings)
    yield Table("time_beside_mclust", "Time beside R's mclust", words, _COLUMNS, rows)


def main() -> None:
    """Measure what is asked for."""
    warnings.simplefilter("ignore")
    parser = asked()
    parser.add_argument("--only", metavar="CASE", help="the cases whose names hold this")
    options = parser.parse_args()
    names = [name for name in CASES if (options.only or "") in name]
    print(surroundings(), flush=True)
    publish([partial(measure, names, 2 if options.quick else 5)], options)


if __name__ == "__main__":
    main()
