"""Sums of parts put together are the sum of the whole, wherever it was divided."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from mixtura.engine.executors import tree_sum
from mixtura.engine.executors.sums import PartialSums, Tree


class Leaf(str):
    """A letter that remembers with which others it was added up, and how."""

    def __add__(self, other: str) -> Leaf:
        return Leaf(f"({self}{other})")


LETTERS = "abcdefghijklmnopqrstuvwxyz"


def forest(first: int, stop: int) -> PartialSums:
    return PartialSums.of(Tree(0, i, 7, 7, Leaf(LETTERS[i])) for i in range(first, stop))


@st.composite
def divided(draw: st.DrawFn) -> tuple[int, list[int]]:
    n = draw(st.integers(1, len(LETTERS)))
    return n, sorted({0, n, *draw(st.lists(st.integers(0, n), max_size=6))})


@given(divided(), st.randoms(use_true_random=False))
def test_neighbours_may_come_together_in_any_order(division, random):
    n, cuts = division
    forests = [forest(a, b) for a, b in pairwise(cuts)]
    forests.insert(random.randrange(len(forests) + 1), PartialSums())  # a partition without rows
    while len(forests) > 1:
        at = random.randrange(len(forests) - 1)
        forests[at : at + 2] = [forests[at] + forests[at + 1]]
    assert forests[0].total() == tree_sum(map(Leaf, LETTERS[:n]))


@given(divided())
def test_a_part_holds_at_most_two_sums_of_a_height(division):
    _, cuts = division
    for a, b in pairwise(cuts):
        heights = [tree.height for tree in forest(a, b).trees]
        assert all(heights.count(height) <= 2 for height in heights)


def test_pieces_of_a_block_become_that_block_before_it_meets_the_next():
    left = PartialSums.of([Tree(0, 0, 7, 7, Leaf("a")), Tree(0, 1, 3, 7, Leaf("b"))])
    middle = PartialSums.of([Tree(0, 1, 2, 7, Leaf("c"))])
    right = PartialSums.of([Tree(0, 1, 2, 7, Leaf("d")), Tree(0, 2, 7, 7, Leaf("e"))])
    assert (left + middle + right).total() == "((a((bc)d))e)"


def test_nothing_has_no_sum():
    with pytest.raises(ValueError, match="nothing to sum"):
        PartialSums().total()
