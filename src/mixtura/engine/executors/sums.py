"""Sums over blocks: a binary tree over their positions, whole or in consecutive parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Monoid(Protocol):
    """Anything whose partial sums add up."""

    def __add__(self: M, other: M, /) -> M: ...


M = TypeVar("M", bound=Monoid)


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


@dataclass(frozen=True, eq=False)
class Tree(Generic[M]):
    """The sum over 2^height blocks; or over some rows of one, as long as others lack.

    Parameters
    ----------
    height : 0 is a block.
    place : how many trees of this height are before it.
    rows : of how many rows, if it is a block.
    whole : how many rows that block has.
    value : the sum.
    """

    height: int
    place: int
    rows: int
    whole: int
    value: M

    @property
    def complete(self) -> bool:
        """Whether the sum is over all rows of its blocks."""
        return self.height > 0 or self.rows == self.whole

    def grown(self, after: Tree[M]) -> Tree[M] | None:
        """The tree that this one and the next make; None where they make none."""
        if self.height != after.height:
            return None
        if self.place == after.place:
            rows = self.rows + after.rows
            return Tree(0, self.place, rows, self.whole, self.value + after.value)
        if self.complete and after.complete and self.place % 2 == 0:
            return Tree(self.height + 1, self.place // 2, 0, 0, self.value + after.value)
        return None


@dataclass(frozen=True, eq=False)
class PartialSums(Generic[M]):
    """The sum over consecutive rows, as far as it can be told without those around them.

    A sum over blocks is a binary tree over their positions (`tree_sum`). Rows in the midst of them
    give some of its subtrees, and ends of blocks that others begin. `+` puts neighbours together.
    Where each has whole blocks, every value is one of that tree's, so the order in which
    neighbours come together changes no bit of it, nor who does it, nor where they were divided.

    Parameters
    ----------
    trees : in the order of the rows, none of which make another with the next; at most two of a
        height.
    """

    trees: tuple[Tree[M], ...] = ()

    @classmethod
    def of(cls, trees: Iterable[Tree[M]]) -> PartialSums[M]:
        """The partial sums of trees that are next to one another."""
        return cls(tuple(_grown([], trees)))

    def __add__(self, other: PartialSums[M]) -> PartialSums[M]:
        """The partial sums over these rows and the rows right after them."""
        return PartialSums(tuple(_grown(list(self.trees), other.trees)))

    def total(self) -> M:
        """The sum over all blocks, once all rows are in it.

        Raises
        ------
        ValueError : there are none.
        """
        if not self.trees:
            raise ValueError("there is nothing to sum: the source has no rows")
        *before, last = self.trees
        total = last.value
        for tree in reversed(before):
            total = tree.value + total
        return total


def _grown(stack: list[Tree[M]], trees: Iterable[Tree[M]]) -> list[Tree[M]]:
    """The stack with more trees, grown together as a binary counter carries."""
    for tree in trees:
        while stack and (joined := stack[-1].grown(tree)):
            stack.pop()
            tree = joined
        stack.append(tree)
    return stack
