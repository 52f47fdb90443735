"""Passes over cells: their sums are those of the rows, and rows keep the likeliest they see."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from mixtura.engine import kernel
from mixtura.engine.cells import Cells, Sets
from mixtura.engine.executors import Serial
from mixtura.model.mixture import Mixture


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> None:
    """The native kernel's alone."""


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


@pytest.mark.parametrize("d", [4, 5, 16, 17, 40])
@pytest.mark.usefixtures("instructions")
def test_rows_that_see_all_components_keep_the_likeliest(d: int) -> None:
    random = np.random.default_rng(d)
    k, kept = 60, 4
    means = 2.0 * random.normal(size=(k, d))
    roots = np.eye(d) + 0.3 * random.normal(size=(k, d, d)) / np.sqrt(d)
    covariances = roots @ roots.transpose(0, 2, 1)
    of = Mixture(np.full(k, 1.0 / k), means, covariances, "full")
    rows = means[random.integers(k, size=300)] + random.normal(size=(300, d))
    joint = np.stack(
        [multivariate_normal(means[c], covariances[c]).logpdf(rows) - np.log(k) for c in range(k)]
    )
    assert kernel.cell_passes is not None
    passes = kernel.cell_passes(rows, None, Serial())
    sets = Sets.empty(300, kept)
    every, asked = np.arange(k, dtype=np.int32)[None], np.zeros((300, 1), np.int32)
    for _ in range(2):  # the second time beginning with what they keep
        bound = passes.expand(of.components, Cells.even(300, 100), every, asked, sets).bound
        assert (sets.ids == np.argsort(-joint, axis=0)[:kept].T).all()
        best = np.sort(joint, axis=0)[-kept:]
        assert_allclose(bound, logsumexp(best, axis=0).sum(), rtol=1e-12)
