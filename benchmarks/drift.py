"""Drift: how often `compare` says that rows are others, of those that are and of those not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import mixtura
from claim import run, show
from mixtura import Mixture
from table import Column, Table
from tails import drawn

Floats = NDArray[np.float64]

#: components, features, structure, weight of noise
_CASES = ((1, 3, "diag", 0.0), (3, 4, "full", 0.0), (5, 2, "full", 0.1), (16, 8, "full", 0.0))
_NULLS = (500, 50_000)
#: rows that a mixture is fitted to, and that are compared with it
_FITTED, _COMPARED = 1000, (500, 5000, 50_000)
_SHIFT, _POWER_ROWS = 0.3, 5000

_WORDS = """\
The share of {sets} sets of rows that `Mixture.compare` says are others, at 5 % for all its tests
together. *own*: rows drawn from the mixture; the bar is 3 to 7 %, and of so many sets a rate of 5 %
is uncertain by {chance:.1%}. *shifted*: {rows:,} rows of which one feature, the last, is {shift}
standard deviations higher; the bar is 95 %. *fitted*: the mixture is a fit to {fitted:,} rows of
the same density, and the rows compared are others of it: told of the {fitted:,} (`fitted_to`), and,
in the last column, taken as it stands."""


def measure(quick: bool) -> list[Table]:
    """The one table."""
    sets = 20 if quick else 200
    rows = []
    for number, case in enumerate(_CASES):
        show(f"drift: {case[0]} components, {case[1]} features")
        mixture = drawn(number, case)
        row: dict[str, object] = dict(zip(("k", "d", "structure", "noise"), case, strict=True))
        for n in _NULLS:
            row[f"own_{n}"] = _share(sets, lambda seed, m=mixture, n=n: _own(m, n, seed))
        row["shifted"] = _share(sets, lambda seed, m=mixture: _shifted(m, seed))
        if not mixture.noise:
            for n in _COMPARED:
                both = [_fitted(mixture, n, seed) for seed in range(sets)]
                row[f"fitted_{n}"], row[f"naive_{n}"] = np.mean(both, axis=0).tolist()
        rows.append(row)
    columns = (
        Column("k", "K", "d"),
        Column("d", "D", "d"),
        Column("structure", "structure"),
        Column("noise", "noise", ".2f"),
        *(Column(f"own_{n}", f"own, {n:,}", ".1%") for n in _NULLS),
        Column("shifted", "shifted", ".1%"),
        *(Column(f"fitted_{n}", f"fitted, {n:,}", ".1%") for n in _COMPARED),
        Column(f"naive_{_COMPARED[-1]}", "untold", ".1%"),
    )
    words = _WORDS.format(
        sets=sets,
        chance=np.sqrt(0.05 * 0.95 / sets),
        rows=_POWER_ROWS,
        shift=_SHIFT,
        fitted=_FITTED,
    )
    return [Table("drift", "Rows that have drifted, and rows that have not", words, columns, rows)]


def _share(sets: int, differs: Callable[[int], bool]) -> float:
    return float(np.mean([differs(seed) for seed in range(sets)]))


def _own(mixture: Mixture, n: int, seed: int) -> bool:
    return mixture.compare(mixture.sample(n, seed)[0]).differs


def _shifted(mixture: Mixture, seed: int) -> bool:
    """Whether rows of which the last feature is higher are said to be others."""
    rows: Floats = mixture.sample(_POWER_ROWS, seed)[0]
    rows[:, -1] += _SHIFT * np.sqrt(mixture.covariance()[-1, -1])
    return mixture.compare(rows).differs


def _fitted(mixture: Mixture, n: int, seed: int) -> tuple[bool, bool]:
    """Whether rows are said to be others than a fit's, told of its rows and not."""
    fit = mixtura.fit(
        mixture.sample(_FITTED, seed)[0],
        mixture.n_components,
        structure=mixture.structure,
        start=mixture,
    )
    rows, _ = mixture.sample(n, 10_000 + seed)
    told = fit.mixture.compare(rows, fitted_to=fit.n_rows).differs
    return told, fit.mixture.compare(rows).differs


if __name__ == "__main__":
    run(measure)
