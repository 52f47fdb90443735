"""A shared covariance comes from the scatter of all rows, and is the same."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import mixtura
from mixtura.engine.executors import Serial
from mixtura.engine.sources import ArraySource, block_rows
from mixtura.fitting.em import EM
from mixtura.rows.spread import TotalScatter
from mixtura.rows.summary import RowSummary


def clusters(n: int, d: int, apart: float) -> np.ndarray:
    random = np.random.default_rng(d)
    centres = apart * random.normal(size=(3, d))
    return centres[random.integers(3, size=n)] + random.normal(size=(n, d))


def total_scatter_of(rows: np.ndarray) -> TotalScatter:
    return TotalScatter.of(RowSummary.of(ArraySource(rows), Serial(), products=True))


def test_the_total_scatter_is_that_of_numpy() -> None:
    rows = clusters(5000, 4, 3.0) + 1e6
    total = total_scatter_of(rows)
    assert_allclose(total.matrix, np.cov(rows.T) * (len(rows) - 1), rtol=1e-9)
    assert_allclose(total.centre, rows.mean(axis=0), rtol=1e-14)


def test_what_is_within_and_what_is_between_make_the_total() -> None:
    rows, labels = clusters(3000, 2, 4.0), np.arange(3000) % 3
    parts = [rows[labels == k] for k in range(3)]
    within = sum(np.cov(part.T) * (len(part) - 1) for part in parts)
    weight = np.array([float(len(part)) for part in parts])
    means = np.array([part.mean(axis=0) for part in parts])
    found = total_scatter_of(rows).within(weight, means)
    assert_allclose(found, within[None], rtol=1e-10)


@pytest.mark.parametrize("apart", [1.0, 5.0, 1e4])
def test_a_tied_fit_is_the_one_of_the_second_moments(
    apart: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = clusters(2 * block_rows(3) + 100, 3, apart)

    def fitted() -> mixtura.Mixture:
        return mixtura.fit(rows, 3, structure="tied", tol=0.0, max_iter=8).mixture

    short = fitted()
    monkeypatch.setattr(EM, "_total", None)
    long = fitted()
    for name in ("weights", "means", "covariances"):
        assert_allclose(getattr(short, name), getattr(long, name), rtol=1e-9, atol=1e-11)


def test_a_difference_that_loses_digits_is_not_trusted() -> None:
    near, far = clusters(3000, 2, 3.0), clusters(3000, 2, 1e3)
    assert total_scatter_of(near).keeps_digits(np.eye(2))
    assert not total_scatter_of(far).keeps_digits(np.eye(2))
    assert not total_scatter_of(near * [1.0, 0.0]).keeps_digits(np.eye(2))
