"""Partition survey: what has to be known of a Dask collection before EM can begin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from mixtura.engine.arrays import readable
from mixtura.engine.executors import default_executor
from mixtura.engine.executors.dask import Dask
from mixtura.engine.executors.sums import PartialSums, Tree
from mixtura.engine.partitions import Partitions
from mixtura.engine.sources import Block, block_rows
from mixtura.engine.sources.block import concat
from mixtura.engine.sources.dask import Cut, DaskSource
from mixtura.errors import DataError
from mixtura.rows.collected import Collected, of_collection
from mixtura.rows.data import Data
from mixtura.rows.sampling import Reservoir
from mixtura.rows.summary import RowSummary
from mixtura.rows.survey import nothing_counts, sample_size, settled
from mixtura.tables.collections import Collection
from mixtura.tables.streams import BadRows

#: rows that a sample is drawn from at a time
_AT_ONCE = 2**16


def survey_partitions(
    rows: Collection, n_components: int, seed: int, client: Any = None, *, scatter: bool = False
) -> Data:
    """Count and check in a first pass; in a second one measure, and draw the sample of a scan.

    The second one knows where each partition begins.

    Parameters
    ----------
    rows : the collection.
    n_components : K; of each component some rows should be in the sample.
    seed : of the sample.
    client : `distributed.Client`, or None for what Dask chooses.
    scatter : whether the scatter of all rows will be asked for.

    Raises
    ------
    DataError : no row counts, or one cannot be used; the partition and the row are named.
    """
    d = rows.n_features
    own = of_collection(rows, d, None, client)
    counts, bad = _counted(own, rows)
    good = _source(own.partitions, counts, d, 1.0)
    size, of_block = sample_size(d, n_components), partial(RowSummary.of_block, products=scatter)
    cuts = good.in_blocks_of(block_rows(d)).cuts
    second = good.partitions.total(
        [partial(_seen, Reservoir(size, seed, cut.first), cut, of_block) for cut in cuts]
    )
    seen = second.sums.total()
    sample, unit, equal = settled(second.reservoir, seen)
    source = _source(own.partitions, counts, d, None if equal else unit)
    source = replace(source, holes=seen.holes is not None)
    seen = seen.in_unit(unit)
    return Data(
        source,
        sample,
        Dask(default_executor()),
        rows.names,
        unit,
        left_out=bad.count + sum(each.without_weight for each in counts),
        note=bad.summary,
        seen=seen,
        known_by=partial(_known_by, source, seen, rows.names),
    )


def _known_by(
    source: DaskSource, seen: RowSummary, names: tuple[str, ...] | None
) -> dict[str, Any]:
    """What the rows are known by, as far as a cluster tells it without a pass of its own."""
    return {
        "number of rows": source.n_rows,
        "number of features": source.n_features,
        "features' names": None if names is None else list(names),
        "type": source.dtype.name,
        "rows of each partition": list(source.lengths),
        "least values": seen.low.tolist(),
        "largest values": seen.high.tolist(),
    }


def float64_source(rows: Collected, collection: Collection) -> DaskSource:
    """The rows that count, in float64 and with the weights as they are, after one pass.

    Parameters
    ----------
    rows : those of the collection, as a mixture takes them.
    collection : which one.

    Raises
    ------
    DataError : no row counts, or one cannot be used.
    """
    counts, _ = _counted(rows, collection)
    unit = 1.0 if collection.weighted else None
    source = _source(rows.partitions, counts, rows.n_features, unit)
    return replace(source, kind=np.dtype(np.float64), holes=rows.holes)


@dataclass(frozen=True)
class _Count:
    """How many good rows a partition has.

    Parameters
    ----------
    rows : those that count, of positive weight.
    without_weight : the others.
    dtype : of those that count; float32 where none do.
    """

    rows: int
    without_weight: int
    dtype: np.dtype[np.floating[Any]]


def _counted(rows: Collected, collection: Collection) -> tuple[list[_Count], BadRows]:
    """The counts of each partition, and the bad rows, which are told of."""
    counts, bad = rows.each([_count] * len(rows.partitions))
    bad.warn()
    if not any(each.rows for each in counts):
        without_weight = sum(each.without_weight for each in counts)
        raise DataError(nothing_counts(bad.count, without_weight))
    return counts, bad


def _count(block: Block) -> _Count:
    """The count of a partition's good rows."""
    rows, weights = block.rows, block.weights
    without_weight = 0 if weights is None else int((weights == 0.0).sum())
    count = len(rows) - without_weight
    kind = readable(rows[:0]).dtype if count else np.dtype(np.float32)
    return _Count(count, without_weight, kind)


def _source(
    partitions: Partitions, counts: Sequence[_Count], n_features: int, unit: float | None
) -> DaskSource:
    """The rows that count; their weights in `unit`, or without where that is None."""
    reader: Any = partitions.read
    return DaskSource(
        replace(partitions, read=replace(reader, unit=unit, counting=True)),
        tuple(each.rows for each in counts),
        n_features,
        np.result_type(*(each.dtype for each in counts)),
        unit is not None,
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """What the second pass is for; `+` is of neighbours.

    Parameters
    ----------
    reservoir : the sample.
    sums : of the summaries of blocks, and at its ends of the rows of those that others begin.
    """

    reservoir: Reservoir
    sums: PartialSums[Any]

    def __add__(self, after: _Seen) -> _Seen:
        return _Seen(self.reservoir + after.reservoir, self.sums + after.sums)


def _seen(
    reservoir: Reservoir,
    cut: Cut,
    of_block: Callable[[Block], RowSummary],
    whole: Block,
) -> _Seen:
    """What a partition gives to both: its sample, and the summaries of its blocks."""
    for at in range(0, len(whole.rows), _AT_ONCE):
        reservoir.add(whole.part(at, at + _AT_ONCE).readable())

    def trees() -> Iterator[Tree[Any]]:
        for piece, block in cut.blocks(whole):
            lacking = piece.rows - len(block.rows)
            value = _Rows.copied(block, lacking, of_block) if lacking else of_block(block)
            yield Tree(0, piece.number, len(block.rows), piece.rows, value)

    return _Seen(reservoir, PartialSums.of(trees()))


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of a block that partitions share: `+` the others of it, they are its summary.

    So the summary has the bits of one block, wherever partitions divide it, for a MiB that travels.

    Parameters
    ----------
    block : the rows.
    lacking : how many others the block has.
    of_block : makes the summary.
    """

    block: Block
    lacking: int
    of_block: Callable[[Block], RowSummary]

    @classmethod
    def copied(cls, block: Block, lacking: int, of_block: Callable[[Block], RowSummary]) -> _Rows:
        """Rows that do not keep the partition they are from in memory."""
        return cls(block.copy(), lacking, of_block)

    def __add__(self, after: _Rows) -> _Rows | RowSummary:
        block = concat([self.block, after.block])
        lacking = self.lacking - len(after.block.rows)
        return replace(self, block=block, lacking=lacking) if lacking else self.of_block(block)
