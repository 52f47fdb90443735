"""Partition survey: what has to be known of a Dask collection before EM can begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Rows, readable
from mixtura.engine.executors import default_executor
from mixtura.engine.executors.dask import Dask
from mixtura.engine.partitions import Partitions
from mixtura.engine.sources.dask import DaskSource
from mixtura.errors import DataError
from mixtura.fitting.data import Data
from mixtura.fitting.starts.reservoir import Reservoir
from mixtura.fitting.survey import Tally, nothing_counts, sample_size, settled
from mixtura.model.collected import Collected, Reader, of_collection
from mixtura.tables.collections import Collection
from mixtura.tables.streams import BadRows

__all__ = ["float64_source", "survey_partitions"]

#: rows that a sample is drawn from at a time
_AT_ONCE = 2**16


def survey_partitions(rows: Collection, n_components: int, seed: int, client: Any = None) -> Data:
    """Count, check and measure in a first pass; in a second one draw the sample that a scan gives.

    Parameters
    ----------
    rows : the collection.
    n_components : K; of each component some rows should be in the sample.
    seed : of the sample.
    client : `distributed.Client`, or None for what Dask chooses.

    Raises
    ------
    DataError : no row counts, or one cannot be used; the partition and the row are named.
    """
    d = rows.n_features
    own = of_collection(rows, d, None, client)
    tallies, tally, bad = _tallied(own, rows)
    good = replace(own.partitions, read=_good(own.partitions.read))
    firsts = accumulate((each.count for each in tallies[:-1]), initial=0)
    size = sample_size(d, n_components)
    reservoir = good.total([partial(_drawn, size, seed, first) for first in firsts])
    sample, unit, equal = settled(reservoir, tally)
    source = _source(own.partitions, tallies, tally.dtype, None if equal else unit)
    return Data(
        source,
        sample,
        Dask(default_executor()),
        rows.names,
        unit,
        left_out=bad.count + tally.without_weight,
        note=bad.summary,
        extent=tally.extent,
        known_by=partial(_known_by, source, tally, rows.names),
    )


def _known_by(source: DaskSource, tally: Tally, names: tuple[str, ...] | None) -> dict[str, Any]:
    """What the rows are known by, as far as a cluster tells it without a pass of its own."""
    return {
        "number of rows": source.n_rows,
        "number of features": source.n_features,
        "features' names": None if names is None else list(names),
        "type": source.dtype.name,
        "rows of each partition": list(source.lengths),
        "least values": tally.low.tolist(),
        "largest values": tally.high.tolist(),
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
    tallies, _, _ = _tallied(rows, collection)
    unit = 1.0 if collection.weighted else None
    return _source(rows.partitions, tallies, np.dtype(np.float64), unit)


def _tallied(rows: Collected, collection: Collection) -> tuple[list[Tally], Tally, BadRows]:
    """What is known of each partition and of all, and the bad rows, which are told of."""
    tallies, bad = rows.each([_tally] * len(rows.partitions))
    bad.warn()
    tally = Tally(rows.n_features)
    for each in tallies:
        tally.include(each)
    if not tally.count:
        raise DataError(nothing_counts(bad.count, tally.without_weight))
    return tallies, tally, bad


def _source(
    partitions: Partitions,
    tallies: Sequence[Tally],
    kind: np.dtype[np.floating[Any]],
    unit: float | None,
) -> DaskSource:
    """The rows that count; their weights in `unit`, or without where that is None."""
    return DaskSource(
        replace(partitions, read=_good(partitions.read, unit)),
        tuple(each.count for each in tallies),
        len(tallies[0].low),
        kind,
        unit is not None,
    )


def _good(read: Any, unit: float | None = 1.0) -> Reader:
    """The reader that leaves out the rows that do not count."""
    return replace(read, unit=unit, counting=True)


def _tally(rows: Rows, weights: Floats | None) -> Tally:
    """What is to be known of the good rows of a partition."""
    tally = Tally(rows.shape[1])
    if weights is not None and not weights.all():
        tally.without_weight = int((weights == 0.0).sum())
        rows, weights = rows[weights > 0.0], weights[weights > 0.0]
    if len(rows):
        tally.add(readable(rows), weights)
    return tally


def _drawn(size: int, seed: int, first: int, rows: Rows, weights: Floats | None) -> Reservoir:
    """The sample of a partition whose first row that counts has the number `first`."""
    reservoir = Reservoir(size, seed, first)
    for at in range(0, len(rows), _AT_ONCE):
        part = slice(at, at + _AT_ONCE)
        reservoir.add(readable(rows[part]), None if weights is None else weights[part])
    return reservoir
