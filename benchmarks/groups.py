"""Very many small fits: time and ends, beside a loop over scikit-learn and over R's mclust.

python benchmarks/groups.py [--quick], for mclust with R and its package installed (Debian:
r-cran-mclust); without them its column is empty.
"""

from __future__ import annotations

import math
import resource
import shutil
import subprocess
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

import mixtura
from claim import run, show
from table import Column, Table

Floats = NDArray[np.float64]

#: numbers of components to choose from
NUMBERS = (1, 2, 3)
#: a BIC this much above another is worse: a tenth of a nat of all rows
_WORSE = 0.2

_WORDS = """\
Groups of so many rows, each drawn from one to three components, of which K from 1 to 3 is chosen
by BIC with full covariances: `mixtura.select_groups` with its defaults, all groups in one call on
all cores; a loop over `GaussianMixture(k).fit` on some of them, on one thread, which is faster
for it than more; and `Mclust(G = 1:3)`, with V or VVV. The three take turns, so that a
neighbour's work hits all; ratios are of seconds on the wall, and in the next column of processor
time (ours of all threads together). As good is the share of groups whose BIC is no more than 0.2
above that of `mixtura.select` for the group alone, in the columns after it of scikit-learn's, and
of fewer and more starts of ours, with the time that those take of the default's. MB is what the
process grew by while the groups were fitted, beyond their rows."""

_COLUMNS = (
    Column("data", "rows of a group"),
    Column("groups", "groups", ",d"),
    Column("ours", "µs a group", "short"),
    Column("cpu", "of processor", "short"),
    Column("sklearn", "scikit-learn ms", "short"),
    Column("ratio", "ratio", "short"),
    Column("cpu_ratio", "of processor", "short"),
    Column("mclust", "mclust ms", "short"),
    Column("mclust_ratio", "ratio", "short"),
    Column("megabytes", "MB", ".0f"),
    Column("good", "as good", ".1%"),
    Column("sklearn_good", "scikit-learn's", ".1%"),
    Column("few_good", "3 starts", ".1%"),
    Column("few_time", "time", ".1f"),
    Column("many_good", "30 starts", ".1%"),
    Column("many_time", "time", ".1f"),
)

_MCLUST = """
suppressMessages(library(mclust))
x <- as.matrix(read.csv(commandArgs(TRUE)[1], header = FALSE))
n <- as.integer(commandArgs(TRUE)[2])
name <- if (ncol(x) == 1) "V" else "VVV"
of <- function(i) x[(i * n + 1):((i + 1) * n), ]
one <- function(i) Mclust(of(i), G = 1:3, modelNames = name, verbose = FALSE)
one(0)
last <- nrow(x) / n - 1
cat(system.time(for (i in 0:last) one(i))[["elapsed"]] / (last + 1))
"""


@dataclass(frozen=True)
class Case:
    """Groups of so many rows of so many features: how many groups, and how many of the peers'."""

    n_rows: int
    n_features: int
    n_groups: int
    n_peers: int
    n_mclust: int

    @property
    def name(self) -> str:
        """The shape of a group."""
        return f"{self.n_rows:,} × {self.n_features}"

    def rows(self) -> Floats:
        """All groups, one after the other."""
        random = np.random.default_rng(0)
        g, n, d = self.n_groups, self.n_rows, self.n_features
        count = random.integers(1, 4, g)
        means = random.normal(size=(g, 3, d)) * 3.0
        spread = random.normal(size=(g, 3, d, d)) * 0.5 + np.eye(d)
        rows = np.empty((g * n, d))
        for group in range(g):
            label = random.integers(0, count[group], n)
            noise = np.einsum("nij,nj->ni", spread[group][label], random.normal(size=(n, d)))
            rows[group * n : (group + 1) * n] = means[group][label] + noise
        return rows


CASES = (
    Case(100, 2, 100_000, 200, 40),
    Case(50, 1, 100_000, 200, 40),
    Case(300, 4, 10_000, 60, 20),
)
QUICK = (Case(100, 2, 2_000, 20, 5),)
#: turns that the three take
_TURNS = 4


def theirs(rows: Floats) -> tuple[float, int]:
    """BIC and K that a loop over scikit-learn's numbers of components ends with."""
    fits = [GaussianMixture(k, random_state=0).fit(rows) for k in NUMBERS]
    scores = [fit.bic(rows) for fit in fits]
    return min(scores), 1 + int(np.argmin(scores))


def mclust(rows: Floats, case: Case) -> float:
    """Seconds that mclust takes for a group; NaN without it."""
    if shutil.which("Rscript") is None:
        return math.nan
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "rows.csv", Path(folder) / "loop.R"
        np.savetxt(data, rows[: case.n_mclust * case.n_rows], delimiter=",", fmt="%.17g")
        script.write_text(_MCLUST)
        command = ["Rscript", str(script), str(data), str(case.n_rows)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return float(ended.stdout.split()[-1]) if ended.returncode == 0 else math.nan


def timed(rows: Floats, keys: Any, n_init: int = 10) -> tuple[float, float, mixtura.GroupFits]:
    """Seconds on the wall and of processor time for a group, and what was found."""
    began, spent = time.perf_counter(), time.process_time()
    found = mixtura.select_groups(rows, keys, NUMBERS, n_init=n_init)
    wall, cpu = time.perf_counter() - began, time.process_time() - spent
    return wall / len(found), cpu / len(found), found


def measured(case: Case) -> dict[str, Any]:
    """A row of the table."""
    n, peers = case.n_rows, case.n_peers
    rows, keys = case.rows(), np.repeat(np.arange(case.n_groups), n)
    timed(rows[: 20 * n], keys[: 20 * n])  # what is loaded once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu, found = timed(rows, keys)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024.0
    show(f"{case.name}: {1e6 * wall:.0f} µs a group, {grown:.0f} MB")
    walls, cpus, sk_walls, sk_cpus, ends = [wall], [cpu], [], [], []
    for turn in range(_TURNS):
        part = slice(turn * peers // _TURNS, (turn + 1) * peers // _TURNS)
        began, spent = time.perf_counter(), time.process_time()
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ends += [theirs(rows[i * n : (i + 1) * n]) for i in range(part.start, part.stop)]
        sk_walls.append((time.perf_counter() - began) / (part.stop - part.start))
        sk_cpus.append((time.process_time() - spent) / (part.stop - part.start))
        share = min(case.n_groups, 10_000) * n
        wall, cpu, _ = timed(rows[:share], keys[:share])
        walls.append(wall)
        cpus.append(cpu)
    seconds, processor = float(np.median(walls)), float(np.median(cpus))
    loop, loop_cpu = float(np.median(sk_walls)), float(np.median(sk_cpus))
    in_r = mclust(rows, case)
    best = np.array([alone(rows[i * n : (i + 1) * n]) for i in range(peers)])
    good = {"good": found.bic[:peers], "sklearn_good": np.array([bic for bic, _ in ends])}
    times = {}
    for name, starts in (("few", 3), ("many", 30)):
        _, cpu, other = timed(rows[:share], keys[:share], starts)
        good[f"{name}_good"], times[f"{name}_time"] = other.bic[:peers], cpu / processor
    return {
        "data": case.name,
        "groups": case.n_groups,
        "ours": 1e6 * seconds,
        "cpu": 1e6 * processor,
        "sklearn": 1e3 * loop,
        "ratio": loop / seconds,
        "cpu_ratio": loop_cpu / processor,
        "mclust": 1e3 * in_r,
        "mclust_ratio": in_r / seconds,
        "megabytes": grown,
        **{name: float(np.mean(bic < best + _WORSE)) for name, bic in good.items()},
        **times,
        "same_k": float(np.mean(found.n_components[:peers] == [k for _, k in ends])),
        "failed": found.n_failed,
    }


def alone(rows: Floats) -> float:
    """The BIC of `mixtura.select` for one group."""
    return mixtura.select(rows, NUMBERS, structures="full", n_jobs=1).best.bic


def measure(quick: bool) -> list[Table]:
    """The table."""
    rows = []
    for case in QUICK if quick else CASES:
        rows.append(measured(case))
        show(", ".join(f"{c.heading} {c.text(rows[-1][c.key])}" for c in _COLUMNS))
    return [Table("groups", "Very many small fits", _WORDS, _COLUMNS, rows)]


if __name__ == "__main__":
    run(measure)
