"""The time of an EM iteration over many rows in two builds, turn by turn.

python benchmarks/iteration_beside.py --other PYTHON [--quick] [--only WORKLOAD]; PYTHON is an
interpreter in whose environment another build of mixtura is installed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from build import told_by
from claim import asked, publish, show, surroundings
from table import Column, Table

NAMES = ("F1", "F2", "F3", "F4", "F5", "F6", "D1", "D2")
#: of the least readings, that this build may take of the other's
_BAR = 1.03
#: the share of a workload's rows
_SHARE = 4
#: seconds that a difference takes at least, of so many iterations or more; and how often one
#: process measures it
_SECONDS, _ITERATIONS, _TIMES = 0.2, 3, 3

#: one reading: the seconds of the process an iteration, the least of several
_READING = """\
import json, sys, time, warnings
sys.path.append(sys.argv[1])
import mixtura
from workloads import WORKLOADS

warnings.simplefilter("ignore")
workload, least = WORKLOADS[sys.argv[2]], float(sys.argv[3])
n, times, share = map(int, sys.argv[4:])
workload = workload.of_size(workload.name, n_rows=workload.n_rows // share)
rows, start = workload.rows(), workload.start()

def seconds(n):
    model = mixtura.GaussianMixture(
        workload.n_components,
        covariance_type=workload.covariance,
        weights_init=start.weights,
        means_init=start.means,
        precisions_init=start.covariances,
        tol=0.0,
        reg_covar=0.0,
        max_iter=n,
    )
    began = time.process_time()
    model.fit(rows)
    return time.process_time() - began

seconds(1)  # what is loaded once
n = max(n, int(least / max((seconds(4) - seconds(1)) / 3, 1e-4)))
print(json.dumps(min((seconds(1 + n) - seconds(1)) / n for _ in range(times))))
"""

_COLUMNS = (
    Column("workload", "workload"),
    Column("ours", "ms an iteration", ".2f"),
    Column("theirs", "the other", ".2f"),
    Column("ratio", "ratio", ".3f"),
    Column("bar", "at most", ".2f"),
    Column("met", "met"),
)

_WORDS = """\
Milliseconds of the process on one thread, the least of {n} readings of either build, in turn, of a
quarter of each workload's rows: this tree, and another build."""


def reading(python: str, name: str) -> float:
    """Milliseconds of the process an iteration, in one build."""
    folder = str(Path(__file__).parent)
    words = map(str, (_SECONDS, _ITERATIONS, _TIMES, _SHARE))
    alone = {"MIXTURA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return 1e3 * float(told_by(python, _READING, folder, name, *words, settings=alone))


def measure(other: str, names: list[str], n_readings: int) -> Iterator[Table]:
    """The one table."""
    rows = []
    for name in names:
        mine: list[float] = []
        theirs: list[float] = []
        for turn in range(n_readings):
            # Either goes first in every second turn.
            order = [(sys.executable, mine), (other, theirs)]
            for python, readings in order if turn % 2 else order[::-1]:
                readings.append(reading(python, name))
        ratio = min(mine) / min(theirs)
        rows.append(
            {
                "workload": name,
                "ours": min(mine),
                "theirs": min(theirs),
                "ratio": ratio,
                "bar": _BAR,
                "met": "yes" if ratio <= _BAR else "no",
                "readings": mine,
                "readings_other": theirs,
            }
        )
        show(f"{name}: {ratio:.3f}")
    words = _WORDS.format(n=n_readings)
    yield Table("iteration_beside", "An iteration beside another build", words, _COLUMNS, rows)


def main() -> None:
    """Measure what is asked for."""
    parser = asked()
    parser.add_argument("--only", metavar="WORKLOAD", help="the workloads whose names hold this")
    parser.add_argument("--other", required=True, metavar="PYTHON", help="the other interpreter")
    options = parser.parse_args()
    names = [name for name in NAMES if (options.only or "") in name]
    print(surroundings(), flush=True)
    publish([partial(measure, options.other, names, 2 if options.quick else 5)], options)


if __name__ == "__main__":
    main()
