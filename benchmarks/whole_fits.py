"""Whole default fits, the start included: `GaussianMixture(K, random_state=0).fit(X)`."""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median
from typing import Any

from claim import chosen, crew, run, show
from per_iteration import SHAPE
from table import Column, Table
from worker import Worker

NAMES = ("S1", "F2", "F3", "F4", "F5")

#: Fits of these go on to the iteration limit, which takes scikit-learn minutes: a tenth of the rows
_SHORTENED = ("F3", "F5")

_WORDS = """\
A whole fit with defaults and one seed, milliseconds, and the share of it that the start takes:
k-means for mixtura and scikit-learn, whose iterations and log-likelihoods (both those of the
parameters before the last M-step) must come out the same. oneDAL starts in its own way, by short
runs of EM from random rows, and stops by its own rule; where that start would take minutes, it is
left out. A figure is the median of {repeats} fits, or of 25 for S1; scikit-learn's fits of more
than three seconds are done once. F3 and F5 have a tenth of their rows here."""

#: oneDAL's default start is 20 runs of 10 iterations: where an iteration is slow, it never ends
_ONEDAL = ("S1", "F2")


def measure(quick: bool) -> list[Table]:
    """The one table."""
    rows = []
    repeats = 1 if quick else 3
    for workload in chosen(NAMES, quick):
        if not quick and workload.name in _SHORTENED:
            workload = workload.of_size(workload.name, n_rows=workload.n_rows // 10)
        show(f"{workload.name}: whole fits")
        names = ["mixtura", "scikit-learn", *(["oneDAL"] if workload.name in _ONEDAL else [])]
        with ExitStack() as stack:
            workers = crew(stack, names, workload)
            times = 25 if workload.name == "S1" else repeats
            row: dict[str, Any] = workload.shape()
            for name, fits in _fits(workers, times).items():
                row[name] = 1e3 * median(fit.seconds for fit in fits)
                row[f"share {name}"] = median(fit.start_share for fit in fits)
                row[f"iterations {name}"] = fits[0].n_iter
                row[f"likelihood {name}"] = fits[0].log_likelihood
            row["over_scikit_learn"] = row["scikit-learn"] / row["mixtura"]
            rows.append(row)
    words = _WORDS.format(repeats=repeats)
    return [Table("whole_fits", "Whole default fits", words, _COLUMNS, rows)]


_COLUMNS = (
    *SHAPE[:-1],
    Column("scikit-learn", "scikit-learn", "short"),
    Column("oneDAL", "oneDAL", "short"),
    Column("mixtura", "mixtura", "short"),
    Column("over_scikit_learn", "scikit-learn ÷ mixtura", ".1f"),
    Column("share scikit-learn", "start, scikit-learn", ".0%"),
    Column("share mixtura", "start, mixtura", ".0%"),
    Column("iterations scikit-learn", "iterations, scikit-learn", "d"),
    Column("iterations mixtura", "mixtura", "d"),
    Column("likelihood scikit-learn", "nats a row, scikit-learn", ".9g"),
    Column("likelihood mixtura", "mixtura", ".9g"),
)


def _fits(workers: dict[str, Worker], repeats: int) -> dict[str, list[Any]]:
    """The fits of each peer, in turn."""
    fits: dict[str, list[Any]] = {name: [] for name in workers}
    for _ in range(repeats):
        for name, worker in workers.items():
            if not fits[name] or fits[name][0].seconds < 3.0:
                fits[name].append(worker.fit(0).value)
    return fits


if __name__ == "__main__":
    run(measure)
