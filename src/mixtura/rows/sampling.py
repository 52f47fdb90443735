"""Sampling: some of the rows, drawn at random, from memory or from a stream."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.sources import ArraySource, Block
from mixtura.engine.sources.block import concat


class Reservoir:
    """Rows drawn in proportion to their weights, each at most once.

    Row i has the priority v_i / u_i, with u_i uniform on (0, 1]; those of the largest priorities
    stay. With τ the largest of the others, a row that stays weighs max(v_i, τ): the expected
    weight of any set of rows in the sample is the set's own.

    Parameters
    ----------
    size : how many stay.
    seed : of the draws; the same rows in the same order give the same sample, whatever chunks
        they come in.
    first : the number of the first row that will be seen: samples of parts of a stream make one
        of all of it, by ``+``.

    Notes
    -----
    Time for a draw a row; memory for twice the sample.

    References
    ----------
    Duffield, Lund & Thorup 2007, "Priority sampling for estimation of arbitrary subset sums".
    """

    def __init__(self, size: int, seed: int, first: int = 0) -> None:
        self._size = size
        bits = np.random.PCG64(seed)
        bits.advance(first)  # one number a row
        self._random = np.random.Generator(bits)
        self._first = first
        self._seen = first
        self._least = 0.0  # the priority below which nothing can stay
        self._held: list[tuple[Floats, Integers, Block]] = []
        self._n_held = 0

    def add(self, block: Block) -> None:
        """See rows, all of a weight above 0, with what belongs to each."""
        m, weights = len(block.rows), block.weights
        numbers = np.arange(self._seen, self._seen + m)
        self._seen += m
        priorities = 1.0 / (1.0 - self._random.random(m))
        if weights is not None:
            with np.errstate(over="ignore"):
                priorities = np.minimum(priorities * weights, np.finfo(np.float64).max)
        stay = priorities > self._least
        if not stay.any():
            return
        own = block.weighing(np.ones(m)) if weights is None else block
        self._held.append((priorities[stay], numbers[stay], own.take(stay)))
        self._n_held += int(stay.sum())
        # One more than stays is kept: its priority is τ.
        if self._n_held > 2 * self._size + 1:
            self._shrink()

    @property
    def whole(self) -> bool:
        """Whether every row that was seen stayed."""
        return self._seen - self._first <= self._size

    def drawn(self, dtype: np.dtype[np.floating[Any]]) -> Block:
        """The sample in the order of the stream, without weights where all are 1 or equal.

        All rows with the weights that they came with, where they are no more than the size.
        """
        if self._n_held > self._size + 1:
            self._shrink()
        priorities, numbers, held = self._joined()
        chosen: NDArray[np.intp] = np.argsort(numbers)
        if self.whole:
            drawn = held.take(chosen).readable(dtype)
            return drawn.weighing(None) if (drawn.fields["weights"] == 1.0).all() else drawn
        least = int(priorities.argmin())
        drawn = held.take(chosen[chosen != least]).readable(dtype)
        kept = np.maximum(drawn.fields["weights"], priorities[least])
        return drawn.weighing(None if (kept == kept[0]).all() else kept)

    def __add__(self, after: Reservoir) -> Reservoir:
        """The sample of the rows that this one saw and those that the next one saw, together."""
        whole = Reservoir(self._size, 0)
        whole._first, whole._seen = self._first, after._seen
        whole._least = max(self._least, after._least)
        whole._held = [*self._held, *after._held]
        whole._n_held = self._n_held + after._n_held
        if whole._n_held > self._size + 1:
            whole._shrink()
        return whole

    def _shrink(self) -> None:
        priorities, numbers, held = self._joined()
        cut = len(priorities) - (self._size + 1)
        order = np.argpartition(priorities, cut)[cut:]
        self._held = [(priorities[order], numbers[order], held.take(order))]
        self._n_held = len(order)
        self._least = float(priorities[order].min())

    def _joined(self) -> tuple[Floats, Integers, Block]:
        priorities, numbers, blocks = zip(*self._held, strict=True)
        return np.concatenate(priorities), np.concatenate(numbers), concat(blocks)


def sample(
    source: ArraySource, n_rows: int, random: np.random.RandomState
) -> tuple[Floats, Floats | None]:
    """At most `n_rows` rows (m, D), and weights (m,) that have the mean 1; None where each is 1.

    All rows of positive weight where they are few enough. Else one from each of `n_rows` equal
    parts of the total weight, in the order of the rows, drawn in proportion to the weights: what
    it looks at is spread over the file, and a row of weight 2 stands for two rows.

    Notes
    -----
    Time for `n_rows` rows without weights; one sum over the weights with them.
    """
    n, weights = source.n_rows, source.weights
    if weights is not None:
        present = np.flatnonzero(weights > 0.0)
        if len(present) <= n_rows:
            kept = weights[present]
            alike = bool((kept == kept[0]).all())
            return source.rows[present].astype(np.float64), None if alike else kept / kept.mean()
    elif n <= n_rows:
        return source.rows.astype(np.float64), None
    places = (np.arange(n_rows) + random.uniform(size=n_rows)) / n_rows
    if weights is None:
        chosen = np.minimum((places * n).astype(np.int64), n - 1)
    else:
        sums = np.cumsum(weights)
        chosen = np.minimum(np.searchsorted(sums, places * sums[-1], side="right"), n - 1)
    return source.rows[chosen].astype(np.float64), None
