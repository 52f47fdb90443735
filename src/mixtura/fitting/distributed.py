"""Distributed: a fit to rows that are spread over the workers of a Dask cluster."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from mixtura.engine.executors import default_executor
from mixtura.engine.executors.dask import Dask
from mixtura.engine.sources.dask import DaskSource
from mixtura.errors import ParameterError
from mixtura.fitting.checkpoints import Journal
from mixtura.fitting.checks import check_extent
from mixtura.fitting.em import EM, Observer
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.oddities import oddities
from mixtura.fitting.partition_survey import survey_partitions
from mixtura.fitting.resumption import check_resumed
from mixtura.fitting.runs import best_of, kept
from mixtura.fitting.settings import Settings
from mixtura.fitting.streaming import seed_aside
from mixtura.fitting.survey import Tally
from mixtura.model.mixture import Mixture
from mixtura.tables.collections import Collection

__all__ = ["fit_collection"]


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
    found = survey_partitions(rows, settings.n_components, seed_aside(random), client)
    source, tally = found.source, found.tally
    if journal:
        journal.identify(_known_by(source, tally, names), names)
    check_extent(source.n_rows, tally.low, tally.high, settings.n_components, names, source.dtype)
    settings.structure.check(source.n_features)
    if resumed is not None:
        check_resumed(resumed, settings, source.n_features)
    em = EM(
        source, settings, Dask(default_executor()), names, observer, found.unit, journal=journal
    )

    run = partial(em.run, source=found.sample, given=given, random=random, resumed=resumed)
    best = best_of(1 if resumed is not None else settings.n_init, run, began, journal)
    with kept(best, journal):
        odd = oddities(
            source, em.executor, settings.n_components, sample=found.sample, left_out=found.note
        )
        return em.noted(replace(best, oddities=odd))


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
