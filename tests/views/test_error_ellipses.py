"""Pictures draw what rows were measured with: an ellipse of one standard deviation around each."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import EllipseCollection

from mixtura import Mixture
from mixtura.errors import DataError
from mixtura.views.plots import plot, scatter
from mixtura.views.plots.canvas import offscreen_axes

MIXTURE = Mixture([1.0], [[0.0, 0.0, 0.0]], [np.diag([1.0, 4.0, 9.0])])
ROWS = np.array([[0.0, 1.0, 2.0], [1.0, -2.0, 0.0]])


def ellipses_of(ax) -> list[EllipseCollection]:
    return [each for each in ax.collections if isinstance(each, EllipseCollection)]


def test_an_ellipse_has_the_deviations_of_the_features_shown() -> None:
    deviations = np.array([[0.5, 0.25, 3.0], [0.1, 0.7, 3.0]])
    ax = scatter(MIXTURE, ROWS, features=[0, 1], errors=deviations, ax=offscreen_axes())
    (found,) = ellipses_of(ax)
    assert np.array_equal(found.get_offsets(), ROWS[:, :2])
    long, short = np.sort(deviations[:, :2])[:, ::-1].T
    np.testing.assert_allclose(found.get_widths(), 2.0 * long)
    np.testing.assert_allclose(found.get_heights(), 2.0 * short)
    np.testing.assert_allclose(np.abs(found.get_angles()) % 180.0, [0.0, 90.0])
    assert "errors of rows" in ax.get_legend().get_texts()[-1].get_text()


def test_a_covariance_leans_as_its_ellipse() -> None:
    leaning = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 1.0]])
    ax = plot(MIXTURE, ROWS, features=[0, 1], errors=leaning, ax=offscreen_axes())
    (found,) = ellipses_of(ax)
    np.testing.assert_allclose(found.get_widths(), 2.0 * np.sqrt(3.0))
    np.testing.assert_allclose(np.mod(found.get_angles(), 180.0), 45.0)


def test_without_errors_and_with_many_rows_there_are_none() -> None:
    assert ellipses_of(scatter(MIXTURE, ROWS, ax=offscreen_axes())) == []
    many = MIXTURE.sample(1001, 0)[0]
    assert ellipses_of(scatter(MIXTURE, many, errors=np.eye(3), ax=offscreen_axes())) == []
    with pytest.raises(DataError, match="errors has shape"):
        scatter(MIXTURE, ROWS, errors=np.ones((5, 3)), ax=offscreen_axes())
