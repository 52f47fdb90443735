"""Affine maps: rows scaled, turned, sheared or shifted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mixtura.engine.arrays import Floats, frozen
from mixtura.errors import ParameterError
from mixtura.model.structures import Structure, structure

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


@dataclass(frozen=True, eq=False)
class AffineMap:
    """The map x → A x + b of D features to D'.

    Parameters
    ----------
    linear : A, (D', D) of rank D', or (D,), none of them 0, what each feature is multiplied by.
    shift : b, (D',), feature units of what comes out.
    """

    linear: Floats
    shift: Floats

    @classmethod
    def of(cls, A: ArrayLike, b: ArrayLike, d: int) -> AffineMap:
        """The map of D features that a person gives.

        Raises
        ------
        ParameterError : A or b is of another shape or not finite, or A loses a direction of y.
        """
        linear, shift = _numbers("A", A), _numbers("b", b)
        if linear.ndim < 2:
            shift = _shift(shift, d)
            if linear.shape not in ((), (d,)) or not linear.all():
                raise ParameterError(
                    f"A is {linear.tolist()!r}, expected a number or {d}, none of them 0: what "
                    "each feature is multiplied by"
                )
            return cls(np.broadcast_to(linear, (d,)), shift)
        if linear.ndim != 2 or linear.shape[1] != d or not 1 <= len(linear) <= d:
            raise ParameterError(
                f"A has shape {linear.shape}, expected a number, ({d},), or up to {d} rows of "
                f"{d}: one column for each feature of the mixture"
            )
        rank = np.linalg.matrix_rank(linear)
        if rank < len(linear):
            raise ParameterError(
                f"A has rank {rank}, expected {len(linear)}, the number of its rows: a density "
                "needs every direction of what comes out"
            )
        return cls(linear, _shift(shift, len(linear)))

    @property
    def diagonal(self) -> bool:
        """Whether each feature is multiplied by a number of its own, and none is mixed."""
        return self.linear.ndim == 1

    @property
    def square(self) -> bool:
        """Whether nothing is lost, D' = D."""
        return self.linear.shape[0] == self.linear.shape[-1]

    def structure(self, whole: Structure) -> Structure:
        """The least structure that holds what becomes of covariances of structure `whole`."""
        if self.diagonal:
            alike = bool((np.abs(self.linear) == np.abs(self.linear[0])).all())
            return whole if alike else _in_units(whole)
        return _on_axes(whole, self.square)


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
