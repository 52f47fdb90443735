"""Pictures draw rows that lack a feature where it is expected to be, and mark them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from mixtura import Mixture, MixtureDisplay
from mixtura.errors import DataError, ParameterError
from mixtura.views.plots import density, pairs, plane, plot, scatter
from mixtura.views.plots.canvas import offscreen_axes

COVARIANCE = np.array([[1.0, 0.8, 0.0], [0.8, 2.0, 0.3], [0.0, 0.3, 1.0]])
MIXTURE = Mixture([1.0], [[0.0, 1.0, 2.0]], [COVARIANCE], feature_names=["a", "b", "c"])
WHOLE = multivariate_normal([0.0, 1.0, 2.0], COVARIANCE).rvs(30, random_state=0)
LACKING = WHOLE.copy()
LACKING[3, 1] = LACKING[8, 0] = LACKING[12, 2] = np.nan


def words_of(ax) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def expected_b(row: np.ndarray) -> float:
    """E[b | a, c] of a normal distribution, by the textbook."""
    others = [0, 2]
    gain = COVARIANCE[1, others] @ np.linalg.inv(COVARIANCE[np.ix_(others, others)])
    return 1.0 + gain @ (row[others] - np.array([0.0, 2.0]))


@pytest.mark.parametrize("picture", [plane, scatter, plot])
def test_what_a_row_lacks_is_where_it_is_expected_and_marked(picture) -> None:
    ax = picture(MIXTURE, LACKING, features=["a", "b"], missing="em", ax=offscreen_axes())
    offsets = [np.asarray(each.get_offsets()) for each in ax.collections]
    marked = next(each for each in offsets if len(each) == 2)
    others = next(each for each in offsets if len(each) == 28)
    row = marked[np.isclose(marked[:, 0], LACKING[3, 0])][0]
    assert row[1] == pytest.approx(expected_b(LACKING[3]))
    # A row that lacks a feature that is not shown is as it was seen.
    assert any(np.allclose(each, LACKING[12, :2]) for each in others)
    assert "imputed, 2 rows" in words_of(ax)


def test_rows_that_lack_nothing_are_drawn_as_without_the_argument() -> None:
    with_it = scatter(MIXTURE, WHOLE, features=[0, 1], missing="em", ax=offscreen_axes())
    without = scatter(MIXTURE, WHOLE, features=[0, 1], ax=offscreen_axes())
    assert words_of(with_it) == words_of(without)
    assert len(with_it.collections) == len(without.collections)


def test_a_histogram_is_of_what_was_observed() -> None:
    ax = density(MIXTURE, LACKING, features=["b"], missing="em", ax=offscreen_axes())
    assert {"data, 29 rows", "imputed, 1 row"} <= set(words_of(ax))
    (tick,) = (line for line in ax.lines if line.get_marker() == "|")
    assert tick.get_xdata()[0] == pytest.approx(expected_b(LACKING[3]))


def test_a_pair_matrix_marks_each_pair_that_lacks_a_feature() -> None:
    parts = pairs(MIXTURE, LACKING, missing="em", ax=offscreen_axes())
    counts = [[len(each.get_offsets()) for each in ax.collections] for ax in parts]
    below = [found for found in counts if 28 in found]
    assert len(below) == 3
    assert all(2 in found for found in below)


def test_rows_that_lack_everything_and_errors_can_be_drawn() -> None:
    empty = np.full((4, 3), np.nan)
    ax = scatter(MIXTURE, empty, features=[0, 1], missing="em", ax=offscreen_axes())
    assert "imputed, 4 rows" in words_of(ax)
    measured = {"errors": np.full((30, 3), 0.1), "missing": "em"}
    ax = scatter(MIXTURE, LACKING, features=[0, 1], **measured, ax=offscreen_axes())
    assert "errors of rows: 1 sigma" in words_of(ax)


def test_a_display_takes_them_where_asked_and_refuses_where_not() -> None:
    shown = MixtureDisplay.from_mixture(MIXTURE, LACKING, missing="em", ax=offscreen_axes())
    assert "imputed, 3 rows" in shown.ax_.get_legend().get_title().get_text()
    with pytest.raises(DataError, match="missing='em'"):
        MixtureDisplay.from_mixture(MIXTURE, LACKING, ax=offscreen_axes())
    with pytest.raises(ParameterError, match="'calibration' takes no missing"):
        MixtureDisplay.from_mixture(
            MIXTURE, LACKING, kind="calibration", missing="em", ax=offscreen_axes()
        )
