"""Row summary: what rows are like together, from one pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Rows, doubles
from mixtura.engine.executors import Executor
from mixtura.engine.executors.sums import PartialSums, Tree
from mixtura.engine.sources import Block, Source, block_rows, fields_of
from mixtura.engine.sources.block import concat
from mixtura.filling import filled
from mixtura.rows.holes import Holes
from mixtura.rows.weights import unit_of

#: numbers that one step over rows takes at once, where it takes so many steps at least
_WIDE, _OFTEN = 512, 4


@filled
@dataclass(frozen=True, eq=False)
class RowSummary:
    """How many rows there are, from where to where they reach, what they weigh, and their moments.

    `+` is of both sets of rows. Rows of weight 0 do not count. The sum over all rows is one over
    blocks of `block_rows(D)` rows in the tree of their positions (`PartialSums`), which needs no N:
    the same bits for an array and a stream, however its batches are cut.

    Parameters
    ----------
    count : N.
    dtype : of all of them: float32 or float64.
    low, high : (D,), the least and the largest value of each column, feature units.
    first : the weight of the first row.
    equal : whether all weigh that.
    largest : the largest weight.
    unit : what `weight`, `squares` and `products` count as 1: the rows' own weight where all have
        one, else a power of two no less than the largest. So no sum overflows, and a factor 2ᵏ on
        all weights changes no other bit.
    weight : Σ_i v_i.
    mean : (D,), c, feature units.
    rest : (D,), what rounding left out of it: digits that c lacks far from the origin.
    squares : (D,), Σ_i v_i (x_i − c)², squared feature units.
    products : (D, D), Σ_i v_i (x_i − c)(x_i − c)ᵀ, where they were asked for and nothing is
        missing; the diagonal may differ from `squares` in the last bits.
    holes : what rows lack, whose weights are in `unit`, too; None where they lack nothing. Ends,
        mean and squares are those of the values that are there.

    Notes
    -----
    A block is read about its first row for its mean, then about that, while it is in the cache.
    Of two sets of rows with weights v, w and means c, c', the squares are the sum of both and
    v·w/(v + w)·(c' − c)², with the rests: no digit is lost to an offset. Sums are of float64.

    References
    ----------
    Chan, Golub & LeVeque 1983, "Algorithms for computing the sample variance", eq. 1.5.
    """

    count: int
    dtype: np.dtype[np.floating[Any]]
    low: Floats
    high: Floats
    first: float
    equal: bool
    largest: float
    unit: float
    weight: float
    mean: Floats
    rest: Floats
    squares: Floats
    products: Floats | None = None
    holes: Holes | None = None

    @classmethod
    def nothing(cls, n_features: int, *, products: bool = False) -> RowSummary:
        """The summary of no row at all."""
        nowhere, zero = np.full(n_features, np.inf), np.zeros(n_features)
        single: np.dtype[np.floating[Any]] = np.dtype(np.float32)
        matrix = np.zeros((n_features, n_features)) if products else None
        return cls(0, single, nowhere, -nowhere, 1.0, True, 0.0, 1.0, 0.0, zero, zero, zero, matrix)

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
        low = _over_columns(np.minimum, rows)
        if np.isnan(low).any():
            own = first, equal, largest, unit
            return cls(len(rows), rows.dtype, *_observed(doubles(rows), weights, own))
        together = Block(block.start, doubles(rows), fields_of(weights))
        of_all = partial(kernel.moments, together, np.ones((len(rows), 1)))
        with np.errstate(over="ignore", invalid="ignore"):  # such rows are refused by their ends
            rough = of_all(together.rows[:1].copy(), diagonal=True)
            near = rough.reference + rough.first / rough.total_weight  # (1, D)
            sums = of_all(near, diagonal=True)
            weight = sums.total_weight
            shift = sums.first[0] / weight
            mean, rest = _rounded(near[0], shift)
            squares = sums.second[0] - weight * np.square(shift)
            matrix = None
            if products:
                whole = of_all(near, diagonal=False)
                shifts = whole.first / weight
                matrix = whole.second[0] - weight * (shifts.T * shifts)
        return cls(
            len(rows),
            rows.dtype,
            low,
            _over_columns(np.maximum, rows),
            first,
            equal,
            largest,
            unit,
            weight,
            mean,
            rest,
            squares,
            matrix,
        )

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
        v, w = self.unit / unit, other.unit / unit
        weight = v * self.weight + w * other.weight
        mine: Any = v * self.weight
        theirs: Any = w * other.weight
        both: Any = weight
        holes = None
        if self.holes or other.holes:
            here, there = self._lacking.scaled(v), other._lacking.scaled(w)
            mine, theirs, holes = here.weight, there.weight, here + there
            both = np.where(holes.weight, holes.weight, 1.0)
        share = theirs / both
        with np.errstate(over="ignore", invalid="ignore"):
            apart = (other.mean - self.mean) + (other.rest - self.rest)
            between = mine * share
            products = None
            if self.products is not None and other.products is not None:
                outer = apart[:, None] * apart
                products = v * self.products + w * other.products + between * outer
            squares = v * self.squares + w * other.squares + between * np.square(apart)
            mean, rest = _rounded(self.mean, share * apart + self.rest)
        return RowSummary(
            self.count + other.count,
            np.result_type(self.dtype, other.dtype),
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            self.first,
            self.equal and other.equal and self.first == other.first,
            max(self.largest, other.largest),
            unit,
            weight,
            mean,
            rest,
            squares,
            products,
            holes,
        )

    @property
    def _lacking(self) -> Holes:
        """What the rows lack, also where that is nothing."""
        return self.holes or Holes.none(self.weight, len(self.mean))

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
        share = self.weight / self.count * (self.unit / self.largest)
        return unit_of(share, self.largest)

    @property
    def variances(self) -> Floats:
        """The rows' variances, (D,), squared feature units."""
        weight = self.weight if self.holes is None else self.holes.weight
        return self.squares / weight


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
        self._parts: list[Block] = []
        self._held = 0

    def add(self, block: Block) -> None:
        """See rows of a weight above 0; where they say that they start does not count."""
        at = 0
        while at < len(block.rows):
            part = block.part(at, at + self._step - self._held)
            at += len(part.rows)
            self._held += len(part.rows)
            # A copy, since what gives the blocks may use their memory again.
            self._parts.append(part if len(part.rows) == self._step else part.copy())
            if self._held == self._step:
                self._sum()

    def total(self) -> RowSummary:
        """The summary of all that was seen."""
        if self._parts:
            self._sum()
        return self._sums.total() if self._seen else self._nothing

    def _sum(self) -> None:
        value = self._of(concat(self._parts).readable())
        place = self._seen // self._step
        self._sums += PartialSums((Tree(0, place, self._held, self._step, value),))
        self._seen += self._held
        self._parts, self._held = [], 0


def _observed(
    rows: Floats, weights: Floats | None, told: tuple[float, bool, float, float]
) -> tuple[Any, ...]:
    """What a summary is made of, from the ends on, of rows (m, D) that lack values.

    Parameters
    ----------
    rows : NaN where a value is missing.
    weights : (m,), or None where all have one.
    told : the first weight, whether all have it, the largest and the unit.
    """
    lacking = np.isnan(rows)
    holes = Holes.of(lacking, weights)
    low, high = (
        np.where(lacking, np.inf, rows).min(axis=0),
        np.where(lacking, -np.inf, rows).max(axis=0),
    )
    counts, each = np.where(holes.weight, holes.weight, 1.0), np.ones(len(rows))
    v = each if weights is None else weights
    near = np.where(np.isfinite(low), low, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        near = near + v @ np.where(lacking, 0.0, rows - near) / counts
        apart = np.where(lacking, 0.0, rows - near)
        shift = v @ apart / counts
        mean, rest = _rounded(near, shift)
        squares = v @ np.square(apart) - holes.weight * np.square(shift)
    return low, high, *told, float(v.sum()), mean, rest, squares, None, holes


def _over_columns(end: np.ufunc, rows: Rows) -> Floats:
    """The least or the largest value of each column, (D,).

    Several rows side by side first: NumPy goes along rows, and one of few columns is short.
    """
    d = rows.shape[1]
    together = max(_WIDE // d, 1)
    whole = len(rows) // together * together
    if together > 1 and whole >= _OFTEN * together:
        wide = end.reduce(rows[:whole].reshape(-1, together * d))
        rows = np.concatenate([wide.reshape(together, d), rows[whole:]])
    found: Floats = end.reduce(rows).astype(np.float64)
    return found


def _rounded(mean: Floats, shift: Floats) -> tuple[Floats, Floats]:
    """The sum of a mean and a shift (D,) and what rounding left out of it (Dekker 1971)."""
    moved = mean + shift
    return moved, shift - (moved - mean)


def _power_above(value: float) -> float:
    """The least power of two that is no less than `value`, of those that there are."""
    share, exponent = math.frexp(value)
    return math.ldexp(1.0, min(exponent - (share == 0.5), 1023))
