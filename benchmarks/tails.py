"""Tails: how rare scores are said to be, beside brute force, and what that costs beside scoring."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from claim import run, show
from mixtura import Box, Mixture, Noise
from mixtura.model.tail import Tail, tail_of
from table import Column, Table

Floats = NDArray[np.float64]

#: components, features, structure, weight of noise
_CASES = (
    (1, 5, "full", 0.0),
    (2, 1, "full", 0.0),
    (6, 1, "full", 0.0),
    (3, 2, "full", 0.0),
    (2, 2, "full", 0.1),
    (12, 3, "diag", 0.0),
    (5, 5, "full", 0.05),
    (20, 5, "tied", 0.0),
    (16, 8, "full", 0.0),
    (8, 12, "spherical", 0.0),
    (2, 20, "full", 0.0),
    (20, 20, "full", 0.0),
)
_LEVELS = (0.5, 0.1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
#: rows that are drawn of each mixture, and where it has to be quick
_ROWS, _QUICK_ROWS = 100_000_000, 2_000_000
#: rows that are drawn at once
_BATCH = 500_000

_WORDS = """\
The share of {n:,} rows drawn from each mixture whose score is at most the threshold of a tail
probability, less that probability, in standard errors of both together: the computation's own and
the binomial's. Thresholds are those that `Mixture.threshold` gives for the probabilities at the
head of the columns; with noise none is below the scores far from everything. `error at 1e-6` is
the computation's, relative. The bar: within 3. Of {cells} numbers {outside} are beyond 3, and the
mean of their squares is {square:.2f}, where 1 is due."""

_TIME_WORDS = """\
Process time for 1,000,000 rows, the least of {repeats}: of `score_samples`, of `tail` without and
with the table that is made once for a mixture. The bar: the last at most twice the first."""


def measure(quick: bool) -> list[Table]:
    """The two tables."""
    n = _QUICK_ROWS if quick else _ROWS
    rows = []
    for number, case in enumerate(_CASES):
        show(f"tails: {case[0]} components, {case[1]} features")
        rows.append(_agreement(number, case, n))
    apart = [row[f"{level:g}"] for row in rows for level in _LEVELS]
    numbers = np.array([each for each in apart if each is not None])
    words = _WORDS.format(
        n=n,
        cells=len(numbers),
        outside=int(np.sum(np.abs(numbers) > 3.0)),
        square=float(np.mean(np.square(numbers))),
    )
    columns = (
        Column("k", "K", "d"),
        Column("d", "D", "d"),
        Column("structure", "structure"),
        Column("noise", "noise", ".2f"),
        *(Column(f"{level:g}", f"{level:g}", ".1f") for level in _LEVELS),
        Column("error", "error at 1e-6", ".1%"),
    )
    title = "Tail probabilities beside brute force"
    return [Table("tails", title, words, columns, rows), _pace(quick)]


def drawn(number: int, case: tuple[int, int, str, float]) -> Mixture:
    """A mixture of that many components and features, some standard deviations apart."""
    k, d, structure, noise = case
    random = np.random.default_rng(number)
    weights = random.dirichlet(np.full(k, 2.0)) + 1e-3
    turned = np.linalg.qr(random.normal(size=(k, d, d)))[0]
    values = np.exp(random.normal(scale=0.7, size=(k, 1, d)))
    full = (turned * values) @ turned.transpose(0, 2, 1)
    covariances = {
        "full": 0.5 * (full + full.transpose(0, 2, 1)),
        "tied": 0.5 * (full[0] + full[0].T),
        "diag": values[:, 0],
        "spherical": values[:, 0, 0],
    }[structure]
    means = 2.0 * random.normal(size=(k, d))
    mixture = Mixture(weights / weights.sum(), means, covariances, structure)
    if not noise:
        return mixture
    rows, _ = mixture.sample(1000, 0)
    box = Box(rows.min(axis=0), np.ptp(rows, axis=0))
    parts = ((1.0 - noise) * mixture.weights, means, mixture.covariances, structure)
    return Mixture(*parts, noise=Noise(noise, box))


def _agreement(number: int, case: tuple[int, int, str, float], n: int) -> dict[str, object]:
    """A line of the first table."""
    mixture = drawn(number, case)
    tail = tail_of(mixture)
    at = np.array([tail.threshold(level) for level in _LEVELS])
    counts = np.zeros(len(at))
    for batch in range(-(-n // _BATCH)):
        scores = mixture.score_samples(_rows(mixture, np.random.default_rng((number, batch))))
        counts += np.searchsorted(np.sort(scores), at, side="right")
    total = _BATCH * -(-n // _BATCH)
    row: dict[str, object] = dict(zip(("k", "d", "structure", "noise"), case, strict=True))
    for level, score, count in zip(_LEVELS, at, counts, strict=True):
        chance = np.sqrt(level * (1.0 - level) / total)
        error = np.hypot(chance, tail.error([score])[0])
        row[f"{level:g}"] = None if score == -np.inf else float((count / total - level) / error)
    row["error"] = _relative(tail, at[-1])
    return row


def _relative(tail: Tail, score: float) -> float | None:
    return None if score == -np.inf else float(tail.error([score])[0] / _LEVELS[-1])


def _rows(mixture: Mixture, random: np.random.Generator) -> Floats:
    """Rows of the mixture, drawn by NumPy's generator alone."""
    counts = random.multinomial(_BATCH, mixture.shares)
    factors = np.linalg.cholesky(mixture.covariance_matrices())
    parts = [
        mean + random.standard_normal((count, len(mean))) @ lower.T
        for mean, lower, count in zip(mixture.means, factors, counts, strict=False)
    ]
    if mixture.noise is not None:
        box = mixture.noise.box
        parts.append(box.low + random.uniform(size=(counts[-1], len(box.low))) * box.extent)
    return np.vstack(parts)


def _pace(quick: bool) -> Table:
    """The second table."""
    rows, n, repeats = [], 100_000 if quick else 1_000_000, 7
    for k, d in ((16, 8), (4, 2), (20, 20)):
        mixture = drawn(k, (k, d, "full", 0.0))
        X, _ = mixture.sample(n, 0)
        fresh = [
            Mixture(mixture.weights, mixture.means, mixture.covariances) for _ in range(repeats)
        ]
        mixture.tail(X[:10])
        scoring = _least(lambda m, X=X: m.score_samples(X), [mixture] * repeats)
        looking = _least(lambda m, X=X: m.tail(X), [mixture] * repeats)
        whole = _least(lambda m, X=X: m.tail(X), fresh)
        figures = {"scoring": scoring, "tail": looking, "whole": whole, "ratio": whole / scoring}
        rows.append({"n_rows": n, "k": k, "d": d, **figures})
    columns = (
        Column("n_rows", "rows", ",d"),
        Column("k", "K", "d"),
        Column("d", "D", "d"),
        Column("scoring", "scores, ms", ".1f"),
        Column("tail", "tails, ms", ".1f"),
        Column("whole", "with the table, ms", ".1f"),
        Column("ratio", "÷ scores", ".2f"),
    )
    words = _TIME_WORDS.format(repeats=repeats)
    return Table("tails_time", "The time of tail probabilities", words, columns, rows)


def _least(work: Callable[[Mixture], object], mixtures: list[Mixture]) -> float:
    """The least process time of some runs, ms."""
    times = []
    for mixture in mixtures:
        began = time.process_time()
        work(mixture)
        times.append(1e3 * (time.process_time() - began))
    return min(times)


if __name__ == "__main__":
    run(measure)
