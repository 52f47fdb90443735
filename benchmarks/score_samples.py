"""The log-likelihood of every row: `score_samples` alone, mixtura and scikit-learn in turn."""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median

from claim import chosen, crew, run, show
from machine import measured_limits
from per_iteration import NAMES, SHAPE
from table import Column, Table

_WORDS = """\
Milliseconds for the log-likelihood of every row under the same parameters, the median of
{repeats} calls after one that is not counted; the largest difference of their means, relative,
and the time that the machine's rates allow."""


def measure(quick: bool) -> list[Table]:
    """The one table."""
    rows = []
    repeats = 1 if quick else 3
    for workload in chosen(NAMES, quick):
        show(f"{workload.name}: score_samples")
        with ExitStack() as stack:
            workers = crew(stack, ("mixtura", "scikit-learn"), workload)
            scores = {name: [worker.score().value] for name, worker in workers.items()}
            for _ in range(repeats):
                for name, worker in workers.items():
                    scores[name].append(worker.score().value)
        row = workload.shape()
        for name, scored in scores.items():
            row[name] = 1e3 * median(one.seconds for one in scored[1:])
        ours, theirs = (scores[name][0].log_likelihood for name in ("mixtura", "scikit-learn"))
        limit = measured_limits().scoring(workload)
        row["over_scikit_learn"] = row["scikit-learn"] / row["mixtura"]
        row["difference"] = abs(ours - theirs) / abs(theirs)
        row |= {"limit": limit, "over_limit": row["mixtura"] / limit}
        rows.append(row)
    words = _WORDS.format(repeats=repeats)
    return [Table("score_samples", "Scoring rows", words, _COLUMNS, rows)]


_COLUMNS = (
    *SHAPE,
    Column("scikit-learn", "scikit-learn", "short"),
    Column("mixtura", "mixtura", "short"),
    Column("over_scikit_learn", "scikit-learn ÷ mixtura", ".1f"),
    Column("difference", "difference", ".0e"),
    Column("limit", "limit", "short"),
    Column("over_limit", "mixtura ÷ limit", ".2f"),
)


if __name__ == "__main__":
    run(measure)
