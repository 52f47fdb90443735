"""Rows in float32 against the same rows in float64: time, and what the rounding costs."""

from __future__ import annotations

from claim import chosen, run, show
from pace import paces
from table import Column, Table
from worker import Worker
from workloads import Workload

NAMES = ("F3", "F4", "F5", "F6")

#: how far the rows are moved from the origin, standard deviations
_FAR = 1e4

_WORDS = """\
Milliseconds per EM iteration of mixtura on rows in float64 and in float32, and the relative
difference of the log-likelihoods after three iterations: where the rows are, and moved by 1e4
standard deviations in every feature. The float32 rows are the float64 rows rounded, so the
difference holds what rounding did to the data too."""


def measure(quick: bool) -> list[Table]:
    """The one table."""
    rows = []
    with Worker("mixtura") as double, Worker("mixtura") as single:
        for workload in chosen(NAMES, quick):
            show(f"{workload.name}: float32")
            far = _difference(workload, double, single, _FAR)
            near = _difference(workload, double, single, 0.0)
            found = paces({"float64": double, "float32": single}, 0.5, 1 if quick else 3)
            times = {name: pace.milliseconds for name, pace in found.items()}
            rows.append(
                {
                    **workload.shape(),
                    **times,
                    "ratio": times["float64"] / times["float32"],
                    "near": near,
                    "far": far,
                }
            )
    return [Table("float32_rows", "float32 rows", _WORDS, _COLUMNS, rows)]


_COLUMNS = (
    Column("workload", "workload"),
    Column("float64", "float64", "short"),
    Column("float32", "float32", "short"),
    Column("ratio", "float64 ÷ float32", ".2f"),
    Column("near", "difference", ".0e"),
    Column("far", "difference, moved", ".0e"),
)


def _difference(workload: Workload, double: Worker, single: Worker, offset: float) -> float:
    """The difference of their log-likelihoods after three iterations, relative."""
    double.load(workload, "float64", offset)
    single.load(workload, "float32", offset)
    exact: float = double.iterate(3).value.log_likelihood
    rounded: float = single.iterate(3).value.log_likelihood
    return abs(rounded - exact) / abs(exact)


if __name__ == "__main__":
    run(measure)
