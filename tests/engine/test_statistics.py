"""Statistics form a commutative monoid, and say the same about any reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.testing import assert_allclose

from mixtura.engine import kernel
from mixtura.engine.sources import Block, fields_of
from mixtura.engine.statistics import Statistics

FIELDS = ("weight", "first", "second", "log_likelihood", "n_rows", "total_weight")


def statistics(
    seed: int, n: int, k: int, d: int, *, diagonal: bool, reference: np.ndarray | None = None
) -> Statistics:
    """Statistics of n weighted random rows; whole numbers, so that sums are exact."""
    random = np.random.default_rng(seed)
    rows = random.integers(-8, 9, (n, d)).astype(float)
    shares = random.integers(0, 5, (n, k)).astype(float)
    weights = random.integers(1, 4, n).astype(float)
    if reference is None:
        reference = np.zeros((k, d))
    return kernel.moments(Block(0, rows, fields_of(weights)), shares, reference, diagonal=diagonal)


def assert_equal(a: Statistics, b: Statistics) -> None:
    for field in FIELDS:
        assert np.array_equal(getattr(a, field), getattr(b, field)), field


shapes = st.tuples(st.integers(1, 20), st.integers(1, 4), st.integers(1, 4))
seeds = st.integers(0, 2**32 - 1)


@given(seeds, shapes, st.booleans())
def test_zero_is_the_identity(seed: int, shape: tuple[int, int, int], diagonal: bool) -> None:
    a = statistics(seed, *shape, diagonal=diagonal)
    zero = Statistics.zero(a.reference, diagonal=diagonal)
    assert_equal(zero + a, a)
    assert_equal(a + zero, a)


@given(st.tuples(seeds, seeds, seeds), shapes, st.booleans())
def test_addition_is_associative_and_commutative(
    three: tuple[int, int, int], shape: tuple[int, int, int], diagonal: bool
) -> None:
    a, b, c = (statistics(seed, *shape, diagonal=diagonal) for seed in three)
    assert_equal((a + b) + c, a + (b + c))
    assert_equal(a + b, b + a)


@given(seeds, st.integers(2, 30), st.integers(1, 29), st.booleans())
def test_the_sum_of_two_blocks_is_the_statistics_of_their_rows(
    seed: int, n: int, cut: int, diagonal: bool
) -> None:
    random = np.random.default_rng(seed)
    rows = random.integers(-8, 9, (n, 3)).astype(float)
    shares = random.integers(0, 5, (n, 2)).astype(float)
    reference = random.integers(-3, 4, (2, 3)).astype(float)
    cut = min(cut, n - 1)
    parts = [
        kernel.moments(Block(0, rows[part]), shares[part], reference, diagonal=diagonal)
        for part in (slice(0, cut), slice(cut, n))
    ]
    whole = kernel.moments(Block(0, rows), shares, reference, diagonal=diagonal)
    assert_equal(parts[0] + parts[1], whole)


@given(seeds, shapes, st.booleans())
def test_re_centring_is_the_statistics_about_the_other_reference(
    seed: int, shape: tuple[int, int, int], diagonal: bool
) -> None:
    other = np.random.default_rng(seed).integers(-5, 6, shape[1:]).astype(float)
    moved = statistics(seed, *shape, diagonal=diagonal).about(other)
    assert_equal(moved, statistics(seed, *shape, diagonal=diagonal, reference=other))


@given(seeds, shapes, st.sampled_from([0.25, 0.5, 2.0]))
def test_scaling_distributes_over_addition(
    seed: int, shape: tuple[int, int, int], factor: float
) -> None:
    a, b = (statistics(s, *shape, diagonal=False) for s in (seed, seed ^ 1))
    assert_equal((a + b).scaled(factor), a.scaled(factor) + b.scaled(factor))


def test_the_moments_are_the_textbook_sums() -> None:
    rows = np.array([[1.0, 2.0], [4.0, 6.0]])
    shares = np.array([[1.0, 0.0], [0.5, 0.5]])
    reference = np.array([[1.0, 1.0], [0.0, 0.0]])
    sums = kernel.moments(Block(0, rows), shares, reference, diagonal=False)
    assert sums.weight.tolist() == [1.5, 0.5]
    assert sums.first.tolist() == [[1.5, 3.5], [2.0, 3.0]]
    assert sums.second.tolist() == [[[4.5, 7.5], [7.5, 13.5]], [[8.0, 12.0], [12.0, 18.0]]]


def test_an_offset_of_a_billion_costs_no_digit() -> None:
    random = np.random.default_rng(0)
    small = random.integers(-1000, 1000, (500, 2)) / 1024.0  # exact at any such offset
    offset = 2.0**30
    shares = np.ones((500, 1))
    here, there = (
        kernel.moments(Block(0, small + o), shares, np.full((1, 2), o), diagonal=False)
        for o in (0.0, offset)
    )
    assert_equal(here, there)


@pytest.mark.parametrize("diagonal", [True, False])
def test_sums_are_read_only_however_they_came_about(diagonal: bool) -> None:
    some = statistics(0, 5, 2, 3, diagonal=diagonal)
    none = Statistics.zero(some.reference, diagonal=diagonal)
    for sums in (some, none, some + none, some.scaled(0.5), some.about(np.ones((2, 3)))):
        for array in (sums.reference, sums.weight, sums.first, sums.second):
            with pytest.raises(ValueError, match="read-only"):
                array += 1.0


def test_references_must_agree_to_add() -> None:
    a = statistics(0, 3, 2, 2, diagonal=False)
    with pytest.raises(ValueError, match="re-centre one of them first"):
        a + statistics(0, 3, 2, 2, diagonal=False, reference=np.ones((2, 2)))


def test_the_log_likelihood_of_a_pass_is_that_of_scipy() -> None:
    from scipy.stats import multivariate_normal

    from mixtura import Mixture

    mixture = Mixture([0.3, 0.7], [[0.0, 1.0], [2.0, 2.0]], [np.eye(2), [[2.0, 0.5], [0.5, 1.0]]])
    rows = np.random.default_rng(1).normal(size=(50, 2))
    density = sum(
        w * multivariate_normal(m, c).pdf(rows)
        for w, m, c in zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
    )
    weights = np.linspace(0.5, 2.0, 50)
    sums = kernel.accumulate(Block(0, rows, fields_of(weights)), mixture.components)
    assert_allclose(sums.log_likelihood, weights @ np.log(density), rtol=1e-12)
    assert_allclose(sums.weight.sum(), weights.sum(), rtol=1e-14)


@pytest.mark.parametrize("hard", [False, True])
def test_a_row_that_weighs_nothing_adds_nothing_however_far_it_is(hard: bool) -> None:
    from mixtura import Mixture

    about = Mixture([0.3, 0.7], [[0.0, 1.0], [2.0, 2.0]], [np.eye(2), np.eye(2)]).components
    rows = np.array([[0.0, 0.5], [1e200, -1e200], [2.0, 3.0]])

    def log_likelihood(block: Block) -> float:
        if hard:
            return kernel.assign(block, about, diagonal=True)[1].log_likelihood
        return kernel.accumulate(block, about).log_likelihood

    # the far row alone has a log-likelihood of −inf
    found = log_likelihood(Block(0, rows, fields_of(np.array([1.0, 0.0, 2.0]))))
    assert_allclose(
        found, log_likelihood(Block(0, rows[::2], fields_of(np.array([1.0, 2.0])))), rtol=1e-15
    )
