"""Affine maps: what a mixture becomes when its rows are scaled, turned, sheared or shifted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from mixtura.engine.arrays import Floats, frozen
from mixtura.errors import ParameterError
from mixtura.model.noise import Box, Noise
from mixtura.model.structures import Structure, structure

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture

__all__ = ["transformed"]

#: what becomes of structures that compare units, where each feature is given another
_IN_OTHER_UNITS = {
    "EII": "EEI",
    "VII": "VEI",
    "EVE": "EVV",
    "EEV": "EVV",
}
#: and of those that are of the features' own axes, where features are mixed
_ON_OTHER_AXES = {
    "EII": "EEE",
    "EEI": "EEE",
    "VII": "VEE",
    "VEI": "VEE",
    "EVI": "EVV",
    "EVE": "EVV",
    "EEV": "EVV",
}


def transformed(
    mixture: Mixture,
    A: ArrayLike,
    b: ArrayLike = 0.0,
    feature_names: Sequence[str] | None = None,
) -> Mixture:
    """The density of y = A x + b, for x of a mixture: itself a mixture.

        w'_k = w_k,     μ'_k = A μ_k + b,     Σ'_k = A Σ_k Aᵀ

    so that for a square A its density at y is that of the mixture at x, over |det A|.

    Parameters
    ----------
    mixture : of D features.
    A : a number or (D,), what each feature is multiplied by, none of them 0; or (D', D), of rank
        D' ≤ D.
    b : a number or (D',), what is added.
    feature_names : D' names. None keeps those there are, unless A mixes features.

    Returns
    -------
    A mixture of D' features. Where the structure compares features, or axes that A turns, it is of
    the least structure that holds what becomes of it; and that is what its parameters are
    counted by.

    Noise has one density everywhere, and so it has afterwards: 1 / (V |det A|). Its box stays one
    where A is diagonal. Else the mapped box leans, and in its place there is an axis-parallel one
    of that volume about the same middle, in proportion to the extent of the mapped one: densities
    are exact, and rows that are drawn as noise are spread over this box.

    Raises
    ------
    ParameterError : A or b is of another shape or not finite, A loses a direction of y, or
        features are left out of a mixture with noise.

    References
    ----------
    Bishop 2006, Pattern Recognition and Machine Learning, equations 2.113 and 2.115.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> celsius = Mixture([1.0], [[20.0]], [[[4.0]]], feature_names=["temperature"])
    >>> fahrenheit = celsius.transformed(1.8, 32.0)
    >>> fahrenheit.means.tolist(), fahrenheit.covariances.round(12).tolist()
    ([[68.0]], [[[12.96]]])
    """
    d = mixture.n_features
    linear, shift = _numbers("A", A), _numbers("b", b)
    if linear.ndim < 2:
        return _scaled(mixture, linear, _shift(shift, d), feature_names)
    if linear.ndim != 2 or linear.shape[1] != d or not 1 <= len(linear) <= d:
        raise ParameterError(
            f"A has shape {linear.shape}, expected a number, ({d},), or up to {d} rows of {d}: one "
            "column for each feature of the mixture"
        )
    if np.linalg.matrix_rank(linear) < len(linear):
        raise ParameterError(
            f"A has rank {np.linalg.matrix_rank(linear)}, expected {len(linear)}, the number of "
            "its rows: a density needs every direction of what comes out"
        )
    chosen = _on_axes(mixture.structure, len(linear) == d)
    matrices = linear @ mixture.covariance_matrices() @ linear.T
    return type(mixture)(
        mixture.weights,
        mixture.means @ linear.T + _shift(shift, len(linear)),
        chosen.form.gathered(0.5 * (matrices + matrices.transpose(0, 2, 1))),
        chosen,
        feature_names,
        noise=_leant(mixture.noise, linear, _shift(shift, len(linear))),
        equal_weights=mixture.equal_weights,
    )


def _scaled(
    mixture: Mixture, scale: Floats, shift: Floats, feature_names: Sequence[str] | None
) -> Mixture:
    """The density of s ∘ x + b."""
    d = mixture.n_features
    if scale.shape not in ((), (d,)) or not scale.all():
        raise ParameterError(
            f"A is {scale.tolist()!r}, expected a number or {d}, none of them 0: what each feature "
            "is multiplied by"
        )
    factors = np.broadcast_to(scale, (d,))
    alike = bool((np.abs(factors) == np.abs(factors[0])).all())
    chosen = mixture.structure if alike else _in_units(mixture.structure)
    matrices = mixture.covariance_matrices() * np.outer(factors, factors)
    noise = None
    if mixture.noise is not None:
        box = mixture.noise.box
        ends = np.sort([factors * box.low + shift, factors * box.high + shift], axis=0)
        noise = Noise(mixture.noise.weight, Box(ends[0], np.abs(factors) * box.extent))
    return type(mixture)(
        mixture.weights,
        factors * mixture.means + shift,
        chosen.form.gathered(matrices),
        chosen,
        mixture.feature_names if feature_names is None else feature_names,
        noise=noise,
        equal_weights=mixture.equal_weights,
    )


def _leant(noise: Noise | None, linear: Floats, shift: Floats) -> Noise | None:
    """The noise after y = A x + b, with an axis-parallel box of the volume of the mapped one."""
    if noise is None:
        return None
    if len(linear) < linear.shape[1]:
        raise ParameterError(
            "A leaves features out, and the shadow of noise on those left is not even: use "
            "marginal, or a mixture without noise"
        )
    extent = np.abs(linear) @ noise.box.extent
    middle = linear @ noise.box.centre + shift
    log_volume = noise.box.log_volume + float(np.linalg.slogdet(linear)[1])
    return Noise(noise.weight, Box(middle - 0.5 * extent, extent).of_volume(log_volume))


def _in_units(whole: Structure) -> Structure:
    """The least structure that covariances have whose features' units were changed."""
    return whole if whole.rescales else structure(_IN_OTHER_UNITS.get(whole.letters, "VVV"))


def _on_axes(whole: Structure, square: bool) -> Structure:
    """The least structure that covariances have after a linear map, one to one where `square`."""
    letters = whole.letters if whole.affine else _ON_OTHER_AXES.get(whole.letters, "VVV")
    # Parts of equal volumes are not equal.
    return structure(letters if square or letters != "EVV" else "VVV")


def _shift(shift: Floats, d: int) -> Floats:
    if shift.shape not in ((), (d,)):
        raise ParameterError(f"b has shape {shift.shape}, expected a number or ({d},)")
    return np.broadcast_to(shift, (d,))


def _numbers(name: str, value: ArrayLike) -> Floats:
    try:
        array = frozen(value)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{name} is not of numbers, as is expected: {error}") from None
    if not np.isfinite(array).all():
        raise ParameterError(f"{name} is {array.tolist()!r}, expected finite numbers")
    return array
