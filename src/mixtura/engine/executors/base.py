"""Executor: who carries a pass out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from typing import Protocol, TypeVar

from mixtura.engine.sources import Block, Source

__all__ = ["Executor", "Monoid", "one_by_one", "tree_sum"]


class Monoid(Protocol):
    """Anything whose partial sums add up."""

    def __add__(self: M, other: M, /) -> M: ...


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
        with closing(self.map(source, function)) as values:
            return tree_sum(values)


def one_by_one(source: Source, function: Callable[[Block], T]) -> Generator[T, None, None]:
    """The function's value at each block, found on the calling thread as it is asked for."""
    with closing(source.blocks()) as blocks:
        for block in blocks:
            yield function(block)


def tree_sum(values: Iterable[M]) -> M:
    """Sum as a binary tree over positions, holding log₂(n) partial sums at most.

    The n-th value is merged as a binary counter carries: two sums of equal height become one of
    the next. Error grows as log n, not n.
    """
    partial: list[tuple[int, M]] = []  # heights strictly falling
    for value in values:
        height = 0
        while partial and partial[-1][0] == height:
            value = partial.pop()[1] + value
            height += 1
        partial.append((height, value))
    if not partial:
        raise ValueError("there is nothing to sum: the source has no rows")
    total = partial.pop()[1]
    while partial:
        total = partial.pop()[1] + total
    return total
