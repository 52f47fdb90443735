"""Sources: the same blocks of rows in the same order, as often as asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Floats, Rows

__all__ = ["ArraySource", "Block", "Source", "block_rows"]


@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive rows.

    Parameters
    ----------
    start : the index of its first row in the source.
    rows : (m, D), float32 or float64, C-contiguous.
    weights : (m,) row weights, or None where every row counts once.
    """

    start: int
    rows: Rows
    weights: Floats | None = None

    @property
    def stop(self) -> int:
        """One past the index of the last row."""
        return self.start + len(self.rows)

    @property
    def total_weight(self) -> float:
        return float(len(self.rows)) if self.weights is None else float(self.weights.sum())


def block_rows(n_features: int) -> int:
    """How many rows make a block of `n_features` columns.

    It depends on the shape of the data alone, so that a sum over blocks has the same bits
    whoever computes it. A block stays near 1 MiB: in the second-level cache, yet large enough
    that a merge of K·D² sums is small beside it.
    """
    return int(np.clip(2**17 // n_features, 1024, 16384))


class Source(ABC):
    """Rows that can be read again and again in fixed blocks."""

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """How many rows there are."""

    @property
    @abstractmethod
    def total_weight(self) -> float:
        """The sum of the rows' weights; without weights, their number."""

    @property
    @abstractmethod
    def n_features(self) -> int:
        """How many columns a row has."""

    @property
    @abstractmethod
    def n_blocks(self) -> int:
        """How many blocks `blocks` yields."""

    @abstractmethod
    def blocks(self) -> Iterator[Block]:
        """The blocks, always the same and in the same order."""


@dataclass(frozen=True, eq=False)
class ArraySource(Source):
    """An array in memory, or a memory map.

    Parameters
    ----------
    rows : (N, D), float32 or float64.
    weights : (N,) or None.
    """

    rows: Rows
    weights: Floats | None = None

    @property
    def n_rows(self) -> int:
        return int(self.rows.shape[0])

    @property
    def total_weight(self) -> float:
        return float(self.n_rows) if self.weights is None else float(self.weights.sum())

    @property
    def n_features(self) -> int:
        return int(self.rows.shape[1])

    @property
    def n_blocks(self) -> int:
        return -(-self.n_rows // block_rows(self.n_features))

    def blocks(self) -> Iterator[Block]:
        step = block_rows(self.n_features)
        for start in range(0, self.n_rows, step):
            rows = np.ascontiguousarray(self.rows[start : start + step])
            weights = None if self.weights is None else self.weights[start : start + step]
            yield Block(start, rows, weights)
