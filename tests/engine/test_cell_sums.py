"""The sums over cells are those that NumPy finds, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mixtura.engine import kernel
from mixtura.engine.cells import Cells
from mixtura.engine.executors import Serial


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> None:
    """The native kernel's alone."""


@pytest.fixture(params=["baseline", "avx2", "avx512", "neon"])
def instructions(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each instruction set that this machine has."""
    from mixtura.engine.kernel import _native

    before = _native.instruction_set()
    if not _native.use_instruction_set(request.param):
        pytest.skip(f"this machine or build has no {request.param}")
    yield request.param
    _native.use_instruction_set(before)


@pytest.mark.parametrize("d", [1, 3, 8, 9, 10, 11, 12, 16, 17, 31, 64, 65])
@pytest.mark.usefixtures("instructions")
def test_second_moments_of_cells_are_those_of_their_rows(d: int) -> None:
    random = np.random.default_rng(d)
    sizes = np.array([0, 1, 7, 128, 129, 300])
    rows = 1e3 + random.normal(size=(400, d))
    order = np.concatenate([random.choice(400, n, replace=False) for n in sizes])
    shares = random.uniform(size=len(order)) * (random.uniform(size=len(order)) < 0.9)
    reference = 1e3 + random.normal(size=(len(sizes), d))
    offsets = np.append(0, np.cumsum(sizes))
    members = Cells(order.astype(np.int32), offsets, shares)
    assert kernel.cell_passes is not None
    passes = kernel.cell_passes(rows, None, Serial())
    weight, first, second = passes.moments(members, reference, diagonal=False)
    for k, (begin, end) in enumerate(pairwise(offsets)):
        apart = rows[order[begin:end]] - reference[k]
        of = shares[begin:end]
        assert_allclose(weight[k], of.sum(), rtol=1e-13)
        assert_allclose(first[k], of @ apart, rtol=0, atol=1e-11)
        assert_allclose(second[k], (of[:, None] * apart).T @ apart, rtol=0, atol=1e-11)
        assert (second[k] == second[k].T).all()
