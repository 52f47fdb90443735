"""The time of an EM iteration over a few hundred rows: in the core, in the loop, and in plain C.

python benchmarks/small_iteration.py [--quick] [--other PYTHON]; PYTHON is an interpreter in whose
environment another build of mixtura is installed, whose loop is then the one that is timed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from build import told_by
from claim import asked, publish, show, surroundings
from table import Column, Table

#: rows, components, structure; how much faster than the loop, and how much slower than C
CASES = {
    "faithful, K 3, VVV": ("faithful", 3, "VVV", 15.0, 2.0),
    "faithful, K 3, EEE": ("faithful", 3, "EEE", 8.0, None),
    "faithful, K 3, VVI": ("faithful", 3, "VVI", 8.0, None),
    "faithful, K 3, VVE": ("faithful", 3, "VVE", 8.0, None),
    "1,000 rows, D 8, K 5, VVV": ("separated", 5, "VVV", 8.0, None),
}

#: one reading: nanoseconds an iteration, from the times of a short and a long run
_READING = """\
import json, sys, time, warnings
import numpy as np
import mixtura
from mixtura.datasets import faithful, separated
from mixtura.fitting.em import EM

warnings.simplefilter("ignore")
name, k, letters, by = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
rows = faithful().rows if name == "faithful" else separated(1000, 8, 5, random_state=0)[0].rows
if by == "loop" and hasattr(EM, "core"):
    EM.core = None

def seconds(n):
    least = 1e9
    for _ in range(5):
        began = time.process_time()
        mixtura.fit(rows, k, structure=letters, start=begun, tol=0.0, max_iter=n, accelerate=False)
        least = min(least, time.process_time() - began)
    return least

begun = mixtura.fit(
    rows, k, structure=letters, start="kmeans", random_state=0, max_iter=0, reg_covar=0.0
).mixture
long = {"core": 4010, "loop": 210}[by]
print(json.dumps([1e9 * (seconds(long) - seconds(10)) / (long - 10), mixtura.__file__]))
"""


def reading(python: str, case: str, by: str) -> float:
    """Nanoseconds an iteration, by the core or by the loop of a build."""
    name, k, letters = CASES[case][:3]
    return float(told_by(python, _READING, name, str(k), letters, by)[0])


def compiled(folder: Path) -> Path:
    """The plain C program."""
    program = folder / "em_iteration"
    source = Path(__file__).with_name("em_iteration.c")
    flags = ["-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math"]
    compiler = os.environ.get("CC", "cc")
    subprocess.run([compiler, *flags, str(source), "-o", str(program), "-lm"], check=True)
    return program


def plain_c(program: Path, n_iterations: int) -> float:
    """Nanoseconds an iteration of the plain C program, from the start that the others have."""
    import mixtura
    from mixtura.datasets import faithful

    rows = faithful().rows
    begun = mixtura.fit(rows, 3, start="kmeans", random_state=0, max_iter=0).mixture
    lines = [f"{len(rows)} 3", *(" ".join(map(repr, row)) for row in rows.tolist())]
    for weight, mean, matrix in zip(begun.weights, begun.means, begun.covariances, strict=True):
        numbers = [weight, *mean, matrix[0, 0], matrix[0, 1], matrix[1, 1]]
        lines.append(" ".join(repr(float(number)) for number in numbers))
    told = subprocess.run(
        [str(program), str(n_iterations)],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return float(told.split()[0])


_COLUMNS = (
    Column("case", "case"),
    Column("core", "µs in the core", ".2f"),
    Column("loop", "in the loop", ".1f"),
    Column("faster", "times faster", ".1f"),
    Column("faster_bar", "bar", ".0f"),
    Column("c", "in plain C", ".2f"),
    Column("slower", "of C", ".2f"),
    Column("slower_bar", "bar", ".0f"),
    Column("met", "met"),
)

_WORDS = """\
Medians of {n} readings, each in a process of its own, in turn, of the time of a process. The loop
is that of {whose}; the plain C program, `em_iteration.c`, does an iteration and nothing else,
compiled for this machine."""


def measure(other: str | None, names: list[str], n_readings: int) -> Iterator[Table]:
    """The one table."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        program = compiled(Path(folder))
        for case in names:
            core, loop, c = [], [], []
            for _ in range(n_readings):
                core.append(1e-3 * reading(sys.executable, case, "core"))
                loop.append(1e-3 * reading(other or sys.executable, case, "loop"))
                if CASES[case][4]:
                    c.append(1e-3 * plain_c(program, 20_000))
            rows.append(_figures(case, median(core), median(loop), median(c) if c else None))
            show(f"{case}: {rows[-1]['faster']:.1f} times faster than the loop")
    words = _WORDS.format(n=n_readings, whose="another build" if other else "this build")
    yield Table("small_iteration", "An iteration over few rows", words, _COLUMNS, rows)


def _figures(case: str, core: float, loop: float, c: float | None) -> dict[str, Any]:
    """A row of the table."""
    faster_bar, slower_bar = CASES[case][3:]
    faster, slower = loop / core, core / c if c else None
    met = faster >= faster_bar and (slower is None or slower <= (slower_bar or 0.0))
    return {
        "case": case,
        "core": core,
        "loop": loop,
        "faster": faster,
        "faster_bar": faster_bar,
        "c": c,
        "slower": slower,
        "slower_bar": slower_bar,
        "met": "yes" if met else "no",
    }


def main() -> None:
    """Measure what is asked for."""
    parser = asked()
    parser.add_argument("--only", metavar="CASE", help="the cases whose names hold this")
    parser.add_argument("--other", metavar="PYTHON", help="the interpreter of another build")
    options = parser.parse_args()
    names = [name for name in CASES if (options.only or "") in name]
    print(surroundings(), flush=True)
    publish([partial(measure, options.other, names, 2 if options.quick else 5)], options)


if __name__ == "__main__":
    main()
