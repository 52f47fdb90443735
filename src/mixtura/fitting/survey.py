"""Survey: what has to be known of a stream before EM can begin, from one pass."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Rows
from mixtura.engine.executors import default_executor
from mixtura.engine.sources import ArraySource, Block, StreamSource, ahead, fields_of
from mixtura.errors import DataError
from mixtura.fitting.data import Data
from mixtura.fitting.extent import Extent
from mixtura.fitting.fingerprint import Fingerprint
from mixtura.fitting.starts.reservoir import Reservoir
from mixtura.model.weights import Weighted, unit_of
from mixtura.tables.streams import Chunk, Scan, bad_rows

__all__ = ["Tally", "nothing_counts", "sample_size", "settled", "survey"]

#: rows of a sample; up to so many, a start is that of the rows in memory
_SAMPLE = 2**17
#: numbers of a sample, where that is less
_NUMBERS = 2**21


def survey(scan: Scan, n_components: int, seed: int, *, known: bool = False) -> Data:
    """Read a stream once: count, check, measure and draw a sample.

    Parameters
    ----------
    scan : the stream.
    n_components : K; of each component some rows should be in the sample.
    seed : of the sample.
    known : whether what the rows are known by will be asked for: a sum of all their bytes.

    Raises
    ------
    DataError : no row counts; or as for `Scan.chunks`.
    """
    bad = bad_rows(scan.on_bad_row)
    d = len(scan.columns.features)
    reservoir = Reservoir(sample_size(d, n_components), seed)
    tally, seen = Tally(d), Fingerprint() if known else None
    with closing(ahead(scan.chunks(bad))) as chunks:
        for chunk in chunks:
            rows, weights = _counting(chunk)
            if len(rows):
                tally.add(rows, weights)
                reservoir.add(rows, weights)
                if seen:
                    seen.add(rows, weights)
            tally.without_weight += len(chunk) - len(rows)
    bad.warn()
    if not tally.count:
        raise DataError(nothing_counts(bad.count, tally.without_weight))
    sample, unit, equal = settled(reservoir, tally)
    source = StreamSource(
        _Counting(scan, None if equal else unit), (tally.count, d), tally.dtype, not equal
    )
    return Data(
        source,
        sample,
        default_executor(),
        scan.names,
        unit,
        left_out=bad.count + tally.without_weight,
        note=bad.summary,
        extent=tally.extent,
        known_by=partial(seen.record, scan.names) if seen else dict,
    )


def sample_size(n_features: int, n_components: int) -> int:
    """How many rows a sample has."""
    return max(min(_SAMPLE, _NUMBERS // n_features), 100 * n_components, 10_000)


def settled(reservoir: Reservoir, tally: Tally) -> tuple[ArraySource, float, bool]:
    """The sample, what a weight of 1 in it stands for, and whether all rows weigh the same."""
    rows, weights = reservoir.drawn(tally.dtype)
    if reservoir.whole:  # to the last bit what they are in memory
        weighted = Weighted.of(rows, weights)
        return ArraySource(rows, weighted.weights), weighted.unit, weighted.weights is None
    inside = None if tally.equal or weights is None else weights / tally.unit
    return ArraySource(rows, inside), tally.unit, tally.equal


@dataclass(frozen=True, eq=False)
class _Counting:
    """Begins a pass over the rows that count.

    Parameters
    ----------
    scan : all rows.
    unit : what their weights are divided by; None drops the weights.
    """

    scan: Scan
    unit: float | None

    def __call__(self) -> Iterator[Block]:
        for chunk in self.scan.chunks():
            rows, weights = _counting(chunk)
            if len(rows):
                if weights is not None:
                    weights = None if self.unit is None else weights / self.unit
                yield Block(0, rows, fields_of(weights))


def _counting(chunk: Chunk) -> tuple[Rows, Floats | None]:
    """The rows of positive weight, and their weights."""
    rows, weights = chunk.rows, chunk.weights
    if weights is None or weights.all():
        return rows, weights
    counting = weights > 0.0
    return rows[counting], weights[counting]


class Tally:
    """Sums and extremes of the rows so far."""

    def __init__(self, n_features: int) -> None:
        self.count = 0
        self.without_weight = 0
        self.dtype: np.dtype[np.floating[Any]] = np.dtype(np.float32)
        self.low: Floats = np.full(n_features, np.inf)
        self.high: Floats = np.full(n_features, -np.inf)
        self._weighted = False
        self._first = 1.0
        self._same = True
        self._largest = 0.0
        self._scale = 1.0  # the power of two in which the sum is kept: it cannot overflow
        self._sum = 0.0

    def add(self, rows: Rows, weights: Floats | None) -> None:
        self.dtype = np.result_type(self.dtype, rows.dtype)
        self.low = np.minimum(self.low, rows.min(axis=0))
        self.high = np.maximum(self.high, rows.max(axis=0))
        if weights is not None:
            self._weigh(weights)
        self.count += len(rows)

    def _weigh(self, weights: NDArray[np.floating[Any]]) -> None:
        if not self._weighted:
            self._weighted, self._first = True, float(weights[0])
        self._same = self._same and bool((weights == self._first).all())
        self._largest = max(self._largest, float(weights.max()))
        scale = math.ldexp(1.0, min(math.frexp(self._largest)[1], 1023))
        self._sum = self._sum * (self._scale / scale) + float((weights / scale).sum())
        self._scale = scale

    def include(self, other: Tally) -> None:
        """Count the rows that another one counted, too."""
        self.without_weight += other.without_weight
        if not other.count:
            return
        self.dtype = np.result_type(self.dtype, other.dtype)
        self.low = np.minimum(self.low, other.low)
        self.high = np.maximum(self.high, other.high)
        self.count += other.count
        if not other._weighted:
            return
        if not self._weighted:
            self._weighted, self._first = True, other._first
        self._same = self._same and other._same and self._first == other._first
        self._largest = max(self._largest, other._largest)
        scale = math.ldexp(1.0, min(math.frexp(self._largest)[1], 1023))
        self._sum = self._sum * (self._scale / scale) + other._sum * (other._scale / scale)
        self._scale = scale

    @property
    def extent(self) -> Extent:
        """From where to where the rows reach."""
        return Extent(self.low, self.high)

    @property
    def equal(self) -> bool:
        """Whether all weights are one number."""
        return not self._weighted or self._same

    @property
    def unit(self) -> float:
        """What a weight of 1 will stand for."""
        if self.equal:
            return self._first
        share = self._sum / self.count * (self._scale / self._largest)
        return unit_of(share, self._largest)


def nothing_counts(bad: int, without_weight: int) -> str:
    """What is wrong with data of which no row counts."""
    if without_weight:
        return "every weight is zero, expected at least one above: no row would count"
    if bad:
        return f"X has no row left: all {bad:,} are bad, expected finite numbers"
    return "X has 0 rows, expected at least 2: one row has no spread to fit"
