"""Spread: how far rows spread in each feature, with what rounding leaves of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.rows.summary import RowSummary

__all__ = ["Spread"]

#: a spread below so many ulp of the values themselves is rounding, not spread
_ROUNDING = 16.0 * float(np.finfo(np.float64).eps)
#: squared feature units; its inverse, and the square of a deviation over it, stay in float64
_LEAST = 1e-300


@dataclass(frozen=True, eq=False)
class Spread:
    """How far the data spread in each feature.

    A feature that varies by no more than the rounding of its values says nothing about its
    scale: the square of its mean stands in for its variance, and 1 where that is 0 too.

    Parameters
    ----------
    variances : (D,), v_j, squared feature units, positive.
    resolution : (D,), the squares of 16 ulp of the features' means, squared feature units.
    singles : whether the rows are float32.
    """

    variances: Floats
    resolution: Floats
    singles: bool

    @classmethod
    def of(cls, rows: RowSummary) -> Spread:
        """The spread of rows of which that is known."""
        return cls.told(rows.variances, rows.mean, singles=rows.dtype == np.float32)

    @classmethod
    def told(cls, variances: Floats, mean: Floats, *, singles: bool) -> Spread:
        """The spread of rows of which the variances (D,) and the mean (D,) are known."""
        squared = mean**2
        resolution = _ROUNDING**2 * squared
        constant = variances <= np.maximum(resolution, _LEAST)
        scales = np.where(squared > _LEAST, squared, 1.0)
        return cls(np.where(constant, scales, variances), resolution, singles)
