"""Choice: whether a fit looks at all components of each row, or at few."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from mixtura.engine import kernel
from mixtura.engine.sources.dask import DaskSource
from mixtura.errors import ParameterError
from mixtura.fitting.em import EM
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.runs import run
from mixtura.fitting.settings import Settings
from mixtura.fitting.starts.labelled import Labelled
from mixtura.fitting.truncated.fit import run as truncated_run
from mixtura.fitting.truncated.moves import movable
from mixtura.fitting.truncated.start import many_start
from mixtura.rows.data import Data
from mixtura.rows.oddities import distinct_rows

#: below so many rows times components exact EM takes seconds
WORTH = 2e7
#: and with fewer components than these rows have little to leave out
MANY = 256
#: from so many components on its start is exact EM's, too, with so many rows for each
SEVERAL, ROWS = 100, 10


def run_of(em: EM, given: Given) -> Callable[..., Fit]:
    """What makes a run: `mixtura.fitting.runs.run`, or truncated EM in its stead.

    Exact EM of a hundred components and more begins where truncated EM's own start leads, if
    nothing says where to begin.

    Raises
    ------
    ParameterError : as for `truncates`.
    """
    if truncates(em):
        return truncated_run
    settings, auto = em.settings, em.settings.start
    begins = isinstance(auto, str) and auto == "auto" and given.empty
    many = settings.n_components >= SEVERAL and movable(settings.structure)
    if begins and many and not _rows_hindrance(em.data):
        some = em.data.of_others(em.data.sample)
        if some.source.n_rows >= ROWS * settings.n_components and _different(
            some, settings.n_components
        ):
            return partial(run, begun=many_start)
    return run


def truncates(em: EM) -> bool:
    """Whether a fit is by truncated EM, as its settings say.

    ``"auto"`` takes it where rows times components are more than 2e7, of 256 components at least,
    and where nothing is asked for that it cannot do. Rows of which no more are different than there
    are components are for exact EM, whatever is asked for: it says so of them.

    Raises
    ------
    ParameterError : it is asked for, and cannot do what is asked for besides.
    """
    settings, data = em.settings, em.data
    exact = em.checkpointer and em.checkpointer.state and not em.checkpointer.state.truncated
    if settings.search == "exact" or exact:  # a checkpoint of exact EM goes on as it was
        return False
    k, hindrance = settings.n_components, _hindrance(em, settings, data)
    if settings.search == "auto":
        many = k >= MANY and data.source.n_rows * k > WORTH
        return many and not hindrance and _different(data, k)
    if hindrance:
        raise ParameterError(
            f"search is 'truncated', and that does without {hindrance}: leave search at 'auto', "
            "which is exact then"
        )
    return _different(data, k)


def _different(data: Data, n_components: int) -> bool:
    """Whether more rows are different than there are components."""
    return distinct_rows(data.source, data.executor, n_components + 1) > n_components


def _rows_hindrance(data: Data) -> str:
    """What rows have that truncated EM cannot do with; empty where there is nothing."""
    if kernel.cell_passes is None:
        return "the reference kernel, having none of its passes"
    if data.source.holes:
        return "rows that lack features"
    return "rows with errors" if data.sample.more.keys() & {"errors", "projections"} else ""


def _hindrance(em: EM, settings: Settings, data: Data) -> str:
    """What truncated EM cannot do and is asked for; empty where there is nothing."""
    if hindrance := _rows_hindrance(data):
        return hindrance
    if isinstance(settings.start, Labelled):
        return "labels"
    if em.checkpointer is not None and not data.in_memory:
        where = "on workers" if isinstance(data.source, DaskSource) else "streamed"
        return f"checkpoints of rows that are {where}"
    return (
        "extrapolated steps, which accelerate=True asks for" if settings.accelerate is True else ""
    )
