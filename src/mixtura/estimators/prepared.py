"""Prepared: rows as an estimator takes them, checked, and what fits to them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from mixtura.engine.arrays import Floats, Rows
from mixtura.estimators.asked import Asked
from mixtura.estimators.checks import check_given, check_numbers, check_rows
from mixtura.fitting import Fit, Given, fit_rows
from mixtura.model.random import seed_of, seeded
from mixtura.model.structures import structure
from mixtura.rows.errors import parted
from mixtura.rows.in_memory import is_ready, lacks_any
from mixtura.rows.opening import Held, open_rows, row_fields
from mixtura.rows.out_of_core import is_out_of_core


def prepared(
    model: Asked, X: Any, sample_weight: Any, **more: Any
) -> tuple[Any, Any, Callable[..., Fit]]:
    """The rows (N, D) that an estimator is to be fitted to, their weights, and what fits to them.

    Rows elsewhere, and their weights, are left as they were given. The names and the number of the
    columns are set on the estimator.

    Parameters
    ----------
    model : the estimator.
    X, sample_weight, more : as for `mixtura.rows.opening.open_rows`.

    Raises
    ------
    ValueError : the rows, the weights or the parameters to start from cannot be used.
    """
    return (_elsewhere if is_out_of_core(X) else _here)(model, X, sample_weight, **more)


def given_of(model: Asked) -> Given:
    """The parameters that an estimator is to start from."""
    return Given(_to_one(model.weights_init), model.means_init, model.precisions_init)


def _here(
    model: Asked, X: Any, sample_weight: Any, **more: Any
) -> tuple[Rows, Floats | None, Callable[..., Fit]]:
    """The same as `prepared`, for rows in memory."""
    X, more["errors"] = parted(X, more.get("errors"))
    rows = _checked(model, X)
    fields = row_fields({"weights": sample_weight, **more}, rows.shape)
    weights = fields.get("weights")
    counting = len(rows) if weights is None else int(np.count_nonzero(weights))
    check_rows(counting, model.n_components)
    names = getattr(model, "feature_names_in_", None)
    names = None if names is None else tuple(names)
    options, holes = _options(model, rows.shape[1]), model._holes and lacks_any(rows)
    return (
        rows,
        weights,
        partial(fit_rows, Held(rows, fields, names, holes), model._settings(), **options),
    )


def _checked(model: Asked, X: Any) -> Rows:
    """The rows (N, D), checked as scikit-learn checks them, their columns set on the estimator."""
    if not (is_ready(X) and len(X) > 1):
        check_numbers(X, holes=model._holes)
        return model._validated(X, ensure_min_samples=2)
    # Of such an array it says nothing, in ten times as long as some hundred rows take to be read.
    model.n_features_in_ = X.shape[1]
    model.__dict__.pop("feature_names_in_", None)
    return X


def _elsewhere(
    model: Asked, X: Any, sample_weight: Any, **more: Any
) -> tuple[Any, Any, Callable[..., Fit]]:
    """For rows that are read anew at each pass."""
    data = open_rows(X, sample_weight, holes=model._holes, **more)
    options = _options(model, data.n_features)
    model.n_features_in_ = data.n_features
    if hasattr(model, "feature_names_in_"):
        delattr(model, "feature_names_in_")
    if data.names is not None:
        model.feature_names_in_ = np.asarray(data.names, dtype=object)
    return X, sample_weight, partial(fit_rows, data, model._settings(), **options)


def _options(model: Asked, n_features: int) -> dict[str, Any]:
    """What else a fit to D features is told than its settings."""
    check_given(
        structure(model.covariance_type, getattr(model, "n_factors", None)).form,
        (model.n_components, n_features),
        model.weights_init,
        model.means_init,
        model.precisions_init,
    )
    given, warm = given_of(model), model.warm_start
    return {
        "given": given,
        "random": _random_of(model.random_state),
        "resumed": getattr(model, "fit_", None) if warm else None,
        "seed": None if warm or not given.empty else seed_of(model.random_state),
    }


def _random_of(seed: Any) -> np.random.RandomState:
    """The generator that a seed stands for, as scikit-learn understands it."""
    return seeded(seed) if type(seed) is int else check_random_state(seed)


def _to_one(weights: ArrayLike | None) -> ArrayLike | None:
    """Weights of single precision, which sum to 1 only to that, made to sum to 1 in double."""
    array = np.asarray(weights)
    if array.dtype != np.float32 or abs(float(array.sum(dtype=np.float64)) - 1.0) > 1e-6:
        return weights
    wide = array.astype(np.float64)
    return wide / wide.sum()
