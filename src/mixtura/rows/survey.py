"""Survey: what has to be known of a stream before EM can begin, from one pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from mixtura.engine.executors import default_executor
from mixtura.engine.sources import ArraySource, Block, StreamSource, ahead
from mixtura.errors import DataError
from mixtura.rows.data import Data, Fingerprint
from mixtura.rows.sampling import Reservoir
from mixtura.rows.summary import RowSummary, RunningSummary
from mixtura.rows.weights import Weighted
from mixtura.tables.streams import Chunk, Scan, bad_rows

#: rows of a sample; up to so many, a start is that of the rows in memory
_SAMPLE = 2**17
#: numbers of a sample, where that is less
_NUMBERS = 2**21


def survey(
    scan: Scan, n_components: int, seed: int, *, known: bool = False, scatter: bool = False
) -> Data:
    """Read a stream once: count, check, measure and draw a sample.

    Parameters
    ----------
    scan : the stream.
    n_components : K; of each component some rows should be in the sample.
    seed : of the sample.
    known : whether what the rows are known by will be asked for: a sum of all their bytes.
    scatter : whether the scatter of all rows will be.

    Raises
    ------
    DataError : no row counts; or as for `Scan.chunks`.
    """
    bad = bad_rows(scan.on_bad_row)
    d = len(scan.columns.features)
    reservoir = Reservoir(sample_size(d, n_components), seed)
    running, fingerprint = RunningSummary(d, products=scatter), Fingerprint() if known else None
    without_weight = 0
    with closing(ahead(scan.chunks(bad))) as chunks:
        for chunk in chunks:
            block = _counting(chunk)
            if len(block.rows):
                running.add(block)
                reservoir.add(block)
                if fingerprint:
                    fingerprint.add(block)
            without_weight += len(chunk) - len(block.rows)
    bad.warn()
    seen = running.total()
    if not seen.count:
        raise DataError(nothing_counts(bad.count, without_weight))
    sample, unit, equal = settled(reservoir, seen)
    counting = _Counting(scan, None if equal else unit)
    shape, holes = (seen.count, d), seen.holes is not None
    source = StreamSource(counting, shape, seen.dtype, not equal, holes=holes)
    return Data(
        source,
        sample,
        default_executor(),
        scan.names,
        unit,
        left_out=bad.count + without_weight,
        note=bad.summary,
        seen=seen.in_unit(unit),
        known_by=partial(fingerprint.record, scan.names) if fingerprint else dict,
    )


def sample_size(n_features: int, n_components: int) -> int:
    """How many rows a sample has."""
    return max(min(_SAMPLE, _NUMBERS // n_features), 100 * n_components, 10_000)


def settled(reservoir: Reservoir, seen: RowSummary) -> tuple[ArraySource, float, bool]:
    """The sample, what a weight of 1 in it stands for, and whether all rows weigh the same."""
    drawn, holes = reservoir.drawn(seen.dtype), seen.holes is not None
    if reservoir.whole:  # to the last bit what they are in memory
        weighted = Weighted.of(drawn)
        source = ArraySource.of(weighted.block, holes=holes)
        return source, weighted.unit, source.weights is None
    unit = seen.weight_unit
    own = drawn.in_unit(None if seen.equal else unit)
    return ArraySource.of(own, holes=holes), unit, seen.equal


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
            block = _counting(chunk)
            if len(block.rows):
                yield block.in_unit(self.unit)


def _counting(chunk: Chunk) -> Block:
    """The rows of positive weight."""
    return Block(0, chunk.rows, chunk.fields).counting()[0]


def nothing_counts(bad: int, without_weight: int) -> str:
    """What is wrong with data of which no row counts."""
    if without_weight:
        return "every weight is zero, expected at least one above: no row would count"
    if bad:
        return f"X has no row left: all {bad:,} are bad, expected finite numbers"
    return "X has 0 rows, expected at least 2: one row has no spread to fit"
