"""Fits: structures, sources, numbers of threads and options, each with each of another kind."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import product
from typing import Any

import numpy as np

import mixtura
from bits_rows import SOURCES, counts, labels, rows

__all__ = ["STRUCTURES", "cases", "on_threads"]

Case = tuple[str, Callable[[], Any]]

STRUCTURES = (
    *("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE"),
    *("VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"),
)
_BOX = mixtura.Box([-8.0, -6.0, 0.0], [20.0, 20.0, 24.0])
_MEANS = [[0.0, 0.0, 10.0], [3.0, 3.0, 11.0], [-2.0, 3.0, 13.0]]
_MIXTURE = mixtura.Mixture([0.3, 0.3, 0.4], _MEANS, np.full(3, 2.0), "spherical")
_AMID = mixtura.Mixture(
    [0.3, 0.3, 0.35], _MEANS, np.full(3, 2.0), "spherical", noise=mixtura.Noise(0.05, _BOX)
)
_PRIOR = mixtura.Prior(mean=[0.0, 1.0, 11.0], shrinkage=0.1, degrees_of_freedom=6.0)


def _by_sum(X: Any, n_components: int, random_state: Any) -> Any:
    """Labels by a random direction: a start that is a function."""
    return np.argsort(np.argsort(X @ random_state.normal(size=X.shape[1]))) * n_components // len(X)


def _shares() -> Any:
    shares = 0.1 + np.eye(3)[labels()]
    return shares / shares.sum(axis=1, keepdims=True)


#: name -> options of `mixtura.fit`
OPTIONS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "start-kmeans": {"start": "kmeans", "random_state": 3},
    "start-kmeans++": {"start": "k-means++"},
    "start-random": {"start": "random", "max_iter": 20},
    "start-random_from_data": {"start": "random_from_data", "random_state": 5},
    "start-labels": {"start": labels()},
    "start-responsibilities": {"start": _shares()},
    "start-function": {"start": _by_sum},
    "start-mixture": {"start": _MIXTURE, "tol": 1e-4},
    "tol-number": {"start": "kmeans", "tol": 1e-6, "accelerate": False},
    "tol-0": {"start": "kmeans", "tol": 0.0, "max_iter": 30},
    "reg-number": {"start": "kmeans", "reg_covar": 0.05},
    "reg-0": {"start": "kmeans", "reg_covar": 0},
    "reg-large": {"start": "kmeans", "reg_covar": 1.0, "tol": 1e-3},
    "accelerate-False": {"accelerate": False},
    "accelerate-True": {"start": "kmeans", "accelerate": True},
    "noise": {"noise": True},
    "noise-volume": {"start": "kmeans", "noise": 5000.0},
    "noise-box": {"start": _AMID, "noise": _BOX, "accelerate": True},
    "prior": {"prior": "conjugate"},
    "prior-own": {"start": "kmeans", "prior": _PRIOR},
    "prior-noise": {"start": "kmeans", "prior": True, "noise": True, "accelerate": True},
    "equal": {"weights": "equal"},
    "equal-noise": {"start": "kmeans", "weights": "equal", "noise": True},
    "n_init": {"start": "random_from_data", "n_init": 3, "max_iter": 40},
    "n_init-auto": {"n_init": 2, "random_state": 11},
    "given-means": {"given": mixtura.Given(means=_MEANS)},
    "given-all": {"given": mixtura.Given([0.2, 0.3, 0.5], _MEANS), "start": "kmeans"},
    "many": {"n_components": 7, "start": "kmeans", "max_iter": 60},
    "one": {"n_components": 1},
    "stopped": {"start": "kmeans", "max_iter": 4},
    "not-run": {"start": "k-means++", "max_iter": 0},
}


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    """So many threads for each pass."""
    os.environ["MIXTURA_NUM_THREADS"] = str(count)
    try:
        yield
    finally:
        os.environ["MIXTURA_NUM_THREADS"] = "1"


def _fitted(source: str, options: dict[str, Any], threads: int, n: int = 240) -> Any:
    """A fit, what it scores, and what an observer is told."""
    options = {"n_components": 3, **options}
    with on_threads(threads):
        fit = mixtura.fit(**SOURCES[source](n), **options)
        some = rows(n)[:50]
        scores = (fit.mixture.score_samples(some), fit.mixture.predict(some))
    return {"fit": fit, "scores": scores, "verdict": (fit.remedy, fit.void, fit.notes)}


def cases() -> Iterator[Case]:
    """Every pair of a structure, a source and an option, at the cost of structure by option."""
    names, threads = list(SOURCES), (1, 2)
    for (i, option), (j, structure) in product(enumerate(OPTIONS), enumerate(STRUCTURES)):
        source = names[(i * 3 + j) % len(names)]
        n = threads[(i + j) % 2]
        options = {"structure": structure, **OPTIONS[option]}
        yield f"fit/{option}/{structure}/{source}/{n}", partial(_fitted, source, options, n)
    yield from _each_source()
    yield from _blocks()
    yield from _kinds()
    yield from _odd()
    yield "cluster", _on_a_cluster


def _each_source() -> Iterator[Case]:
    """Each source with the options that reach the most code."""
    for source, option in product(SOURCES, ("defaults", "noise", "prior-noise", "n_init")):
        yield f"source/{source}/{option}", partial(_fitted, source, OPTIONS[option], 2)


def _blocks() -> Iterator[Case]:
    """Rows of several blocks: what is merged, by one thread and by two."""
    options = {"start": "k-means++", "max_iter": 6, "tol": 1e-3}
    for source, threads in product(SOURCES, (1, 2)):
        for structure in ("VVV", "EEI"):
            wish = {"structure": structure, **options}
            name = f"blocks/{source}/{structure}/{threads}"
            yield name, partial(_fitted, source, wish, threads, 20_000)
    for threads in (1, 2):
        wish = {"noise": True, "max_iter": 8, "random_state": 1}
        yield f"blocks/auto-noise/{threads}", partial(_fitted, "array", wish, threads, 20_000)


def _on_a_cluster() -> Any:
    """Fits by two workers of Dask in this process."""
    from distributed import Client

    with Client(processes=False, n_workers=2, threads_per_worker=1, dashboard_address=None) as one:
        return [
            mixtura.fit(**SOURCES[source](n), n_components=3, client=one, **options)
            for source, n, options in (
                ("dask-array", 240, {"noise": True}),
                ("dask-frame-weighted", 240, {"structure": "VVE", "start": "kmeans"}),
                ("dask-array-weighted", 20_000, {"max_iter": 5, "start": "k-means++"}),
            )
        ]


def _kinds() -> Iterator[Case]:
    """What holds in one feature, and scikit-learn's names."""
    one = rows()[:, :1]
    for structure in ("E", "V", "full", "diag", "spherical", "tied"):
        for start in ("auto", "kmeans"):
            yield (
                f"one-feature/{structure}/{start}",
                partial(mixtura.fit, one, 2, structure=structure, start=start),
            )
    for structure in ("full", "tied", "diag", "spherical"):
        yield f"names/{structure}", partial(mixtura.fit, rows(), 2, structure=structure)


def _odd() -> Iterator[Case]:
    """Rows that a fit has something to say of."""
    x = rows()
    odd = {
        "constant": np.column_stack([x[:, :2], np.full(len(x), 3.0)]),
        "collinear": np.column_stack([x[:, :2], x[:, 0] - x[:, 1]]),
        "repeated": np.repeat(x[:5], 20, axis=0),
        "spike": np.vstack([x, np.repeat(x[:1], 30, axis=0)]),
        "few": x[:8],
        "offset": x + 1e9,
        "scaled": x * [1e-12, 1.0, 1e12],
        "far": np.vstack([x, [[1e6, 1e6, 1e6]]]),
        "rounded": np.round(x),
    }
    for (name, made), options in product(
        odd.items(),
        ({}, {"reg_covar": 0, "start": "kmeans"}, {"reg_covar": 1e-6, "start": "kmeans"}),
    ):
        said = options.get("reg_covar", "auto")
        for structure in ("VVV", "EVE", "VII"):
            case = partial(mixtura.fit, made, 4, structure=structure, max_iter=50, **options)
            yield f"odd/{name}/{said}/{structure}", case
    weights = counts()
    for factor in (0.1, 1.0, 1e-3):
        case = partial(mixtura.fit, x, 3, sample_weight=weights * factor)
        yield f"odd/weights/{factor}", case
