"""Whoever carries a pass out, the bits are the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

from mixtura.engine import kernel
from mixtura.engine.executors import Serial, Threads, default_executor, tree_sum
from mixtura.engine.sources import ArraySource, block_rows
from mixtura.errors import ParameterError
from mixtura.fitting import fit
from mixtura.model.mixture import Mixture
from mixtura.model.structures import STRUCTURES

FIELDS = ("weight", "first", "second", "log_likelihood", "n_rows", "total_weight")


def some_rows(n: int, d: int, dtype: type = np.float64) -> np.ndarray:
    return np.random.default_rng(n + d).normal(size=(n, d)).astype(dtype)


def some_mixture(structure: str, d: int) -> Mixture:
    rows = some_rows(300, d)
    return fit(rows, 3, structure=structure, start="random", max_iter=3, tol=0.0).mixture


@pytest.mark.parametrize("n_threads", [1, 2, 3, 7])
@pytest.mark.parametrize("structure", [s.name for s in STRUCTURES])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threads_sum_the_same_bits_as_serial(structure: str, n_threads: int, dtype: type) -> None:
    d = 3
    source = ArraySource(some_rows(5 * block_rows(d) + 17, d, dtype))
    step = partial(kernel.accumulate, components=some_mixture(structure, d).components)
    expected, found = Serial().run(source, step), Threads(n_threads).run(source, step)
    for field in FIELDS:
        assert np.array_equal(getattr(expected, field), getattr(found, field)), field


@pytest.mark.parametrize("n_threads", ["2", "3", "7"])
def test_a_fit_has_the_same_bits_for_any_number_of_threads(
    n_threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = some_rows(2 * block_rows(2) + 5, 2)

    def fitted() -> Mixture:
        return fit(rows, 2, start="random", max_iter=2, tol=0.0).mixture

    monkeypatch.setenv("MIXTURA_NUM_THREADS", "1")
    alone = fitted()
    monkeypatch.setenv("MIXTURA_NUM_THREADS", n_threads)
    together = fitted()
    for name in ("weights", "means", "covariances"):
        assert np.array_equal(getattr(alone, name), getattr(together, name)), name


def test_results_come_in_the_order_of_the_blocks() -> None:
    source = ArraySource(some_rows(6 * block_rows(1) + 1, 1))
    starts = list(Threads(3).map(source, lambda block: block.start))
    assert starts == sorted(starts)
    assert len(starts) == source.n_blocks == 8


def test_a_pass_may_be_left_before_its_end() -> None:
    source = ArraySource(some_rows(6 * block_rows(1), 1))
    results = Threads(3).map(source, lambda block: block.start)
    assert next(results) == 0
    results.close()
    assert len(list(Threads(3).map(source, lambda block: block.start))) == source.n_blocks


def test_a_pass_that_nobody_ends_does_not_keep_the_program() -> None:
    code = (
        "import numpy as np\n"
        "from mixtura.engine.executors import Threads\n"
        "from mixtura.engine.sources import ArraySource\n"
        "results = Threads(3).map(ArraySource(np.zeros((2_000_000, 1))), lambda block: 0)\n"
        "next(results)\n"
    )
    subprocess.run([sys.executable, "-c", code], timeout=600, check=True)


def test_few_results_are_held_at_once() -> None:
    source = ArraySource(np.zeros((200 * 1024, 128), dtype=np.int8))
    assert source.n_blocks == 200
    started = []
    results = Threads(2).map(source, lambda block: started.append(block.start))
    for taken, _ in enumerate(results, start=1):
        if taken < 20:
            time.sleep(0.002)  # the helper would run ahead
        assert len(started) <= taken + 7


def test_passes_side_by_side_do_not_mix() -> None:
    sources = [ArraySource(some_rows(5 * 1024, 128) + i) for i in range(4)]

    def total(source: ArraySource) -> float:
        return Threads(2).run(source, lambda block: float(block.rows.sum()))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(total, sources))
    assert found == [total(source) for source in sources]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_process_has_threads_of_its_own() -> None:
    source = ArraySource(some_rows(5 * 1024, 128))
    expected = Threads(2).run(source, lambda block: float(len(block.rows)))
    child = os.fork()
    if not child:
        signal.alarm(600)  # it hangs
        os._exit(Threads(2).run(source, lambda block: float(len(block.rows))) != expected)
    assert os.waitpid(child, 0) == (child, 0)


def test_blocks_are_even_in_size_and_number() -> None:
    for n, d in ((400, 2), (20_000, 2), (60_000, 2), (140_000, 1), (10**6, 1), (10**5, 128)):
        blocks = list(ArraySource(np.zeros((n, d), dtype=np.int8)).blocks())
        sizes = [len(block.rows) for block in blocks]
        assert sum(sizes) == n
        assert len(set(sizes[:-1])) <= 1
        assert max(sizes) <= block_rows(d)
        assert max(sizes) - n / len(sizes) <= 64
        assert len(sizes) == 1 or len(sizes) % 2 == 0


@pytest.mark.parametrize("held", ["float32", ">f4", "float64", ">f8", "int8", "float16", "bool"])
def test_a_source_says_what_its_blocks_hold(held: str) -> None:
    source = ArraySource(np.ones((3, 2), dtype=held))
    expected = np.float32 if held in ("float32", ">f4") else np.float64
    assert source.dtype == next(source.blocks()).rows.dtype == expected


def test_the_blocks_cover_every_row_once() -> None:
    rows = some_rows(3 * block_rows(4) + 11, 4)
    blocks = list(ArraySource(rows).blocks())
    assert np.array_equal(np.concatenate([block.rows for block in blocks]), rows)
    assert [block.start for block in blocks[1:]] == [block.stop for block in blocks[:-1]]


def test_the_tree_is_fixed_by_positions_alone() -> None:
    class Leaf(str):
        def __add__(self, other: str) -> Leaf:
            return Leaf(f"({self}{other})")

    assert tree_sum(Leaf(letter) for letter in "abcdefg") == "(((ab)(cd))((ef)g))"
    assert tree_sum([Leaf("a")]) == "a"


def test_a_failure_in_a_thread_reaches_the_caller() -> None:
    source = ArraySource(some_rows(4 * block_rows(1), 1))

    def fails(block: object) -> float:
        raise OverflowError("from the block")

    with pytest.raises(OverflowError, match="from the block"):
        Threads(2).run(source, fails)


def test_nothing_to_sum_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to sum"):
        Serial().run(ArraySource(np.empty((0, 2))), lambda block: 1.0)


@pytest.mark.parametrize("wish", ["0", "-1", "two", "1.5"])
def test_a_senseless_number_of_threads_is_refused(
    wish: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXTURA_NUM_THREADS", wish)
    with pytest.raises(ParameterError, match="whole number of at least 1"):
        default_executor()
