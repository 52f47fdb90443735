"""Box: a part of feature space with sides along the axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mixtura.engine.arrays import Floats, Value, frozen
from mixtura.errors import ModelError


@dataclass(frozen=True, eq=False)
class Box(Value):
    """An axis-parallel box in feature space.

    Parameters
    ----------
    low : (D,), its lower corner, feature units.
    extent : (D,), its sides, feature units, positive.

    Raises
    ------
    ModelError : the shapes differ, or a side is not a positive number.

    Examples
    --------
    >>> from mixtura import Box
    >>> Box([0.0, 10.0], [2.0, 3.0]).volume
    6.0
    """

    low: Floats
    extent: Floats

    def __init__(self, low: ArrayLike, extent: ArrayLike) -> None:
        try:
            corner, sides = frozen(low), frozen(extent)
        except (TypeError, ValueError) as error:
            raise ModelError(
                f"the box of the noise is not of numbers, as is expected: {error}"
            ) from None
        if corner.ndim != 1 or not corner.size or corner.shape != sides.shape:
            raise ModelError(
                f"the box of the noise has a corner of shape {corner.shape} and sides of shape "
                f"{sides.shape}, expected (n_features,) for both"
            )
        sound = np.isfinite(corner) & np.isfinite(sides) & (sides > 0.0)
        if not sound.all():
            j = int(np.argmin(sound))
            raise ModelError(
                f"the box of the noise begins at {corner[j]:g} in feature {j} and is {sides[j]:g} "
                "long, expected finite numbers, and a length above 0"
            )
        object.__setattr__(self, "low", corner)
        object.__setattr__(self, "extent", sides)

    def __repr__(self) -> str:
        return f"Box({len(self.low)} features, volume {self.volume:.6g})"

    @property
    def high(self) -> Floats:
        """The upper corner, (D,), feature units."""
        return self.low + self.extent

    @property
    def centre(self) -> Floats:
        """The middle of the box, (D,), feature units."""
        return self.low + 0.5 * self.extent

    @property
    def log_volume(self) -> float:
        """Log V, which has no overflow where V has."""
        return float(np.log(self.extent).sum())

    @property
    def volume(self) -> float:
        """V, the product of the sides."""
        with np.errstate(over="ignore", under="ignore"):
            return float(self.extent.prod())

    def of_volume(self, log_volume: float) -> Box:
        """The box about the same middle, every side longer by one factor, of volume V."""
        factor = math.exp((log_volume - self.log_volume) / len(self.low))
        extent = factor * self.extent
        return Box(self.centre - 0.5 * extent, extent)

    def of_features(self, features: Sequence[int]) -> Box:
        """Its shadow on some of the features, in the order given."""
        return Box(self.low[features], self.extent[features])

    def scatter(self) -> Floats:
        """The covariance of rows spread evenly over it, (D,), a diagonal: extent² / 12."""
        return self.extent**2 / 12.0

    def sample(self, n: int, random: np.random.RandomState) -> Floats:
        """Rows spread evenly over it, (n, D)."""
        return self.low + random.uniform(size=(n, len(self.low))) * self.extent
