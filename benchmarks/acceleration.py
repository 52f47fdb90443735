"""Acceleration: iterations of plain and of extrapolated EM, and where they end."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import mixtura
from mixtura.datasets import separated
from mixtura.errors import CollapseError
from table import Column, Table

RESULTS = Path(__file__).with_name("results")

#: nats of the whole log-likelihood
NEAR = 1e-5
#: nats a row: an end lower than plain EM's by more is counted
LOWER = 1e-9


def overlapping(seeds: range) -> Table:
    """Iterations until the log-likelihood is within `NEAR` of the maximum."""
    rows = []
    for separation in (1.0, 1.5, 2.0, 3.0):
        for seed in seeds:
            data = separated(4000, 4, 4, separation=separation, random_state=seed)[0]
            options: dict[str, Any] = {"reg_covar": 0.0, "random_state": seed}
            plain = mixtura.fit(data, 4, tol=1e-14, max_iter=50_000, **options)
            fit = mixtura.fit(data, 4, tol="auto", accelerate="auto", max_iter=5000, **options)
            steps, fewer = _until(plain), _until(fit, plain.log_likelihood)
            rows.append(
                {
                    "separation": separation,
                    "seed": seed,
                    "plain": steps,
                    "accelerated": fewer,
                    "factor": steps / fewer,
                    "all": fit.n_iter,
                    "rejected": fit.rejected,
                    "difference": fit.log_likelihood - plain.log_likelihood,
                }
            )
    return Table(
        "acceleration",
        "Iterations on overlapping data",
        f"4000 rows, 4 features, 4 components. Iterations until the log-likelihood of all rows is "
        f"within {NEAR:g} nats of where plain EM comes to rest; those of the whole accelerated "
        "fit with `tol='auto'`; points tried and not kept; its end beside plain EM's, nats. Tried "
        "points count as iterations.",
        [
            Column("separation", "separation", ".1f"),
            Column("seed", "seed", "d"),
            Column("plain", "EM", "d"),
            Column("accelerated", "accelerated", ".0f"),
            Column("factor", "factor", ".1f"),
            Column("all", "whole fit", "d"),
            Column("rejected", "not kept", "d"),
            Column("difference", "end", ".1e"),
        ],
        rows,
    )


def ends(n: int) -> Table:
    """Where accelerated fits end beside plain ones of the same start."""
    rows = []
    for seed, data, k, options in _problems(n):
        # Where EM walks into a spike of the likelihood there is no end to compare.
        try:
            plain = mixtura.fit(data, k, tol="auto", max_iter=5000, **options)
        except CollapseError:
            continue
        smallest = np.linalg.eigvalsh(plain.mixture.covariance_matrices()).min()
        if plain.outcome is not mixtura.Outcome.CONVERGED or smallest < 1e-4:
            continue
        fit = mixtura.fit(data, k, tol="auto", accelerate="auto", max_iter=5000, **options)
        difference = fit.mean_log_likelihood - plain.mean_log_likelihood
        rows.append((seed, options, plain.n_iter, fit.n_iter, difference, fit.outcome.value))
    lower = [row for row in rows if row[4] < -LOWER]
    counts = {
        "problems": len(rows),
        "plain": sum(row[2] for row in rows),
        "accelerated": sum(row[3] for row in rows),
        "more": sum(row[3] > row[2] + 20 for row in rows),
        "higher": sum(row[4] > 1e-6 for row in rows),
        "lower": len(lower),
        "which": "; ".join(
            f"{seed} {options['structure']} {options['start']} {by:.1e}"
            for seed, options, _, _, by, _ in lower
        ),
    }
    return Table(
        "acceleration_ends",
        "Where accelerated fits end",
        "Random problems of 100 to 800 rows, 1 to 5 features, 2 to 7 components, all structures "
        "and starts, with `tol='auto'`: iterations of all together, fits that took 20 more, ends "
        f"more than 1e-6 nats a row above and more than {LOWER:g} below that of plain EM from the "
        "same start, and which.",
        [
            Column("problems", "problems", "d"),
            Column("plain", "EM", "d"),
            Column("accelerated", "accelerated", "d"),
            Column("more", "more iterations", "d"),
            Column("higher", "higher", "d"),
            Column("lower", "lower", "d"),
            Column("which", "which are lower"),
        ],
        [counts],
    )


def _until(fit: mixtura.Fit, end: float | None = None) -> float:
    """Iterations until the likelihood is near `end`, all tried points before the end included."""
    total = fit.trace * fit.total_weight
    near = np.flatnonzero(total >= (total[-1] if end is None else end) - NEAR)
    return int(near[0]) + fit.rejected if len(near) else math.nan


def _problems(n: int) -> Iterator[tuple[int, Any, int, dict[str, Any]]]:
    for seed in range(n):
        random = np.random.RandomState(seed)
        d, k = random.randint(1, 6), random.randint(2, 7)
        n_rows = int(np.exp(random.uniform(np.log(100), np.log(800))))
        separation = float(np.exp(random.uniform(np.log(0.5), np.log(4))))
        structure = ["full", "tied", "diag", "spherical"][random.randint(4)]
        start = ["kmeans", "kmeans", "k-means++", "random"][random.randint(4)]
        asked = max(2, k + random.randint(-1, 2))
        data = separated(n_rows, d, k, separation=separation, random_state=seed)[0]
        options = {"structure": structure, "start": start, "random_state": seed}
        yield seed, data, asked, {**options, "reg_covar": 0.0}


def main() -> None:
    """Measure, print the tables, and write them to the folder of results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the problems")
    parser.add_argument("--out", type=Path, help="the folder of results")
    options = parser.parse_args()
    folder = options.out or (RESULTS / "quick" if options.quick else RESULTS)
    for table in (
        overlapping(range(1 if options.quick else 5)),
        ends(60 if options.quick else 600),
    ):
        print("\n" + table.markdown(), flush=True)
        table.write(folder)


if __name__ == "__main__":
    main()
