"""Scores of very many components: the tree beside the pass over all of them.

python benchmarks/many_scores.py [--quick]; the pixels need Pillow, else they are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import mixtura
from claim import run, show
from many_components import spent
from many_rows import Floats, box, grid, pixels
from mixtura import Mixture
from mixtura.engine.kernel import native_tree
from table import Column, Table

_WORDS = """\
Processor time of all threads for `score_samples`, `predict` and `predict_proba(top=3)`, the least
of three in turn with the pass over all components, which the tree stands back for; the tree's time
to grow is not in it, but told. `Difference` is the largest of the two log-likelihoods of a row,
nats; `labels` the share of rows of the same label. Grids and boxes are scored under the mixture
that they are drawn from, pixels under a short truncated fit of full covariances."""

_COLUMNS = (
    Column("data", "data"),
    Column("k", "K", ",d"),
    Column("grow", "tree, ms", ".1f"),
    Column("pays", "pays"),
    Column("score_samples", "score_samples ×", ".1f"),
    Column("predict", "predict ×", ".1f"),
    Column("top", "top=3 ×", ".1f"),
    Column("difference", "difference", ".1e"),
    Column("labels", "labels", ".4f"),
)


def _drawn(make: Callable[[], tuple[Floats, Floats | None]]) -> tuple[Mixture, Floats]:
    X, centres = make()
    assert centres is not None
    k = len(centres)
    return Mixture(np.full(k, 1.0 / k), centres, np.ones(centres.shape), "diag"), X


def _fitted(k: int) -> tuple[Mixture, Floats]:
    X, _ = pixels()
    fit = mixtura.fit(X, k, structure="full", search="truncated", max_iter=10, tol=1e-2)
    return fit.mixture, X


CASES = {
    "grid-20": partial(_drawn, partial(grid, 20)),
    "grid-50": partial(_drawn, partial(grid, 50)),
    "grid-100": partial(_drawn, partial(grid, 100)),
    "box-1000-16": partial(_drawn, partial(box, 1000, 16)),
    "pixels": partial(_fitted, 1000),
}
#: rows that are scored, at most
_ROWS = 100_000


def measured(quick: bool) -> list[Table]:
    """The table of all data."""
    rows = []
    for name, make in list(CASES.items())[: 1 if quick else None]:
        try:
            mixture, X = make()
        except ImportError as missing:
            show(f"{name} is left out: {missing}")
            continue
        X = X[np.random.RandomState(0).permutation(len(X))[:_ROWS]]
        rows.append({"data": name, "k": mixture.n_components, **figures(mixture, X)})
        show(", ".join(f"{c.heading} {c.text(rows[-1].get(c.key))}" for c in _COLUMNS))
    return [Table("many_scores", "Scores of very many components", _WORDS, _COLUMNS, rows)]


def figures(mixture: Mixture, X: Floats) -> dict[str, Any]:
    """The ratios for one mixture, and whether the answers are the same."""
    calls: dict[str, Callable[[], Any]] = {
        "score_samples": lambda: mixture.score_samples(X),
        "predict": lambda: mixture.predict(X),
        "top": lambda: mixture.predict_proba(X, top=3),
    }
    grown: list[Any] = []
    grow = spent(lambda: grown.append(native_tree._grown(mixture.components)), 3)
    ratios, answers, some = {}, {}, native_tree._COMPONENTS
    for name, call in calls.items():
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(3):
            for trees, found in zip((True, False), times, strict=True):
                native_tree._COMPONENTS = some if trees else 10**9
                found.append(spent(lambda c=call, a=(name, trees): answers.update({a: c()}), 1))
        ratios[name] = min(times[1]) / min(times[0])
    native_tree._COMPONENTS = some
    ours, theirs = (answers["score_samples", trees] for trees in (True, False))
    same = answers["predict", True] == answers["predict", False]
    return {
        "grow": 1e3 * grow,
        "pays": "no" if grown[-1] is None else "yes",
        **ratios,
        "difference": float(np.abs(ours - theirs).max()),
        "labels": float(np.mean(same)),
    }


if __name__ == "__main__":
    run(measured)
