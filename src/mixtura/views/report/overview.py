"""Overview: what one pass over the rows finds out, however many there are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.sources import Block, ahead
from mixtura.errors import DataError
from mixtura.model.explain import Explanation
from mixtura.model.mixture import Mixture
from mixtura.rows.holes import Holes
from mixtura.rows.sampling import Reservoir
from mixtura.tables import Table
from mixtura.tables.digest import Digest
from mixtura.tables.streams import Chunk, rechunk
from mixtura.textual import counted

#: rows that pictures and comparisons are of, at most
SAMPLE = 20_000
#: of the patterns of what is missing so many are told of
_PATTERNS = 5
#: a row whose largest responsibility is below this is in doubt
DOUBT = 0.8
#: rows that are looked at together, and numbers of them, at most
_ROWS, _NUMBERS = 2**16, 2**21


@dataclass(frozen=True, eq=False)
class Overview:
    """What one pass over N rows found.

    Parameters
    ----------
    n_rows : N.
    log_likelihood : Σ_i log p(x_i), nats.
    low, high, mean, standard_deviation : of each feature, (D,), feature units; deviations with
        divisor N.
    assigned : (K,), the rows of which a component has the largest responsibility; with noise
        (K + 1,), the last those of the noise.
    doubtful : those among them for which that is below `DOUBT`, of as many.
    unlikely : the least likely rows, the least likely first.
    ids : of each of them, name -> text.
    sample : (m, D), rows drawn at random, in their order; all of them where they are few. What they
        lack is drawn given the rest.
    digest : by which the rows are known again.
    missing : what the rows lack, and in which patterns, a sentence; empty where that is nothing.
    """

    n_rows: int
    log_likelihood: float
    low: Floats
    high: Floats
    mean: Floats
    standard_deviation: Floats
    assigned: Integers
    doubtful: Integers
    unlikely: Explanation
    ids: tuple[dict[str, str], ...]
    sample: Floats
    digest: str
    missing: str = ""


def overview(
    mixture: Mixture,
    chunks: Iterable[Chunk],
    *,
    names: tuple[str, ...] | None = None,
    worst: int = 5,
    seed: int = 0,
    missing: str = "refuse",
) -> Overview:
    """Score rows, count, measure, draw a sample, and keep the least likely.

    Parameters
    ----------
    mixture : of K components and D features.
    chunks : the rows.
    names : of their columns, or None for the mixture's features in their order.
    worst : how many of the least likely rows are explained; of equal ones the first.
    seed : of the sample.
    missing : as for `Mixture.score_samples`.

    Raises
    ------
    DataError : no row, wrong shape, missing columns, NaN or infinity.

    Notes
    -----
    Two densities a row and component. Memory for `SAMPLE` rows, those that are explained, and two
    blocks of at most 65,536 rows: it does not grow with N. The same rows give the same bits,
    whatever chunks they come in.
    """
    block = int(np.clip(_NUMBERS // max(mixture.n_components, mixture.n_features), 256, _ROWS))
    tally = _Tally(mixture, worst, seed, missing)
    with closing(ahead(rechunk(chunks, block), 1)) as evenly:
        for chunk in evenly:
            rows: Any = chunk.rows
            if names is not None:
                rows = Table(names, rows)
            own = mixture.rows(rows, missing=missing)
            tally.add(np.ascontiguousarray(own, dtype=np.float64), chunk)
    return tally.result()


class _Tally:
    """What the rows so far came to."""

    def __init__(self, mixture: Mixture, worst: int, seed: int, missing: str) -> None:
        k, d = len(mixture.shares), mixture.n_features
        self._mixture, self._missing = mixture, missing
        self._holes: Holes | None = None
        self._patterns: Counter[tuple[int, ...]] = Counter()
        self._there: Floats = np.zeros(d)  # how many values of each feature
        self._worst = _Worst(worst, d)
        self._reservoir = Reservoir(SAMPLE, seed)
        self._digest = Digest(d)
        self._n = 0
        self._sums: list[float] = []
        self._low: Floats = np.full(d, np.inf)
        self._high: Floats = np.full(d, -np.inf)
        self._mean: Floats = np.zeros(d)
        self._squares: Floats = np.zeros(d)  # about the mean
        self._assigned: Integers = np.zeros(k, dtype=np.int64)
        self._doubtful: Integers = np.zeros(k, dtype=np.int64)

    def add(self, rows: Floats, chunk: Chunk) -> None:
        """Rows (m, D), with the chunk that they are from."""
        scores = self._mixture.score_samples(rows, missing=self._missing)
        # (m, K), with noise (m, K + 1)
        shares = self._mixture.predict_proba(rows, missing=self._missing)
        labels, k = shares.argmax(axis=1), shares.shape[1]
        self._assigned += np.bincount(labels, minlength=k)
        self._doubtful += np.bincount(labels[shares.max(axis=1) < DOUBT], minlength=k)
        self._sums.append(math.fsum(scores))
        self._worst.add(rows, scores, self._n, chunk)
        self._reservoir.add(Block(0, rows))
        self._digest.add(rows)
        self._measure(rows)
        self._n += len(rows)

    def _measure(self, rows: Floats) -> None:
        """Means and squares, merged as Chan, Golub & LeVeque 1983 do."""
        self._low = np.fmin(self._low, np.fmin.reduce(rows, axis=0))
        self._high = np.fmax(self._high, np.fmax.reduce(rows, axis=0))
        lacking = np.isnan(rows)
        there = len(rows) - lacking.sum(axis=0)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = rows.mean(axis=0)
            if lacking.any():
                mean = np.where(lacking, 0.0, rows).sum(axis=0) / np.maximum(there, 1)
                rows = np.where(lacking, mean, rows)
                self._count(lacking)
            step, share = mean - self._mean, there / np.maximum(self._there + there, 1.0)
            self._squares += ((rows - mean) ** 2).sum(axis=0) + step**2 * self._there * share
            self._mean = self._mean + step * share
        self._there += there

    def _count(self, lacking: NDArray[np.bool_]) -> None:
        """What rows (m, D) lack, and in which patterns."""
        own = Holes.of(lacking, None)
        self._holes = own if self._holes is None else self._holes + own
        for pattern, count in zip(*np.unique(lacking, axis=0, return_counts=True), strict=True):
            if pattern.any():
                self._patterns[tuple(np.flatnonzero(pattern).tolist())] += int(count)

    def result(self) -> Overview:
        if not self._n:
            raise DataError("X has 0 rows, expected at least 1")
        unlikely, ids = self._worst.explained(self._mixture, self._missing)
        with np.errstate(invalid="ignore"):
            deviations = np.sqrt(self._squares / self._there)
        sample = self._reservoir.drawn(np.dtype(np.float64)).rows
        missing = ""
        if self._holes is not None:
            names = self._mixture.feature_labels
            missing = self._holes.sentence(self._n, names) + _listed(self._patterns, names)
            sample = self._mixture.impute(sample, draws=1, random_state=0)[0]
        return Overview(
            self._n,
            math.fsum(self._sums),
            self._low,
            self._high,
            self._mean,
            deviations,
            self._assigned,
            self._doubtful,
            unlikely,
            ids,
            sample,
            self._digest.text,
            missing,
        )


def _listed(patterns: Counter[tuple[int, ...]], names: tuple[str, ...]) -> str:
    """The patterns that most rows have, in words."""
    said = [
        f"{' and '.join(names[j] for j in lacking)} in {counted(count, 'row')}"
        for lacking, count in patterns.most_common(_PATTERNS)
    ]
    more = len(patterns) - len(said)
    others = f", and {counted(more, 'more pattern')}" if more else ""
    return (
        f". Missing together: {', '.join(said)}{others}. Pictures and the rows' distribution are "
        "of draws for what is missing, given the rest of each row."
    )


class _Worst:
    """The least likely rows so far, the least likely first; of equal ones the first."""

    def __init__(self, count: int, n_features: int) -> None:
        self._count = count
        self._scores: Floats = np.empty(0)
        self._numbers: Integers = np.empty(0, dtype=np.int64)
        self._rows: Floats = np.empty((0, n_features))
        self._ids: list[dict[str, str]] = []

    def add(self, rows: Floats, scores: Floats, first: int, chunk: Chunk) -> None:
        few = np.argsort(scores, kind="stable")[: self._count]
        ids = [
            *self._ids,
            *({name: str(texts[i]) for name, texts in chunk.ids.items()} for i in few.tolist()),
        ]
        every = np.concatenate([self._scores, scores[few]])
        order = np.argsort(every, kind="stable")[: self._count]
        self._scores = every[order]
        numbers = first + few if chunk.numbers is None else chunk.numbers[few]
        self._numbers = np.concatenate([self._numbers, numbers])[order]
        self._rows = np.concatenate([self._rows, rows[few]])[order]
        self._ids = [ids[i] for i in order.tolist()]

    def explained(
        self, mixture: Mixture, missing: str
    ) -> tuple[Explanation, tuple[dict[str, str], ...]]:
        """Where their log-likelihoods come from, and what they are called."""
        numbers = self._numbers.copy()
        numbers.setflags(write=False)
        found = mixture.explain(self._rows, missing=missing)
        return replace(found, row_numbers=numbers), tuple(self._ids)
