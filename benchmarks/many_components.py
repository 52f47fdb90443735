"""Thousands of components: rounds of truncated EM beside exact iterations, and whole fits.

python benchmarks/many_components.py [--quick]; the pixels need Pillow, else they are left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

import mixtura
from claim import run, show
from many_rows import (
    CASES,
    LARGE,
    QUICK,
    SEVERAL,
    WHOLE,
    Case,
    Floats,
    found,
    found_on_grid,
)
from mixtura.fitting.em import EM
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.settings import Settings
from mixtura.fitting.starts.kmeans.seeds import seeds
from mixtura.fitting.truncated.begin import begun
from mixtura.fitting.truncated.truncation import Breadth
from mixtura.model.structures import structure
from mixtura.rows.data import Data
from table import Column, Table
from worker import forget_peak, memory

_ROUNDS = """\
A round of truncated EM beside an iteration of exact EM from the same parameters: an E-step and an
M-step of each, in turn, processor time of all threads, least of several, once rows are sorted and
eight rounds are over, the mean of eight in a row, of which one sees whole lists; and how many
densities a round finds of N·K. `C, G` are what a fit keeps in the end, of which the round is, too.
`Gap` is by how much the exact mean log-likelihood is below that of exact EM, nats a row, after as
many rounds from the same start (20; 10 where an iteration takes long; in the box the median of five
or three starts, from which ends differ by some thousandths), negative where it is above;
`best kept` the share of rows whose likeliest component is among those that they keep. Data: unit
clusters on a grid of the plane, or in a box of 16 dimensions in which the median nearest one is as
far, 4√2, 100 rows each; the pixels of scikit-learn's china.jpg, and the brightness of 100,000 of
its windows of 8 × 8 less their means, with noise of one grey level."""

_WHOLE = """\
Whole fits with tol=1e-3, processor time of all threads: truncated, with its own start and moves,
and exact EM from k-means. `Found` is the share of true clusters to which exactly one mean is
nearest. Log-likelihoods are exact, nats a row. `Beyond` is by how much the process grew over the
rows, in multiples of them, in the truncated fit."""

_START = """\
The start of a truncated fit, seeds, lists, sets, Lloyd's steps and sorted rows, beside greedy
k-means++ alone, of which the first seeds are found and the rest is taken to cost as much each."""

_AUTO = """\
Exact EM with `start="auto"` and one iteration beside `start="kmeans"`, processor time of all
threads, least of three; the log-likelihoods of whole fits, tol=1e-3, nats a row; and
`mixtura.select` of this one candidate."""

_LARGE = """\
Whole fits by truncated EM, tol=1e-3, of a grid of unit clusters, 100 rows each: processor time of
all threads; how many E-steps of exact EM that is, as timed on a part of the rows; and by how much
the process grew over the rows, in multiples of them. `Found` is the share of true clusters to which
exactly one mean is nearest."""

_FLOOR = """\
A round of truncated EM, float64 and soft, beside one assignment of rows to their nearest mean among
all K by faiss (float32), processor time of all threads, least of several."""


_ROUND_COLUMNS = (
    Column("data", "data"),
    Column("kind", "covariances"),
    Column("k", "K", ",d"),
    Column("kept", "C, G"),
    Column("exact", "exact, ms", "short"),
    Column("round", "round, ms", "short"),
    Column("ratio", "ratio", ".1f"),
    Column("densities", "densities, % of N·K", ".2f"),
    Column("gap", "gap", ".1e"),
    Column("best_kept", "best kept", ".4f"),
)
_WHOLE_COLUMNS = (
    Column("data", "data"),
    Column("kind", "covariances"),
    Column("truncated", "truncated, s", "short"),
    Column("exact", "exact, s", "short"),
    Column("ratio", "ratio", ".1f"),
    Column("likelihood", "log-likelihood", ".4f"),
    Column("exact_likelihood", "exact fit's", ".4f"),
    Column("found", "found", ".3f"),
    Column("exact_found", "exact fit's", ".3f"),
    Column("moves", "moves", ",d"),
    Column("beyond", "beyond", ".1f"),
)
_AUTO_COLUMNS = (
    Column("data", "data"),
    Column("kind", "covariances"),
    Column("k", "K", ",d"),
    Column("auto", "auto, s", "short"),
    Column("kmeans", "k-means, s", "short"),
    Column("ratio", "ratio", ".1f"),
    Column("auto_end", "log-likelihood", ".4f"),
    Column("kmeans_end", "from k-means", ".4f"),
    Column("select", "selection, s", "short"),
)
_LARGE_COLUMNS = (
    Column("data", "data"),
    Column("k", "K", ",d"),
    Column("n", "N", ",d"),
    Column("fit", "fit, s", "short"),
    Column("clock", "on the clock, s", "short"),
    Column("iterations", "rounds", ",d"),
    Column("of_exact", "exact iterations", ".2f"),
    Column("beyond", "beyond", ".1f"),
    Column("likelihood", "log-likelihood", ".4f"),
    Column("found", "found", ".3f"),
    Column("best_kept", "best kept", ".4f"),
)
_FLOOR_COLUMNS = (
    Column("data", "data"),
    Column("kind", "covariances"),
    Column("k", "K", ",d"),
    Column("round", "round, ms", "short"),
    Column("floor", "assignment, ms", "short"),
    Column("ratio", "ratio", ".2f"),
)
_START_COLUMNS = (
    Column("data", "data"),
    Column("k", "K", ",d"),
    Column("start", "start, s", "short"),
    Column("seeds", "k-means++, s", "short"),
    Column("ratio", "ratio", ".0f"),
)


def spent(work: Callable[[], Any], times: int) -> float:
    """The processor time of some work, all threads, the least of several, s."""
    least = np.inf
    for _ in range(times):
        began = time.process_time()
        work()
        least = min(least, time.process_time() - began)
    return least


def loop(X: Floats, k: int, kind: str) -> EM:
    """EM over rows, of K components."""
    return EM(Data.held(X), Settings(k, structure(kind), "auto", "auto", "auto", 1000))


def measured_round(case: Case) -> dict[str, Any]:
    """A round beside an iteration."""
    X, _ = case.make()
    k, n = case.n_components, len(X)
    em = loop(X, k, case.kind)
    breadth = Breadth.usual(k, X.shape[1])
    rounds, place, _ = begun(em, breadth, np.random.RandomState(0))
    behind, breadth = lag(X, place.mixture, case)
    lags = [behind]
    for seed in range(1, case.n_starts):
        other = begun(em, Breadth.usual(k, X.shape[1]), np.random.RandomState(seed))[1]
        lags.append(lag(X, other.mixture, case)[0])
    place, counts, done = place.widened(breadth), [], list[Repair]()
    for at in range(8):
        rounds.expand(place)
        done += rounds.maximise(place, at + 1, done)[1]
    turns = 5 if case.n_rounds else 1

    def one_round() -> None:
        counts.append(rounds.expand(place).n_densities)
        rounds.maximise(place, 9, done)

    def iteration() -> None:
        em.health.sound(em.m_step(em.statistics(place.mixture)), 9, done)

    full, short = [], []
    for _ in range(turns):
        full.append(spent(iteration, 1))
        short.append(spent(lambda: [one_round() for _ in range(8)], 1) / 8.0)
    seen = rounds.scored(place, 20_000, np.random.RandomState(0))
    return {
        "data": case.name,
        "kind": case.kind,
        "k": k,
        "kept": f"{breadth.kept}, {breadth.neighbours}",
        "exact": 1e3 * min(full),
        "round": 1e3 * min(short),
        "ratio": min(full) / min(short),
        "densities": 100.0 * float(np.mean(counts)) / (n * k),
        "gap": None
        if behind is None
        else float(np.median([each for each in lags if each is not None])),
        "best_kept": 1.0 - seen.missed,
    }


def lag(X: Floats, first: mixtura.Mixture, case: Case) -> tuple[float | None, Breadth]:
    """By how much rounds end below as many exact iterations from one mixture, nats a row.

    And what rows kept in the end; where exact iterations take too long, that alone, of ten rounds.
    """
    n_rounds = case.n_rounds or 10
    more = {"structure": case.kind, "tol": 0.0, "max_iter": n_rounds, "accelerate": False}
    ours, *exact = (
        mixtura.fit(X, case.n_components, start=first, search=search, **more)
        for search in ("truncated", "exact")[: 2 if case.n_rounds else 1]
    )
    assert ours.truncation
    behind = exact[0].mean_log_likelihood - ours.mean_log_likelihood if exact else None
    return behind, ours.truncation.breadth


def measured_fit(case: Case) -> dict[str, Any]:
    """A whole fit beside one by exact EM from k-means."""
    X, centres = case.make()
    more: dict[str, Any] = {"structure": case.kind, "tol": 1e-3}
    times, fits = {}, {}
    before = resting()
    for name, start in (("truncated", "auto"), ("exact", "kmeans")):
        began = time.process_time()
        fits[name] = mixtura.fit(X, case.n_components, start=start, search=name, **more)
        times[name] = time.process_time() - began
        if name == "truncated":
            grown = memory("VmHWM") - before
    ours, theirs = fits["truncated"], fits["exact"]
    shares = [None if centres is None else found(f.mixture.means, centres) for f in (ours, theirs)]
    return {
        "data": case.name,
        "kind": case.kind,
        **times,
        "ratio": times["exact"] / times["truncated"],
        "likelihood": ours.mean_log_likelihood,
        "exact_likelihood": theirs.mean_log_likelihood,
        "found": shares[0],
        "exact_found": shares[1],
        "moves": ours.truncation.n_moves if ours.truncation else 0,
        "beyond": grown * 2**20 / X.nbytes,
    }


def measured_start(case: Case, n_seeds: int) -> dict[str, Any]:
    """A start beside the seeds of k-means, of which so many are found."""
    X, _ = case.make()
    k = case.n_components
    em = loop(X, k, case.kind)
    breadth = Breadth.usual(k, X.shape[1])
    start = spent(lambda: begun(em, breadth, np.random.RandomState(0)), 1)
    data, tries = em.data, 2 + int(np.log(k)) - (2 + int(np.log(n_seeds)))
    some = spent(lambda: seeds(data.sample, n_seeds, np.random.RandomState(0), data.executor), 1)
    whole = some * k / n_seeds * (1.0 + tries / (3 + int(np.log(n_seeds))))
    return {"data": case.name, "k": k, "start": start, "seeds": whole, "ratio": whole / start}


def tabled(
    one: Callable[[Case], dict[str, Any]], cases: Sequence[Case], columns: Sequence[Column]
) -> list[dict[str, Any]]:
    """A row of figures for each case."""
    rows = []
    for case in cases:
        try:
            rows.append(one(case))
        except ImportError as missing:
            show(f"{case.name} is left out: {missing}")
            continue
        show(", ".join(f"{c.heading} {c.text(rows[-1].get(c.key))}" for c in columns))
    return rows


def measured_auto(case: Case) -> dict[str, Any]:
    """The start of exact EM beside k-means, and a selection of one candidate."""
    X, _ = case.make()
    k, more = case.n_components, {"structure": case.kind, "tol": 1e-3, "search": "exact"}
    figures: dict[str, Any] = {"data": case.name, "kind": case.kind, "k": k}
    for name, start in (("auto", "auto"), ("kmeans", "kmeans")):
        begin = partial(mixtura.fit, X, k, start=start, max_iter=1, **more)
        figures[name] = spent(begin, 3)
        figures[f"{name}_end"] = mixtura.fit(X, k, start=start, **more).mean_log_likelihood
    figures["ratio"] = figures["auto"] / figures["kmeans"]
    figures["select"] = spent(partial(mixtura.select, X, [k], structures=[case.kind]), 1)
    return figures


def resting() -> float:
    """What the process holds before a fit, MiB, once all that a first fit loads is there."""
    mixtura.fit(np.random.default_rng(0).normal(size=(600, 2)), 300, search="truncated")
    forget_peak()
    return memory("VmRSS")


def measured_large(case: Case) -> dict[str, Any]:
    """A whole fit of very many components, and what it grew by."""
    X, centres = case.make()
    k, before = case.n_components, resting()
    clock, began = time.perf_counter(), time.process_time()
    fit = mixtura.fit(X, k, structure=case.kind, search="truncated", tol=1e-3)
    taken, clock = time.process_time() - began, time.perf_counter() - clock
    grown = memory("VmHWM") - before
    assert fit.truncation
    assert centres is not None
    told = fit.truncation
    few = X[:: max(1, len(X) * k // 10**9)]
    iteration = spent(partial(loop(few, k, case.kind).statistics, fit.mixture), 1)
    return {
        "data": case.name,
        "k": k,
        "n": len(X),
        "fit": taken,
        "clock": clock,
        "iterations": len(fit.trace) - 1,
        "of_exact": taken / (iteration * len(X) / len(few)),
        "beyond": grown * 2**20 / X.nbytes,
        "likelihood": fit.mean_log_likelihood,
        "found": found_on_grid(fit.mixture.means, case.name),
        "best_kept": told.best_kept,
    }


def measured_floor(case: Case) -> dict[str, Any]:
    """A round beside one assignment of faiss's k-means, all distances in float32."""
    import faiss

    X, _ = case.make()
    k = case.n_components
    em, breadth = loop(X, k, case.kind), Breadth.usual(k, X.shape[1])
    rounds, place, _ = begun(em, breadth, np.random.RandomState(0))

    def one_round() -> None:
        rounds.expand(place)
        rounds.maximise(place, 1, ())

    index = faiss.IndexFlatL2(X.shape[1])
    index.add(np.asarray(place.mixture.means, np.float32))
    single = X.astype(np.float32)
    index.search(single[:1000], 1)
    ours, theirs = spent(one_round, 8), spent(lambda: index.search(single, 1), 3)
    return {
        "data": case.name,
        "kind": case.kind,
        "k": k,
        "round": 1e3 * ours,
        "floor": 1e3 * theirs,
        "ratio": ours / theirs,
    }


def rounds(quick: bool) -> list[Table]:
    """Rounds beside iterations."""
    rows = tabled(measured_round, QUICK if quick else CASES, _ROUND_COLUMNS)
    return [Table("many_rounds", "A round of truncated EM", _ROUNDS, _ROUND_COLUMNS, rows)]


def fits(quick: bool) -> list[Table]:
    """Whole fits."""
    rows = tabled(measured_fit, QUICK if quick else WHOLE, _WHOLE_COLUMNS)
    return [Table("many_fits", "Whole fits of many components", _WHOLE, _WHOLE_COLUMNS, rows)]


def starts(quick: bool) -> list[Table]:
    """Starts."""
    one = partial(measured_start, n_seeds=100)
    rows = tabled(one, QUICK if quick else CASES[1:3], _START_COLUMNS)
    return [Table("many_starts", "Starts of many components", _START, _START_COLUMNS, rows)]


def autos(quick: bool) -> list[Table]:
    """Starts of exact EM."""
    rows = tabled(measured_auto, QUICK if quick else SEVERAL, _AUTO_COLUMNS)
    return [Table("many_auto", "Exact EM of some hundred components", _AUTO, _AUTO_COLUMNS, rows)]


def large(quick: bool) -> list[Table]:
    """Whole fits of very many components."""
    rows = tabled(measured_large, QUICK if quick else LARGE, _LARGE_COLUMNS)
    return [Table("many_large", "Very many components", _LARGE, _LARGE_COLUMNS, rows)]


def floors(quick: bool) -> list[Table]:
    """Rounds beside k-means' assignment."""
    rows = tabled(measured_floor, QUICK if quick else CASES, _FLOOR_COLUMNS)
    return [Table("many_floor", "Rounds beside hard assignment", _FLOOR, _FLOOR_COLUMNS, rows)]


if __name__ == "__main__":
    run(rounds, fits, starts, autos, large, floors)
