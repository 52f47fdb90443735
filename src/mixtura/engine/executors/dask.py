"""Dask: partitions on the workers that hold them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Generic, TypeVar

from mixtura.engine.executors.base import Executor
from mixtura.engine.executors.sums import Monoid, PartialSums, Tree
from mixtura.engine.sources import Block, Source
from mixtura.engine.sources.dask import Cut, DaskSource

T = TypeVar("T")
M = TypeVar("M", bound=Monoid)


@dataclass(frozen=True)
class Dask(Executor):
    """One task a partition, and a tree of sums over them.

    The blocks are those of the rows in memory, and so is the tree: which worker did what, how many
    there are and whether some died on the way changes no bit. (Workers whose instructions differ
    do: ``MIXTURA_SIMD`` holds them to the same.)

    Parameters
    ----------
    here : carries passes over rows that are in memory here: those that a start is found on.

    Notes
    -----
    A task gives at most 2·log₂(n) sums for the n blocks of its partition. A pass costs some
    10 ms, and 1 ms a task.
    """

    here: Executor

    def map(self, source: Source, function: Callable[[Block], T]) -> Generator[T, None, None]:
        """The function's value at each block, for which the blocks are brought here."""
        return self.here.map(source, function)

    def run(self, source: Source, function: Callable[[Block], M]) -> M:
        """The sum of the function's values over all blocks."""
        if not isinstance(source, DaskSource):
            return self.here.run(source, function)
        return source.partitions.total([_Leaf(cut, function) for cut in source.cuts]).total()


@dataclass(frozen=True, eq=False)
class _Leaf(Generic[M]):
    """What one partition gives to the sum."""

    cut: Cut
    function: Callable[[Block], M]

    def __call__(self, whole: Block) -> PartialSums[M]:
        return PartialSums.of(
            Tree(0, piece.number, len(block.rows), piece.rows, self.function(block))
            for piece, block in self.cut.blocks(whole)
        )
