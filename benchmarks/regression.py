"""Mixture regression of a million rows, beside gmr's in one run.

python benchmarks/regression.py [--quick], with gmr installed (pip install gmr).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from gmr import GMM

import mixtura
from claim import run
from table import Column, Table

_WORDS = """\
Six components, five inputs, one target. Seconds of processor time, the least of so many readings
one after the other: gmr's `predict`, which gives means alone; `GaussianMixtureRegressor.predict`'s
pass, which gives the same; `Mixture.regress`, with variances and the components' weights; and one
row after the other by `condition`, of which some were timed. The difference is the largest between
both means."""

_COLUMNS = (
    Column("rows", "rows", ",d"),
    Column("gmr", "gmr s", ".3f"),
    Column("means", "means s", ".3f"),
    Column("ratio", "ratio", ".0f"),
    Column("regress", "regress s", ".3f"),
    Column("loop", "by condition s", ".0f"),
    Column("difference", "difference", ".1e"),
)


def seconds(work: Callable[[], Any], readings: int) -> float:
    """The least processor time of so many readings."""
    found = []
    for _ in range(readings):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def measure(quick: bool) -> list[Table]:
    """The table of both."""
    n, k, d = 10**5 if quick else 10**6, 6, 6
    random = np.random.default_rng(0)
    means, halves = 3.0 * random.normal(size=(k, d)), random.normal(size=(k, d, d))
    covariances = halves @ halves.transpose(0, 2, 1) / d + 0.3 * np.eye(d)
    shares = np.full(k, 1.0 / k)
    theirs = GMM(k, priors=shares, means=means, covariances=covariances)
    mixture = mixtura.Mixture(shares, means, covariances)
    X = 3.0 * random.normal(size=(n, d - 1))
    predictor, given = mixture._predictor(d - 1), np.arange(d - 1)
    expected = theirs.predict(given, X)
    gmr = seconds(lambda: theirs.predict(given, X), 3)
    means_alone = seconds(lambda: predictor.over(X, predictor.means, 1), 5)

    def loop() -> None:
        for row in X[:300].tolist():
            mixture.condition(dict(enumerate(row))).mean()

    told = mixture.regress(X, d - 1)
    row = {
        "rows": n,
        "gmr": gmr,
        "means": means_alone,
        "ratio": gmr / means_alone,
        "regress": seconds(lambda: mixture.regress(X, d - 1), 3),
        "loop": seconds(loop, 3) * n / 300,
        "difference": float(np.abs(told.mean - expected.reshape(n, 1)).max()),
    }
    return [Table("regression", "Mixture regression", _WORDS, _COLUMNS, [row])]


if __name__ == "__main__":
    run(measure)
