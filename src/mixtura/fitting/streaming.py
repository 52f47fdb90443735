"""Streaming: a fit to rows that memory does not hold."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import numpy as np

from mixtura.engine.executors import default_executor
from mixtura.errors import ParameterError
from mixtura.fitting.checkpoints import Journal
from mixtura.fitting.checkpoints.identity import RowsSeen
from mixtura.fitting.checks import check_extent
from mixtura.fitting.em import EM, Observer
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.oddities import oddities
from mixtura.fitting.resumption import check_resumed
from mixtura.fitting.runs import best_of, kept
from mixtura.fitting.settings import Settings
from mixtura.fitting.survey import Survey, survey
from mixtura.model.mixture import Mixture
from mixtura.tables.streams import Scan

__all__ = ["fit_scan", "seed_aside"]


def fit_scan(
    stream: Scan,
    settings: Settings,
    *,
    given: Given,
    random: np.random.RandomState,
    observer: Observer | None = None,
    journal: Journal | None = None,
    resumed: Fit | None = None,
) -> Fit:
    """`fit` for a scan, with everything decided.

    A first pass counts and checks the rows and draws a sample; a named start is found on that.
    Every iteration is a pass over all rows, and has the bits of one over an array of them.

    Parameters
    ----------
    stream : the rows.
    settings, given, random, observer : as for `fit`.
    journal : of the checkpoint, or None.
    resumed : an earlier fit to go on from, instead of a start.

    Raises
    ------
    DataError : the rows cannot be used, or are not the same at every pass, or not those of the
        checkpoint.
    ParameterError : labels or responsibilities are given of rows some of which are left out.
    """
    began = time.perf_counter()
    if journal:
        journal.begin(random)
    seen = RowsSeen() if journal else None
    found = survey(stream, settings.n_components, seed_aside(random), seen)
    if journal and seen:
        journal.identify(seen.record(stream.names), stream.names)
    source = found.source
    check_extent(
        source.n_rows, found.low, found.high, settings.n_components, stream.names, source.dtype
    )
    settings.structure.check(source.n_features)
    _check_start(settings, found)
    if resumed is not None:
        check_resumed(resumed, settings, source.n_features)
    em = EM(
        source, settings, default_executor(), stream.names, observer, found.unit, journal=journal
    )

    run = partial(em.run, source=found.sample, given=given, random=random, resumed=resumed)
    best = best_of(1 if resumed is not None else settings.n_init, run, began, journal)
    with kept(best, journal):
        odd = oddities(
            source, em.executor, settings.n_components, sample=found.sample, left_out=found.note
        )
        return em.noted(replace(best, oddities=odd))


def seed_aside(random: np.random.RandomState) -> int:
    """A seed for the sample that leaves `random` as it is.

    So the start of rows that are all in the sample is that of the rows in memory.
    """
    other = np.random.RandomState()
    other.set_state(random.get_state())
    return int(other.randint(2**31))


def _check_start(settings: Settings, found: Survey) -> None:
    start = settings.start
    by_row = not (isinstance(start, (str, Mixture)) or callable(start))
    if by_row and found.left_out:
        raise ParameterError(
            "start is given by row, but of X some rows were left out, bad or of weight 0 "
            f"({found.left_out:,}): start from a name, a function or a mixture, or take them out "
            "first"
        )
