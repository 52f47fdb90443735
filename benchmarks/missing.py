"""Rows that lack features: the time of an iteration, and whether fits find the best maximum known.

python benchmarks/missing.py [--quick]
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mixtura
from best_known import Drawn, End, flaw
from claim import run, show
from mixtura.engine import kernel
from mixtura.engine.executors import Serial
from mixtura.engine.sources import ArraySource
from mixtura.errors import MixturaError
from table import Column, Table

Floats = NDArray[np.float64]

_ROWS, _FEATURES, _COMPONENTS = 200_000, 8, 8
#: a fit within this of the best known has reached it, nats of all rows
_REACHED = 0.1
_SHARE, _SEEDS, _RESTARTS, _PROBLEMS = 0.1, range(5), 40, range(10)

_SPEED_WORDS = """\
One E-step of full covariances on one core, 8 components in 8 dimensions: process time, the least of
{repeats} readings that take turns. The patterns of the rows are found in the first pass and kept;
that pass has a column of its own. Complete is the same rows without holes, which is what the others
are times of."""

_RECOVERY_WORDS = """\
The first ten of the forty drawn problems (`best_known`), of whose values a tenth are missing at
random. A fit with its defaults has reached the best maximum known where it ends no more than 0.1
nats below it, at a sound end. The best known is that of the fits, of 40 random restarts, of the
components that the rows were drawn from and of the fit to the rows before they had holes; it is
sought, as there, among ends that could be of such components, and so fits may end above it."""


def with_holes(rows: Floats, share: float, seed: list[int]) -> Floats:
    """The rows, of whose values a share is missing at random."""
    random = np.random.default_rng(seed)
    holes = rows.copy()
    holes[random.random(rows.shape) < share] = np.nan
    return holes


def with_patterns(rows: Floats, count: int) -> Floats:
    """The rows, each with one of so many patterns of what is missing, none among them."""
    random = np.random.default_rng(count)
    lacking = np.unique(random.random((40 * count, rows.shape[1])) < 0.3, axis=0)[:count]
    lacking[0] = False
    holes = rows.copy()
    holes[lacking[random.integers(0, count, len(rows))]] = np.nan
    return holes


def speed(quick: bool) -> list[Table]:
    """Times of an E-step."""
    random, n = np.random.default_rng(0), _ROWS // 10 if quick else _ROWS
    means = 3.0 * random.normal(size=(_COMPONENTS, _FEATURES))
    roots = 0.3 * random.normal(size=(_COMPONENTS, _FEATURES, _FEATURES)) + np.eye(_FEATURES)
    labels = random.integers(0, _COMPONENTS, n)
    rows = means[labels] + np.einsum(
        "nij,nj->ni", roots[labels], random.normal(size=(n, _FEATURES))
    )
    shares = np.full(_COMPONENTS, 1.0 / _COMPONENTS)
    mixture = mixtura.Mixture(shares, means, roots @ roots.transpose(0, 2, 1))
    step = partial(kernel.accumulate, components=mixture.components, diagonal=False)
    given = {
        "complete": rows,
        "20 patterns": with_patterns(rows, 20),
        "5 % missing": with_holes(rows, 0.05, [5]),
        "20 % missing": with_holes(rows, 0.2, [20]),
    }
    sources = {name: ArraySource(X, holes=name != "complete") for name, X in given.items()}
    repeats = 3 if quick else 15
    times: dict[str, list[float]] = {name: [] for name in sources}
    for _ in range(repeats):
        for name, source in sources.items():
            began = time.process_time()
            Serial().run(source, step)
            times[name].append(1e3 * (time.process_time() - began))
    complete = min(times["complete"])
    lines = [
        {
            "rows": name,
            "patterns": len(np.unique(np.isnan(given[name]), axis=0)),
            "incomplete": float(np.isnan(given[name]).any(axis=1).mean()),
            "first": each[0],
            "time": min(each),
            "ratio": min(each) / complete,
            "bar": {"20 patterns": 2.0, "5 % missing": 4.0}.get(name),
        }
        for name, each in times.items()
    ]
    columns = (
        Column("rows", "rows"),
        Column("patterns", "patterns", "d"),
        Column("incomplete", "incomplete rows", ".0%"),
        Column("first", "first pass, ms", ".1f"),
        Column("time", "a pass, ms", ".1f"),
        Column("ratio", "times complete", ".2f"),
        Column("bar", "bar", ".0f"),
    )
    words = _SPEED_WORDS.format(repeats=repeats)
    return [Table("missing_speed", "Rows with holes: time of an E-step", words, columns, lines)]


def _ends(problem: Drawn, rows: Floats) -> Iterator[End]:
    """Where EM ends from other starts than its own."""
    k = problem.n_components
    starts: list[Any] = [problem.labels, mixtura.fit(problem.rows, k).mixture]
    starts += [problem.start(seed) for seed in range(_RESTARTS)]
    for start in starts:
        try:
            yield End.of("VVV", mixtura.fit(rows, k, start=start, missing="em", tol=1e-8))
        except MixturaError:
            continue


def recovery(quick: bool) -> list[Table]:
    """Shares of fits that reach the best maximum known."""
    lines = []
    for number in list(_PROBLEMS)[: 3 if quick else None]:
        problem = Drawn(number)
        show(str(problem))
        rows = with_holes(problem.rows, _SHARE, [7, number])
        began = time.process_time()
        fits = [
            End.of("VVV", mixtura.fit(rows, problem.n_components, random_state=seed, missing="em"))
            for seed in _SEEDS
        ]
        seconds = (time.process_time() - began) / len(fits)
        known = [end for end in (*fits, *_ends(problem, rows)) if not flaw(end, problem)]
        best = max(end.log_likelihood for end in known)
        short = [np.inf if end.flaw(rows_of(rows)) else best - end.log_likelihood for end in fits]
        n, d = rows.shape
        lines.append(
            {
                "problem": f"{number}: {n} × {d}, K {problem.n_components}",
                "missing": int(np.isnan(rows).sum()),
                "incomplete": int(np.isnan(rows).any(axis=1).sum()),
                "reached": float(np.mean(np.array(short) <= _REACHED)),
                "seconds": seconds,
            }
        )
    means = {key: float(np.mean([each[key] for each in lines])) for key in ("reached", "seconds")}
    lines.append({"problem": "mean", "missing": None, "incomplete": None, **means})
    columns = (
        Column("problem", "problem"),
        Column("missing", "values missing", "d"),
        Column("incomplete", "incomplete rows", "d"),
        Column("reached", "fits at the best known or above", ".0%"),
        Column("seconds", "CPU seconds a fit", ".2f"),
    )
    name = "Rows with holes: the best maximum known"
    return [Table("missing_recovery", name, _RECOVERY_WORDS, columns, lines)]


def rows_of(holes: Floats) -> Floats:
    """Rows of the same variances, feature by feature, for what is told of an end by them."""
    return np.where(np.isnan(holes), np.nanmean(holes, axis=0), holes)


if __name__ == "__main__":
    run(speed, recovery)
