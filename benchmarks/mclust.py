"""The grid of fourteen structures and one to nine components, beside R's mclust in one run.

python benchmarks/mclust.py [--quick] [--limit SECONDS], with R and its package mclust installed
(Debian: r-cran-mclust).
"""

from __future__ import annotations

import math
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mixtura
from claim import run, show
from mixtura.datasets import faithful, separated
from mixtura.selection import Selection
from table import Column, Table

Floats = NDArray[np.float64]

#: of R, a data set; what it has not come to is left out, and its time is then a lower bound
_LIMIT = 420.0
#: a log-likelihood this much below the other's is lower, nats of all rows
_LOWER = 1e-3

_WORDS = """\
All fourteen structures with K from 1 to the number given, from one CSV file, one after the other on
one machine; seconds are the median of so many readings, in R those of `mclustBIC` with its default
start (of more than 2000 rows, the hierarchy of a random subset of 2000), in mixtura of
`mixtura.select`. `default` stops a fit when less than 1e-3 nats of all rows are to be gained;
`comparable` is mclust's own rule, a gain below 1e-5 of the log-likelihood in one iteration. R uses
one core; mixtura all of them, and one in the last column. Higher and lower count the candidates in
which mixtura's log-likelihood at its default is above or below mclust's by more than 1e-3 nats of
all rows; none are those in which one of both has no fit. Where R did not end within the limit, its
time is that of the numbers of components it came to, mixtura's that of all, and the ratio a lower
bound."""

_COLUMNS = (
    Column("data", "data"),
    Column("largest", "K to", "d"),
    Column("repeats", "readings", "d"),
    Column("mclust", "mclust s", "short"),
    Column("reached", "of K to", "d"),
    Column("default", "default s", "short"),
    Column("ratio", "ratio", "short"),
    Column("comparable", "comparable s", "short"),
    Column("ratio_comparable", "ratio", "short"),
    Column("one_core", "one core, comparable s", "short"),
    Column("bar", "bar", "d"),
    Column("higher", "higher", "d"),
    Column("lower", "lower", "d"),
    Column("none", "none", "d"),
)


@dataclass(frozen=True)
class Case:
    """A data set, the largest K, how many readings, and the ratio that is to be met."""

    name: str
    rows: Callable[[], Floats]
    largest: int
    repeats: int
    bar: int


def synthetic(n_rows: int, n_features: int) -> Callable[[], Floats]:
    """Rows of four components, two standard deviations apart where they are closest."""
    return lambda: np.asarray(separated(n_rows, n_features, 4, 2.0, random_state=1)[0].rows)


CASES = (
    Case("faithful, 272 × 2", lambda: np.asarray(faithful().rows), 9, 5, 1),
    Case("20,000 × 5", synthetic(20_000, 5), 9, 1, 10),
    Case("100,000 × 8", synthetic(100_000, 8), 5, 1, 20),  # with K to 9, R takes half an hour
)
QUICK = (CASES[0], Case("2,000 × 5", synthetic(2000, 5), 4, 1, 10))


@dataclass
class Theirs:
    """What mclust came to: seconds, the largest K of them, and the BIC by structure and K."""

    seconds: float
    reached: int
    bic: dict[tuple[str, int], float]


def mclust(path: str, case: Case, limit: float) -> Theirs:
    """The grid in R."""
    script = str(Path(__file__).with_name("mclust.R"))
    command = ["Rscript", script, path, str(case.largest), str(case.repeats)]
    whole, by_number, bic = [], [0.0], {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        timer = threading.Timer(limit, process.kill)
        timer.start()
        for line in process.stdout:
            kind, *words = line.split()
            if kind == "bic":
                bic[words[0], int(words[1])] = float(words[2].replace("NA", "nan"))
            elif words[0] == "0":
                whole.append(float(words[1]))
            else:
                by_number.append(float(words[1]))
                show(f"mclust, {case.name}, K {words[0]}: {words[1]} s")
        timer.cancel()
    reached = len(by_number) - 1 or case.largest
    return Theirs(median(whole) + sum(by_number), reached, bic)


def ours(rows: Floats, case: Case, **options: object) -> tuple[float, Selection]:
    """The grid in mixtura: seconds, and what was found."""
    seconds = []
    for _ in range(case.repeats):
        began = time.perf_counter()
        found = mixtura.select(rows, range(1, case.largest + 1), **options)  # type: ignore[arg-type]
        seconds.append(time.perf_counter() - began)
    show(f"mixtura, {case.name}, {options}: {median(seconds):.2f} s")
    return median(seconds), found


def comparable(selection: Selection) -> float:
    """Mclust's tolerance, 1e-5 of 1 + |log L|, as nats a row."""
    return 1e-5 * (1.0 + abs(selection.best.log_likelihood)) / selection.n_rows


def measured(case: Case, limit: float) -> dict[str, Any]:
    """A row of the table."""
    rows = case.rows()
    mixtura.select(rows[:200], [1, 2], structures=["EEE"])  # what is loaded once
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        names = ",".join(f"x{j}" for j in range(rows.shape[1]))
        np.savetxt(file, rows, delimiter=",", header=names, comments="", fmt="%.17g")
        file.flush()
        theirs = mclust(file.name, case, limit)
    default, found = ours(rows, case)
    tol = comparable(found)
    quick, _ = ours(rows, case, tol=tol)
    alone, _ = ours(rows, case, tol=tol, n_jobs=1)
    gaps = []
    for (name, k), value in theirs.bic.items():
        row = next(r for r in found.rows if (r.structure, r.n_components) == (name, k))
        gaps.append(0.5 * (-row.criterion("bic") - value) if row.fit else math.nan)
    return {
        "data": case.name,
        "largest": case.largest,
        "repeats": case.repeats,
        "mclust": theirs.seconds,
        "reached": theirs.reached,
        "default": default,
        "ratio": theirs.seconds / default,
        "comparable": quick,
        "ratio_comparable": theirs.seconds / quick,
        "one_core": alone,
        "bar": case.bar,
        "higher": sum(gap > _LOWER for gap in gaps),
        "lower": sum(gap < -_LOWER for gap in gaps),
        "none": sum(math.isnan(gap) for gap in gaps),
        "gaps": sorted(gaps),
    }


def measure(quick: bool) -> list[Table]:
    """The table."""
    rows = []
    for case in QUICK if quick else CASES:
        rows.append(measured(case, _LIMIT))
        show(", ".join(f"{c.heading} {c.text(rows[-1][c.key])}" for c in _COLUMNS))
    title = "The grid of structures and numbers of components, beside R's mclust"
    return [Table("mclust", title, _WORDS, _COLUMNS, rows)]


if __name__ == "__main__":
    run(measure)
