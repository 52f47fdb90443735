"""What the search for a start costs, and what it finds: as it is, and less of it.

python benchmarks/effort.py [--quick]; beside R's mclust, whose ends are those of
data/mclust_ends.json and whose time is measured (Debian: r-cran-mclust).
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import best_known
import mixtura
from claim import asked, publish, show, surroundings
from cores import over_cores
from drawn import Drawn
from end import End
from ends import Ends, kept, paired, rows_of
from mixtura.fitting.starts import auto
from table import Column, Table
from time_beside_mclust import theirs

DATA = ("faithful", "iris")
_USUAL = auto._WELL
_REACHED = 0.1


@dataclass(frozen=True)
class Effort:
    """A share of the usual effort, or the clusters of k-means.

    Parameters
    ----------
    share : of what a search of few rows may cost; None for k-means alone.
    neighbours : whether candidates are bettered by their neighbours.
    """

    share: float | None
    neighbours: bool = True

    @property
    def name(self) -> str:
        """As the table says it."""
        alone = "" if self.neighbours else ", neighbours=False"
        start = 'start="kmeans"' if self.share is None else f"{self.share:.2g} of the usual"
        return f"{start}{alone}"

    @property
    def start(self) -> str:
        """What the fits begin with; the effort is set, too."""
        auto._WELL = _USUAL * (self.share or 1.0)
        return "kmeans" if self.share is None else "auto"


EFFORTS = (
    *map(Effort, (1.0, 2 / 3, 1 / 3, 1 / 6, 1 / 12, None)),
    Effort(1.0, neighbours=False),
    Effort(None, neighbours=False),
)


@dataclass(frozen=True)
class Selected:
    """A grid of a data set: seconds of the process, its ends, and the model that is chosen."""

    seconds: float
    ends: Ends
    chosen: str


def selected(effort: Effort, name: str, n_readings: int) -> Selected:
    """The least of some readings."""
    rows, start = rows_of(name), effort.start
    seconds = np.inf
    for _ in range(n_readings):
        began = time.process_time()
        found = mixtura.select(
            rows, start=start, random_state=0, n_jobs=1, neighbours=effort.neighbours
        )
        seconds = min(seconds, time.process_time() - began)
    ends = {
        (row.structure, row.n_components): End.of(row.structure, row.fit, row.fault)
        if row.fit
        else End(row.structure, fault=row.fault)
        for row in found.rows
    }
    best = found.best.mixture
    return Selected(seconds, ends, f"{best.structure.letters},{best.n_components}")


def reached(task: tuple[Effort, str, int, int]) -> bool:
    """Whether a fit of a drawn problem comes to the best known."""
    effort, letters, number, seed = task
    problem, start = Drawn(number), effort.start
    known = best_known.read([problem])[0][number, letters]
    fit = mixtura.fit(
        problem.rows, problem.n_components, structure=letters, start=start, random_state=seed
    )
    end = End.of(letters, fit)
    return not end.flaw(problem.rows) and known.log_likelihood - end.log_likelihood <= _REACHED


_COLUMNS = (
    Column("effort", "effort"),
    *(
        column
        for name in DATA
        for column in (
            Column(f"{name} seconds", f"{name}, s", ".2f"),
            Column(f"{name} ratio", "mclust ÷", ".2f"),
            Column(f"{name} below", "ends below the usual by > 0.01", "d"),
            Column(f"{name} below 1", "> 1", "d"),
            Column(f"{name} below mclust", "below mclust by > 1", "d"),
            Column(f"{name} chosen", "chosen"),
        )
    ),
    Column("VVV", "best known reached, full", ".1%"),
    Column("EEE", "tied", ".1%"),
)

_WORDS = """\
`mixtura.select` of fourteen structures and one to nine components on one core, seconds of the
process, least of {n}, beside R's `Mclust`, and where its candidates end, of those sound on both
sides, nats of all rows; last the share of {fits} fits, of forty drawn problems (see `best_known`),
that end no more than 0.1 nats below the best maximum known. Effort is what a search of few rows may
cost; what a search must not cost, no search spends: it ends once three have met at the best end.
`neighbours=False` leaves each candidate where its own search ends."""


def measure(n_readings: int, n_seeds: int) -> Iterator[Table]:
    """The one table."""
    usual = {name: selected(Effort(1.0), name, 1).ends for name in DATA}
    others = kept(False, DATA)
    rows: list[dict[str, Any]] = []
    for effort in EFFORTS:
        row: dict[str, Any] = {"effort": effort.name}
        for name in DATA:
            found = selected(effort, name, n_readings)
            seconds = min(theirs(f"grid, {name}") for _ in range(n_readings))
            gaps = np.array([p.gap for p in paired(name, "", found.ends, usual[name])])
            mclust = np.array([p.gap for p in paired(name, "", found.ends, others[name])])
            row |= {
                f"{name} seconds": found.seconds,
                f"{name} ratio": seconds / found.seconds,
                f"{name} below": int((gaps < -1e-2).sum()),
                f"{name} below 1": int((gaps < -1.0).sum()),
                f"{name} below mclust": int((mclust < -1.0).sum()),
                f"{name} chosen": found.chosen,
            }
        for letters in ("VVV", "EEE"):
            tasks = [(effort, letters, i, seed) for i in range(40) for seed in range(n_seeds)]
            row[letters] = float(np.mean(list(over_cores(reached, tasks, effort.name))))
        rows.append(row)
        show(f"{effort.name}: {row['VVV']:.1%}")
    words = _WORDS.format(n=n_readings, fits=40 * n_seeds)
    yield Table("effort", "The effort of a search, and what it finds", words, _COLUMNS, rows)


def main() -> None:
    """Measure what is asked for."""
    warnings.simplefilter("ignore")
    options = asked().parse_args()
    print(surroundings(), flush=True)
    publish([partial(measure, 1 if options.quick else 3, 1 if options.quick else 5)], options)


if __name__ == "__main__":
    main()
