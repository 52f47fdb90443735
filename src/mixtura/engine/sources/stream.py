"""Stream source: rows that are read anew at every pass, and never held."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine.arrays import Rows
from mixtura.engine.patterns import Patterns
from mixtura.engine.sources.ahead import ahead
from mixtura.engine.sources.block import Block, rechunk
from mixtura.engine.sources.source import Source
from mixtura.errors import DataError


@dataclass(frozen=True, eq=False)
class StreamSource(Source):
    """Rows that come in batches of any length, cut into the blocks of an array of their shape.

    So a sum over them has the bits that it has in memory, however a file was divided. A thread
    reads ahead while the blocks before are worked on.

    Parameters
    ----------
    batches : begins a pass: blocks of any length, the same rows in the same order every time;
        where they start does not count.
    shape : (N, D) of all batches together.
    kind : of the blocks: float32 or float64.
    weighted : whether the batches come with weights.
    step : how many rows a block has; 0 for what the shape says.
    holes : whether rows may lack features.

    Notes
    -----
    It holds `AHEAD` blocks beside those that are worked on, and one batch.
    """

    batches: Callable[[], Iterable[Block]]
    shape: tuple[int, int]
    kind: np.dtype[np.floating[Any]]
    weighted: bool = False
    step: int = 0
    holes: bool = False

    #: blocks that are read before they are asked for
    AHEAD = 6

    @property
    def n_rows(self) -> int:
        return self.shape[0]

    @property
    def n_features(self) -> int:
        return self.shape[1]

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        return self.kind

    @cached_property
    def total_weight(self) -> float:
        """Σ_i v_i; with weights, it takes a pass."""
        if not self.weighted:
            return float(self.n_rows)
        return math.fsum(block.total_weight for block in self.blocks())

    def first(self) -> Rows:
        with closing(self._cut()) as blocks:
            return next(blocks).rows[:1]

    def in_blocks_of(self, n_rows: int) -> StreamSource:
        return replace(self, step=n_rows)

    def blocks(self) -> Generator[Block, None, None]:
        """The blocks of a pass, some of which are read ahead.

        Raises
        ------
        DataError : this pass had more rows or fewer than `n_rows`.
        """
        return ahead(self._cut(), self.AHEAD)

    def _cut(self) -> Generator[Block, None, None]:
        stop = 0
        for block in rechunk(self.batches(), self.block_rows, self.kind):
            stop = block.stop
            if stop > self.n_rows:
                raise self._changed("more")
            if len(block.rows) == self.block_rows or stop == self.n_rows:
                block = block.readable(self.kind)
                yield replace(block, patterns=Patterns.of(block.rows)) if self.holes else block
        if stop != self.n_rows:
            raise self._changed(f"{stop:,}")

    def _changed(self, found: str) -> DataError:
        return DataError(
            f"the data changed while they were read: {self.n_rows:,} rows at first, {found} in a "
            "later pass, expected the same rows every time: keep others from writing to them, or "
            "make what you passed in begin anew at each pass"
        )
