"""Dask source: rows in the partitions of a Dask collection, where its workers keep them."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine.arrays import Rows
from mixtura.engine.partitions import Partitions
from mixtura.engine.patterns import Patterns
from mixtura.engine.sources.block import Block, even_block_rows
from mixtura.engine.sources.source import Source
from mixtura.engine.sources.stream import StreamSource
from mixtura.errors import DataError

#: blocks that are brought here at once, where somebody wants them
_AT_ONCE = 16


@dataclass(frozen=True)
class Piece:
    """Rows of one block that lie in one partition.

    Parameters
    ----------
    number : of the block.
    rows : how many rows it has in all.
    begin, end : its rows in the partition.
    """

    number: int
    rows: int
    begin: int
    end: int


@dataclass(frozen=True)
class Cut:
    """How a partition is cut along the blocks of all rows.

    Parameters
    ----------
    first : the number of its first row.
    length : how many it has.
    shape : (N, D) of all partitions together.
    kind : of the blocks.
    step : how many rows a block has; 0 for what the shape says.
    holes : whether rows may lack features.
    """

    first: int
    length: int
    shape: tuple[int, int]
    kind: np.dtype[np.floating[Any]]
    step: int = 0
    holes: bool = False

    def pieces(self) -> Iterator[Piece]:
        """The blocks that it has rows of."""
        n, step = self.shape[0], self.step or even_block_rows(*self.shape)
        at = 0
        while at < self.length:
            number = (self.first + at) // step
            stop = min((number + 1) * step, n)
            end = min(stop - self.first, self.length)
            yield Piece(number, stop - number * step, at, end)
            at = end

    def numbered(self, whole: Block) -> Block:
        """All of its rows, numbered as those of all partitions.

        Raises
        ------
        DataError : they are more or fewer than they were.
        """
        if len(whole.rows) != self.length:
            raise DataError(
                f"the data changed while they were read: {self.length:,} rows at first, "
                f"{len(whole.rows):,} in a later pass, expected the same rows every time: persist "
                "the collection, or keep others from writing to its files"
            )
        return replace(whole, start=self.first)

    def blocks(self, whole: Block) -> Iterator[tuple[Piece, Block]]:
        """All of its rows, piece by piece; errors as for `numbered`."""
        numbered = self.numbered(whole)
        for piece in self.pieces():
            block = numbered.part(piece.begin, piece.end).readable(self.kind)
            patterns = Patterns.of(block.rows) if self.holes else None
            yield piece, replace(block, patterns=patterns)


@dataclass(frozen=True, eq=False)
class DaskSource(Source):
    """Partitions as the blocks of an array of the same shape.

    A block lies in one partition, or in neighbouring ones, which then sum up a piece each. Where
    no partition divides a block, a sum over the blocks has the bits that it has in memory.

    Parameters
    ----------
    partitions : the rows.
    lengths : of each partition, how many rows it has.
    n_columns : D.
    kind : of the blocks: float32 or float64.
    weighted : whether the rows come with weights.
    step : how many rows a block has; 0 for what the shape says.
    holes : whether rows may lack features.
    """

    partitions: Partitions
    lengths: tuple[int, ...]
    n_columns: int
    kind: np.dtype[np.floating[Any]]
    weighted: bool = False
    step: int = 0
    holes: bool = False

    @property
    def n_rows(self) -> int:
        return sum(self.lengths)

    @property
    def n_features(self) -> int:
        return self.n_columns

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        return self.kind

    @cached_property
    def cuts(self) -> tuple[Cut, ...]:
        """How each partition is cut along the blocks."""
        shape = (self.n_rows, self.n_columns)
        firsts = accumulate(self.lengths[:-1], initial=0)
        return tuple(
            Cut(first, length, shape, self.kind, self.step, self.holes)
            for first, length in zip(firsts, self.lengths, strict=True)
        )

    @cached_property
    def total_weight(self) -> float:
        """Σ_i v_i; with weights, it takes a pass."""
        if not self.weighted:
            return float(self.n_rows)
        sums: dict[int, float] = {}
        for each in self.partitions.each([partial(_weights, cut) for cut in self.cuts]):
            for number, weight in each:
                sums[number] = sums.get(number, 0.0) + weight
        return math.fsum(sums.values())

    def first(self) -> Rows:
        number = next(i for i, length in enumerate(self.lengths) if length)
        return self.partitions.one(number, partial(_part, 0, 1)).readable(self.kind).rows

    def in_blocks_of(self, n_rows: int) -> DaskSource:
        return replace(self, step=n_rows)

    def blocks(self) -> Generator[Block, None, None]:
        """The blocks, brought here some at a time: a pass is work for `executors.Dask`."""
        shape = (self.n_rows, self.n_columns)
        told = (self.kind, self.weighted, self.step, self.holes)
        return StreamSource(self._batches, shape, *told).blocks()

    def _batches(self) -> Iterator[Block]:
        """The rows of all partitions, some blocks' worth at a time, each read where it lies."""
        step = _AT_ONCE * self.block_rows
        for number, length in enumerate(self.lengths):
            for start in range(0, length, step):
                yield self.partitions.one(number, partial(_part, start, start + step))


def _part(start: int, stop: int, whole: Block) -> Block:
    return whole.part(start, stop)


def _weights(cut: Cut, whole: Block) -> list[tuple[int, float]]:
    return [(piece.number, block.total_weight) for piece, block in cut.blocks(whole)]
