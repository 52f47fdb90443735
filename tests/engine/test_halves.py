"""What a cell gains by a split is what its two halves have over the one component."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from mixtura.engine.cells import Cells, Halves
from mixtura.engine.sources import ArraySource
from mixtura.fitting.truncated.begin import passes_over

pytestmark = pytest.mark.usefixtures("passes_over_cells")


def of_one_cell(rows: np.ndarray, letters: str, weights: np.ndarray | None = None) -> Halves:
    """The halves of all rows together, in units of their own."""
    order = np.random.default_rng(1).permutation(len(rows)).astype(np.int32)
    passes = passes_over(ArraySource(rows, weights), None)
    cells = Cells(order, np.array([0, len(rows)]))
    d = rows.shape[1]
    return passes.halves(cells, letters, np.zeros((d, d)), 1.0 / rows.std(axis=0), 6)


def two_clusters(d: int, n: int = 400, apart: float = 6.0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of two clusters and the clusters' means, far apart across all features."""
    random = np.random.default_rng(d)
    means = np.array([[-0.5], [0.5]]) * apart * np.ones(d) / np.sqrt(d)
    turn = np.eye(d) + 0.3 * random.normal(size=(d, d)) / np.sqrt(d)
    return np.repeat(means, [n // 4, n - n // 4], axis=0) + random.normal(size=(n, d)) @ turn, means


def of_structure(covariance: np.ndarray, letters: str) -> np.ndarray:
    """The likeliest covariance of a structure, of that of all rows."""
    variances = np.diag(covariance)
    if letters == "VVV":
        return covariance
    return np.diag(variances if letters == "VVI" else np.full(len(variances), variances.mean()))


@pytest.mark.parametrize("letters", ["VII", "VVI", "VVV"])
@pytest.mark.parametrize("d", [1, 2, 5, 16, 17, 24])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_gain_is_the_height_of_two_over_that_of_one(letters, d, weighted):
    rows, _ = two_clusters(d)
    weights = np.random.default_rng(0).uniform(0.5, 1.5, len(rows)) if weighted else None
    counts = np.ones(len(rows)) if weights is None else weights
    found = of_one_cell(rows, letters, weights)
    mean = counts @ rows / counts.sum()
    whole = np.cov(rows.T, aweights=counts, bias=True).reshape(d, d)
    one = counts @ multivariate_normal(mean, of_structure(whole, letters)).logpdf(rows).reshape(-1)
    both = []
    for half in range(2):
        matrix = found.covariances[0, half]
        matrix = np.diag(matrix) if letters != "VVV" else matrix
        density = multivariate_normal(found.means[0, half], matrix)
        both.append(np.log(found.weight[0, half] / counts.sum()) + density.logpdf(rows))
    two = counts @ logsumexp(both, axis=0)
    # The gain is that before the last step, which gains less than half a nat.
    assert two - one - 0.5 <= found.gains[0] <= two - one + 1e-9 * abs(one)
    assert_allclose(found.weight.sum(), counts.sum())


@pytest.mark.parametrize("d", [2, 16, 17, 24])
def test_halves_are_the_clusters_whatever_the_number_of_features(d):
    rows, means = two_clusters(d, 2000)
    found = of_one_cell(rows, "VVI")
    order = np.argsort(found.means[0, :, 0])
    assert_allclose(found.means[0, order], means, atol=0.5)
    assert_allclose(found.weight[0, order] / 2000, [0.25, 0.75], atol=0.05)


def test_halves_do_not_depend_on_the_units_of_a_feature():
    rows, _ = two_clusters(3)
    units = np.array([1.0, 2.0**20, 2.0**-20])
    ours, others = of_one_cell(rows, "VVV"), of_one_cell(rows * units, "VVV")
    assert_allclose(others.gains, ours.gains, rtol=1e-9)
    assert_allclose(others.means, ours.means * units, rtol=1e-9)
