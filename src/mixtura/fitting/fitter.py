"""Fitter: from rows to the best of several runs of EM."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mixtura.engine.arrays import Rows
from mixtura.engine.executors import default_executor
from mixtura.engine.sources import ArraySource
from mixtura.errors import DataError, Interrupted, ParameterError
from mixtura.fitting.em import EM, Observer
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.settings import Settings
from mixtura.model.random import Seed, random_state_of
from mixtura.model.rows import as_rows, column_label, column_names
from mixtura.model.structures import Structure
from mixtura.model.structures import structure as structure_called

__all__ = ["fit", "fit_rows"]

#: beyond this size the squares of a column's values, or its variance, overflow float64
_WIDEST = 1e150


def fit(
    X: Any,
    n_components: int = 1,
    *,
    structure: str | Structure = "full",
    start: str = "kmeans",
    tol: float = 1e-3,
    reg_covar: float = 1e-6,
    max_iter: int = 100,
    n_init: int = 1,
    given: Given | None = None,
    random_state: Seed = 0,
    observer: Observer | None = None,
) -> Fit:
    """Fit a Gaussian mixture by expectation-maximisation.

    Repeats w, μ, Σ ← argmax Σ_ik r_ik log(w_k N(x_i | μ_k, Σ_k)), with r_ik the responsibilities
    under the parameters before, until the mean log-likelihood gains less than `tol`.

    Parameters
    ----------
    X : (N, D) array-like, or a table, whose column names the mixture keeps.
    n_components : K, at least 1, at most N.
    structure : of the covariances: ``full``, ``tied``, ``diag``, ``spherical``.
    start : ``kmeans``, ``k-means++``, ``random`` or ``random_from_data``.
    tol : nats a row.
    reg_covar : added to every variance, squared feature units. 0 asks for the exact maximum.
    max_iter : EM iterations at most.
    n_init : how many starts; the end of largest likelihood is kept.
    given : parameters to start from.
    random_state : the seed of the start.
    observer : told of every iteration.

    Raises
    ------
    DataError : the rows cannot be used: shape, NaN, too few, too large.
    ParameterError : a setting is outside its range.
    CollapseError : a covariance became singular and reg_covar is 0.
    Interrupted : Ctrl-C; it carries the fit so far.

    Notes
    -----
    The multiply-adds of an iteration, to leading order: for full and tied covariances N·K·D²/2 to
    whiten by forward substitution and N·K·D² for the second moments, for diagonal ones N·K·D each.
    Besides, N·K exponentials, and memory for a few blocks of rows.

    References
    ----------
    Dempster, Laird & Rubin 1977, "Maximum likelihood from incomplete data via the EM algorithm".

    Examples
    --------
    >>> import mixtura
    >>> from mixtura.datasets import faithful
    >>> result = mixtura.fit(faithful(), 2, random_state=0)
    >>> sorted(result.mixture.weights.round(3).tolist()), result.outcome.value
    ([0.356, 0.644], 'converged')
    """
    settings = Settings(
        n_components, structure_called(structure), start, tol, reg_covar, max_iter, n_init
    )
    rows = as_rows(X)
    return fit_rows(
        rows,
        settings,
        given=given or Given(),
        random=random_state_of(random_state),
        feature_names=column_names(X),
        observer=observer,
    )


def fit_rows(
    rows: Rows,
    settings: Settings,
    *,
    given: Given,
    random: np.random.RandomState,
    feature_names: tuple[str, ...] | None = None,
    resumed: Fit | None = None,
    observer: Observer | None = None,
) -> Fit:
    """`fit` for rows that are checked, with everything decided.

    Parameters
    ----------
    rows : (N, D), finite.
    settings, given, random, feature_names, observer : as for `fit`.
    resumed : an earlier fit to go on from, instead of a start.

    Raises
    ------
    ParameterError : `resumed` has another number of components or another structure.
    DataError : it has another number of features.
    """
    began = time.perf_counter()
    _check(rows, settings, feature_names)
    if resumed is not None:
        _check_resumed(resumed, settings, rows.shape[1])
    source = ArraySource(rows)
    em = EM(source, settings, default_executor(), feature_names, observer)
    runs = 1 if resumed is not None else settings.n_init
    best: Fit | None = None
    for number in range(runs):
        try:
            if resumed is None:
                mixture, repairs = em.begin(source, given, random)
                ended = em.climb(mixture, run=number, repairs=repairs)
            else:
                ended = em.climb(resumed.mixture, before=resumed.trace.tolist())
        except Interrupted as interruption:
            raise Interrupted(_better(best, interruption.fit, began)) from None
        except KeyboardInterrupt:
            if best is None:
                raise
            raise Interrupted(_better(None, best, began)) from None
        best = _better(best, ended, began)
    assert best is not None
    return best


def _better(best: Fit | None, ended: Fit, began: float) -> Fit:
    """The fit of larger likelihood, with the time since `began`."""
    if best is None or ended.mean_log_likelihood > best.mean_log_likelihood:
        best = ended
    return replace(best, seconds=time.perf_counter() - began)


def _check_resumed(resumed: Fit, settings: Settings, n_features: int) -> None:
    """Refuse to go on from a mixture of another kind."""
    mixture = resumed.mixture
    if mixture.n_components != settings.n_components:
        raise ParameterError(
            f"n_components is {settings.n_components}, the fit to go on from has "
            f"{mixture.n_components}: start anew, or ask for as many"
        )
    if mixture.structure.letters != settings.structure.letters:
        raise ParameterError(
            f"the covariances are to be {settings.structure.name}, those of the fit to go on from "
            f"are {mixture.structure.name}: start anew, or ask for the same"
        )
    if mixture.n_features != n_features:
        raise DataError(
            f"X has {n_features} features, the fit to go on from has {mixture.n_features}: "
            "start anew, or select those columns"
        )


def _check(rows: Rows, settings: Settings, names: Sequence[str] | None) -> None:
    """Refuse rows that no mixture can be fitted to."""
    n, k = len(rows), settings.n_components
    if n < 2:
        raise DataError(
            f"X has {n} row{'s' if n != 1 else ''}, expected at least 2: "
            "one row has no spread to fit"
        )
    if n < k:
        raise DataError(
            f"X has {n} rows, expected at least one for each of the {k} components: "
            f"ask for {n} components or fewer"
        )
    if max(float(rows.max()), -float(rows.min())) > _WIDEST:
        low, high = rows.min(axis=0), rows.max(axis=0)
        j = int(np.maximum(-low, high).argmax())
        raise DataError(
            f"column {column_label(j, names)} goes from {low[j]:.6g} to {high[j]:.6g}: its "
            f"variance overflows, expected values below {_WIDEST:g}; "
            "divide the column by a constant"
        )
