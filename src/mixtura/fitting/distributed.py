"""Distributed: a fit to rows that are spread over the workers of a Dask cluster."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Rows, readable
from mixtura.engine.executors import default_executor
from mixtura.engine.executors.dask import Dask
from mixtura.engine.partitions import Partitions
from mixtura.engine.sources import ArraySource
from mixtura.engine.sources.dask import DaskSource
from mixtura.errors import DataError, ParameterError
from mixtura.fitting.checkpoints import Journal
from mixtura.fitting.checks import check_extent
from mixtura.fitting.em import EM, Observer
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.oddities import oddities
from mixtura.fitting.resumption import check_resumed
from mixtura.fitting.runs import best_of
from mixtura.fitting.settings import Settings
from mixtura.fitting.starts.reservoir import Reservoir
from mixtura.fitting.streaming import seed_aside
from mixtura.fitting.survey import Tally, sample_size, settled
from mixtura.model.mixture import Mixture
from mixtura.model.reader import Reader
from mixtura.model.rows import no_missing
from mixtura.model.weights import check_weights
from mixtura.tables.collections import Collection

__all__ = ["fit_collection"]

#: rows that a sample is drawn from at a time
_AT_ONCE = 2**16


def fit_collection(
    rows: Collection,
    settings: Settings,
    *,
    given: Given,
    random: np.random.RandomState,
    observer: Observer | None = None,
    resumed: Fit | None = None,
    client: Any = None,
    journal: Journal | None = None,
) -> Fit:
    """`fit` for a Dask collection, with everything decided.

    A first pass counts and checks the rows, a second one draws the sample that `fit_scan` draws.
    Every iteration is a task a partition and a tree of sums; this process has the parameters.

    Parameters
    ----------
    rows : the collection.
    settings, given, random, observer, client : as for `fit`.
    resumed : an earlier fit to go on from, instead of a start.
    journal : of the checkpoint, or None.

    Raises
    ------
    DataError : the rows cannot be used, or are not the same at every pass, or not those of the
        checkpoint.
    ParameterError : the start is given by row.
    """
    began = time.perf_counter()
    _check_start(settings)
    names = rows.names
    if journal:
        journal.begin(random)
    found = _survey(rows, settings.n_components, seed_aside(random), client)
    source, tally = found.source, found.tally
    if journal:
        journal.identify(_known_by(source, tally, names), names)
    check_extent(source.n_rows, tally.low, tally.high, settings.n_components, names)
    settings.structure.check(source.n_features)
    if resumed is not None:
        check_resumed(resumed, settings, source.n_features)
    em = EM(
        source, settings, Dask(default_executor()), names, observer, found.unit, journal=journal
    )

    run = partial(em.run, source=found.sample, given=given, random=random, resumed=resumed)
    best = best_of(1 if resumed is not None else settings.n_init, run, began, journal)
    odd = oddities(source, em.executor, settings.n_components, sample=found.sample)
    return em.noted(replace(best, oddities=odd))


@dataclass(frozen=True, eq=False)
class _Survey:
    """A collection, and what two passes over it found.

    Parameters
    ----------
    source : the rows that count, of positive weight.
    sample : of them, to begin from: all, where they are few.
    unit : what a weight of 1 in `source` was before.
    tally : counts and extremes.
    """

    source: DaskSource
    sample: ArraySource
    unit: float
    tally: Tally


def _survey(rows: Collection, n_components: int, seed: int, client: Any) -> _Survey:
    """Count, check and measure; then draw a sample.

    Raises
    ------
    DataError : no row counts, or one cannot be used; the partition and the row are named.
    """
    d = rows.n_features
    reader = Reader(rows.names, rows.weights, d)
    raw = Partitions(rows.parts, reader, client, rows.held)
    tallies = raw.each([partial(_tallied, number, rows.names) for number in range(len(raw))])
    tally = Tally(d)
    for each in tallies:
        tally.include(each)
    if not tally.count:
        raise DataError(
            "every weight is zero, expected at least one above: no row would count"
            if tally.without_weight
            else "X has 0 rows, expected at least 2: one row has no spread to fit"
        )
    firsts = accumulate((each.count for each in tallies[:-1]), initial=0)
    size = sample_size(d, n_components)
    reservoir = raw.total([partial(_drawn, size, seed, first) for first in firsts])
    sample, unit, equal = settled(reservoir, tally)
    counting = replace(reader, unit=None if equal else unit, counting=True)
    source = DaskSource(
        replace(raw, read=counting),
        tuple(each.count for each in tallies),
        d,
        tally.dtype,
        not equal,
    )
    return _Survey(source, sample, unit, tally)


def _tallied(
    number: int, names: tuple[str, ...] | None, rows: Rows, weights: Floats | None
) -> Tally:
    """What is to be known of a partition; its rows are checked.

    Raises
    ------
    DataError : a row or a weight is not finite, or a weight is below 0.
    """
    tally = Tally(rows.shape[1])
    try:
        no_missing(rows, names)
        if weights is not None:
            check_weights(weights)
    except DataError as error:
        raise DataError(f"partition {number} of X, counted from 0: {error}") from None
    if weights is not None and not weights.all():
        tally.without_weight = int((weights == 0.0).sum())
        rows, weights = rows[weights > 0.0], weights[weights > 0.0]
    if len(rows):
        tally.add(readable(rows), weights)
    return tally


def _drawn(size: int, seed: int, first: int, rows: Rows, weights: Floats | None) -> Reservoir:
    """The sample of a partition whose first row that counts has the number `first`."""
    reservoir = Reservoir(size, seed, first)
    if weights is not None and not weights.all():
        rows, weights = rows[weights > 0.0], weights[weights > 0.0]
    for at in range(0, len(rows), _AT_ONCE):
        part = slice(at, at + _AT_ONCE)
        reservoir.add(readable(rows[part]), None if weights is None else weights[part])
    return reservoir


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


def _check_start(settings: Settings) -> None:
    start = settings.start
    if not (isinstance(start, (str, Mixture)) or callable(start)):
        raise ParameterError(
            "start is given by row, but the rows are in a Dask collection: start from a name, a "
            "function or a mixture"
        )
