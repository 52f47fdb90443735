"""Parameters: what a person gives for a mixture, checked and frozen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from mixtura.arguments import listed
from mixtura.engine.arrays import Floats, frozen
from mixtura.errors import ModelError, ParameterError
from mixtura.model.box import Box
from mixtura.model.structures import Form

#: of the sum of weights that were divided by it
_ROUNDING = 1e-13


def means(values: ArrayLike, shape: tuple[int, int] | None = None) -> Floats:
    """Means (K, D), finite; of `shape`, where one is known.

    Raises
    ------
    ModelError : another shape, or a value that is not finite.
    """
    array = _array("means", values)
    if array.ndim != 2 or 0 in array.shape:
        raise ModelError(
            f"means have shape {array.shape}, expected (n_components, n_features), both at least "
            "1: for one feature, write each mean as [value]"
        )
    if shape is not None and array.shape != shape:
        raise ModelError(
            f"means have shape {array.shape}, expected {shape}: "
            f"{shape[0]} components of {shape[1]} features"
        )
    _finite("mean", array)
    return array


def weights(
    values: ArrayLike, n_components: int, total: float = 1.0, *, equal: bool = False
) -> Floats:
    """Weights (K,), positive, of sum `total` within 1e-8; and `equal`, to as much, where asked.

    Where the sum is farther from it than rounding leads, they are divided by it.

    Raises
    ------
    ModelError : one of these fails.
    """
    array = _array("weights", values)
    if array.shape != (n_components,):
        raise ModelError(
            f"weights have shape {array.shape}, expected ({n_components},), one for each mean"
        )
    _finite("weight", array)
    if array.min() <= 0.0:
        k = int(array.argmin())
        raise ModelError(
            f"the weight of component {k} is {array[k]:.6g}, expected more than 0: "
            "leave the component out"
        )
    with np.errstate(over="ignore"):
        given = float(array.sum())
    if abs(given - total) > 1e-8:
        left = "" if total == 1.0 else f", which is 1 less the noise's {1.0 - total:.9g}"
        by = "by their sum" if total == 1.0 else f"by their sum, and times {total:.9g}"
        raise ModelError(
            f"the weights sum to {given:.9g}, expected {total:.9g}{left}: divide them {by}"
        )
    if equal and np.ptp(array) > 1e-8:
        raise ModelError(
            f"the weights go from {array.min():.9g} to {array.max():.9g}, expected equal ones: "
            f"{total / n_components:.9g} each, or leave equal_weights out"
        )
    # What is more than rounding is no density, and NumPy draws no rows of it.
    return array if abs(given - total) <= _ROUNDING else frozen(array * (total / given))


def box(box: Box, n_features: int) -> None:
    """Refuse a box of other than D features.

    Raises
    ------
    ModelError : it is so.
    """
    if len(box.low) != n_features:
        raise ModelError(
            f"the box of the noise has {len(box.low)} features, the means have {n_features}: "
            "expected as many"
        )


def covariances(
    values: ArrayLike, form: Form, shape: tuple[int, int], what: str = "covariance"
) -> Floats:
    """Covariances, or `what` else, in the shape of `form` for means of `shape` (K, D), finite.

    Raises
    ------
    ModelError : another shape, or a value that is not finite.
    """
    array = _array(f"{what}s", values)
    expected = form.shape(*shape)
    if array.shape != expected:
        raise ModelError(
            f"{form.name} {what}s have shape {array.shape}, expected {expected} for "
            f"{shape[0]} components of {shape[1]} features"
        )
    _finite(what, array, shared=form.shared)
    return array


def feature_names(names: Sequence[str] | None, n_features: int) -> tuple[str, ...] | None:
    """Names, one for each feature, all different; None stays None.

    Raises
    ------
    ModelError : their number is wrong, or one appears twice.
    """
    if names is None:
        return None
    try:
        texts = tuple(map(str, listed(names, "feature_names", "names")))
    except ParameterError as error:
        raise ModelError(str(error)) from None
    if len(texts) != n_features:
        raise ModelError(f"got {len(texts)} feature names, expected {n_features}")
    twice = {name for name in texts if texts.count(name) > 1}
    if twice:
        raise ModelError(f"the feature name {min(twice)!r} appears twice, expected different ones")
    return texts


def _array(what: str, values: ArrayLike) -> Floats:
    try:
        return frozen(values)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{what} are not an array of numbers, as is expected: {error}") from None


def _finite(what: str, array: Floats, *, shared: bool = False) -> None:
    sound = np.isfinite(array)
    if not sound.all():
        where = tuple(int(i) for i in np.argwhere(~sound)[0])
        whose = (
            f"the {what} shared by all components"
            if shared
            else (f"the {what} of component {where[0]}")
        )
        raise ModelError(f"{whose} holds {array[where]}, expected finite numbers")
