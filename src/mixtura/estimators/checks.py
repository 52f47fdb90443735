"""Checks: what scikit-learn finds wrong, in the words that code written for it looks for."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import InvalidParameterError, validate_parameter_constraints

from mixtura.errors import CollapseError, DataError, ModelError
from mixtura.estimators.asked import Asked
from mixtura.fitting import Fit
from mixtura.fitting.verdict import grave
from mixtura.model.structures import Form
from mixtura.rows.in_memory import check_names, column_names, is_ready
from mixtura.tables.columns import refuse_masked, refuse_others

#: how scikit-learn's warning of a fit that did not converge begins, and ours with it
UNCONVERGED = (
    "Best performing initialization did not converge. Try different init parameters, or increase "
    "max_iter, tol, or check for degenerate data."
)
#: how scikit-learn's error of a singular covariance reads, and how ours begins
ILL_DEFINED = (
    "Fitting the mixture model failed because some components have ill-defined empirical "
    "covariance (for instance caused by singleton or collapsed samples). Try to decrease the "
    "number of components, increase reg_covar, or scale the input data."
)

#: the types of values that never change
_PLAIN = frozenset({int, float, str, bool, type(None)})


def collapsed(error: CollapseError) -> CollapseError:
    """The error, begun as scikit-learn's is."""
    sentence = str(error)
    return CollapseError(
        f"{ILL_DEFINED} {sentence[:1].upper()}{sentence[1:]}",
        error.component,
        error.centre,
        error.weight,
        error.rows,
    )


def is_expected(model: Asked, X: Any) -> bool:
    """Whether `X` are rows of a fitted estimator's columns, of which scikit-learn says nothing.

    That are finite floats (N, D), without names where there were none in the fit: its own checks
    of them, `validate_data`, take far longer than the scores of a few rows.
    """
    known = vars(model)
    return (
        "mixture_" in known
        and "feature_names_in_" not in known
        and is_ready(X)
        and bool(X.shape[1] == known.get("n_features_in_"))
    )


def check_numbers(X: Any, *, holes: bool | None = None) -> None:
    """Refuse what scikit-learn would read as something else: dates, text, columns of one name.

    Parameters
    ----------
    X : the rows.
    holes : whether they may lack features, as those that are masked; None where that cannot be
        asked for.

    Raises
    ------
    DataError : `X` holds some, or is masked, or a kind of table that scikit-learn does not know.
    """
    if not holes:
        refuse_masked(X, missing=holes is not None)
    check_names(column_names(X))
    if isinstance(X, Mapping) or (isinstance(X, np.ndarray) and X.dtype.names):
        kind = "an array of named fields" if isinstance(X, np.ndarray) else "a dict of columns"
        raise DataError(
            f"X is {kind}, which scikit-learn does not take: pass pandas.DataFrame(X), or fit with "
            "mixtura.fit"
        )
    refuse_others(X)


def check_parameters(model: Asked) -> None:
    """Refuse an estimator whose parameters scikit-learn would not take.

    Raises
    ------
    ValueError : one is, in scikit-learn's words, or in ours where its own check breaks down.
    """
    kind: Any = type(model)
    try:
        for name in _parameters(kind):
            value = getattr(model, name)
            if type(value) in _PLAIN:
                _check_plain(kind, name, value)
            else:
                _check_parameter(kind, name, value)
    except InvalidParameterError:
        raise
    except (TypeError, OverflowError):  # of fractions, lengths of time, 10**400
        model._settings()


@cache
def _parameters(kind: type[Asked]) -> tuple[str, ...]:
    """The names of a class's parameters, in scikit-learn's order."""
    return tuple(kind._get_param_names())


def _check_parameter(kind: type[Asked], name: str, value: Any) -> None:
    """Refuse a parameter of a class of estimators that scikit-learn would not take."""
    validate_parameter_constraints(kind._parameter_constraints, {name: value}, kind.__name__)


#: the same of a value that never changes: scikit-learn, which takes its time, is asked once
_check_plain = lru_cache(maxsize=1024, typed=True)(_check_parameter)


def check_rows(n_rows: int, n_components: int) -> None:
    """Refuse to fit more components than there are rows that count.

    Raises
    ------
    DataError : there are.
    """
    if n_rows < n_components:
        raise DataError(
            f"Expected n_samples >= n_components but got n_components = {n_components}, n_samples "
            f"= {n_rows}: X has {n_rows} rows that count, expected at least one for each of the "
            f"{n_components} components; ask for {n_rows} or fewer"
        )


def check_given(
    form: Form, shape: tuple[int, int], weights: Any, means: Any, precisions: Any
) -> None:
    """Refuse given parameters of a wrong shape, and precisions that are none.

    Parameters
    ----------
    form : of the covariances.
    shape : (K, D).
    weights, means, precisions : as for `mixtura.fitting.Given`, each or None.

    Raises
    ------
    ModelError : one of them is so.
    """
    _check_shape("weights", weights, shape[:1])
    _check_shape("means", means, shape)
    _check_shape(f"{form.name} precision", precisions, form.shape(*shape))
    if precisions is None:
        return
    array = np.asarray(precisions, dtype=np.float64)
    if not np.isfinite(array).all():
        return  # told better where the parameters are used
    transposed = np.swapaxes(array, -1, -2) if form.seconds is False else array
    if form.unsound(array) or not np.allclose(array, transposed):
        what = "positive" if form.diagonal else "symmetric, positive-definite"
        bad = form.unsound(array)
        whose = f": that of component {bad[0]} is not" if bad and not form.shared else ""
        raise ModelError(f"'{form.name} precision' should be {what}{whose}")


def _check_shape(name: str, value: Any, shape: tuple[int, ...]) -> None:
    if value is not None and np.shape(value) != shape:
        raise ModelError(
            f"The parameter '{name}' should have the shape of {shape}, but got {np.shape(value)}"
        )


def warn_of(fit: Fit, *, expected: bool) -> None:
    """Warn, where `GaussianMixture.fit` was called, of what is grave about a fit.

    Parameters
    ----------
    fit : the fit.
    expected : whether it was asked to converge.
    """
    for finding in grave(fit):
        said = str(finding).replace("start=", "init_params=")
        warnings.warn(said, ConvergenceWarning, stacklevel=4)
    if expected and not fit.outcome.converged:
        warnings.warn(
            f"{UNCONVERGED} It ended {fit.outcome.value} at iteration {fit.n_iter}: {fit.remedy}",
            ConvergenceWarning,
            stacklevel=4,
        )


def warn_if_void(fit: Fit | None, criterion: str) -> None:
    """Warn, where a criterion was asked for, that it says nothing: a component is starved.

    Parameters
    ----------
    fit : the fit, or None where there is none to tell.
    criterion : its name.
    """
    if fit is not None and fit.starved:
        warnings.warn(f"{criterion} is void: {fit.void}", ConvergenceWarning, stacklevel=3)
