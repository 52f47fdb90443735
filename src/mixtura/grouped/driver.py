"""Driver: from rows and their groups to a mixture for each group."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.executors import Threads, default_executor
from mixtura.engine.executors.task_pool import Task, run_tasks
from mixtura.engine.groups import GroupEnds, GroupProblem
from mixtura.errors import ParameterError
from mixtura.grouped.asked import SMALL_EM, Asked
from mixtura.grouped.ends import assembled
from mixtura.grouped.fits import GroupFits, in_order, joined
from mixtura.grouped.keys import seeds_of
from mixtura.grouped.rows import GroupedRows, grouped_rows
from mixtura.grouped.streamed import names_of, opened, portions
from mixtura.model.structures import Structure, structure as structure_called
from mixtura.selection.candidate import components_of, structures_of
from mixtura.tables.streams import is_stream

#: told how many groups are done, of how many; the second is 0 where nobody knows
Watcher: TypeAlias = Callable[[int, int], None]
#: numbers in the rows of the groups that the kernel is given at once, about; and groups
_AT_ONCE, _GROUPS = 2**16, 2**10
#: a group of more numbers is fitted by itself, on all cores
_LARGE = 2**20


def fit_groups(
    X: Any,
    groups: Any,
    n_components: int = 1,
    *,
    structure: str | Structure = "full",
    start: str = SMALL_EM,
    n_init: int | None = None,
    random_state: int = 0,
    sample_weight: Any = None,
    columns: Sequence[str] | None = None,
    n_jobs: int | None = None,
    observer: Watcher | None = None,
    **settings: Any,
) -> GroupFits:
    """Fit a Gaussian mixture to each of many groups of rows.

    As if rows were split by their groups, and each part fitted for itself; of thousands of small
    groups at once, in the compiled kernel, on all cores. Where K is to be found too,
    `mixtura.select_groups` chooses it for each group.

    Parameters
    ----------
    X : (N, D) array-like, or a table (pandas, polars, Arrow); or a path, several, a dataset or an
        iterable of batches, as for `mixtura.fit`, which are read once. The rows of a group may
        stand anywhere among the others; of streams of more than 256 MB they have to come together,
        as they do once sorted by group.
    groups : which group each row is of: (N,) numbers, texts or dates; several of these, in a list
        or by name in a dict or a table; or the name of a column of X, or a list of names. Those
        columns are no features. Of streams, names.
    n_components : K, of every group.
    structure : of the covariances, as for `mixtura.fit`.
    start : ``"small-em"``: a third of the starts are drawn by k-means++, the others have one
        component more than an end found before, set on rows near to each other; three steps of EM
        tell them apart, and the likeliest that is no accident of few rows goes on. Then components
        are swapped. Or one of `mixtura.fit`'s, of which ``"auto"`` searches more, and takes a
        hundred times as long.
    n_init : how many starts, 10 of ``"small-em"``, and half as many swaps; one of others by
        default. More find better ends, and take as much longer.
    random_state : a whole number. Each group's seed is made of it and of the group's key, so that a
        group ends with the same bits in whatever company, and on however many threads.
    sample_weight : (N,) how much each row counts, or the name of a column.
    columns : of a table, the features; every column that is nothing else by default.
    n_jobs : how many threads; None is as many as there are cores.
    observer : called with how many groups are done, of how many, 0 where nobody knows.
    settings : others of `mixtura.fit`, as it takes them: tol, reg_covar, weights, prior,
        accelerate, and how many iterations there may be. Only ``tol="auto"`` is another: EM ends
        when less than 1e-3 nats of all rows of the group are still to be gained. The kernel takes
        plain steps; what is fitted one by one, as with a prior, is extrapolated.

    Returns
    -------
    The mixtures as columns. A group that cannot be fitted is among them, with its reason: too few
    rows, NaN or infinity in one of them, rows that are all the same. Rows in reasons are counted
    within the group, from 0.

    Raises
    ------
    DataError : the rows are no table of numbers, one has no key, or there is none.
    ParameterError : a setting is outside its range, or a column is not there.

    Notes
    -----
    A group of 100 rows of 2 features takes a tenth of a millisecond of one core. Those that the
    kernel cannot end (a covariance collapses, a value is constant, every end is an accident of few
    rows) are fitted one by one as `mixtura.fit` does, whose notes they have. Memory: the rows, a
    number for each where groups are not together, and the result.

    References
    ----------
    Biernacki, Celeux & Govaert 2003, "Choosing starting values for the EM algorithm for getting the
    highest likelihood in multivariate Gaussian mixture models", for short runs of EM; Verbeek,
    Vlassis & Kröse 2003, "Efficient greedy learning of Gaussian mixture models", for a component
    more.

    Examples
    --------
    >>> import numpy as np, mixtura
    >>> random = np.random.default_rng(0)
    >>> genes = np.repeat(["abc", "xyz"], 100)
    >>> rows = random.normal(size=(200, 1)) + np.tile([[-4.0], [4.0]], (100, 1))
    >>> found = mixtura.fit_groups(rows, genes, 2)
    >>> sorted(found.mixture("xyz").means.round().ravel().tolist())
    [-4.0, 4.0]
    """
    numbers = components_of(n_components)
    if len(numbers) > 1:
        raise ParameterError(
            f"n_components is {n_components!r}, expected one number: mixtura.select_groups chooses"
        )
    asked = Asked.of(
        numbers,
        (structure_called(structure),),
        "",
        start=start,
        n_init=n_init,
        random_state=random_state,
        **settings,
    )
    return fitted(X, groups, asked, sample_weight, columns, n_jobs, observer)


def select_groups(
    X: Any,
    groups: Any,
    n_components: int | Iterable[int] = (1, 2, 3),
    *,
    structures: str | Structure | Iterable[str | Structure] = "full",
    criterion: str = "bic",
    start: str = SMALL_EM,
    n_init: int | None = None,
    random_state: int = 0,
    sample_weight: Any = None,
    columns: Sequence[str] | None = None,
    n_jobs: int | None = None,
    observer: Watcher | None = None,
    **settings: Any,
) -> GroupFits:
    """Fit a Gaussian mixture to each of many groups of rows, K and structure as each asks for.

    As `fit_groups`, with each candidate fitted to each group, and one chosen by a criterion.

    Parameters
    ----------
    n_components : the numbers of components to try.
    structures : ``"all"`` fourteen, or the names of some, as for `mixtura.select`.
    criterion : what decides: ``"bic"``, ``"aic"``, or ``"icl"``, with which groups are selected one
        by one. A candidate that the group's rows are too few for, or all ends of which are an
        accident of few rows, is passed over.
    X, groups, start, n_init, random_state, sample_weight, columns, n_jobs, observer, settings : as
        for `fit_groups`.

    Returns
    -------
    The mixtures as columns. A group no candidate fits is among them, with its reason.

    Raises
    ------
    DataError, ParameterError : as for `fit_groups`; or there is no such criterion.

    Notes
    -----
    Of groups of 100 rows of 2 features with K from 1 to 3, 0.14 ms of a core each.

    References
    ----------
    Schwarz 1978, "Estimating the dimension of a model", for the criterion; others as for
    `fit_groups`.

    Examples
    --------
    >>> import numpy as np, mixtura
    >>> random = np.random.default_rng(0)
    >>> rows = random.normal(size=(300, 1))
    >>> rows[:100] += np.tile([[-4.0], [4.0]], (50, 1))
    >>> found = mixtura.select_groups(rows, np.repeat(["a", "b", "c"], 100))
    >>> dict(zip(found.keys["group"].tolist(), found.n_components.tolist()))
    {'a': 2, 'b': 1, 'c': 1}
    """
    asked = Asked.of(
        components_of(n_components),
        structures_of(structures),
        criterion,
        start=start,
        n_init=n_init,
        random_state=random_state,
        **settings,
    )
    return fitted(X, groups, asked, sample_weight, columns, n_jobs, observer)


def fitted(
    X: Any,
    groups: Any,
    asked: Asked,
    sample_weight: Any,
    columns: Sequence[str] | None,
    n_jobs: int | None,
    observer: Watcher | None,
) -> GroupFits:
    """The groups of rows, wherever they are, fitted with everything decided."""
    began = time.perf_counter()
    if not is_stream(X):
        found = fit_held(grouped_rows(X, groups, sample_weight, columns), asked, n_jobs, observer)
        return replace(found, seconds=time.perf_counter() - began)
    scan, by = opened(X, groups, sample_weight, columns), names_of(groups)
    parts: list[GroupFits] = []

    def told(done: int, _: int) -> None:
        if observer:
            observer(sum(map(len, parts)) + done, 0)

    for rows in portions(scan, by):
        parts += [fit_held(rows, asked, n_jobs, told)]
    return replace(in_order(joined(parts)), seconds=time.perf_counter() - began)


def fit_held(
    rows: GroupedRows, asked: Asked, n_jobs: int | None, observer: Watcher | None
) -> GroupFits:
    """The groups of rows in memory, fitted.

    Those that the kernel does at once are spread over threads, some at a time; what it cannot end,
    and what it does not do, is fitted one after the other as `mixtura.fit` and `mixtura.select` do.
    """
    d = int(rows.rows.shape[1])
    structures = structures_of(asked.structures, d)
    for each in structures:
        each.check(d)
    asked = replace(asked, structures=structures)
    seeds = seeds_of(rows.grouping.keys, asked.seed).astype(np.int64)
    parts: dict[int, GroupFits] = {}
    done = 0

    def over(first: int, ends: GroupEnds) -> None:
        nonlocal done
        parts[first] = assembled(rows, asked, seeds, first, ends)
        done += len(ends.chosen)
        if observer:
            observer(done, len(rows.grouping))

    tasks: dict[Hashable, Task] = {
        first: Task((), partial(_at_once, rows, asked, seeds, first, last))
        for first, last in _spans(rows)
    }
    run_tasks(tasks, _n_threads(n_jobs), over)
    return joined(parts[first] for first in sorted(parts))


def _at_once(
    rows: GroupedRows, asked: Asked, seeds: Any, first: int, last: int, _: Any
) -> GroupEnds:
    """What the kernel makes of some groups; nothing of those that it does not do."""
    d = int(rows.rows.shape[1])
    grouping, rule = rows.grouping, asked.rule(d)
    starts, stops = grouping.starts[first:last], grouping.stops[first:last]
    large = int((stops - starts).max()) * d > _LARGE
    if kernel.fit_groups is None or rule is None or large:
        return GroupEnds.empty(last - first, 1, d)
    low, high = int(starts.min()), int(stops.max())
    order = None if grouping.order is None else grouping.order[low:high]
    if order is None:  # only these rows are looked at
        held = rows.rows[low:high]
        weights = None if rows.weights is None else rows.weights[low:high]
    elif len(order) < len(rows.rows):
        held, weights = rows.rows[order], None if rows.weights is None else rows.weights[order]
        order = None
    else:
        held, weights = rows.rows, rows.weights
    problem = GroupProblem(
        held,
        weights,
        order,
        starts - low,
        stops - low,
        seeds[first:last],
        asked.candidates,
    )
    return kernel.fit_groups(problem, rule)


def _spans(rows: GroupedRows) -> Iterable[tuple[int, int]]:
    """The groups that are done together: some numbers at once, and a large group by itself."""
    sizes = (rows.grouping.stops - rows.grouping.starts) * rows.rows.shape[1]
    first, held = 0, 0
    for group, size in enumerate(sizes.tolist()):
        if group > first and (held + size > _AT_ONCE or group - first >= _GROUPS):
            yield first, group
            first, held = group, 0
        held += size
    yield first, len(sizes)


def _n_threads(n_jobs: int | None) -> int:
    if n_jobs is None:
        executor = default_executor()
        return executor.n_threads if isinstance(executor, Threads) else 1
    if not isinstance(n_jobs, int) or n_jobs < 1:
        raise ParameterError(f"n_jobs is {n_jobs!r}, expected a whole number of at least 1")
    return n_jobs
