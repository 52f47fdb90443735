"""The best maximum known of forty drawn problems: how often one fit, and three, reach it.

python benchmarks/best_known.py [--quick] [--only PROBLEM] [--again] [--keep]; --again has 200
random restarts a problem look for better ones than data/best_known.json knows; --keep writes there
what the fits themselves found.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mixtura
from claim import asked, publish, show
from cores import over_cores
from drawn import Drawn
from end import End
from mixtura.errors import MixturaError
from mixtura.fitting import Fit
from table import Column, Table

Floats = NDArray[np.float64]

_KEPT = Path(__file__).with_name("data") / "best_known.json"
#: a fit within this of the best known has reached it, nats of all rows
_REACHED = 0.1
#: rows that tell of a component how short its axes are, times D + 1
_ENOUGH = 5
#: of parameters that are kept
_DIGITS = 9
#: how a restart is climbed, and how on from there where it is within so many nats of the best
_FIRST: dict[str, Any] = {"tol": 3e-6, "max_iter": 2000, "accelerate": False}
_ON: dict[str, Any] = {"tol": 1e-10, "max_iter": 20_000}
_NEAR = 8.0
_N_RESTARTS, _SEEDS = 200, range(5)

#: structure, n_init, and the share of fits that are to reach the best known
KINDS = (("full", 1, 0.90), ("full", 3, 0.97), ("tied", 1, 0.95), ("tied", 3, None))
STRUCTURES = {"full": "VVV", "tied": "EEE"}


@dataclass(frozen=True)
class Task:
    """Fits of a problem: the random restarts of those seeds, or with `n_init` from ``auto``."""

    number: int
    structure: str
    n_init: int
    seeds: tuple[int, ...]


def ends(task: Task) -> list[End]:
    """Where the fits end."""
    problem, letters = Drawn(task.number), STRUCTURES[task.structure]
    return [_fitted(problem, letters, seed, n_init=task.n_init)[0] for seed in task.seeds]


def restarts(task: Task) -> list[End]:
    """Where the restarts end; those far below the best sound one are not climbed to the last."""
    problem, letters = Drawn(task.number), STRUCTURES[task.structure]
    first = [
        _fitted(problem, letters, seed, start=_start(problem, seed), **_FIRST)
        for seed in task.seeds
    ]
    least = max(e.log_likelihood for e, _ in first if not flaw(e, problem)) - _NEAR
    return [
        _fitted(problem, letters, seed, start=fit.mixture, **_ON)[0]
        if fit and end.log_likelihood > least and not flaw(end, problem)
        else end
        for seed, (end, fit) in zip(task.seeds, first, strict=True)
    ]


def _fitted(problem: Drawn, letters: str, seed: int, **how: Any) -> tuple[End, Fit | None]:
    """One end, and the fit that came to it."""
    rows, k = problem.rows, problem.n_components
    try:
        fit = mixtura.fit(rows, k, structure=letters, random_state=seed, **how)
    except MixturaError as error:
        return End(letters, fault=str(error)), None
    return End.of(letters, fit), fit


def _start(problem: Drawn, seed: int) -> Floats:
    """At random; the one after the last restart is the components that the rows were drawn from."""
    known = np.eye(problem.n_components)[problem.labels]
    return known if seed == _N_RESTARTS else problem.start(seed)


def flaw(end: End, problem: Drawn) -> str:
    """Why an end cannot be one of the problem's components; empty where it can.

    It is not sound, or a component of fewer than 5 (D + 1) rows has a shorter axis than so many
    rows show of any that is drawn. A covariance that is common to all rests on all rows.
    """
    rows = problem.rows
    if found := end.flaw(rows):
        return found
    n, d = rows.shape
    held = np.full_like(end.weights, n) if end.letters == "EEE" else n * end.weights
    axes = np.sqrt(np.linalg.eigvalsh(end.covariances)[:, 0])
    thin = (axes < problem.least_axis(held)) & (held < _ENOUGH * (d + 1))
    return f"an axis of {axes[thin].min():.3f}, shorter than any drawn" if thin.any() else ""


# -- what is known -------------------------------------------------------------------------------


Key = tuple[int, str]
Known = dict[Key, End]
#: of the restarts, that end at the best of them
Shares = dict[Key, float]


def better(best: End | None, end: End, problem: Drawn) -> bool:
    """Whether an end has no flaw, is better, and has the log-likelihood that it says.

    Raises
    ------
    ArithmeticError : NumPy finds another log-likelihood.
    """
    above = best is None or end.log_likelihood > best.log_likelihood
    if flaw(end, problem) or not above:
        return False
    computed = end.recomputed(problem.rows)
    if abs(computed - end.log_likelihood) > 1e-4:
        raise ArithmeticError(f"log-likelihood {end.log_likelihood}, by NumPy {computed}")
    return True


def _records() -> list[dict[str, Any]]:
    return json.loads(_KEPT.read_text(encoding="utf-8")) if _KEPT.exists() else []


def read(problems: Iterable[Drawn]) -> tuple[Known, Shares]:
    """What the file knows, each checked anew by NumPy."""
    known: Known = {}
    shares: Shares = {}
    by_number = {problem.number: problem for problem in problems}
    for record in _records():
        problem, end = by_number.get(record["problem"]), End.read(record)
        if problem is None:
            continue
        if not better(None, end, problem):
            raise ArithmeticError(f"{problem}, {end.letters}: {flaw(end, problem)}: --again")
        known[problem.number, end.letters] = end
        shares[problem.number, end.letters] = record["restarts"]
    return known, shares


def write(known: Known, shares: Shares) -> None:
    """Add to the file what is known."""
    lines = {(each["problem"], each["structure"]): each for each in _records()}
    for key, end in known.items():
        lines[key] = {"problem": key[0], "restarts": shares[key], **end.record(_DIGITS)}
    texts = [json.dumps(lines[key], separators=(",", ":")) for key in sorted(lines)]
    _KEPT.write_text("[\n" + ",\n".join(texts) + "\n]\n", encoding="utf-8")


def seek(problems: list[Drawn], known: Known, shares: Shares) -> None:
    """Improve what is known by random restarts, and tell how many reach the best of them."""
    tasks = [
        Task(problem.number, structure, 0, tuple(range(_N_RESTARTS + 1)))
        for problem in problems
        for structure in STRUCTURES
    ]
    for task, some in zip(tasks, over_cores(restarts, tasks, "restarts"), strict=True):
        key, problem = (task.number, STRUCTURES[task.structure]), Drawn(task.number)
        best: End | None = None
        for end in some:
            if better(best, end, problem):
                best = end
        assert best is not None
        shares[key] = float(np.mean([_at(end, best, problem) for end in some]))
        if better(known.get(key), best, problem):
            known[key] = best


def _short(end: End, best: End, rows: Floats) -> float:
    """How far an end lies below the best known, nats; ∞ where it is not sound."""
    return math.inf if end.flaw(rows) else best.log_likelihood - end.log_likelihood


def _at(end: End, best: End, problem: Drawn) -> bool:
    """Whether an end is the best known, or as good a one of the same kind."""
    return not flaw(end, problem) and _short(end, best, problem.rows) <= _REACHED


# -- the tables ----------------------------------------------------------------------------------


def key_of(structure: str, n_init: int) -> str:
    """Of a column."""
    return f"{structure}_{n_init}"


_COLUMNS = (
    Column("problem", "problem"),
    Column("size", "size", ".2f"),
    *(Column(key_of(s, i), f"{s}, n_init {i}", ".0%") for s, i, _ in KINDS),
    Column("full_at", "full at it, n_init 1", ".0%"),
    Column("spurious", "spurious", "d"),
    Column("full_share", "restarts, full", ".1%"),
    Column("tied_share", "tied", ".1%"),
    Column("rows", "best full: least rows", ".1f"),
    Column("axis", "shortest axis", ".3f"),
)

_WORDS = """\
The share of five seeds in which a fit with its defaults ends no more than 0.1 nats below the best
maximum known, at a sound end; the share that ends at it, or at as good a one of its kind; how many
of all its ends were spurious, which counts as neither; and how many of 200 random restarts reach
the best of them. The best known is that of the restarts, from responsibilities at random, from the
clusters around rows drawn evenly, and around rows drawn apart as k-means++ does, those near the
best converged to 1e-10 nats a row; that of the components that the rows were drawn from; and of all
else that was run. Sound is as in `ends`: every component of a full fit holds the weight of D + 1
rows, and none is thinner than 1e-4 of the data's variance on fewer than 5 (D + 1).

The problems are of components whose axes are 0.1 and more. So the best known is sought among ends
that could be of such: no component of fewer than 5 (D + 1) rows has an axis below
0.1·(1 − √(D/n)), which is what n rows show of one of 0.1. (No end would be left where clusters of
0.1 are drawn if their estimates had to be as long.) A fit does not know that bound, by which the
likelihood of a full mixture is nearly always larger at an end beyond: a needle through a few rows.
Size is that of the components' standard deviations, where the means' is 1."""

#: problems of a kind, by their rows of the table; the bars are for all of them
GROUPS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "all": lambda row: True,
    "size below 0.3": lambda row: row["size"] < 0.3,
    "size 0.3 to 0.6": lambda row: 0.3 <= row["size"] < 0.6,
    "size from 0.6": lambda row: row["size"] >= 0.6,
    "1 % of the restarts of full reach the best": lambda row: row["full_share"] >= 0.01,
    "every component of the best full has 5 (D + 1) rows": lambda row: row["broad"],
}

_BARS = (
    Column("group", "problems"),
    Column("n", "of them", "d"),
    Column("what", "what"),
    Column("share", "reached", ".1%"),
    Column("bar", "at least", ".0%"),
    Column("met", "met"),
    Column("at", "at it", ".1%"),
    Column("met_at", "met"),
    Column("median", "median shortfall of the others", "short"),
    Column("spurious", "spurious", ".1%"),
)

_BARS_WORDS = """\
Of all seeds: the share that ends no more than 0.1 nats below the best known, and that at it; the
rest of the first ends above it, with a component thinner than any that is drawn."""

_WORST = (
    Column("problem", "problem"),
    Column("kind", "fit"),
    Column("short", "short by", ".2f"),
    Column("log_likelihood", "this", ".2f"),
    Column("best", "best", ".2f"),
    Column("rows", "this: least rows", ".1f"),
    Column("axis", "shortest axis", ".3f"),
    Column("best_rows", "best: least rows", ".1f"),
    Column("best_axis", "shortest axis", ".3f"),
)

_WORST_WORDS = """\
Nats of all rows; the end of the seed that ends furthest below, or, with a dash, one that is not
sound."""


def measure(problems: list[Drawn], again: bool, keep: bool) -> Iterator[Table]:
    """The problems, the bars and the worst."""
    known, shares = read(problems)
    if again or len(known) < len(problems) * len(STRUCTURES):
        seek(problems, known, shares)
        write(known, shares)
    before = dict(known)
    tasks = [Task(p.number, s, i, tuple(_SEEDS)) for p in problems for s, i, _ in KINDS]
    found = dict(zip(tasks, over_cores(ends, tasks, "fits"), strict=True))
    for task, some in found.items():
        key, problem = (task.number, STRUCTURES[task.structure]), Drawn(task.number)
        for end in some:
            if better(known[key], end, problem):
                known[key] = end
    gains = [known[key].log_likelihood - before[key].log_likelihood for key in known]
    show(f"{sum(gain > _REACHED for gain in gains)} ends above what was known, by {max(gains):.3g}")
    if keep or again:
        write(known, shares)
    yield from tables(problems, known, found, shares)


def tables(
    problems: list[Drawn],
    known: Known,
    found: dict[Task, list[End]],
    shares: Shares,
) -> Iterator[Table]:
    """What the fits came to."""
    rows, worst = [], []
    short: dict[tuple[str, int], list[Floats]] = {(s, i): [] for s, i, _ in KINDS}
    at: dict[tuple[str, int], list[Floats]] = {(s, i): [] for s, i, _ in KINDS}
    for problem in problems:
        row: dict[str, Any] = {"problem": str(problem), "size": problem.size, "spurious": 0}
        for structure, letters in STRUCTURES.items():
            row[f"{structure}_share"] = shares[problem.number, letters]
        full = known[problem.number, "VVV"]
        row |= {"rows": full.least_rows(problem.rows), "axis": _shortest(full)}
        row["broad"] = row["rows"] >= 5 * (problem.rows.shape[1] + 1)
        for structure, n_init, _ in KINDS:
            best = known[problem.number, STRUCTURES[structure]]
            some = found[Task(problem.number, structure, n_init, tuple(_SEEDS))]
            gaps = [_short(end, best, problem.rows) for end in some]
            short[structure, n_init].append(np.array(gaps))
            at[structure, n_init].append(np.array([_at(end, best, problem) for end in some]))
            row[key_of(structure, n_init)] = float(np.mean([gap <= _REACHED for gap in gaps]))
            row["spurious"] += sum(math.isinf(gap) for gap in gaps)
            if (structure, n_init) == ("full", 1):
                row["full_at"] = float(at["full", 1][-1].mean())
            if max(gaps) > _REACHED:
                end = some[int(np.argmax(gaps))]
                worst.append(_worst(problem, f"{structure}, n_init {n_init}", end, best))
        rows.append(row)
    bars = []
    for group, among in GROUPS.items():
        chosen = [n for n, row in enumerate(rows) if among(row)]
        for s, i, least in KINDS if chosen else ():
            gaps = np.concatenate([short[s, i][n] for n in chosen])
            own = least if group == "all" else None
            there = float(np.mean([at[s, i][n] for n in chosen]))
            figures = _bar(f"{s}, n_init {i}", gaps, own) | {
                "at": there,
                "met_at": _met(there, own),
            }
            bars.append({"group": group, "n": len(chosen), **figures})
    worst.sort(key=lambda row: -math.inf if row["short"] is None else row["short"], reverse=True)
    for bar in bars:
        show(f"{bar['group']}, {bar['what']}: {bar['share']:.1%}, at it {bar['at']:.1%}")
    yield Table("best_known", "The best known, problem by problem", _WORDS, _COLUMNS, rows)
    yield Table("best_known_worst", "The worst of them", _WORST_WORDS, _WORST, worst[:30])
    yield Table("best_known_bars", "The best known, reached", _BARS_WORDS, _BARS, bars)


def _worst(problem: Drawn, kind: str, end: End, best: End) -> dict[str, Any]:
    rows = problem.rows
    return {
        "problem": str(problem),
        "kind": kind,
        "short": None if end.flaw(rows) else best.log_likelihood - end.log_likelihood,
        "log_likelihood": end.log_likelihood,
        "best": best.log_likelihood,
        "rows": end.least_rows(rows),
        "axis": _shortest(end) if end.weights is not None else math.nan,
        "best_rows": best.least_rows(rows),
        "best_axis": _shortest(best),
        "flaw": end.flaw(rows),
    }


def _bar(what: str, gaps: Floats, bar: float | None) -> dict[str, Any]:
    share, others = float(np.mean(gaps <= _REACHED)), gaps[(gaps > _REACHED) & np.isfinite(gaps)]
    return {
        "what": what,
        "share": share,
        "bar": bar,
        "met": _met(share, bar),
        "median": float(np.median(others)) if others.size else None,
        "spurious": float(np.mean(np.isinf(gaps))),
    }


def _met(share: float, bar: float | None) -> str:
    return "" if bar is None else "yes" if share >= bar else "no"


def _shortest(end: End) -> float:
    """The shortest axis of all components, in units of the rows."""
    return float(np.sqrt(np.linalg.eigvalsh(end.covariances).min()))


def main() -> None:
    """Measure what is asked for."""
    parser = asked()
    parser.add_argument("--only", metavar="PROBLEM", help="the number of one problem")
    parser.add_argument("--again", action="store_true", help="look for better ones at random")
    parser.add_argument("--keep", action="store_true", help="keep better ones that fits find")
    options = parser.parse_args()
    numbers = range(6 if options.quick else 40)
    problems = [Drawn(n) for n in numbers if options.only in (None, str(n))]
    publish([partial(measure, problems, options.again, options.keep)], options)


if __name__ == "__main__":
    main()
