"""Extent: the least and the largest value of each column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.sources import Block

__all__ = ["Extent"]


@dataclass(frozen=True, eq=False)
class Extent:
    """From where to where some rows reach, column by column; `+` is of both sets of rows.

    Parameters
    ----------
    low, high : (D,), feature units.
    """

    low: Floats
    high: Floats

    @classmethod
    def of(cls, block: Block) -> Extent:
        """Of the rows of a block."""
        low, high = block.rows.min(axis=0), block.rows.max(axis=0)
        return cls(low.astype(np.float64), high.astype(np.float64))

    def __add__(self, other: Extent) -> Extent:
        return Extent(np.minimum(self.low, other.low), np.maximum(self.high, other.high))
