"""Calls on few rows: scores of one row and of 272, fits of some hundred, beside scikit-learn.

python benchmarks/small_calls.py [--other PYTHON] [--quick] [--only CASE]; PYTHON is an interpreter
in whose environment another build of mixtura is installed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

from build import told_by
from claim import asked, publish, show, surroundings
from table import Column, Table


def _scores() -> dict[str, tuple[str, str, int]]:
    """The calls that answer rows, by the name of the case."""
    cases = {}
    for n, times in ((1, 2000), (272, 1000)):
        for method in ("score_samples", "predict", "predict_proba"):
            for called, holder in (("Mixture", "model.mixture_"), ("estimator", "model")):
                ours = f"{holder}.{method}(rows[:{n}])"
                cases[f"{method}, {n}, {called}"] = ours, f"theirs.{method}(rows[:{n}])", times
    return cases


#: what is called, of scikit-learn too where it has the same, and how often a reading calls it
CASES = {
    **_scores(),
    "GaussianMixture(4).fit, 400 × 2": (
        "GaussianMixture(4, random_state=0).fit(four)",
        "Theirs(4, random_state=0).fit(four)",
        30,
    ),
    "mixtura.fit(faithful, 3)": ("mixtura.fit(rows, 3)", "", 20),
}
#: by the case: µs at most; times as fast as scikit-learn; times as fast as the other build
BARS = {
    "score_samples, 1, Mixture": ("most", 15.0),
    "score_samples, 1, estimator": ("most", 40.0),
    "GaussianMixture(4).fit, 400 × 2": ("over_scikit_learn", 8.0),
    "mixtura.fit(faithful, 3)": ("over_other", 10.0),
}

#: one reading: seconds of the process that a call of ours takes, and one of scikit-learn's
_READING = """\
import json, sys, time, warnings
import numpy as np
import mixtura
from mixtura import GaussianMixture
from mixtura.datasets import faithful
from sklearn.mixture import GaussianMixture as Theirs

warnings.simplefilter("ignore")
rows = np.array(faithful().rows)
random, centres = np.random.default_rng(0), [[0, 0], [5, 0], [0, 5], [5, 5]]
four = np.vstack([random.normal(centre, 1.0, size=(100, 2)) for centre in centres])
model = GaussianMixture(3, random_state=0).fit(rows)
theirs = Theirs(3, random_state=0).fit(rows)


def timed(call, times):
    if not call:
        return None
    call = eval(f"lambda: {call}")
    for _ in range(10):  # the interpreter learns what a function does by its first calls
        call()
    began = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - began) / times


print(json.dumps({n: [timed(o, k), timed(t, k // 3)] for n, (o, t, k) in eval(sys.argv[1])}))
"""


def reading(python: str, names: list[str]) -> dict[str, list[float | None]]:
    """What the calls take in a new process of one build, all on one thread."""
    cases = [(name, CASES[name]) for name in names]
    held = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MIXTURA_NUM_THREADS": "1"}
    found: dict[str, list[float | None]] = told_by(python, _READING, repr(cases), settings=held)
    return found


_COLUMNS = (
    Column("case", "case"),
    Column("mixtura", "µs", ".1f"),
    Column("scikit-learn", "scikit-learn", ".1f"),
    Column("over_scikit_learn", "scikit-learn ÷ mixtura", ".1f"),
    Column("other", "the other build", ".1f"),
    Column("over_other", "the other ÷ mixtura", ".1f"),
    Column("bar", "bar"),
    Column("met", "met"),
)

_WORDS = """\
Microseconds of the process for a call, on one thread: medians of {n} readings of either build, each
in a process of its own, in turn, scikit-learn beside this one, after ten calls of each. Scores are
of one row and of 272.
A bar is in microseconds at most, or in times as fast as scikit-learn or as the other build, at
least."""


def measure(other: str | None, names: list[str], n_readings: int) -> Iterator[Table]:
    """The one table."""
    mine: list[dict[str, list[float | None]]] = []
    theirs: list[dict[str, list[float | None]]] = []
    for turn in range(n_readings):
        show(f"reading {turn + 1} of {n_readings}")
        order = [(sys.executable, mine), *([(other, theirs)] if other else [])]
        for python, readings in order if turn % 2 else order[::-1]:
            readings.append(reading(python, names))
    rows = [_figures(name, mine, theirs) for name in names]
    words = _WORDS.format(n=n_readings)
    yield Table("small_calls", "Calls on few rows", words, _COLUMNS, rows)


def _figures(
    name: str,
    mine: list[dict[str, list[float | None]]],
    theirs: list[dict[str, list[float | None]]],
) -> dict[str, Any]:
    """A row of the table; a ratio is the median of those of the readings."""
    ours = [1e6 * (each[name][0] or 0.0) for each in mine]
    row: dict[str, Any] = {"case": name, "mixtura": median(ours), "readings": ours}
    for key, readings, i in (("scikit-learn", mine, 1), ("other", theirs, 0)):
        values = [1e6 * value for each in readings if (value := each[name][i]) is not None]
        if values:
            ratios = [value / own for value, own in zip(values, ours, strict=True)]
            row |= {key: median(values), f"over_{key.replace('-', '_')}": median(ratios)}
    if name in BARS:
        of, bar = BARS[name]
        value = row["mixtura"] if of == "most" else row.get(of)
        row["bar"] = f"≤ {bar:g} µs" if of == "most" else f"≥ {bar:g} ×"
        met = value is not None and (value <= bar if of == "most" else value >= bar)
        row["met"] = "–" if value is None else "yes" if met else "no"
    return {"bar": "", "met": "", **row}


def main() -> None:
    """Measure what is asked for."""
    parser = asked()
    parser.add_argument("--only", metavar="CASE", help="the cases whose names hold this")
    parser.add_argument("--other", metavar="PYTHON", help="the interpreter of another build")
    parser.add_argument("--readings", type=int, help="of each build; 7, and 2 in a hurry")
    options = parser.parse_args()
    names = [name for name in CASES if (options.only or "") in name]
    n_readings = options.readings or (2 if options.quick else 7)
    print(surroundings(), flush=True)
    publish([partial(measure, options.other, names, n_readings)], options)


if __name__ == "__main__":
    main()
