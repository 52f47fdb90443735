"""Fits that end: random hostile problems through the automatic settings.

Prints how many ended how, the falls of the log-likelihood beside what was repaired, and the time.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter

import numpy as np

import mixtura
from mixtura.fitting import Fit
from shared import Hostile, hostile
from table import Column, Table


def main() -> None:
    """Fit problem after problem, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=10_000)
    parser.add_argument("--start", default="auto")
    options = parser.parse_args()
    warnings.simplefilter("error")
    raised: list[str] = []
    outcomes: Counter[str] = Counter()
    repairs: Counter[str] = Counter()
    kinds: dict[tuple[str, str], list[float]] = {}
    longest = 0.0
    began = time.perf_counter()
    for seed in range(options.problems):
        problem = hostile(seed)
        alone = time.perf_counter()
        try:
            fit = _fit(problem, options.start)
        except Exception as error:  # whatever it is, it is counted
            raised.append(f"hostile({seed}): {error!r}")
            continue
        longest = max(longest, time.perf_counter() - alone)
        outcomes[fit.outcome.value] += 1
        repairs.update({repair.action for repair in fit.repairs})
        offset = ", offset" if "offset" in problem.traits else ""
        repaired = "repaired" if fit.repairs else "none"
        kinds.setdefault((problem.rows.dtype.name + offset, repaired), []).append(_fall(fit))
    print(_falls(kinds).markdown())
    seconds = time.perf_counter() - began
    print(f"\n{options.problems} problems, {len(raised)} raised or gave numbers that are none")
    print("outcomes:", ", ".join(f"{n} {name}" for name, n in outcomes.most_common()))
    print("fits with repairs:", ", ".join(f"{n} {name}" for name, n in repairs.most_common()))
    print(f"{seconds:.0f} s, {longest:.2f} s the longest")
    print("\n".join(raised[:20]))


def _fit(problem: Hostile, start: str) -> Fit:
    fit = mixtura.fit(
        problem.rows,
        problem.n_components,
        structure=problem.structure,
        start=start,
        reg_covar="auto",
        tol="auto",
        accelerate="auto",
    )
    answers = (fit.trace, fit.mixture.covariances, fit.mixture.score_samples(problem.rows))
    if not all(np.isfinite(values).all() for values in answers):
        raise ArithmeticError("a number is not finite")
    return fit


def _fall(fit: Fit) -> float:
    """The largest fall as a share of the log-likelihood's size, where nothing was reseeded."""
    reseeded = {repair.iteration for repair in fit.repairs if repair.action == "reseeded"}
    falls = -np.diff(fit.trace) / np.maximum(1.0, np.abs(fit.trace[:-1]))
    return max([0.0, *(fall for i, fall in enumerate(falls, 1) if i not in reseeded)])


def _falls(kinds: dict[tuple[str, str], list[float]]) -> Table:
    rows = [
        {"rows": rows, "repairs": repaired, "fits": len(falls), "worst": max(falls)}
        for (rows, repaired), falls in sorted(kinds.items())
    ]
    return Table(
        "hostile",
        "Falls of the log-likelihood",
        "The largest fall of an iteration that reseeded nothing, as a share of the size.",
        (
            Column("rows", "rows"),
            Column("repairs", "repairs"),
            Column("fits", "fits", "d"),
            Column("worst", "worst fall", ".1e"),
        ),
        rows,
    )


if __name__ == "__main__":
    main()
