"""Select: which structure, and how many components."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from mixtura.arguments import is_whole
from mixtura.engine.executors import Executor, Serial, Threads, default_executor
from mixtura.engine.executors.dask import Dask
from mixtura.engine.sources import ArraySource, Source
from mixtura.engine.sources.dask import DaskSource
from mixtura.errors import ParameterError
from mixtura.fitting.convergence import Remaining, Rule, rule
from mixtura.fitting.oddities import oddities
from mixtura.fitting.prior import Prior
from mixtura.fitting.selection.crew import Task, carried_out
from mixtura.fitting.selection.criteria import criterion_called
from mixtura.fitting.selection.folds import Folds
from mixtura.fitting.selection.grid import Candidate, components_of, structures_of
from mixtura.fitting.selection.row import Row
from mixtura.fitting.selection.rows import given
from mixtura.fitting.selection.selection import Selection
from mixtura.fitting.selection.trial import Trials, parents
from mixtura.fitting.settings import Settings
from mixtura.fitting.start import StartLike
from mixtura.model.noise import Box
from mixtura.model.random import Seed, random_state_of, seed_of
from mixtura.model.structures import Structure

__all__ = ["Watcher", "rule_for", "select", "shared_out"]

#: of the log-likelihood of all rows, that a candidate may lack
_NATS = 1e-3
#: the sweep that only holds candidates to what they contain
_LAST = "up again"


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
        a scan: files of up to 131,072 rows are read once, larger ones at every pass. Or a Dask
        array or data frame: up to as many rows are brought here, more stay where they are.
    n_components : the numbers of components to try.
    structures : ``"all"`` fourteen, or names of some. With one feature they come to two, E and V.
    criterion : what decides: ``"bic"``, ``"icl"``, ``"aic"`` or ``"cv"``, which takes `folds` more
        fits of everything. The table has the first three in any case.
    folds : of the cross-validation, at least 2, at most N.
    start : as for `mixtura.fit`: each candidate is fitted first as that would, from the same start.
        Labels or responsibilities suit one number of components only.
    tol, reg_covar, max_iter, accelerate, weights, prior, noise : as for `mixtura.fit`; the same for
        all candidates.
    random_state : the seed of the starts, and of the folds.
    sample_weight : (N,) how much each row counts, at least 0, or None for 1 each; of files the name
        of a column, of a Dask collection that or a Dask array or series.
    n_jobs : how many candidates are fitted at once, or None for as many as there are cores. The
        answer is the same to the last bit.
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
    middling size are spread over the cores candidate by candidate, large data pass by pass. Then
    each may be bettered by the ends of the poorer structures that it contains, of fewer components,
    split, and of more, merged: none that is chosen from ends below what it contains, but with a
    prior or equal weights, of which that is not so, it may. So a row depends on which others are in
    the grid. So long as a fit stands in the table it is held: K·D² numbers.

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
    # As `mixtura.fit` has it, so that a candidate fitted for itself begins where that does.
    seed = seed_of(random_state)
    if seed is None:
        seed = int(random_state_of(random_state).randint(2**31))
    data = given(X, sample_weight, numbers[-1], seed)
    if by == "cv" and not data.in_memory:
        raise ParameterError(
            "criterion is 'cv', which leaves rows out in turn, and the rows are more than a "
            "sample that memory holds: use 'bic', or read them first"
        )
    source = data.source
    family = structures_of(structures, source.n_features)
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
    odd = oddities(source, executor, numbers[-1], sample=data.sample)
    return Selection(
        tuple(table[each].knowing(odd) for each in candidates),
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
        """The row of each.

        First every candidate is fitted for itself. Then each may be bettered by its neighbours:
        from fewer components up, from more down, and once more up, so that in the end none is below
        a poorer structure, or fewer components, of what it holds.
        """
        order = sorted(self.candidates, key=lambda each: -each.n_components)
        tasks: dict[Any, Task] = {
            # The most components first: they take longest, and nobody should wait for them.
            ("alone", each): Task((), partial(self._alone, candidate=each))
            for each in order
        }
        last = "alone"
        for sweep, rising in (("up", True), ("down", False), (_LAST, True)):
            for each in sorted(order, key=lambda each: each.n_components) if rising else order:
                beside = self._beside(each, rising)
                needs = [(last, each), *((sweep, other) for other in beside.values())]
                tasks[sweep, each] = Task(
                    tuple(dict.fromkeys(needs)),
                    partial(self._bettered, own=(last, each), sweep=sweep, beside=beside),
                )
            last = sweep

        def told(name: Any, result: Any) -> None:
            if observer and name[0] == last:
                observer.fitted(result)

        results = carried_out(tasks, self.n_threads, told)
        return {each: results[last, each] for each in self.candidates}

    def over(self, trials: Trials) -> Grid:
        """The same candidates over other rows."""
        return replace(self, trials=trials)

    def _beside(self, candidate: Candidate, rising: bool) -> dict[str, Candidate]:
        """The neighbours that a candidate may be bettered by in a sweep, each with what it is."""
        beside = {f"poorer {i}": each for i, each in enumerate(parents(candidate, self.candidates))}
        numbers = [
            each.n_components for each in self.candidates if each.structure == candidate.structure
        ]
        below = [k for k in numbers if k < candidate.n_components]
        above = [k for k in numbers if k > candidate.n_components]
        if rising and below:
            beside["fewer"] = replace(candidate, n_components=max(below))
        if not rising and above:
            beside["more"] = replace(candidate, n_components=min(above))
        return beside

    def _alone(self, _: Mapping[Any, Any], candidate: Candidate) -> Row:
        return self.trials.alone(candidate)

    def _bettered(
        self,
        results: Mapping[Any, Row],
        own: Any,
        sweep: str,
        beside: Mapping[str, Candidate],
    ) -> Row:
        sound = {
            name: results[sweep, other].fit
            for name, other in beside.items()
            if results[sweep, other].sound
        }
        poorer = [fit for name, fit in sound.items() if fit and name.startswith("poorer")]
        fewer, more = sound.get("fewer"), sound.get("more")
        if sweep == _LAST:
            return self.trials.held(results[own], poorer, fewer)
        return self.trials.bettered(results[own], poorer, fewer, more)


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
    elif is_whole(n_jobs) and n_jobs >= 1:
        n_threads = n_jobs
        executor = Threads(n_jobs)
    else:
        raise ParameterError(f"n_jobs is {n_jobs!r}, expected a whole number of at least 1")
    if isinstance(source, DaskSource):
        return Dask(executor), 1
    if n_threads == 1:
        return Serial(), 1
    together = source.n_blocks < n_threads and isinstance(source, ArraySource)
    return (Serial(), n_threads) if together else (executor, 1)
