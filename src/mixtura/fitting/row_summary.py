"""Row summary: what rows are like together, from one pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Rows, doubles
from mixtura.engine.executors import Executor
from mixtura.engine.executors.sums import PartialSums, Tree
from mixtura.engine.sources import Block, Source, block_rows, fields_of
from mixtura.engine.statistics import Statistics
from mixtura.model.weights import unit_of

__all__ = ["RowSummary", "RunningSummary"]


@dataclass(frozen=True, eq=False)
class RowSummary:
    """How many rows there are, from where to where they reach, what they weigh, and their moments.

    `+` is of both sets of rows. Rows of weight 0 do not count. The sum over all rows is one over
    blocks of `block_rows(D)` rows in the tree of their positions (`PartialSums`), which needs no N: the
    same bits for an array, a stream and partitions that divide no block.

    Parameters
    ----------
    count : N.
    dtype : of all of them: float32 or float64.
    low, high : (D,), the least and the largest value of each column, feature units.
    first : the weight of the first row.
    equal : whether all weigh that.
    largest : the largest weight.
    unit : what a weight of 1 in the moments stands for: the rows' own where all are equal, else a
        power of two no less than the largest. So no sum overflows, and a factor 2ᵏ on all weights
        changes no bit of the moments.
    moments : of the rows as one component about their mean, as well as it was known: reference
        (1, D), diagonal second moments. Sums are of float64.
    products : the same with whole second moments, (1, D, D), where these were asked for.

    Notes
    -----
    A block is read about its first row for its mean, then about that, while it is in the cache;
    blocks are brought to the mean of both before they are added: no digit is lost to an offset.

    References
    ----------
    Chan, Golub & LeVeque 1983, "Algorithms for computing the sample variance".
    """

    count: int
    dtype: np.dtype[np.floating[Any]]
    low: Floats
    high: Floats
    first: float
    equal: bool
    largest: float
    unit: float
    moments: Statistics
    products: Statistics | None = None

    @classmethod
    def nothing(cls, n_features: int, *, products: bool = False) -> RowSummary:
        """No row at all."""
        nowhere, origin = np.full(n_features, np.inf), np.zeros((1, n_features))
        single: np.dtype[np.floating[Any]] = np.dtype(np.float32)
        moments = Statistics.zero(origin, diagonal=True)
        whole = Statistics.zero(origin, diagonal=False) if products else None
        return cls(0, single, nowhere, -nowhere, 1.0, True, 0.0, 1.0, moments, whole)

    @classmethod
    def of_block(cls, block: Block, *, products: bool = False) -> RowSummary:
        """The summary of a block's rows, together with whole second moments where asked for."""
        rows, weights = block.rows, block.weights
        first = largest = unit = 1.0
        equal = True
        if weights is not None:
            if not weights.all():
                rows, weights = rows[weights > 0.0], weights[weights > 0.0]
                if not len(rows):
                    return cls.nothing(rows.shape[1], products=products)
            first, largest = float(weights[0]), float(weights.max())
            equal = bool((weights == first).all())
            unit = first if equal else _power_above(largest)
            weights = None if equal else weights / unit
        low, high = rows.min(axis=0), rows.max(axis=0)
        together = Block(block.start, doubles(rows), fields_of(weights))
        of_all = partial(kernel.moments, together, np.ones((len(rows), 1)))
        with np.errstate(over="ignore", invalid="ignore"):  # such rows are refused by their extent
            mean = _mean(of_all(together.rows[:1].copy(), diagonal=True))
            moments = of_all(mean, diagonal=True)
            whole = of_all(mean, diagonal=False) if products else None
        ends = low.astype(np.float64), high.astype(np.float64)
        return cls(len(rows), rows.dtype, *ends, first, equal, largest, unit, moments, whole)

    @classmethod
    def of(cls, source: Source, executor: Executor, *, products: bool = False) -> RowSummary:
        """The summary of all rows of a source, in one pass."""
        blocks = source.in_blocks_of(block_rows(source.n_features))
        return executor.run(blocks, partial(cls.of_block, products=products))

    def __add__(self, other: RowSummary) -> RowSummary:
        if not (self.count and other.count):
            return self if self.count else other
        unit = self.unit
        if unit != other.unit:
            unit = max(_power_above(self.unit), _power_above(other.unit))
        factors = self.unit / unit, other.unit / unit
        with np.errstate(over="ignore", invalid="ignore"):
            moments = _joined(self.moments, other.moments, factors)
            products = None
            if self.products is not None and other.products is not None:
                products = _joined(self.products, other.products, factors)
        return RowSummary(
            self.count + other.count,
            np.result_type(self.dtype, other.dtype),
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            self.first,
            self.equal and other.equal and self.first == other.first,
            max(self.largest, other.largest),
            unit,
            moments,
            products,
        )

    def in_unit(self, unit: float) -> RowSummary:
        """The same rows where what weighed `unit` weighs 1."""
        return replace(
            self,
            first=self.first / unit,
            largest=self.largest / unit,
            unit=self.unit / unit,
        )

    @property
    def weight_unit(self) -> float:
        """What a weight of 1 will stand for: about their mean, so that weights are about 1."""
        if self.equal:
            return self.first
        share = self.moments.total_weight / self.count * (self.unit / self.largest)
        return unit_of(share, self.largest)

    @cached_property
    def mean(self) -> Floats:
        """The rows' mean, (D,), feature units."""
        return _mean(self.moments)[0]

    @cached_property
    def variances(self) -> Floats:
        """The rows' variances, (D,), squared feature units."""
        return self.moments.about(self.mean[None]).second[0] / self.moments.total_weight


class RunningSummary:
    """The summary of rows that come in batches of any length, whose number nobody knows yet.

    Parameters
    ----------
    n_features : D.
    products : whether whole second moments are asked for.

    Notes
    -----
    It holds a block of rows, and 2·log₂(n) summaries of n blocks.
    """

    def __init__(self, n_features: int, *, products: bool = False) -> None:
        self._nothing = RowSummary.nothing(n_features, products=products)
        self._of: Callable[[Block], RowSummary] = partial(RowSummary.of_block, products=products)
        self._step = block_rows(n_features)
        self._seen = 0
        self._sums: PartialSums[RowSummary] = PartialSums()
        self._parts: list[tuple[Rows, Floats | None]] = []
        self._held = 0

    def add(self, rows: Rows, weights: Floats | None) -> None:
        """See rows (m, D) with weights (m,) above 0; None weighs each 1."""
        at = 0
        while at < len(rows):
            part = slice(at, at + self._step - self._held)
            own, shares = rows[part], None if weights is None else weights[part]
            at += len(own)
            if len(own) == self._step:
                self._sum(own, shares)
                continue
            # Copies, since what gives the batches may use their memory again.
            self._parts.append((own.copy(), None if shares is None else shares.copy()))
            self._held += len(own)
            if self._held == self._step:
                self._sum_parts()

    def total(self) -> RowSummary:
        """The summary of all that was seen."""
        if self._parts:
            self._sum_parts()
        return self._sums.total() if self._seen else self._nothing

    def _sum_parts(self) -> None:
        rows, weights = zip(*self._parts, strict=True)
        self._parts, self._held = [], 0
        if any(each is None for each in weights):
            self._sum(np.concatenate(rows), None)
        else:
            self._sum(np.concatenate(rows), np.concatenate(weights))

    def _sum(self, rows: Rows, weights: Floats | None) -> None:
        block = Block(self._seen, rows, fields_of(weights)).readable()
        tree = Tree(0, self._seen // self._step, len(rows), self._step, self._of(block))
        self._sums += PartialSums((tree,))
        self._seen += len(rows)


def _joined(one: Statistics, two: Statistics, factors: tuple[float, float]) -> Statistics:
    """The moments of both sets of rows about the mean of both, each times a factor."""
    mean, other = _mean(one), _mean(two)  # before weights of next to nothing are rounded to it
    if factors != (1.0, 1.0):
        one, two = one.scaled(factors[0]), two.scaled(factors[1])
    share = two.total_weight / (one.total_weight + two.total_weight)
    centre = mean + share * (other - mean)
    return one.about(centre) + two.about(centre)


def _mean(moments: Statistics) -> Floats:
    """(1, D)."""
    return moments.reference + moments.first / moments.total_weight


def _power_above(value: float) -> float:
    """The least power of two that is no less than `value`, of those that there are."""
    share, exponent = math.frexp(value)
    return math.ldexp(1.0, min(exponent - (share == 0.5), 1023))
