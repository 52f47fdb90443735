"""Parallel cigars: two long clusters side by side, a trap for distances."""

from __future__ import annotations

import warnings
from itertools import product

import numpy as np
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture

import mixtura
from claim import run, show
from table import Column, Table

Floats = NDArray[np.float64]

#: scikit-learn's own
_STARTS = ("kmeans", "k-means++", "random", "random_from_data")

_WORDS = """\
Two clusters of 200 rows, normal, with one axis as many times as long as the others as the aspect
says, and their centres 6 standard deviations apart across a short one; turned at random. The share
of seeds (of the data and of the start) from which at least 97 % of the rows get the label of
their cluster: mixtura with start="auto" and tol="auto", scikit-learn's four starts at its
defaults."""


def measure(quick: bool) -> list[Table]:
    """The one table."""
    n_seeds = 10 if quick else 100
    rows = []
    for n_features, aspect in product((2, 5), (20.0, 100.0, 1000.0)):
        show(f"cigars: D {n_features}, aspect {aspect:g}")
        counts = dict.fromkeys(("auto", *_STARTS), 0)
        for seed in range(n_seeds):
            data, labels = _cigars(aspect, n_features, seed)
            for start in counts:
                counts[start] += _agree(labels, _labels(data, start, seed))
        shares = {start: count / n_seeds for start, count in counts.items()}
        rows.append({"features": n_features, "aspect": aspect, **shares})
    title = f"Parallel cigars, told apart in {n_seeds} seeds"
    return [Table("cigars", title, _WORDS, _COLUMNS, rows)]


_COLUMNS = (
    Column("features", "D", "d"),
    Column("aspect", "aspect", ".0f"),
    Column("auto", "mixtura auto", ".0%"),
    *(Column(start, f"scikit-learn {start}", ".0%") for start in _STARTS),
)


def _cigars(aspect: float, n_features: int, seed: int) -> tuple[Floats, NDArray[np.int64]]:
    """Rows (400, D) and the cluster of each (400,)."""
    random = np.random.default_rng(seed)
    labels = np.repeat([0, 1], 200)
    rows = random.standard_normal((400, n_features))
    rows[:, 0] *= aspect
    rows[:, 1] += 6.0 * labels
    turned, _ = np.linalg.qr(random.standard_normal((n_features, n_features)))
    return rows @ turned, labels


def _labels(rows: Floats, start: str, seed: int) -> NDArray[np.int64]:
    """Those that a fit gives, (400,)."""
    if start == "auto":
        fit = mixtura.fit(rows, 2, start="auto", tol="auto", max_iter=1000, random_state=seed)
        return np.asarray(fit.mixture.predict(rows))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = GaussianMixture(2, init_params=start, random_state=seed)
        return np.asarray(theirs.fit_predict(rows))


def _agree(labels: NDArray[np.int64], found: NDArray[np.int64]) -> bool:
    share = float(np.mean(labels == found))
    return max(share, 1.0 - share) >= 0.97


if __name__ == "__main__":
    run(measure)
