"""Ends beside R's mclust: fourteen structures, one to nine components, ten data sets.

python benchmarks/ends.py [--quick] [--only DATA] [--again]; --again runs R and its package mclust
anew (Debian: r-cran-mclust), whose ends are otherwise those of data/mclust_ends.json.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mixtura
from claim import asked, publish, show
from cores import over_cores
from end import End
from mixtura.datasets import separated
from mixtura.errors import MixturaError
from problems import classic
from table import Column, Table

Floats = NDArray[np.float64]
Ends = dict[tuple[str, int], End]

_KEPT = Path(__file__).with_name("data") / "mclust_ends.json"
_LARGEST = 9
_TOLERANCE = 1e-10
#: of parameters that are kept
_DIGITS = 7
#: nats that NumPy may find a kept end's log-likelihood to be off by
_ROUNDING = 1e-2

STRUCTURES = (
    *("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE"),
    *("VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"),
)
DATA = (
    *("faithful", "iris", "diabetes", "thyroid", "acidity", "precip", "galaxies", "wine"),
    *("overlapping", "t3"),
)
QUICK = ("faithful", "galaxies")


def rows_of(name: str) -> Floats:
    """The rows of a data set, (N, D), in their own units."""
    if name == "overlapping":
        return np.asarray(separated(400, 3, 5, 1.5, random_state=8)[0].rows)
    if name == "t3":
        random = np.random.default_rng(77001)
        parts = random.standard_t(3, (150, 3)) * [1.0, 2.0, 0.5], random.standard_t(3, (100, 3))
        return np.vstack([parts[0], parts[1] + [4.0, 1.0, -2.0]])
    return np.ascontiguousarray(classic(name), dtype=float)


def structures_of(rows: Floats) -> tuple[str, ...]:
    """Those that differ for so many features."""
    return ("E", "V") if rows.shape[1] == 1 else STRUCTURES


# -- the other side ------------------------------------------------------------------------------


def in_r(name: str) -> list[End]:
    """The ends that R's mclust comes to, K by K, and structure by structure."""
    rows = rows_of(name)
    script = str(Path(__file__).with_name("mclust_ends.R"))
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        names = ",".join(f"x{j}" for j in range(rows.shape[1]))
        np.savetxt(file, rows, delimiter=",", header=names, comments="", fmt="%.17g")
        file.flush()
        command = ["Rscript", script, file.name, str(_LARGEST), str(_TOLERANCE)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [_read(line.split(), rows.shape[1]) for line in printed.splitlines()]


def _read(words: list[str], d: int) -> End:
    """An end, from a line of the script."""
    letters, k = words[0], int(words[1])
    if words[2] == "NA":
        return End(letters)
    numbers = np.array(words[2:], float)
    weights, means, covariances = np.split(numbers[1:], [k, k + k * d])
    shapes = means.reshape(k, d), covariances.reshape(k, d, d)
    return End(letters, float(numbers[0]), weights, *shapes)


def kept(again: bool, names: Iterable[str]) -> dict[str, Ends]:
    """The ends of mclust by data set, structure and K; run anew where that is asked for."""
    records = json.loads(_KEPT.read_text(encoding="utf-8")) if _KEPT.exists() else {}
    wanted = [name for name in names if again or name not in records]
    for name, ends in zip(wanted, over_cores(in_r, wanted, "mclust"), strict=True):
        records[name] = [
            {"n_components": 1 + i // len(structures_of(rows_of(name))), **end.record(_DIGITS)}
            for i, end in enumerate(ends)
        ]
    if wanted:
        _write(records)
    return {
        name: {(each["structure"], each["n_components"]): _checked(each, name) for each in some}
        for name, some in records.items()
        if name in names
    }


def _checked(record: dict[str, Any], name: str) -> End:
    """An end of the file, whose parameters have the log-likelihood that it says."""
    end, rows = End.read(record), rows_of(name)
    if not end.flaw(rows):
        computed = end.recomputed(rows)
        if abs(computed - end.log_likelihood) > _ROUNDING:
            raise ArithmeticError(f"{name}, {record['structure']}: NumPy finds {computed}: --again")
    return end


def _write(records: dict[str, Any]) -> None:
    """A line for each end."""
    parts = []
    for name, ends in records.items():
        lines = ",\n".join("  " + json.dumps(each, separators=(",", ":")) for each in ends)
        parts.append(f' "{name}": [\n{lines}\n ]')
    _KEPT.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


# -- this side -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """A data set's whole selection, or, with a structure, its fits one by one."""

    name: str
    largest: int
    letters: str = ""

    @property
    def by(self) -> str:
        """The function that is called."""
        return "fit" if self.letters else "select"


def ours(task: Task) -> Ends:
    """The ends of mixtura."""
    rows = rows_of(task.name)
    numbers = range(1, task.largest + 1)
    if not task.letters:
        found = mixtura.select(rows, numbers, random_state=0, n_jobs=1).rows
        return {
            (row.structure, row.n_components): End.of(row.structure, row.fit, row.fault)
            if row.fit
            else End(row.structure, fault=row.fault)
            for row in found
        }
    return {(task.letters, k): _fitted(rows, k, task.letters) for k in numbers}


def _fitted(rows: Floats, k: int, letters: str) -> End:
    try:
        fit = mixtura.fit(rows, k, structure=letters, random_state=0)
        return End.of(letters, fit, getattr(fit, "void", ""))
    except MixturaError as error:
        return End(letters, fault=str(error))


def found(names: Iterable[str], largest: int) -> dict[tuple[str, str], Ends]:
    """The ends of mixtura by data set and function."""
    tasks = [Task(name, largest) for name in names]
    tasks += [Task(n, largest, letters) for n in names for letters in structures_of(rows_of(n))]
    ends: dict[tuple[str, str], Ends] = {}
    for task, some in zip(tasks, over_cores(ours, tasks, "mixtura"), strict=True):
        ends.setdefault((task.name, task.by), {}).update(some)
    return ends


# -- judged --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Pair:
    """Two ends of one candidate, both sound, and how far the first lies above, nats."""

    data: str
    kind: str
    k: int
    end: End
    other: End

    @property
    def gap(self) -> float:
        """Nats of all rows."""
        return self.end.log_likelihood - self.other.log_likelihood

    def row(self) -> dict[str, Any]:
        """Of the table of the worst."""
        rows = rows_of(self.data)
        return {
            "kind": self.kind,
            "data": self.data,
            "candidate": f"{self.end.letters},{self.k}",
            "gap": self.gap,
            "log_likelihood": self.end.log_likelihood,
            "other": self.other.log_likelihood,
            "rows": self.end.least_rows(rows),
            "axis": self.end.least_axis(rows),
            "other_rows": self.other.least_rows(rows),
            "other_axis": self.other.least_axis(rows),
        }


def paired(data: str, kind: str, ends: Ends, others: Ends) -> list[Pair]:
    """The candidates that are sound on both sides."""
    rows = rows_of(data)
    sound = [key for key in ends if not (ends[key].flaw(rows) or others[key].flaw(rows))]
    return [Pair(data, kind, key[1], ends[key], others[key]) for key in sound]


def falls(data: str, by: str, ends: Ends) -> list[Pair]:
    """Each sound end beside the best sound one of the same structure and fewer components."""
    rows, best, pairs = rows_of(data), {}, []
    for (letters, k), end in sorted(ends.items(), key=lambda item: item[0][1]):
        if end.flaw(rows):
            continue
        if letters in best:
            pairs.append(Pair(data, f"{by} falls with K", k, end, best[letters]))
        if letters not in best or end.log_likelihood > best[letters].log_likelihood:
            best[letters] = end
    return pairs


def _count(pairs: list[Pair], below: float) -> int:
    return sum(pair.gap < -below for pair in pairs)


def figures(data: str, by: str, beside: list[Pair], fallen: list[Pair]) -> dict[str, Any]:
    """A row of the table of counts."""
    return {
        "data": data,
        "by": by,
        "both": len(beside),
        "lower_0.01": _count(beside, 1e-2),
        "lower_1": _count(beside, 1.0),
        "lower_5": _count(beside, 5.0),
        "share_1": _count(beside, 1.0) / max(1, len(beside)),
        "share_5": _count(beside, 5.0) / max(1, len(beside)),
        "higher_1": sum(pair.gap > 1.0 for pair in beside),
        "fallen": _count(fallen, 1e-2),
    }


_COUNTS = (
    Column("data", "data"),
    Column("by", "by"),
    Column("both", "sound on both", "d"),
    Column("lower_0.01", "lower by > 0.01", "d"),
    Column("lower_1", "> 1", "d"),
    Column("lower_5", "> 5", "d"),
    Column("share_1", "> 1", ".1%"),
    Column("share_5", "> 5", ".1%"),
    Column("higher_1", "higher by > 1", "d"),
    Column("fallen", "falls with K", "d"),
)

_WORDS = """\
Nats of all rows; mclust from its default start, tolerance 1e-10, mixtura with its defaults, once by
`mixtura.select` of all candidates, once by `mixtura.fit` of each. Counted are candidates that are
sound on both sides, by one rule from the parameters of either: there is a fit, and whoever made it
finds no fault with it; with volumes of their own every component holds the weight of D + 1 rows; no
covariance has an eigenvalue below 1e-4 of the data's variance (the columns in units of their
standard deviations) that fewer than 5 (D + 1) rows hold. An end falls with K where it lies more
than 0.01 below a sound one of the same structure and fewer components."""

_WORST = (
    Column("kind", "what"),
    Column("data", "data"),
    Column("candidate", "candidate"),
    Column("gap", "gap", ".2f"),
    Column("log_likelihood", "this", ".2f"),
    Column("other", "other", ".2f"),
    Column("rows", "this: least rows", ".1f"),
    Column("axis", "least axis", ".1e"),
    Column("other_rows", "other: least rows", ".1f"),
    Column("other_axis", "least axis", ".1e"),
)

_WORST_WORDS = """\
Nats of all rows; beside each end its lightest component's effective number of rows, and its least
eigenvalue in units of the columns' standard deviations."""

_BARS = (
    Column("what", "what"),
    Column("figure", "figure", "short"),
    Column("bar", "at most", "short"),
    Column("met", "met"),
)


def _bar(what: str, figure: float, bar: float) -> dict[str, Any]:
    return {"what": what, "figure": figure, "bar": bar, "met": "yes" if figure <= bar else "no"}


def worst(pairs: list[Pair], below: float, most: int) -> list[dict[str, Any]]:
    """The rows of those that lie furthest below."""
    low = sorted((pair for pair in pairs if pair.gap < -below), key=lambda pair: pair.gap)
    return [pair.row() for pair in low[:most]]


def measure(names: tuple[str, ...], largest: int, again: bool) -> Iterator[Table]:
    """The counts, the bars and the worst."""
    theirs = kept(again, names)
    mine = found(names, largest)
    rows, bars, low = [], [], []
    fallen: list[Pair] = []
    for by in ("select", "fit"):
        all_beside: list[Pair] = []
        all_fallen: list[Pair] = []
        for name in names:
            beside = paired(name, f"{by} below mclust", mine[name, by], theirs[name])
            down = falls(name, by, mine[name, by])
            rows.append(figures(name, by, beside, down))
            all_beside += beside
            all_fallen += down
        rows.append(figures("all", by, all_beside, all_fallen))
        bars.append(_bar(f"{by} lower by > 1 nat, %", 100 * rows[-1]["share_1"], 2.0))
        bars.append(_bar(f"{by} lower by > 5 nats, %", 100 * rows[-1]["share_5"], 0.5))
        low += worst(all_beside, 1e-2, 20)
        if by == "select":
            fallen = all_fallen
    below = [
        pair
        for name in names
        for pair in paired(name, "select below fit", mine[name, "select"], mine[name, "fit"])
    ]
    bars.append(_bar("select below fit by > 0.01", _count(below, 1e-2), 0))
    bars.append(_bar("select falls with K", _count(fallen, 1e-2), 0))
    low += worst(below, 1e-2, 20) + worst(fallen, 1e-2, 20)
    show(", ".join(f"{bar['what']}: {bar['figure']:.3g}" for bar in bars))
    yield Table("ends", "Ends beside R's mclust", _WORDS, _COUNTS, rows)
    yield Table("ends_worst", "The worst ends", _WORST_WORDS, _WORST, low)
    yield Table("ends_bars", "Ends: the bars", "What is asked of the ends.", _BARS, bars)


def main() -> None:
    """Measure what is asked for."""
    parser = asked()
    parser.add_argument("--only", metavar="DATA", help="the data sets whose names hold this")
    parser.add_argument("--again", action="store_true", help="run R's mclust anew")
    options = parser.parse_args()
    names = QUICK if options.quick else DATA
    names = tuple(name for name in names if (options.only or "") in name)
    largest = 4 if options.quick else _LARGEST
    publish([partial(measure, names, largest, options.again)], options)


if __name__ == "__main__":
    main()
