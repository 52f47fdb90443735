"""A stream gives the blocks of an array of its shape, whatever batches it came in."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest
from hypothesis import given, strategies as st

from mixtura.engine.executors import Serial, Threads
from mixtura.engine.sources import (
    ArraySource,
    Block,
    StreamSource,
    ahead,
    even_block_rows,
    fields_of,
)
from mixtura.engine.sources.ahead import _read
from mixtura.engine.sources.dask import Cut
from mixtura.errors import DataError


def readers() -> int:
    """How many threads read ahead now."""
    frames = list(sys._current_frames().values())
    count = 0
    for frame in frames:
        while frame is not None:
            count += frame.f_code is _read.__code__
            frame = frame.f_back
    return count


def assert_readers(expected: int) -> None:
    """A reader that has said its last word needs a moment to be gone."""
    for _ in range(60_000):
        if readers() == expected:
            return
        time.sleep(0.01)
    assert readers() == expected


def cut(rows, fields, sizes):
    """Batches of these sizes, over and over."""
    at = number = 0
    while at < len(rows):
        size = sizes[number % len(sizes)]
        part = slice(at, at + size)
        yield Block(0, rows[part], {name: values[part] for name, values in fields.items()})
        at, number = at + size, number + 1


def partitioned(rows, fields, sizes):
    """The pieces that partitions of these sizes give to each block, by its first row."""
    first, pieces = 0, {}
    for batch in cut(rows, fields, sizes):
        own = Cut(first, len(batch.rows), rows.shape, rows.dtype)
        for piece, block in own.blocks(batch):
            pieces.setdefault(piece.number * even_block_rows(*rows.shape), []).append(block)
        first += len(batch.rows)
    return pieces


@given(
    n=st.integers(1, 9_000),
    d=st.integers(1, 40),
    sizes=st.lists(st.integers(1, 5_000), min_size=1, max_size=4).filter(lambda s: sum(s) > 200),
    weighted=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_blocks_and_all_their_fields_are_those_of_an_array(n, d, sizes, weighted, dtype):
    rows = np.arange(n * d, dtype=dtype).reshape(n, d)
    weights = np.linspace(0.5, 2.0, n) if weighted else None
    more = {"labels": np.arange(n), "seen": rows > d, "errors": rows[::-1].astype(np.float64)}
    fields = fields_of(weights, **more)
    array = ArraySource(rows, weights, more)
    cuts = partitioned(rows, fields, sizes)
    stream = StreamSource(
        lambda: cut(rows, fields, sizes), (n, d), np.dtype(dtype), weighted=weighted
    )
    assert stream.n_blocks == array.n_blocks
    assert stream.total_weight == array.total_weight
    for found, expected in zip(stream.blocks(), array.blocks(), strict=True):
        assert found.start == expected.start
        assert found.rows.dtype == expected.rows.dtype
        np.testing.assert_array_equal(found.rows, expected.rows)
        assert (found.weights is not None) == weighted
        here = slice(found.start, found.stop)
        for block in (found, expected, *cuts[found.start]):
            assert block.fields.keys() == fields.keys()
        for name, values in fields.items():
            np.testing.assert_array_equal(found.fields[name], values[here])
            np.testing.assert_array_equal(expected.fields[name], values[here])
            pieces = np.concatenate([piece.fields[name] for piece in cuts[found.start]])
            np.testing.assert_array_equal(pieces, values[here])


@pytest.mark.parametrize("promised", [99_999, 100_001])
@pytest.mark.parametrize("executor", [Serial(), Threads(2), Threads(5)])
def test_another_number_of_rows_than_promised_is_an_error_on_every_executor(promised, executor):
    rows = np.zeros((100_000, 3))
    stream = StreamSource(lambda: [Block(0, rows)], (promised, 3), rows.dtype)
    with pytest.raises(DataError, match=f"the data changed .*: {promised:,} rows at first"):
        executor.run(stream, lambda block: len(block.rows))


@pytest.mark.parametrize("executor", [Serial(), Threads(2), Threads(5)])
def test_an_error_of_reading_is_raised_and_no_reader_stays(executor):
    def failing():
        yield Block(0, np.zeros((50_000, 3)))
        raise OSError("the cable was pulled")

    stream = StreamSource(failing, (100_000, 3), np.dtype(np.float64))
    before = readers()
    with pytest.raises(OSError, match="the cable was pulled"):
        executor.run(stream, lambda block: len(block.rows))
    assert_readers(before)


def test_whoever_stops_asking_ends_the_reading():
    before = readers()
    made = []

    def endless():
        number = 0
        while True:
            made.append(number)
            yield number
            number += 1

    items = ahead(endless(), depth=2)
    assert [next(items), next(items)] == [0, 1]
    items.close()
    assert_readers(before)
    assert len(made) <= 2 + 2 + 1 + 1  # asked for, room, the one in hand, one taken out at the end
