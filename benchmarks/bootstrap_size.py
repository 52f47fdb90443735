"""The size of the bootstrap test: how often it rejects a null that is true.

python benchmarks/bootstrap_size.py [--quick] [--only NULL] [--sets SETS] [--replicates B]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

import mixtura
from claim import asked, publish, show
from cores import over_cores
from mixtura.datasets import galaxies
from mixtura.errors import MixturaError
from mixtura.model.mixture import Mixture
from table import Column, Table

#: p-values below this reject
_LEVEL = 0.05
_BOUNDS = (0.03, 0.07)
#: T below this is below 0 beyond rounding
_NEGATIVE = -1e-6


@dataclass(frozen=True)
class Null:
    """A mixture of K components, the structure that it is tested with, and how many rows."""

    name: str
    mixture: Callable[[], Mixture]
    structure: str
    n_rows: int


@cache
def _of_galaxies() -> Mixture:
    """Three components of one variance: the best of five fits to the galaxies."""
    rows = np.asarray(galaxies().rows, float)
    fits = [mixtura.fit(rows, 3, structure="E", random_state=seed) for seed in range(5)]
    return max(fits, key=lambda fit: fit.log_likelihood).mixture


def _two(one: list[list[float]], other: list[list[float]]) -> Mixture:
    return Mixture([0.6, 0.4], [[0.0, 0.0], [3.0, 1.0]], [one, other])


NULLS = (
    Null("V, K 1", lambda: Mixture([1.0], [[0.0]], [[[1.0]]]), "V", 100),
    Null("E, K 3, as the galaxies", _of_galaxies, "E", 82),
    Null(
        "tied, K 2",
        lambda: _two([[1.0, 0.4], [0.4, 0.8]], [[1.0, 0.4], [0.4, 0.8]]),
        "tied",
        150,
    ),
    Null(
        "full, K 2",
        lambda: _two([[1.0, 0.4], [0.4, 0.8]], [[0.6, -0.3], [-0.3, 1.2]]),
        "full",
        150,
    ),
)


@dataclass(frozen=True)
class Task:
    """A test of rows drawn from a null: its place in the list, the seed, and B."""

    null: int
    seed: int
    replicates: int


@dataclass(frozen=True)
class Tested:
    """What came of it; p is NaN where the rows could not be fitted."""

    p: float
    statistic: float = np.nan
    replicates: tuple[float, ...] = ()


def tested(task: Task) -> Tested:
    """One test."""
    null = NULLS[task.null]
    mixture = null.mixture()
    drawn = mixture.sample(null.n_rows, np.random.RandomState([task.null, task.seed]))[0]
    try:
        test = mixtura.bootstrap_test(
            np.ascontiguousarray(drawn),
            mixture.n_components,
            structure=null.structure,
            n_bootstrap=task.replicates,
            random_state=task.seed,
            n_jobs=1,
        )
    except MixturaError:
        return Tested(np.nan)
    return Tested(test.p_value, test.statistic, tuple(test.replicates.tolist()))


_COLUMNS = (
    Column("null", "null"),
    Column("n_rows", "rows", "d"),
    Column("sets", "sets", "d"),
    Column("size", "P(p ≤ 0.05)", ".3f"),
    Column("error", "±", ".3f"),
    Column("tenth", "P(p ≤ 0.1)", ".3f"),
    Column("half", "P(p ≤ 0.5)", ".3f"),
    Column("negative", "T < 0", "d"),
    Column("negative_replicates", "T* < 0", "d"),
    Column("of", "of", "d"),
    Column("least", "least", "short"),
    Column("failed", "failed sets", "d"),
    Column("lacking", "lacking replicates", "d"),
    Column("met", "met"),
)

_WORDS = """\
Rows drawn from a mixture of K components, and K tested against K + 1 with {b} replicates: how
often p is at most 0.05, with the standard error of a true 5 %, and at most 0.1 and 0.5.
T = 2 (log L_K+1 − log L_K) of nested models is not negative: where it is below −1e-6 it is counted,
of the data and of the replicates. Met is a share from 0.03 to 0.07, and no negative T."""


def measure(nulls: list[int], sets: int, replicates: int) -> Iterator[Table]:
    """The one table."""
    tasks = [Task(null, seed, replicates) for null in nulls for seed in range(sets)]
    found = list(over_cores(tested, tasks, "tests"))
    rows = []
    for i, null in enumerate(nulls):
        row = _figures(NULLS[null], found[i * sets : (i + 1) * sets], replicates)
        rows.append(row)
        show(f"{row['null']}: size {row['size']:.3f}, {row['negative']} T < 0")
    title = f"The size of the bootstrap test, of {sets} data sets each"
    words = _WORDS.format(b=replicates)
    yield Table("bootstrap_size", title, words, _COLUMNS, rows)


def _figures(null: Null, found: list[Tested], asked_for: int) -> dict[str, object]:
    """A row of the table."""
    kept = [each for each in found if np.isfinite(each.p)]
    p = np.array([each.p for each in kept])
    size = float((p <= _LEVEL + 1e-12).mean())
    stars = np.concatenate([each.replicates for each in kept])
    statistics = np.array([each.statistic for each in kept])
    negative = int((statistics < _NEGATIVE).sum())
    below = int((stars < _NEGATIVE).sum())
    good = _BOUNDS[0] <= size <= _BOUNDS[1] and not negative and not below
    return {
        "null": null.name,
        "n_rows": null.n_rows,
        "sets": len(found),
        "size": size,
        "error": float(np.sqrt(_LEVEL * (1.0 - _LEVEL) / len(kept))),
        "tenth": float((p <= 0.1 + 1e-12).mean()),
        "half": float((p <= 0.5 + 1e-12).mean()),
        "negative": negative,
        "negative_replicates": below,
        "of": len(stars),
        "least": float(min(statistics.min(), stars.min())),
        "failed": len(found) - len(kept),
        "lacking": asked_for * len(kept) - len(stars),
        "met": "yes" if good else "no",
    }


def main() -> None:
    """Measure what is asked for."""
    parser = asked()
    parser.add_argument("--only", metavar="NULL", help="the nulls whose names hold this")
    parser.add_argument("--sets", type=int, help="data sets a null; 1000, and 20 in a hurry")
    parser.add_argument("--replicates", type=int, default=19, metavar="B", help="19 by default")
    options = parser.parse_args()
    nulls = [i for i, null in enumerate(NULLS) if (options.only or "") in null.name]
    sets = options.sets or (20 if options.quick else 1000)
    publish([partial(measure, nulls, sets, options.replicates)], options)


if __name__ == "__main__":
    main()
