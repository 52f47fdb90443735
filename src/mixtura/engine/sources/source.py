"""Source: the same blocks of rows in the same order, as often as asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import closing
from typing import Any

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine.arrays import Rows
from mixtura.engine.sources.block import Block, even_block_rows, summed_block_rows


class Source(ABC):
    """Rows that can be read again and again in fixed blocks.

    Parameters
    ----------
    step : how many rows a block has, but for the last; 0 for what the shape says.
    holes : whether rows may lack features, which are NaN there; its blocks then know their
        patterns.
    """

    step: int
    holes: bool

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """How many rows there are in all blocks."""

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
    def dtype(self) -> np.dtype[np.floating[Any]]:
        """Of its blocks: float32 or float64."""

    @cached_property
    def block_rows(self) -> int:
        """How many rows a block has, but for the last."""
        return self.step or even_block_rows(self.n_rows, self.n_features)

    @property
    def n_blocks(self) -> int:
        """How many blocks `blocks` yields in a pass."""
        return -(-self.n_rows // self.block_rows)

    def summing(self, n_sums: int) -> Source:
        """The same rows in blocks of a size for so many sums each, always the same source."""
        step = summed_block_rows(self.n_rows, self.n_features, n_sums)
        if self.step or step == self.block_rows:
            return self
        return self._by_step.setdefault(step, self.in_blocks_of(step))

    @cached_property
    def _by_step(self) -> dict[int, Source]:
        return {}

    @abstractmethod
    def first(self) -> Rows:
        """The first row of all, (1, D)."""

    @abstractmethod
    def in_blocks_of(self, n_rows: int) -> Source:
        """The same rows in blocks of so many, but for the last."""

    @property
    def alone(self) -> Block | None:
        """The one block of rows in memory, where they are no more; else None."""
        return None

    def only(self) -> Block:
        """The block of a source that has one."""
        alone = self.alone
        if alone is not None:
            return alone
        with closing(self.blocks()) as blocks:
            (block,) = blocks
        return block

    @abstractmethod
    def blocks(self) -> Generator[Block, None, None]:
        """The blocks, always the same and in the same order.

        Who leaves before the end closes it: one that is dropped may read on, and an interruption
        that comes while Python clears it away is lost.
        """
