"""Executor: who carries a pass out; here, the calling thread."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TypeVar

from mixtura.engine.executors.sums import Monoid, tree_sum
from mixtura.engine.sources import Block, Source

M = TypeVar("M", bound=Monoid)
T = TypeVar("T")


class Executor(ABC):
    """Runs a function over the blocks of a source.

    The results are merged in a tree that the number of blocks alone fixes: the same bits for any
    number of threads or workers.
    """

    @abstractmethod
    def map(self, source: Source, function: Callable[[Block], T]) -> Generator[T, None, None]:
        """The function's value at each block, in the order of the blocks.

        Who leaves before the end closes it, see `Source.blocks`.
        """

    def run(self, source: Source, function: Callable[[Block], M]) -> M:
        """The sum of the function's values over all blocks."""
        alone = source.alone
        if alone is not None:
            return function(alone)
        with closing(self.map(source, function)) as values:
            return tree_sum(values)


def one_by_one(source: Source, function: Callable[[Block], T]) -> Generator[T, None, None]:
    """The function's value at each block, found on the calling thread as it is asked for."""
    with closing(source.blocks()) as blocks:
        for block in blocks:
            yield function(block)


class Serial(Executor):
    """One block after the other, on the calling thread."""

    def map(self, source: Source, function: Callable[[Block], T]) -> Generator[T, None, None]:
        return one_by_one(source, function)
