"""Estimation: standard errors, by the information or by fits to rows drawn anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mixtura.arguments import is_whole
from mixtura.engine.arrays import Floats, Rows, frozen
from mixtura.engine.executors import Threads, default_executor
from mixtura.engine.executors.task_pool import Task, run_tasks
from mixtura.engine.sources import ArraySource, Fields
from mixtura.errors import DataError, ParameterError
from mixtura.fitting.driver import fit_rows
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.starts.labelled import Labelled
from mixtura.model.mixture import Mixture
from mixtura.model.random import Seed, random_state_of
from mixtura.rows.errors import named_errors
from mixtura.rows.in_memory import lacks_any
from mixtura.rows.opening import Held, row_fields
from mixtura.uncertainty import intervals
from mixtura.uncertainty.chart import Chart, Parameters
from mixtura.uncertainty.information import information, overlap_caution, statistics
from mixtura.uncertainty.resting import Resting, resting
from mixtura.uncertainty.rows import check_drawable, given
from mixtura.uncertainty.standard_errors import StandardErrors

#: how standard errors can be had
METHODS = ("information", "bootstrap", "weighted-bootstrap")
#: replicates that are drawn at a time, for each thread
_DRAWN = 8


def standard_errors(
    fit: Fit | Mixture,
    X: Any,
    method: str = "information",
    *,
    n_bootstrap: int = 200,
    random_state: Seed = 0,
    sample_weight: Any = None,
    errors: Any = None,
    missing: str = "refuse",
) -> StandardErrors:
    """Standard errors of the weights, means and covariances of a fit.

    ``"information"`` inverts the curvature of the log-likelihood at the maximum.
    ``"bootstrap"`` fits again to rows drawn with replacement; ``"weighted-bootstrap"`` to the same
    rows with random weights of mean 1, which leaves no row out and so collapses less. Both go on
    from the fit, so that components keep their numbers.

    Parameters
    ----------
    fit : a fit that has converged; or its mixture alone, as a model file holds it, for
        ``"information"``.
    X : (N, D) array-like, or a table: the rows it was fitted to; for ``"information"`` also a Dask
        array or data frame, whose rows stay where they are.
    method : one of these three.
    n_bootstrap : how many fits, at least 2; a standard error is then good to about
        1 / √(2·n_bootstrap) of itself.
    random_state : the seed of the draws.
    sample_weight : (N,), those of the fit: for ``"information"`` and ``"weighted-bootstrap"`` a
        weight of 2 is a row that is there twice.
    errors : what the rows were measured with, those of the fit, as for `mixtura.fit`.
    missing : ``"em"`` where rows may lack features, as for `mixtura.fit`. The information is then
        that in what was observed, and what is missing makes errors larger.

    Raises
    ------
    ParameterError : there is no such method, too few fits, or nothing but a mixture to fit again;
        or the fit was made with errors, and there are none; or it was made with labels.
    DataError : the rows cannot be used; the mixture is no maximum of their likelihood, or two of
        its components coincide; most of the bootstrap's fits failed.

    Notes
    -----
    ``"information"`` makes one pass over the rows, of N·p² multiplications for p free parameters;
    of rows with holes or errors 2p passes. Both say nothing about another maximum, nor of bias. A
    component of fewer than D + 1 rows' weight, or with a covariance on the floor, has no errors.
    Where components overlap much the likelihood of few rows is not quadratic, and the intervals of
    ``"information"`` are too short: `StandardErrors.caution`.

    References
    ----------
    Louis 1982, "Finding the observed information matrix when using the EM algorithm"; O'Hagan,
    Murphy, Scrucca & Gormley 2019, "Investigation of parameter uncertainty in clustering using a
    Gaussian mixture model via jackknife, bootstrap and weighted likelihood bootstrap".

    Examples
    --------
    >>> import mixtura
    >>> from mixtura.datasets import faithful
    >>> fit = mixtura.fit(faithful(), 2, tol="auto")
    >>> mixtura.standard_errors(fit, faithful()).weights.round(3).tolist()
    [0.029, 0.029]
    """
    if not isinstance(method, str) or method not in METHODS:
        raise ParameterError(f"unknown method {method!r}, expected one of: {', '.join(METHODS)}")
    if not isinstance(fit, Fit | Mixture):
        raise ParameterError(f"fit is a {type(fit).__name__}, expected a Fit, or a Mixture alone")
    mixture = fit if isinstance(fit, Mixture) else fit.mixture
    if mixture.structure.n_factors:
        raise ParameterError(
            f"the mixture is {mixture.structure.name}, and factor analysers have no standard "
            "errors yet: fit one with full or diag covariances"
        )
    _check_measured(fit, errors)
    _check_unlabelled(fit)
    if method == "information":
        _check_plain(fit)
    else:
        _check_count(fit, method, n_bootstrap)
        check_drawable(X, method)
    found = given(mixture, X, sample_weight, errors, missing)
    source, executor = found.source, found.executor
    sums = statistics(mixture, source, executor)
    few = resting(fit, sums, source, executor)
    if isinstance(fit, Mixture) or method == "information":
        held = tuple(each.component for each in few)
        known = information(mixture, source, executor, sums, held, measured=errors is not None)
        covariance = known.covariance()
        caution = overlap_caution(known, sums.weight, held)
        told = _of_information(mixture, covariance, few, caution)
        return replace(told, counts=found.counts)
    rows = mixture.rows(X, missing=missing)
    fields = row_fields({"weights": sample_weight, "errors": named_errors(X, errors)}, rows.shape)
    drawn = _refits(fit, rows, fields, method, int(n_bootstrap), random_state)
    if len(drawn) < max(2, n_bootstrap // 2):
        raise DataError(
            f"{n_bootstrap - len(drawn)} of {n_bootstrap} fits to drawn rows failed: use fewer "
            "components, or method='weighted-bootstrap'"
        )
    told = _of_draws(mixture, np.stack(drawn), method, few)
    return replace(told, counts=found.counts)


def _check_measured(fit: Fit | Mixture, errors: Any) -> None:
    """Refuse rows without the errors that a fit was made with."""
    if isinstance(fit, Fit) and fit.oddities.measured and errors is None:
        raise ParameterError(
            "the fit is to rows with errors, and errors is None: give those that it was made with"
        )


def _check_unlabelled(fit: Fit | Mixture) -> None:
    """Refuse a fit whose likelihood is that of rows and labels."""
    if isinstance(fit, Fit) and isinstance(fit.settings.start, Labelled):
        raise ParameterError(
            "the fit was made with labels, and standard errors are of the likelihood of rows "
            "alone, of which it is no maximum: give a fit without labels"
        )


def _check_count(fit: Fit | Mixture, method: str, n_bootstrap: object) -> None:
    if isinstance(fit, Mixture):
        raise ParameterError(
            f"method {method!r} fits again, as the fit was made, and got a mixture alone: give it "
            "the fit, or use method='information'"
        )
    if not is_whole(n_bootstrap) or n_bootstrap < 2:
        raise ParameterError(
            f"n_bootstrap is {n_bootstrap!r}, expected a whole number of at least 2"
        )


def _check_plain(fit: Fit | Mixture) -> None:
    """Refuse the curvature of a likelihood that is not that of a plain mixture."""
    mixture = fit if isinstance(fit, Mixture) else fit.mixture
    wrong = {
        "noise": mixture.noise is not None,
        "equal weights": mixture.equal_weights,
        "a prior": isinstance(fit, Fit) and fit.settings.conjugate is not None,
    }
    for what, there in wrong.items():
        if there:
            raise ParameterError(
                f"method 'information' is for mixtures without noise, equal weights and prior, "
                f"this one has {what}: use method='bootstrap'"
            )


def _refits(
    fit: Fit, rows: Rows, fields: Fields, method: str, count: int, seed: Seed
) -> list[Floats]:
    """The flat parameters of fits to rows that were drawn anew."""
    random = random_state_of(seed)
    n = len(rows)
    settings = replace(fit.settings, start=fit.mixture, n_init=1)

    def counting() -> Floats:
        if method == "bootstrap":
            times = np.bincount(random.randint(n, size=n), minlength=n).astype(np.float64)
        else:
            times = random.standard_exponential(n)
        return np.asarray(times * fields.get("weights", 1.0))

    def again(held: Held) -> Floats | None:
        # From a mixture, which takes no draw.
        try:
            mixture = fit_rows(held, settings, given=Given(), random=random).mixture
        except DataError:
            return None
        parts = Parameters(mixture.weights, mixture.means, mixture.covariance_matrices())
        return parts.flat()

    def drawn_anew() -> Task:
        held = Held(rows, {**fields, "weights": counting()}, None, holes)
        return Task((), lambda _: again(held))

    # Of rows that one thread passes over, several replicates are fitted at once.
    executor, holes = default_executor(), lacks_any(rows)
    source = ArraySource(rows)
    together = executor.n_threads if isinstance(executor, Threads) and source.n_blocks == 1 else 1
    drawn: list[Floats] = []
    for first in range(0, count, _DRAWN * together):
        numbers = range(first, min(first + _DRAWN * together, count))
        found = run_tasks({number: drawn_anew() for number in numbers}, together)
        drawn.extend(flat for flat in map(found.get, numbers) if flat is not None)
    return drawn


def _of_information(
    mixture: Mixture, covariance: Floats, few: tuple[Resting, ...], caution: str
) -> StandardErrors:
    """The errors in the asymptotic covariance (M, M) of the flat parameters over their units."""
    k, d = mixture.means.shape
    relative = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    at = Parameters.shaped(relative * Chart.about(mixture).units.flat(), k, d)
    blocks = covariance[k + k * d :, k + k * d :].reshape(k, d * d, k, d * d)
    joint = np.einsum("kakb->kab", blocks).reshape(k, d, d, d, d)
    correlations = intervals.correlation_errors(mixture.covariance_matrices(), joint)
    return _without(mixture, at, correlations, "information", joint, None, few, caution)


def _of_draws(
    mixture: Mixture, drawn: Floats, method: str, few: tuple[Resting, ...]
) -> StandardErrors:
    """The spread of the flat parameters (B, M) of replicates."""
    k, d = mixture.means.shape
    draws = Parameters.shaped(frozen(drawn), k, d)
    at = Parameters.shaped(np.std(drawn, axis=0, ddof=1), k, d)
    correlations = np.std(intervals.correlations(draws.covariances), axis=0, ddof=1)
    relative = draws.covariances / Chart.about(mixture).units.covariances
    apart = relative - relative.mean(axis=0)
    joint = np.einsum("bkij,bkmn->kijmn", apart, apart) / (len(drawn) - 1.0)
    return _without(mixture, at, correlations, method, joint, draws, few, "")


def _without(
    mixture: Mixture,
    at: Parameters,
    correlations: Floats,
    method: str,
    joint: Floats,
    draws: Parameters | None,
    few: tuple[Resting, ...],
    caution: str,
) -> StandardErrors:
    """The errors, NaN for the components that rest on few rows."""
    arrays = [np.array(a) for a in (at.weights, at.means, at.covariances, correlations, joint)]
    for array in arrays:
        array[[each.component for each in few]] = np.nan
    weights, means, covariances, correlations, joint = map(frozen, arrays)
    return StandardErrors(
        mixture, weights, means, covariances, correlations, method, joint, draws, few, caution
    )
