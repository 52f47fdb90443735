"""Exponentials that underflow are left out, register by register, and no digit changes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mixtura import Mixture
from mixtura.engine import kernel
from mixtura.engine.kernel import reference
from mixtura.engine.sources import Block

Floats = NDArray[np.float64]

pytestmark = pytest.mark.skipif(
    not kernel.native_is_installed(), reason="this installation has no native kernel"
)


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> None:
    """The native kernel's alone."""


def separated(k: int, apart: float) -> tuple[Mixture, Floats]:
    """Clusters in a row, so far from one another, and their rows in a drawn order."""
    random = np.random.RandomState(0)
    means = apart * np.arange(k)[:, None] + np.zeros((k, 2))
    rows = np.repeat(means, 6, axis=0) + random.normal(size=(6 * k, 2))
    return Mixture(np.full(k, 1 / k), means, np.ones((k, 2)), "diag"), rows[
        random.permutation(6 * k)
    ]


@pytest.mark.parametrize("apart", [0.05, 2.0, 20.0, 1000.0])
@pytest.mark.usefixtures("instructions")
def test_what_is_told_of_a_row_does_not_depend_on_those_beside_it(apart: float) -> None:
    of, rows = separated(100, apart)
    for kind in (rows, rows.astype(np.float32)):
        whole = kernel.log_likelihood(kind, of.components)
        ordered = np.argsort(kind[:, 0])
        assert (kernel.log_likelihood(kind[ordered], of.components) == whole[ordered]).all()
        alone = [kernel.log_likelihood(row[None], of.components)[0] for row in kind[:40]]
        assert (whole[:40] == alone).all()
    likelihood, shares = kernel.posterior(rows, of.components)
    ordered = np.argsort(rows[:, 0])
    assert (kernel.posterior(rows[ordered], of.components)[1] == shares[ordered]).all()
    assert (likelihood == kernel.log_likelihood(rows, of.components)).all()


@pytest.mark.parametrize("apart", [0.05, 2.0, 20.0, 1000.0])
@pytest.mark.usefixtures("instructions")
def test_shares_and_sums_are_the_references(apart: float) -> None:
    of, rows = separated(100, apart)
    wanted = reference.posterior(rows, of.components)
    found = kernel.posterior(rows, of.components)
    assert np.allclose(found[0], wanted[0], rtol=1e-13)
    assert np.allclose(found[1], wanted[1], rtol=1e-11, atol=1e-300)
    assert (found[1][wanted[1] < 1e-310] == 0.0).all()
    assert (found[1][wanted[1] > 1e-305] > 0.0).all()
    sums, theirs = (each.accumulate(Block(0, rows), of.components) for each in (kernel, reference))
    for name in ("weight", "first", "second"):
        assert np.allclose(getattr(sums, name), getattr(theirs, name), rtol=1e-11, atol=1e-11)
