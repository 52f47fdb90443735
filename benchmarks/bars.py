"""Bars: what the tables have to show, each held against its figure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import geometric_mean
from typing import Any

from table import Column, Table

__all__ = ["judged"]

Rows = Mapping[str, Mapping[str, Any]]  # of one table, by workload


def judged(tables: Sequence[Table]) -> Table:
    """Every bar, the worst figure of the workloads that it holds for, and whether it is met."""
    by_name = {
        table.name: {row["workload"]: row for row in table.rows if "workload" in row}
        for table in tables
    }
    rows = [row for name, judge in _JUDGES for row in judge(by_name[name])]
    words = "The worst workload of each; all are ratios within this one run."
    return Table("bars", "Bars", words, _COLUMNS, rows)


_COLUMNS = (
    Column("bar", "bar"),
    Column("workload", "worst"),
    Column("figure", "figure", "short"),
    Column("wanted", "wanted"),
    Column("met", "met"),
)


def _judge(
    bar: str, figures: Mapping[str, float], bound: float, least: bool = True
) -> dict[str, Any]:
    """A bar that every figure must reach, or that none may pass."""
    if not figures:
        nothing = {"workload": "–", "figure": None, "met": "not measured", "figures": {}}
        return {"bar": bar, "wanted": f"{'≥' if least else '≤'} {bound:g}"} | nothing
    worst = (min if least else max)(figures, key=lambda name: figures[name])
    figure = figures[worst]
    met = figure >= bound if least else figure <= bound
    return {
        "bar": bar,
        "workload": worst,
        "figure": figure,
        "wanted": f"{'≥' if least else '≤'} {bound:g}",
        "met": "yes" if met else "no",
        "figures": dict(figures),
    }


def _of(rows: Rows, key: str, names: Iterable[str]) -> dict[str, float]:
    return {name: rows[name][key] for name in names if rows[name][key] is not None}


def _per_iteration(rows: Rows) -> list[dict[str, Any]]:
    peers = _of(rows, "over_onedal", ("F1", "F2", "F3", "F4", "F5", "F6", "D1", "D2"))
    theirs = "over_scikit_learn"
    iteration = "scikit-learn ÷ mixtura, an iteration"
    return [
        _judge("oneDAL ÷ mixtura, an iteration", peers, 2.0),
        _judge("the same, geometric mean", {"all": geometric_mean(peers.values())}, 3.0),
        _judge(iteration, _of(rows, theirs, ("F1", "F2", "F3", "F4", "D2", "T1")), 40.0),
        _judge(iteration, _of(rows, theirs, ("F5",)), 20.0),
        _judge(iteration, _of(rows, theirs, ("D1",)), 12.0),
        _judge(iteration, _of(rows, theirs, ("F6",)), 8.0),
        _judge(
            "mixtura ÷ the machine's limit",
            _of(rows, "over_limit", ("F3", "F4", "F5", "F6", "D1")),
            2.5,
            least=False,
        ),
    ]


def _agreement(rows: Rows) -> list[dict[str, Any]]:
    return [
        _judge("log-likelihoods differ, relative", _of(rows, "difference", rows), 1e-9, False),
        _judge("MiB beyond the data", _of(rows, "memory mixtura", rows), 64.0, False),
    ]


def _score_samples(rows: Rows) -> list[dict[str, Any]]:
    key, bar = "over_scikit_learn", "scikit-learn ÷ mixtura, score_samples"
    return [
        _judge(bar, _of(rows, key, ("F1", "F2", "F3", "F4", "D2")), 30.0),
        _judge(bar, _of(rows, key, ("F5", "D1")), 20.0),
        _judge(bar, _of(rows, key, ("F6",)), 8.0),
    ]


def _whole_fits(rows: Rows) -> list[dict[str, Any]]:
    key, bar = "over_scikit_learn", "scikit-learn ÷ mixtura, a whole default fit"
    return [
        _judge(bar, _of(rows, key, ("F2", "F3", "F4", "F5")), 15.0),
        _judge(bar, _of(rows, key, ("S1",)), 4.0),
    ]


def _float32_rows(rows: Rows) -> list[dict[str, Any]]:
    return [
        _judge("float64 ÷ float32 rows, an iteration", _of(rows, "ratio", rows), 1.6),
        _judge("log-likelihood of float32 rows differs", _of(rows, "near", rows), 1e-6, False),
        _judge("the same, rows moved by 1e4 deviations", _of(rows, "far", rows), 1e-5, False),
    ]


def _threads(rows: Rows) -> list[dict[str, Any]]:
    return [_judge("1 ÷ 2 threads, an iteration", _of(rows, "speedup", rows), 1.8)]


_JUDGES: tuple[tuple[str, Callable[[Rows], list[dict[str, Any]]]], ...] = (
    ("per_iteration", _per_iteration),
    ("agreement", _agreement),
    ("score_samples", _score_samples),
    ("whole_fits", _whole_fits),
    ("float32_rows", _float32_rows),
    ("threads", _threads),
)
