"""How the time of each answer grows: with the components, with the features, with what is fitted.

python benchmarks/growth.py [--quick]
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mixtura
from claim import run, show
from mixtura import GaussianMixture, Mixture
from mixtura.views.plots import calibration, density, pairs, scatter
from mixtura.views.report import report
from table import Column, Table

_WORDS = """\
The seconds of the process (least of three) at each size, the exponent of the straight line through
their logarithms, and the one that must not be passed; the peak is of what was allocated at the
largest size beyond rows and mixture. `grid` is K clusters on a square grid, 60 rows a cluster,
diagonal, so that N grows with K; for the standard errors there are 14,400 rows in all, and p is
the number of free parameters. `100 components` are those of a grid with N rows in all, `full` eight
of D features with 5,000 rows; iterations are ten of exact EM. `wide` is a diagonal mixture of 300
features."""

_COLUMNS = (
    Column("answer", "answer"),
    Column("along", "along"),
    Column("sizes", "sizes"),
    Column("seconds", "seconds"),
    Column("exponent", "exponent", ".2f"),
    Column("most", "at most", ".1f"),
    Column("peak", "peak, MB", ".1f"),
)
#: a size -> what is asked, with all that it needs made before
Asked = Callable[[int], Callable[[], Any]]
#: how far above what it must be a fitted exponent of three timings may lie
SLACK = 0.25


@dataclass(frozen=True)
class Answer:
    """What is asked of mixtura at several sizes, and the exponent that it must not pass."""

    along: str
    sizes: tuple[int, ...]
    asked: Asked
    most: float
    #: the size -> what the exponent is of
    measure: Callable[[int], float] = float


def grid(k: int, each: int = 60) -> tuple[Mixture, NDArray[np.float64]]:
    """K clusters on a square grid, and so many rows of each."""
    side = round(np.sqrt(k))
    places = 4.0 * np.sqrt(2.0) * np.arange(side)
    means = np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)
    rows = np.repeat(means, each, axis=0)
    rows += np.random.RandomState(0).normal(size=rows.shape)
    return Mixture(np.full(k, 1.0 / k), means, np.ones((k, 2)), "diag"), rows


def tall(n: int) -> tuple[Mixture, NDArray[np.float64]]:
    """The hundred clusters of a grid, and N rows of them."""
    return grid(100, n // 100)


def deep(d: int) -> tuple[Mixture, NDArray[np.float64]]:
    """Eight full components of D features, and 5,000 rows."""
    random = np.random.RandomState(0)
    mixture = Mixture(np.full(8, 0.125), 3.0 * random.normal(size=(8, d)), [np.eye(d)] * 8)
    return mixture, mixture.sample(5_000, 0)[0]


def wide(k: int) -> Mixture:
    """K components of 300 features, diagonal."""
    random = np.random.RandomState(0)
    variances = random.uniform(0.5, 2.0, (k, 300))
    return Mixture(np.full(k, 1.0 / k), random.normal(size=(k, 300)), variances, "diag")


def _of_grid(ask: Callable[[Mixture, Any], Any], make: Callable[[int], Any] = grid) -> Asked:
    def asked(size: int) -> Callable[[], Any]:
        mixture, rows = make(size)
        return lambda: ask(mixture, rows)

    return asked


def _of_wide(ask: Callable[[Mixture], Any]) -> Asked:
    def asked(k: int) -> Callable[[], Any]:
        mixture = wide(k)
        return lambda: ask(mixture)

    return asked


def _errors(k: int) -> Callable[[], Any]:
    mixture, rows = grid(k, 14_400 // k)
    fit = mixtura.fit(rows, k, structure="full", start=mixture.predict(rows))
    return lambda: fit.standard_errors(rows)


def _start(mixture: Mixture, rows: Any) -> Any:
    k = mixture.n_components
    return GaussianMixture(k, covariance_type="diag", max_iter=1, tol=1e9).fit(rows)


def _iterated(mixture: Mixture, rows: Any) -> Any:
    """Ten iterations of exact EM from the mixture, so that the pass before them does not count."""
    how = {"start": mixture, "search": "exact", "max_iter": 10, "tol": 0.0, "accelerate": False}
    return mixtura.fit(rows, mixture.n_components, structure=mixture.structure, **how)


def _chosen(mixture: Mixture, rows: Any) -> Any:
    """A selection of one candidate."""
    return mixtura.select(rows, mixture.n_components, structures=["diag"], max_iter=10)


#: N·K is what a pass has to do on a grid, whose N grows with K
ANSWERS = {
    "start by k-means, grid": Answer("K", (100, 225, 400), _of_grid(_start), 2.0),
    "iteration, grid": Answer("K", (100, 225, 400), _of_grid(_iterated), 2.0),
    "iteration, 100 components": Answer(
        "N", (10_000, 30_000, 90_000), _of_grid(_iterated, tall), 1.0
    ),
    "iteration, full": Answer("D", (16, 32, 64), _of_grid(_iterated, deep), 2.0),
    "select's one candidate, grid": Answer("K", (100, 225, 400), _of_grid(_chosen), 2.0),
    "score, 100 components": Answer(
        "N", (10_000, 30_000, 90_000), _of_grid(lambda m, X: m.score_samples(X), tall), 1.0
    ),
    "score, full": Answer("D", (16, 32, 64), _of_grid(lambda m, X: m.score_samples(X), deep), 2.0),
    "score, grid": Answer("K", (100, 225, 400), _of_grid(lambda m, X: m.score_samples(X)), 2.0),
    "merge, grid": Answer("K", (100, 225, 400), _of_grid(mixtura.merge_components), 2.0),
    "standard errors, grid, full": Answer(
        "p", (9, 16, 36, 64), _errors, 2.0, lambda k: 6.0 * k - 1.0
    ),
    "density picture, grid": Answer("K", (100, 225, 400), _of_grid(density), 2.0),
    "scatter picture, grid": Answer("K", (100, 225, 400), _of_grid(scatter), 2.0),
    "pairs picture, grid": Answer("K", (100, 225, 400), _of_grid(pairs), 2.0),
    "calibration picture, grid": Answer("K", (100, 225, 400), _of_grid(calibration), 2.0),
    "report, grid": Answer(
        "K", (100, 225, 400), _of_grid(lambda m, X: report(m, X).to_html()), 2.0
    ),
    "condition, wide": Answer("K", (250, 500, 1000), _of_wide(lambda m: m.condition({0: 0.5})), 1),
    "sample, wide": Answer("K", (250, 500, 1000), _of_wide(lambda m: m.sample(10, 0)), 1.0),
    "explain, wide": Answer("K", (250, 500, 1000), _of_wide(lambda m: m.explain(m.means[:1])), 1.0),
}


def measured(quick: bool) -> list[Table]:
    """The table of all answers."""
    rows = []
    for name, answer in ANSWERS.items():
        show(name)
        sizes = answer.sizes[:2] if quick else answer.sizes
        calls = [answer.asked(size) for size in sizes]
        seconds = [_least(call, 1 if quick else 3) for call in calls]
        along = np.log([answer.measure(size) for size in sizes])
        exponent = float(np.polyfit(along, np.log(seconds), 1)[0])
        rows.append(
            {
                "answer": name,
                "along": answer.along,
                "sizes": ", ".join(f"{answer.measure(size):.0f}" for size in sizes),
                "seconds": ", ".join(f"{each:.3g}" for each in seconds),
                "exponent": exponent,
                "most": answer.most,
                "peak": _peak(calls[-1]),
                "met": exponent <= answer.most + SLACK,
            }
        )
    return [Table("growth", "How answers grow", _WORDS, _COLUMNS, rows)]


def _least(call: Callable[[], Any], times: int) -> float:
    call()
    found = []
    for _ in range(times):
        began = time.process_time()
        call()
        found.append(time.process_time() - began)
    return min(found)


def _peak(call: Callable[[], Any]) -> float:
    """Megabytes that were allocated at once."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


if __name__ == "__main__":
    run(measured)
