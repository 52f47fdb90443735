"""Weights of rows count, on each kernel; tests/estimators/test_sample_weight.py has the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import mixtura
from mixtura.datasets import faithful
from mixtura.engine.executors import Serial
from mixtura.engine.sources import ArraySource, Block, fields_of
from mixtura.errors import DataError
from mixtura.fitting import Given, Settings
from mixtura.fitting.em import EM
from mixtura.model.structures import structure as structure_called
from mixtura.rows.data import Data
from mixtura.rows.weights import Weighted, row_weights, weighted_mean

STRUCTURES = ("full", "tied", "diag", "spherical")
ROWS = faithful().rows
GIVEN = Given([0.5, 0.5], [[2.0, 60.0], [4.0, 75.0]])


@pytest.mark.parametrize("structure", STRUCTURES)
def test_whole_weights_are_repeated_rows(structure: str) -> None:
    counts = np.random.RandomState(1).randint(0, 4, size=len(ROWS))
    variances = {"full": [np.eye(2)] * 2, "tied": np.eye(2), "diag": np.ones((2, 2))}
    given = Given(GIVEN.weights, GIVEN.means, variances.get(structure, np.ones(2)))
    options = {"structure": structure, "given": given, "tol": 1e-6}
    weighted = mixtura.fit(ROWS, 2, sample_weight=counts, **options)
    repeated = mixtura.fit(np.repeat(ROWS, counts, axis=0), 2, **options)
    assert_allclose(weighted.mixture.means, repeated.mixture.means, rtol=1e-12)
    assert_allclose(weighted.mixture.covariances, repeated.mixture.covariances, rtol=1e-11)
    assert weighted.bic == pytest.approx(repeated.bic, rel=1e-12)
    assert weighted.n_iter == repeated.n_iter
    assert weighted.total_weight == counts.sum()
    assert weighted.n_rows == np.count_nonzero(counts)


def test_a_source_that_keeps_rows_without_weight_never_makes_them_nan() -> None:
    # The far row's likelihood is 0; 0·log 0 would be NaN.
    rows = np.vstack([ROWS, [[1e200, 0.0]]])
    weights = np.r_[np.ones(len(ROWS)), 0.0]
    source = ArraySource(rows, weights)
    em = EM(Data(source, source, Serial()), Settings(2, structure_called("full")))
    fitted = em.climb(mixtura.fit(ROWS, 2, max_iter=1).mixture)
    assert np.isfinite(fitted.trace).all()
    alone = mixtura.fit(ROWS, 2)
    assert_allclose(fitted.mixture.means, alone.mixture.means, rtol=1e-3)


def test_a_mixture_scores_rows_by_weight() -> None:
    mixture = mixtura.fit(ROWS, 2).mixture
    counts = np.arange(len(ROWS)) % 3
    repeated = np.repeat(ROWS, counts, axis=0)
    for figure in ("score", "aic", "bic"):
        weighted = getattr(mixture, figure)(ROWS, sample_weight=counts)
        assert weighted == pytest.approx(getattr(mixture, figure)(repeated), rel=1e-12)


def test_weights_become_about_one_and_their_unit_gives_them_back() -> None:
    rows = np.arange(4.0)[:, None]
    weights = np.array([3e-320, 0.0, 1e-320, 2e-320])
    weighted = Weighted.of(Block(0, rows, fields_of(weights)))
    block = weighted.block
    assert block.weights is not None
    assert_array_equal(block.rows, rows[[0, 2, 3]])
    assert_array_equal(block.weights * weighted.unit, weights[[0, 2, 3]])
    assert 0.5 <= block.weights.mean() < 4.0
    heaviest = np.array([1e308, 1.7e308, 1e308, 1e308])
    huge = Weighted.of(Block(0, rows, fields_of(heaviest))).block.weights
    assert huge is not None
    assert np.isfinite(huge.sum())


def test_the_mean_of_huge_weights_is_finite() -> None:
    assert weighted_mean(np.array([1.0, 3.0]), np.array([1e308, 1e308])) == 2.0


def test_one_number_weighs_every_row() -> None:
    assert row_weights(2.5, 3).tolist() == [2.5, 2.5, 2.5]
    with pytest.raises(DataError, match=r"sample_weight\[0\] is -1"):
        mixtura.fit(ROWS, 2, sample_weight=-1.0)
