"""What rows are like together is found in one pass, with the same bits wherever they are."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import dask
import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

import mixtura
from mixtura.engine.executors import Serial, Threads
from mixtura.engine.sources import ArraySource, Block, block_rows, fields_of
from mixtura.errors import DataError
from mixtura.rows.data import Data
from mixtura.rows.opening import open_rows, read
from mixtura.rows.summary import RowSummary, RunningSummary

RANDOM = np.random.default_rng(0)
D = 100
STEP = block_rows(D)
ROWS = RANDOM.normal(size=(5 * STEP + 77, D)) + np.arange(D)
WEIGHTS = RANDOM.uniform(0.5, 3.0, len(ROWS))
NUMBERS = ("low", "high", "mean", "rest", "squares", "products")


def same_bits(one: RowSummary, other: RowSummary) -> None:
    for name in NUMBERS:
        assert_array_equal(getattr(one, name), getattr(other, name))
    for name in ("count", "dtype", "first", "equal", "largest", "unit", "weight"):
        assert getattr(one, name) == getattr(other, name)


def of_batches(rows: np.ndarray, weights: np.ndarray | None, sizes: list[int]) -> RowSummary:
    """The summary of rows that come so many at a time, in memory that is used again."""
    running, at, number = RunningSummary(rows.shape[1], products=True), 0, 0
    while at < len(rows):
        part = slice(at, at + sizes[number % len(sizes)])
        batch, shares = rows[part].copy(), None if weights is None else weights[part].copy()
        running.add(Block(0, batch, fields_of(shares)))
        batch[:] = np.nan
        at, number = at + len(batch), number + 1
    return running.total()


def exact(rows: np.ndarray, weights: np.ndarray) -> tuple[list[Fraction], list[Fraction]]:
    """The means and the variances of a few rows, in fractions."""
    shares = [Fraction(float(v)) for v in weights]
    columns = [[Fraction(float(x)) for x in column] for column in rows.T]
    total = sum(shares)
    means = [sum(v * x for v, x in zip(shares, each, strict=True)) / total for each in columns]
    return means, [
        sum(v * (x - mean) ** 2 for v, x in zip(shares, each, strict=True)) / total
        for each, mean in zip(columns, means, strict=True)
    ]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weights", [None, WEIGHTS, np.full(len(ROWS), 0.3)])
def test_an_array_and_batches_of_any_length_have_the_same_bits(weights, dtype):
    rows = ROWS.astype(dtype)
    whole = RowSummary.of(ArraySource(rows, weights), Serial(), products=True)
    same_bits(whole, RowSummary.of(ArraySource(rows, weights), Threads(3), products=True))
    for sizes in ([len(rows)], [STEP], [STEP - 1], [1, 700, 3 * STEP], [257]):
        same_bits(whole, of_batches(rows, weights, sizes))


@pytest.mark.parametrize("chunk", [STEP, 2 * STEP, 1000, STEP - 1, 3 * STEP + 5])
@pytest.mark.parametrize("weights", [None, WEIGHTS, np.full(len(ROWS), 0.3)])
def test_partitions_of_any_length_have_the_bits_of_the_array(chunk, weights):
    shares = None if weights is None else da.from_array(weights, chunks=chunk)
    opened = open_rows(da.from_array(ROWS, chunks=(chunk, 7)), shares)
    spread = read(opened, 2, 0, scatter=True)
    array = Data.held(ROWS, fields_of(weights), scatter=True)
    assert (spread.unit, spread.seen.equal) == (array.unit, array.source.weights is None)
    for name in NUMBERS:
        assert_array_equal(getattr(spread.summary, name), getattr(array.summary, name))
    assert_array_equal(spread.total_scatter.matrix, array.total_scatter.matrix)
    assert spread.total_scatter.total_weight == array.total_scatter.total_weight


def test_rows_of_weight_zero_are_as_if_they_were_not_there():
    weights = np.where(np.arange(len(ROWS)) % 3, WEIGHTS, 0.0)
    kept = weights > 0.0
    spread = read(open_rows(da.from_array(ROWS, (999, D)), da.from_array(weights, 999)), 2, 0)
    fewer = Data.held(ROWS[kept], fields_of(weights[kept]))
    for each in (spread, Data.held(ROWS, fields_of(weights))):
        assert_array_equal(each.summary.squares, fewer.summary.squares)
        assert_array_equal(each.summary.low, ROWS[kept].min(axis=0))
        assert_array_equal(each.summary.high, ROWS[kept].max(axis=0))
    assert spread.left_out == len(ROWS) - kept.sum()
    block = RowSummary.of_block(Block(0, ROWS, fields_of(weights)))
    assert_array_equal(
        block.mean, RowSummary.of_block(Block(0, ROWS[kept], fields_of(weights[kept]))).mean
    )
    assert RowSummary.of_block(Block(0, ROWS, fields_of(0.0 * weights))).count == 0


@pytest.mark.parametrize("offset", [0.0, 1e8, -(2.0**40)])
def test_no_digit_is_lost_to_an_offset(offset):
    rows = np.round(RANDOM.normal(size=(3000, 2)) * 2.0**10) / 2.0**10 + offset
    weights = RANDOM.integers(1, 9, len(rows)).astype(float)
    means, variances = exact(rows, weights)
    parts = [slice(0, 1), slice(1, 1700), slice(1700, None)]
    found = RowSummary.nothing(2)
    for part in parts:
        found = found + RowSummary.of_block(Block(0, rows[part], fields_of(weights[part])))
    assert_allclose(found.variances, [float(each) for each in variances], rtol=1e-13)
    near = [float(mean - Fraction(offset)) for mean in means]
    assert_allclose((found.mean - offset) + found.rest, near, rtol=0, atol=1e-14)


def test_a_constant_column_varies_by_nothing():
    rows = np.column_stack([np.full(len(ROWS), 0.1), ROWS[:, 0]])
    found = RowSummary.of(ArraySource(rows), Serial(), products=True)
    assert (found.mean[0], found.squares[0], found.products[0, 0]) == (0.1, 0.0, 0.0)


@pytest.mark.parametrize("power", [-1000, -3, 1, 900])
def test_a_factor_of_two_on_all_weights_changes_no_bit(power):
    source = ArraySource(ROWS, WEIGHTS)
    one = RowSummary.of(source, Serial(), products=True)
    other = RowSummary.of(ArraySource(ROWS, WEIGHTS * 2.0**power), Serial(), products=True)
    assert other.unit == one.unit * 2.0**power
    for name in (*NUMBERS, "weight"):
        assert_array_equal(getattr(one, name), getattr(other, name))


def test_weights_of_any_size_neither_overflow_nor_vanish():
    rows = ROWS[:, :2].copy()
    weights = np.full(len(rows), 1e300)
    weights[::2] = 5e299
    found = of_batches(rows, weights, [100])
    assert_allclose(
        found.variances, np.cov(rows.T, aweights=weights / 1e300, bias=True)[[0, 1], [0, 1]]
    )
    light = RowSummary.of_block(Block(0, rows, fields_of(np.full(len(rows), 1e-320))))
    for both in (light + found, found + light):
        assert_array_equal(both.mean, found.mean)
        assert (both.count, both.largest, both.equal) == (2 * len(rows), 1e300, False)
    assert np.isfinite((found + found).squares).all()


def test_values_too_large_to_be_squared_are_refused_and_nothing_else():
    huge = np.array([[1e200, 0.0], [-1e200, 1.0], [1.0, 2.0]])
    both = RowSummary.of_block(Block(0, huge)) + RowSummary.of_block(Block(0, huge))
    assert both.high[0] == 1e200
    with pytest.raises(DataError, match="its variance overflows"):
        mixtura.fit(Counted(huge), 2)


WHOLE = st.integers(-1000, 1000).map(float)


@st.composite
def sets_of_rows(draw):
    """Rows of whole numbers and weights, in three parts, some of which may be empty."""
    sizes = draw(st.tuples(*[st.integers(0, 5)] * 3))
    parts = []
    for n in sizes:
        rows = draw(arrays(np.float64, (n, 2), elements=WHOLE))
        weights = draw(arrays(np.float64, n, elements=st.sampled_from([1.0, 3.0, 7.0])))
        parts.append((rows, weights))
    return parts


@settings(max_examples=40, deadline=None)
@given(sets_of_rows())
def test_they_are_a_monoid_whose_sum_is_of_all_rows(parts):
    nothing = RowSummary.nothing(2, products=True)
    a, b, c = (
        RowSummary.of_block(Block(0, part[0], fields_of(*part[1:])), products=True)
        if len(part[0])
        else nothing
        for part in parts
    )
    same_bits(a + nothing, a)
    same_bits(nothing + a, a)
    rows = np.vstack([part[0] for part in parts])
    weights = np.concatenate([part[1] for part in parts])
    for total in ((a + b) + c, a + (b + c)):
        assert total.count == len(rows)
        if not len(rows):
            continue
        means, variances = exact(rows, weights)
        assert_allclose(total.mean, [float(each) for each in means], rtol=1e-13, atol=1e-11)
        assert_allclose(total.variances, [float(each) for each in variances], rtol=1e-12, atol=1e-9)
        assert_allclose(np.diagonal(total.products), total.squares, rtol=1e-12, atol=1e-9)
        covariance = np.cov(rows.T, aweights=weights, bias=True)
        assert_allclose(total.products / total.weight, covariance, rtol=1e-12, atol=1e-8)
        assert_array_equal([total.low, total.high], [rows.min(axis=0), rows.max(axis=0)])
        assert total.unit * total.weight == pytest.approx(weights.sum(), rel=1e-14)
        assert (total.first, total.largest) == (weights[0], weights.max())
        assert total.equal == (len(set(weights)) == 1)


class Counted:
    """Rows in batches, and how often they were begun."""

    def __init__(self, rows: np.ndarray) -> None:
        self.rows, self.passes = rows, 0

    def __iter__(self) -> Iterator[np.ndarray]:
        self.passes += 1
        for at in range(0, len(self.rows), 7000):
            yield self.rows[at : at + 7000]


class AtFirst:
    """Notes how often rows were read before the first iteration."""

    def __init__(self, rows: Counted) -> None:
        self.rows, self.passes = rows, None

    def begun(self, run: int) -> None:
        self.passes = self.rows.passes

    def iterated(self, iteration, trace, mixture) -> None:
        """Nothing is noted."""

    def ended(self, fit) -> None:
        """Nothing is noted."""


OPTIONS = pytest.mark.parametrize(
    "options",
    [
        {},
        {"structure": "tied"},
        {"prior": "conjugate"},
        {"noise": True},
        {"structure": "tied", "prior": "conjugate", "noise": True},
    ],
    ids=["default", "tied", "prior", "noise", "all"],
)


@OPTIONS
def test_a_stream_is_read_once_before_the_first_iteration(options):
    random = np.random.default_rng(1)
    rows = np.vstack([random.normal(size=(70_000, 2)), random.normal(size=(70_000, 2)) + 6.0])
    stream = Counted(random.permutation(rows))  # more than a sample
    noted = AtFirst(stream)
    fit = mixtura.fit(stream, 2, max_iter=2, tol=0.0, accelerate=False, observer=noted, **options)
    assert noted.passes == 2  # a look at the first batch, and the survey; the start has a sample
    iterations = 2 + 1  # and the end's likelihood
    assert stream.passes <= noted.passes + iterations + (options.get("noise") is True)
    assert fit.n_rows == len(rows)


@OPTIONS
def test_a_collection_is_read_twice_before_its_start(options):
    random = np.random.default_rng(1)
    rows = Counted(np.vstack([random.normal(size=(1500, 2)), random.normal(size=(1500, 2)) + 6.0]))

    def read_anew(number: int) -> np.ndarray:
        rows.passes += number == 0
        return rows.rows[1000 * number :][:1000]

    parts = [dask.delayed(read_anew, pure=False)(number) for number in range(3)]
    spread = da.concatenate([da.from_delayed(part, (1000, 2), float) for part in parts])
    noted = AtFirst(rows)
    with dask.config.set(scheduler="threads", num_workers=2):
        mixtura.fit(spread, 2, max_iter=2, observer=noted, start="kmeans", **options)
    # A count, then the sample and the summary; amid noise, what all rows say of the start.
    assert noted.passes == 2 + ("noise" in options)
