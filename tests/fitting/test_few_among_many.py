"""Among very many components a few that are unsound discard no candidate; among few, each does."""

from __future__ import annotations

import numpy as np
import pytest

import mixtura
from mixtura.selection.row import Row


def clusters(side: int, *more: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round clusters on a grid, 20 rows each, and others; and which cluster each row is of."""
    line = 8.0 * np.arange(side)
    centres = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    random = np.random.RandomState(0)
    parts = [centre + random.normal(size=(20, 2)) for centre in centres] + [*more]
    return np.vstack(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])


def few(at: float) -> np.ndarray:
    """Two rows near each other, and far from all others: a covariance takes three."""
    return np.array([[at, at], [at + 0.8, at - 0.9]])


def tried(rows: np.ndarray, labels: np.ndarray, kind: str = "VVI") -> Row:
    """The one candidate's, begun with a component for each label."""
    k = int(labels.max()) + 1
    return mixtura.select(rows, [k], structures=[kind], start=labels, n_jobs=1).rows[0]


def test_one_component_on_few_rows_among_a_hundred_others_is_spared():
    row = tried(*clusters(10, few(-30.0)))
    assert min(row.fit.mixture.weights * 2002) == pytest.approx(2.0, abs=0.01)
    assert row.fault == ""


def test_one_component_on_few_rows_among_fewer_than_a_hundred_is_an_accident():
    row = tried(*clusters(9, few(-30.0)))
    assert "component 81 holds 2 rows, fewer than the 3" in row.fault


def test_more_than_a_hundredth_of_the_components_are_not_spared():
    row = tried(*clusters(10, few(-30.0), few(-60.0)))
    assert "component 100 holds 2 rows, fewer than the 3" in row.fault


def test_a_component_on_the_floor_that_holds_many_rows_is_not_spared():
    """It is less than a hundredth of the components, with a third of the rows."""
    line = np.linspace(-90.0, -30.0, 1000)
    plane = np.column_stack([line, -50.0 + 1e-9 * np.sin(line)])
    row = tried(*clusters(10, plane))
    assert "component 100 collapsed onto few rows, or onto rows in a plane" in row.fault


def test_a_covariance_of_all_components_on_the_floor_is_not_spared():
    """It is one covariance, and all components rest on it."""
    rows, labels = clusters(10)
    copied = np.column_stack([rows, rows[:, 0] + 1e-9 * np.sin(rows[:, 1])])
    assert "collapsed" in tried(copied, labels, "EEE").fault
