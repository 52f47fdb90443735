"""Fitter: from rows to the best of several runs of EM."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Rows
from mixtura.engine.executors import default_executor
from mixtura.engine.sources import ArraySource
from mixtura.errors import CollapseError, ParameterError
from mixtura.fitting.checkpoints import Journal, journal
from mixtura.fitting.checkpoints.identity import rows_of
from mixtura.fitting.checks import check_rows
from mixtura.fitting.elsewhere import fit_elsewhere, opened
from mixtura.fitting.em import EM, Observer
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.oddities import oddities
from mixtura.fitting.prior import Prior
from mixtura.fitting.resumption import check_resumed
from mixtura.fitting.runs import best_of, kept
from mixtura.fitting.settings import Settings
from mixtura.fitting.start import StartLike
from mixtura.model.elsewhere import is_elsewhere
from mixtura.model.noise import Box
from mixtura.model.random import Seed, random_state_of, seed_of
from mixtura.model.rows import as_rows, column_names
from mixtura.model.structures import Structure
from mixtura.model.structures import structure as structure_called
from mixtura.model.weights import Weighted, row_weights

__all__ = ["check_rows", "fit", "fit_rows"]

#: a collapse names so many rows at most
_NAMED = 10


def fit(
    X: Any,
    n_components: int = 1,
    *,
    structure: str | Structure = "full",
    start: StartLike = "auto",
    tol: float | str = "auto",
    reg_covar: float | str = "auto",
    max_iter: int = 1000,
    n_init: int = 1,
    accelerate: bool | str = "auto",
    given: Given | None = None,
    weights: str = "free",
    prior: Prior | str | bool | None = None,
    noise: Box | float | bool | None = None,
    random_state: Seed = 0,
    sample_weight: Any = None,
    observer: Observer | None = None,
    client: Any = None,
    checkpoint: str | os.PathLike[str] | None = None,
    every: int = 1,
    resume: bool = False,
) -> Fit:
    """Fit a Gaussian mixture by expectation-maximisation.

    Repeats w, μ, Σ ← argmax Σ_ik r_ik log(w_k N(x_i | μ_k, Σ_k)), with r_ik the responsibilities
    under the parameters before, until the mean log-likelihood gains less than `tol`.

    Parameters
    ----------
    X : (N, D) array-like, or a table, whose column names the mixture keeps. Or rows that are read
        anew at each pass: a path, a glob, a folder or several paths of Parquet, Arrow, CSV or
        ``.npy`` files, a `pyarrow.dataset.Dataset`, an iterable of arrays or record batches that
        can be begun again; `mixtura.tables.streams.scan` has the options. Or a Dask array or data
        frame, whose partitions stay where they are.
    n_components : K, at least 1, at most N.
    structure : of the covariances: ``full`` (VVV), ``tied`` (EEE), ``diag`` (VVI), ``spherical``
        (VII), or any other of the fourteen, EII VEI EEI EVI VEE EVE VVE EEV VEV EVV, whose letters
        say whether volume, shape and orientation are equal, vary, or are the identity; for one
        feature, ``E`` or ``V``.
    start : ``auto``, the best of several searches on a sample, with no units; ``kmeans``,
        ``k-means++``, ``random`` or ``random_from_data``, as scikit-learn's; labels (N,) from 0 to
        K − 1 or responsibilities (N, K); a function ``(rows, n_components, random_state)`` that
        returns either; or a `Mixture`, from whose responsibilities to begin.
    tol : nats a row, or ``"auto"``: EM then goes on until less than 1e-8 nats a row are to be
        gained, by Aitken's estimate; `mixtura.fitting.convergence.Remaining`.
    reg_covar : added to every variance, squared feature units. 0 asks for the exact maximum. Where
        components share only a part of their covariances, it is added to W_k / n_k instead, which
        keeps that part equal.
        ``"auto"`` has no units: no component's variance, in any direction, is let below 1e-8 of
        the data's own.
    max_iter : EM iterations at most.
    n_init : how many starts; the end of largest likelihood is kept.
    accelerate : True extrapolates EM's steps, and keeps a point only where the likelihood does not
        fall; ``"auto"`` begins with that once the gains shrink at a steady ratio.
    given : parameters to start from.
    weights : ``"free"``, or ``"equal"`` for components of one weight, which are then not counted as
        parameters.
    prior : None, or ``"conjugate"`` for a `mixtura.Prior` with its defaults, or one of your own:
        what is known of means and covariances beforehand, so that a component of few rows does not
        collapse. EM then maximises the posterior density; the log-likelihood and the criteria that
        are told are of the rows alone. With a prior weights of rows are numbers of rows.
    noise : True where some rows may belong to no component but lie anywhere in the box about all of
        them; or its volume, in feature units, or a `mixtura.Box`. They are labelled −1, and count
        two parameters.
    random_state : the seed of the start.
    sample_weight : (N,) how much each row counts, at least 0, or None for 1 each. A whole number
        is as good as so many equal rows, 0 as no row; a factor on all of them changes nothing but
        the effective counts. Of rows that are streamed, the name of the column of weights; of a
        Dask collection, that, or a Dask array or series.
    observer : told of every iteration.
    client : the `dask.distributed.Client` that computes for a Dask collection; None leaves it to
        Dask.
    checkpoint : a file in which the fit keeps where it stands, and the one before it beside, as
        ``….before``; or None.
    every : so many iterations from one writing of the checkpoint to the next.
    resume : whether to go on from the checkpoint, where there is one: the result then has the bits
        of a fit that was never stopped. A checkpoint of a fit that is over gives its result.

    Raises
    ------
    DataError : the rows cannot be used: shape, NaN, too few, too large; or they are not those of
        the checkpoint.
    ParameterError : a setting is outside its range, or not that of the checkpoint.
    ModelError : the checkpoint and the one before it are damaged.
    FileExistsError : there is a checkpoint, and `resume` is False.
    OSError : the checkpoint cannot be written, and the one before it stays; or another fit that is
        running keeps its own there.
    CollapseError : a covariance became singular and reg_covar is 0.
    Interrupted : Ctrl-C; it carries the fit so far.

    Notes
    -----
    The multiply-adds of an iteration, to leading order: for full and tied covariances N·K·D²/2 to
    whiten by forward substitution and N·K·D² for the second moments, for diagonal ones N·K·D each.
    Besides, N·K exponentials, and memory for a few blocks of rows. Of rows that are streamed, one
    pass more is made at first, and a named start is found on a sample of up to 131,072 of them.

    References
    ----------
    Dempster, Laird & Rubin 1977, "Maximum likelihood from incomplete data via the EM algorithm";
    Fraley & Raftery 2007 for `prior`; Banfield & Raftery 1993 for `noise`.

    Examples
    --------
    >>> import mixtura
    >>> from mixtura.datasets import faithful
    >>> result = mixtura.fit(faithful(), 2, random_state=0)
    >>> sorted(result.mixture.weights.round(3).tolist()), result.outcome.value
    ([0.356, 0.644], 'converged')
    """
    settings = Settings(
        n_components,
        structure_called(structure),
        start,
        tol,
        reg_covar,
        max_iter,
        n_init,
        accelerate,
        weights,
        prior,
        noise,
    )
    if given is not None and not isinstance(given, Given):
        raise ParameterError(
            f"given is a {type(given).__name__}, expected a mixtura.Given, such as "
            "Given(means=[[0.0], [4.0]])"
        )
    seed = None if given else seed_of(random_state)
    asked: AbstractContextManager[Journal | None] = nullcontext()
    if checkpoint is not None:
        asked = journal(
            checkpoint,
            every,
            resume=resume,
            settings=settings,
            given=given or Given(),
            seed=random_state,
        )
    with asked as kept:
        if is_elsewhere(X) or client is not None:
            fitted = fit_elsewhere(
                opened(X, sample_weight, client),
                settings,
                client=client,
                given=given or Given(),
                random=random_state_of(random_state),
                observer=observer,
                journal=kept,
            )
            return replace(fitted, seed=seed)
        rows = as_rows(X)
        fitted = fit_rows(
            rows,
            settings,
            given=given or Given(),
            random=random_state_of(random_state),
            feature_names=column_names(X),
            weights=row_weights(sample_weight, len(rows)),
            observer=observer,
            journal=kept,
        )
        return replace(fitted, seed=seed)


def fit_rows(
    rows: Rows,
    settings: Settings,
    *,
    given: Given,
    random: np.random.RandomState,
    feature_names: tuple[str, ...] | None = None,
    weights: Floats | None = None,
    resumed: Fit | None = None,
    observer: Observer | None = None,
    journal: Journal | None = None,
) -> Fit:
    """`fit` for rows that are checked, with everything decided.

    Parameters
    ----------
    rows : (N, D), finite.
    settings, given, random, feature_names, observer : as for `fit`.
    weights : (N,), finite and at least 0, not all 0; or None. Rows of weight 0 are left out before
        anything else is done, so the fit is bit for bit that of the others; leaving them out takes
        a copy of the rows.
    resumed : an earlier fit to go on from, instead of a start.
    journal : of the checkpoint, or None.

    Raises
    ------
    ParameterError : `resumed` has another number of components or another structure.
    DataError : it has another number of features.
    """
    began = time.perf_counter()
    weighted = Weighted.of(rows, weights)
    rows = weighted.rows
    check_rows(rows, settings.n_components, feature_names)
    settings.structure.check(rows.shape[1])
    if resumed is not None:
        check_resumed(resumed, settings, rows.shape[1])
    source = ArraySource(rows, weighted.weights)
    if journal:
        journal.begin(random)
        journal.identify(rows_of(source, feature_names), feature_names)
    em = EM(
        source,
        settings,
        default_executor(),
        feature_names,
        observer,
        weighted.unit,
        journal=journal,
    )

    def run(number: int) -> Fit:
        try:
            counting = weighted.counting
            return em.run(number, source, given, random, counting=counting, resumed=resumed)
        except CollapseError as collapse:
            raise _with_rows(collapse, weighted) from None

    best = best_of(1 if resumed is not None else settings.n_init, run, began, journal)
    with kept(best, journal):
        odd = oddities(source, em.executor, settings.n_components)
        return em.noted(replace(best, oddities=odd))


def _with_rows(collapse: CollapseError, weighted: Weighted) -> CollapseError:
    """The error, which also names the rows nearest to the component's mean, as many as it holds.

    Near in units of each feature's range; where many more rows are as near, there are more of them
    than are named.
    """
    if collapse.component is None:
        return collapse
    rows = weighted.rows
    spans = np.ptp(rows, axis=0).astype(np.float64)
    spans[spans == 0.0] = 1.0
    distances = (((rows - collapse.centre) / spans) ** 2).sum(axis=1)
    held = min(max(round(collapse.weight), 1), _NAMED)
    nearest = np.sort(np.argsort(distances, kind="stable")[:held])
    numbers = nearest if weighted.counting is None else np.flatnonzero(weighted.counting)[nearest]
    named = tuple(numbers.tolist())
    listed = ", ".join(map(str, named))
    which = f"row {listed} is" if held == 1 else f"rows {listed} are"
    return CollapseError(
        f"{collapse}. Of the rows, counted from 0, {which} nearest to its mean",
        collapse.component,
        collapse.centre,
        collapse.weight,
        named,
    )
