"""The time of selections and fits in two builds, turn by turn.

python benchmarks/time_of_select.py --other PYTHON [--quick] [--only CASE]; PYTHON is an interpreter
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

#: of the medians, that this build may take of the other's
_BAR = 1.3

#: what is called, and how often a reading calls it
CASES = {
    "select, faithful": ("mixtura.select(faithful())", 1),
    "select, iris": ("mixtura.select(iris())", 1),
    "fit, faithful, K 2": ("mixtura.fit(faithful(), 2)", 40),
    "fit, faithful, K 3": ("mixtura.fit(faithful(), 3)", 40),
    "fit, iris, K 3": ("mixtura.fit(iris(), 3)", 40),
}

#: one reading: seconds of the process, and by the wall clock, a call
_READING = """\
import json, sys, time, warnings
import mixtura
from mixtura.datasets import faithful, iris

warnings.simplefilter("ignore")
call, times = compile(sys.argv[1], "call", "eval"), int(sys.argv[2])
mixtura.select(faithful().rows[:60], [1, 2])  # what is loaded once
mixtura.fit(faithful().rows[:60], 2)
process, wall = time.process_time(), time.perf_counter()
for _ in range(times):
    eval(call)
process, wall = time.process_time() - process, time.perf_counter() - wall
print(json.dumps([process / times, wall / times, mixtura.__file__]))
"""


def reading(python: str, case: str) -> tuple[float, float, str]:
    """Seconds of the process, seconds by the wall clock, and where the build lies."""
    call, times = CASES[case]
    process, wall, place = told_by(python, _READING, call, str(times))
    return process, wall, place


_COLUMNS = (
    Column("case", "case"),
    Column("process", "ms of the process", ".1f"),
    Column("process_other", "the other", ".1f"),
    Column("ratio", "ratio", ".2f"),
    Column("wall", "ms by the clock", ".1f"),
    Column("wall_other", "the other", ".1f"),
    Column("wall_ratio", "ratio", ".2f"),
    Column("bar", "bar", ".1f"),
    Column("met", "met"),
)

_WORDS = """\
Medians of {n} readings of either build, each in a process of its own, in turn: {here}, and the
other {there}. The time of a process is that of all its threads. Met is where no ratio is above the
bar."""


def measure(other: str, names: list[str], n_readings: int) -> Iterator[Table]:
    """The one table."""
    rows, places = [], ("", "")
    for case in names:
        mine, theirs = [], []
        for turn in range(n_readings):
            # Either goes first in every second turn.
            order = [(sys.executable, mine), (other, theirs)]
            for python, readings in order if turn % 2 else order[::-1]:
                readings.append(reading(python, case))
        places = (mine[0][2], theirs[0][2])
        rows.append(_figures(case, mine, theirs))
        show(f"{case}: {rows[-1]['ratio']:.2f}, by the clock {rows[-1]['wall_ratio']:.2f}")
    here, there = places
    if here == there:
        show("Both are one build: the ratios are noise.")
    words = _WORDS.format(n=n_readings, here="this tree", there="build")
    yield Table("time_of_select", "Time beside another build", words, _COLUMNS, rows)


def _figures(
    case: str, mine: list[tuple[float, float, str]], theirs: list[tuple[float, float, str]]
) -> dict[str, Any]:
    """A row of the table."""
    process, wall = (median(1e3 * reading[i] for reading in mine) for i in (0, 1))
    process_other, wall_other = (median(1e3 * reading[i] for reading in theirs) for i in (0, 1))
    ratios = process / process_other, wall / wall_other
    return {
        "case": case,
        "process": process,
        "process_other": process_other,
        "ratio": ratios[0],
        "wall": wall,
        "wall_other": wall_other,
        "wall_ratio": ratios[1],
        "bar": _BAR,
        "met": "yes" if max(ratios) <= _BAR else "no",
        "readings": [each[:2] for each in mine],
        "readings_other": [each[:2] for each in theirs],
    }


def main() -> None:
    """Measure what is asked for."""
    parser = asked()
    parser.add_argument("--only", metavar="CASE", help="the cases whose names hold this")
    parser.add_argument("--other", required=True, metavar="PYTHON", help="the other interpreter")
    parser.add_argument("--readings", type=int, help="of each build; 7, and 2 in a hurry")
    options = parser.parse_args()
    names = [name for name in CASES if (options.only or "") in name]
    n_readings = options.readings or (2 if options.quick else 7)
    print(surroundings(), flush=True)
    publish([partial(measure, options.other, names, n_readings)], options)


if __name__ == "__main__":
    main()
