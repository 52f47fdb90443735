"""Select: which structure, and how many components."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from mixtura.engine.executors import Executor, Serial, Threads, default_executor
from mixtura.engine.sources import ArraySource, Source
from mixtura.errors import ParameterError
from mixtura.fitting.convergence import Remaining, Rule, rule
from mixtura.fitting.prior import Prior
from mixtura.fitting.selection.crew import Task, carried_out
from mixtura.fitting.selection.criteria import criterion_called
from mixtura.fitting.selection.folds import Folds
from mixtura.fitting.selection.grid import Candidate, components_of, structures_of
from mixtura.fitting.selection.row import Row
from mixtura.fitting.selection.rows import given
from mixtura.fitting.selection.selection import Selection
from mixtura.fitting.selection.trial import Started, Trials, parents
from mixtura.fitting.settings import Settings
from mixtura.fitting.start import StartLike
from mixtura.model.noise import Box
from mixtura.model.random import Seed, random_state_of
from mixtura.model.structures import Structure

__all__ = ["Watcher", "rule_for", "select", "shared_out"]

#: of the log-likelihood of all rows, that a candidate may lack
_NATS = 1e-3
#: numbers in the rows, from which on extrapolation, and threads, save time
_WORTH = 2**14


class Watcher(Protocol):
    """Told how a selection gets on."""

    def begun(self, total: int) -> None:
        """So many candidates are to be fitted."""

    def fitted(self, row: Row) -> None:
        """One of them is done."""

    def ended(self) -> None:
        """All of them are."""


def select(
    X: Any,
    n_components: int | Iterable[int] = range(1, 10),
    *,
    structures: str | Structure | Iterable[str | Structure] = "all",
    criterion: str = "bic",
    folds: int = 10,
    start: StartLike = "auto",
    tol: float | str = "auto",
    reg_covar: float | str = "auto",
    max_iter: int = 1000,
    accelerate: bool | str = "auto",
    weights: str = "free",
    prior: Prior | str | bool | None = None,
    noise: Box | float | bool | None = None,
    random_state: Seed = 0,
    sample_weight: Any = None,
    n_jobs: int | None = None,
    observer: Watcher | None = None,
) -> Selection:
    """Fit mixtures of several numbers of components and structures, and choose between them.

    BIC = −2·log L + p·log N, with p free parameters; ICL adds −2·Σ_i log max_k r_ik, and so asks
    for components that are clusters; AIC = −2·log L + 2p; CV = −2·Σ log-likelihoods of rows under
    fits to the other folds. Smaller is better, as in scikit-learn: R's mclust has the other sign,
    which `Selection.table` gives with ``sign="mclust"``.

    Parameters
    ----------
    X : (N, D) array-like, or a table, whose column names the mixtures keep; or a path, several, or
        a scan: files of up to 131,072 rows are read once, larger ones at every pass.
    n_components : the numbers of components to try.
    structures : ``"all"`` fourteen, or names of some. With one feature they come to two, E and V.
    criterion : what decides: ``"bic"``, ``"icl"``, ``"aic"`` or ``"cv"``, which takes `folds` more
        fits of everything. The table has the first three in any case.
    folds : of the cross-validation, at least 2, at most N.
    start : as for `mixtura.fit`; found once for each number of components, and shared by all
        structures. ``"auto"`` shares several. Labels or responsibilities suit one number only.
    tol : as for `mixtura.fit`; but ``"auto"`` stops each candidate when less than 0.001 nats of the
        log-likelihood of all rows are to be gained, or 1e-8 a row if that is more: nothing by which
        models are told apart.
    reg_covar, max_iter, accelerate, weights, prior, noise : as for `mixtura.fit`; the same for all
        candidates. But of few rows, of which a pass takes less time than an extrapolation,
        ``accelerate="auto"`` extrapolates nothing.
    random_state : the seed of the starts, and of the folds.
    sample_weight : (N,) how much each row counts, at least 0, or None for 1 each; of files the name
        of a column.
    n_jobs : how many candidates are fitted at once, or None for as many as there are cores, and one
        for few rows. The answer is the same to the last bit.
    observer : told of every candidate.

    Returns
    -------
    The table, with the best `Fit`. A candidate that cannot be fitted, or whose likelihood is the
    making of the regularisation, is a row with its reason, and is not chosen.

    Raises
    ------
    ParameterError : an unknown structure or criterion, an empty range, a setting out of range.
    DataError : the rows cannot be used: shape, NaN, too few, too large.

    Notes
    -----
    Every candidate costs N·K·D² multiply-adds an iteration, and there are 126 by default. Data of
    middling size are spread over the cores candidate by candidate, large data pass by pass. A
    richer structure is started from the ends of the poorer ones that it contains too, and never
    ends below one of them; with a prior, which structures do not share, it may. So long as a fit
    stands in the table it is held: K·D² numbers.

    Another unit for all features together changes no choice. A unit for each changes none among
    EEI, VEI, EVI, VVI, EEE, VEE, EVV and VVV. The others, EII, VII, EVE, VVE, EEV and VEV, compare
    lengths in different features: rescaling one feature turns their families into other ones, and
    so the choice may change. Where units are arbitrary, leave them out or standardise the columns.

    References
    ----------
    Fraley & Raftery 2002, "Model-based clustering, discriminant analysis, and density
    estimation"; Smyth 2000, "Model selection for probabilistic clustering using cross-validated
    likelihood".

    Examples
    --------
    >>> import mixtura
    >>> from mixtura.datasets import faithful
    >>> found = mixtura.select(faithful(), [1, 2, 3], structures=["tied", "full"])
    >>> print(found.best_row.candidate)
    EEE,3
    """
    began = time.perf_counter()
    by = criterion_called(criterion)
    numbers = components_of(n_components)
    settings = Settings(
        1,
        structures_of(structures)[0],
        start,
        tol,
        reg_covar,
        max_iter,
        1,
        accelerate,
        weights,
        prior,
        noise,
    )
    seed = int(random_state_of(random_state).randint(2**31))
    data = given(X, sample_weight, numbers[-1], seed)
    if by == "cv" and not data.in_memory:
        raise ParameterError(
            "criterion is 'cv', which leaves rows out in turn, and the rows are more than a "
            "sample that memory holds: use 'bic', or read them first"
        )
    source = data.source
    family = structures_of(structures, source.n_features)
    settings = replace(settings, tol=rule_for(tol, source.total_weight))
    if accelerate == "auto" and source.n_rows * source.n_features < _WORTH:
        settings = replace(settings, accelerate=False)
    executor, n_threads = shared_out(source, n_jobs)
    trials = Trials(
        source,
        settings,
        executor,
        seed,
        data.feature_names,
        data.unit,
        data.counting,
        None if data.in_memory else data.sample,
    )
    candidates = [Candidate(k, each) for each in family for k in numbers]
    grid = Grid(trials, candidates, n_threads)
    left_out = Folds.of(source.n_rows, folds, seed) if by == "cv" else None
    if observer:
        observer.begun(len(candidates) * (1 + (left_out.count if left_out else 0)))
    table = grid.fitted(observer)
    if left_out:
        table = left_out.over(grid, table, observer)
    if observer:
        observer.ended()
    return Selection(
        tuple(table[each] for each in candidates),
        by,
        source.n_rows,
        source.total_weight * data.unit,
        time.perf_counter() - began,
    )


@dataclass(frozen=True, eq=False)
class Grid:
    """Candidates, and how they are fitted.

    Parameters
    ----------
    trials : fits one.
    candidates : all of them, a poorer structure before those that contain it.
    n_threads : how many are fitted at once.
    """

    trials: Trials
    candidates: Sequence[Candidate]
    n_threads: int

    def fitted(self, observer: Watcher | None = None) -> dict[Candidate, Row]:
        """The row of each."""
        # The most components first: they take longest, and nobody should wait for them at the end.
        numbers = sorted({each.n_components for each in self.candidates}, reverse=True)
        tasks: dict[Any, Task] = {
            k: Task((), partial(self._started, n_components=k)) for k in numbers
        }
        for candidate in sorted(self.candidates, key=lambda each: -each.n_components):
            below = parents(candidate, self.candidates)
            tasks[candidate] = Task(
                (candidate.n_components, *below), partial(self._fitted, candidate=candidate)
            )

        def told(name: Any, result: Any) -> None:
            if observer and isinstance(name, Candidate):
                observer.fitted(result)

        results = carried_out(tasks, self.n_threads, told)
        return {each: results[each] for each in self.candidates}

    def over(self, trials: Trials) -> Grid:
        """The same candidates over other rows."""
        return replace(self, trials=trials)

    def _started(self, _: Mapping[Any, Any], n_components: int) -> Started:
        structures = list(dict.fromkeys(each.structure for each in self.candidates))
        return self.trials.started(n_components, structures)

    def _fitted(self, results: Mapping[Any, Any], candidate: Candidate) -> Row:
        below = [row for row in results.values() if isinstance(row, Row) and row.sound]
        ends = [row.fit for row in below if row.fit is not None]
        return self.trials.fitted(candidate, results[candidate.n_components], ends)


def rule_for(tol: float | str, total_weight: float) -> Rule:
    """The rule that a tolerance stands for in a selection among rows of that weight in all."""
    if isinstance(tol, str) and tol == "auto":
        return Remaining(max(_NATS / total_weight, Remaining().least))
    return rule(tol)


def shared_out(source: Source, n_jobs: int | None) -> tuple[Executor, int]:
    """Who carries passes out, and how many candidates are fitted at once.

    Cores are used once: by the passes where these have work for all, else by the candidates.
    """
    if n_jobs is None:
        executor = default_executor()
        n_threads = executor.n_threads if isinstance(executor, Threads) else 1
        if source.n_rows * source.n_features < _WORTH:
            n_threads = 1  # threads would wait for each other: little of such a fit is arithmetic
    elif isinstance(n_jobs, int) and not isinstance(n_jobs, bool) and n_jobs >= 1:
        n_threads = n_jobs
        executor = Threads(n_jobs)
    else:
        raise ParameterError(f"n_jobs is {n_jobs!r}, expected a whole number of at least 1")
    if n_threads == 1:
        return Serial(), 1
    together = source.n_blocks < n_threads and isinstance(source, ArraySource)
    return (Serial(), n_threads) if together else (executor, 1)
