"""Select: which structure, and how many components."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from mixtura.arguments import is_whole, takes_missing, whether
from mixtura.engine.executors import Executor, Serial, Threads, default_executor
from mixtura.engine.executors.dask import Dask
from mixtura.engine.sources import ArraySource, Source
from mixtura.engine.sources.dask import DaskSource
from mixtura.errors import ParameterError
from mixtura.fitting.convergence.rules import Remaining, Rule, rule
from mixtura.fitting.em import EM
from mixtura.fitting.factor_start import check_able
from mixtura.fitting.m_step.prior import Prior
from mixtura.fitting.settings import Settings
from mixtura.fitting.starts.start import StartLike
from mixtura.fitting.truncated.choice import truncates
from mixtura.model.box import Box
from mixtura.model.random import Seed, random_state_of, seed_of
from mixtura.model.structures import Structure
from mixtura.rows.data import Data
from mixtura.rows.opening import open_rows, read
from mixtura.selection.candidate import Candidate, components_of, structures_of
from mixtura.selection.criteria import check_held, criterion_called
from mixtura.selection.evidence import Bounds
from mixtura.selection.folds import Folds
from mixtura.selection.grid import Grid, Watcher
from mixtura.selection.selection import Selection
from mixtura.selection.stability import Redraws
from mixtura.selection.trials import Trials

#: of the log-likelihood of all rows, that a candidate may lack
_NATS = 1e-3


def select(
    X: Any,
    n_components: int | Iterable[int] = range(1, 10),
    *,
    structures: str | Structure | Iterable[str | Structure] = "all",
    n_factors: int | Iterable[int] | None = None,
    criterion: str = "bic",
    folds: int = 10,
    n_bootstrap: int = 20,
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
    errors: Any = None,
    n_jobs: int | None = None,
    observer: Watcher | None = None,
    missing: str = "refuse",
    search: str = "auto",
    neighbours: bool = True,
) -> Selection:
    """Fit mixtures of several numbers of components and structures, and choose between them.

    BIC = −2·log L + p·log N, with p free parameters; ICL adds −2·Σ_i log max_k r_ik, and so asks
    for components that are clusters; AIC = −2·log L + 2p; CV = −2·Σ log-likelihoods of rows under
    fits to the other folds; ELBO is −2 times a bound on log p(X), with all parameters averaged over
    their priors, those of `mixtura.fit_bayes` and Dir(1, …, 1) for the weights, which only
    structures with a conjugate prior have; the instability is 1 − (1/B)·Σ_b ARI(z, z_b), with z
    the partition of the rows by the fit, z_b that by a fit to the b-th bootstrap sample of them,
    and ARI the adjusted Rand index, `mixtura.metrics`: 0 where all agree. Smaller is better, as in
    scikit-learn: R's mclust has the other sign, which `Selection.table` gives with
    ``sign="mclust"``.

    Parameters
    ----------
    X : (N, D) array-like, or a table, whose column names the mixtures keep; or a path, several, or
        a scan: files of up to 131,072 rows are read once, larger ones at every pass. Or a Dask
        array or data frame: up to as many rows are brought here, more stay where they are.
    n_components : the numbers of components to try.
    structures : ``"all"`` fourteen, or names of some. With one feature they come to two, E and V.
    n_factors : the numbers of factors to try of ``factor`` or ``factor-shared``, those named; if
        none is, of ``factor``, besides the others.
    criterion : what decides: ``"bic"``, ``"icl"``, ``"aic"``, ``"cv"``, which takes `folds` more
        fits of everything, ``"stability"``, which takes `n_bootstrap` more, or ``"elbo"``, which
        takes one of variational EM. The table has the first three in any case. One component parts
        no rows and agrees with itself whatever they are: by stability it is not judged, and never
        chosen.
    folds : of the cross-validation, at least 2, at most N.
    n_bootstrap : B, the bootstrap samples of the stability, at least 2.
    start : as for `mixtura.fit`: each candidate is fitted first as that would, from the same start.
        Labels or responsibilities suit one number of components only.
    tol, reg_covar, max_iter, accelerate, weights, prior, noise : as for `mixtura.fit`; the same for
        all candidates.
    random_state : the seed of the starts, the folds and the bootstrap samples.
    sample_weight : (N,) how much each row counts, at least 0, or None for 1 each; of files the name
        of a column, of a Dask collection that or a Dask array or series.
    errors : with what uncertainty each row was measured, as for `mixtura.fit`.
    n_jobs : how many candidates are fitted at once, or None for as many as there are cores. The
        answer is the same to the last bit.
    observer : told of every candidate.
    missing : ``"em"`` where rows may lack features, as for `mixtura.fit`: the criteria are then of
        the likelihood of what was observed, and N counts rows, complete or not.
    search : ``"exact"``, ``"truncated"`` or ``"auto"``, as for `mixtura.fit`: of each candidate,
        fitted for itself and from the ends of others. Its row says which it was.
    neighbours : whether each candidate is fitted from the ends of others besides, as below. False
        leaves it where `mixtura.fit` does, whatever others are in the grid, which is several times
        as quick; a richer structure may then end below a poorer one.

    Returns
    -------
    The table, with the best `Fit`. A candidate that cannot be fitted, or whose likelihood is the
    making of the regularisation, is a row with its reason, and is not chosen.

    Raises
    ------
    ParameterError : an unknown structure or criterion, an empty range, a setting out of range; the
        stability of one component alone; truncated EM of what it cannot be done with.
    DataError : the rows cannot be used: shape, NaN, too few, too large.

    Notes
    -----
    Every candidate costs N·K·D² multiply-adds an iteration, and there are 126 by default. Data of
    middling size are spread over the cores candidate by candidate, large data pass by pass. Then,
    but for ``neighbours=False``, each may be bettered by the ends of the poorer structures that it
    contains, of fewer components, split, and of more, merged: none that is chosen from ends below
    what it contains, but with a prior or equal weights, of which that is not so, it may. So a row
    depends on which others are in the grid. So long as a fit stands in the table it is held: K·D²
    numbers.

    Another unit for all features together changes no choice. A unit for each changes none among
    EEI, VEI, EVI, VVI, EEE, VEE, EVV and VVV. The others, EII, VII, EVE, VVE, EEV and VEV, compare
    lengths in different features: rescaling one feature turns their families into other ones, and
    so the choice may change. Where units are arbitrary, leave them out or standardise the columns.

    References
    ----------
    Fraley & Raftery 2002, "Model-based clustering, discriminant analysis, and density
    estimation"; Smyth 2000, "Model selection for probabilistic clustering using cross-validated
    likelihood"; Hennig 2007, "Cluster-wise assessment of cluster stability", for whose Jaccard
    index the adjusted Rand index of all clusters stands here; Fang & Wang 2012, "Selection of the
    number of clusters via the bootstrap method".

    Examples
    --------
    >>> import mixtura
    >>> from mixtura.datasets import faithful
    >>> found = mixtura.select(faithful(), [1, 2, 3], structures=["tied", "full"])
    >>> print(found.best_row.candidate)
    EEE,3
    """
    began = time.perf_counter()
    by, numbers = criterion_called(criterion), components_of(n_components)
    kind = structures_of(structures, None, n_factors)[0]
    settings = Settings(
        1, kind, start, tol, reg_covar, max_iter, 1, accelerate, weights, prior, noise, search
    )
    seed = _seed(random_state)
    rows = open_rows(X, sample_weight, holes=takes_missing(missing), errors=errors)
    data = read(rows, numbers[-1], seed, scatter=True)
    data.check(1)
    data = data.brought_here()
    check_held(by, in_memory=data.in_memory)
    family = structures_of(structures, data.source.n_features, n_factors)
    _check(family, settings, data)
    executor, n_threads = shared_out(data.source, n_jobs)
    candidates = [Candidate(k, each) for each in family for k in numbers]
    trials = Trials(replace(data, executor=executor), settings, seed)
    grid = Grid(trials, candidates, n_threads, whether(neighbours, "neighbours"))
    makers: dict[str, Callable[[], Folds | Redraws | Bounds]] = {
        "cv": lambda: Folds.of(data.source.n_rows, folds, seed),
        "stability": lambda: Redraws.of(n_bootstrap, seed, numbers),
        "elbo": lambda: Bounds.of(grid),
    }
    anew = makers[by]() if by in makers else None
    if observer:
        observer.begun(len(candidates) * (1 + (anew.count if anew else 0)))
    table = grid.fitted(observer)
    table = anew.over(grid, table, observer) if anew else table
    if observer:
        observer.ended()
    odd = replace(data, note="").oddities(numbers[-1])
    held = tuple(table[each].knowing(odd) for each in candidates)
    weight = data.source.total_weight * data.unit
    return Selection(held, by, data.source.n_rows, weight, time.perf_counter() - began)


def _seed(random_state: Seed) -> int:
    """As `mixtura.fit` has it, so that a candidate fitted for itself begins where that does."""
    known = seed_of(random_state)
    return int(random_state_of(random_state).randint(2**31)) if known is None else known


def _check(family: Iterable[Structure], settings: Settings, data: Data) -> None:
    """Refuse structures that cannot be fitted to the rows, whatever these are."""
    for each in family:
        each.check(data.source.n_features)
        able = replace(settings, structure=each)
        check_able(able, data)
        truncates(EM(data, able))


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
