"""Pairs: the matrix shows marginal mixtures, and as many features as are legible."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Ellipse, StepPatch
from pictures import drawn, line, mixture_of, theirs
from scipy import stats

from mixtura import Mixture
from mixtura.errors import ParameterError
from mixtura.views.plots.palette import style

THREE = mixture_of(3, 3)
ROWS = THREE.sample(400, 0)[0]


def ellipses(ax):
    return [patch for patch in ax.patches if isinstance(patch, Ellipse)]


def legend_of(axes):
    (legend,) = (ax.get_legend() for ax in axes[0].figure.axes if ax.get_legend() is not None)
    return legend


def test_the_diagonal_holds_each_features_marginal_density_and_histogram():
    axes = drawn("pairs", THREE, ROWS)
    assert len(axes) == 6
    for j, ax in zip(range(3), (axes[0], axes[2], axes[5]), strict=True):
        x, total = line(ax, "total")
        expected = sum(
            w * stats.norm.pdf(x, mean[j], np.sqrt(covariance[j, j]))
            for w, mean, covariance in zip(
                THREE.weights, THREE.means, THREE.covariances, strict=True
            )
        )
        np.testing.assert_allclose(total, expected, rtol=1e-9)
        (bars,) = (patch for patch in ax.patches if isinstance(patch, StepPatch))
        heights, edges, _ = bars.get_data()
        counts, _ = np.histogram(ROWS[:, j], edges)
        np.testing.assert_allclose(heights, counts / len(ROWS) / np.diff(edges), rtol=1e-12)


def test_below_the_diagonal_each_pair_has_the_ellipses_of_its_own_covariance():
    axes = drawn("pairs", THREE, ROWS)
    for place, (i, j) in {1: (1, 0), 3: (2, 0), 4: (2, 1)}.items():
        for number, patch in enumerate(ellipses(axes[place])):
            k, sigma = number // 2, number % 2 + 1.0
            pair = np.ix_([j, i], [j, i])
            values = np.linalg.eigvalsh(THREE.covariances[k][pair])
            assert patch.get_center() == pytest.approx((THREE.means[k, j], THREE.means[k, i]))
            axes_of = np.array([patch.height, patch.width]) / (2.0 * sigma)
            np.testing.assert_allclose(axes_of, np.sqrt(values), rtol=1e-9)


def test_each_row_has_the_mean_colour_of_its_responsibilities_under_all_features():
    axes = drawn("pairs", THREE, ROWS)
    (cloud,) = axes[1].collections
    points, colours = np.asarray(cloud.get_offsets()), cloud.get_facecolors()[:, :3]
    shares = theirs(THREE).predict_proba(ROWS)
    expected = shares @ np.array([style(k).fill for k in range(3)])
    order = np.lexsort(points.T)
    wanted = np.lexsort(ROWS[:, :2].T)
    np.testing.assert_allclose(points[order], ROWS[wanted][:, :2])
    np.testing.assert_allclose(colours[order], expected[wanted], atol=1e-9)


def test_every_row_has_its_name_at_the_left_every_column_below_and_scales_are_shared():
    axes = drawn("pairs", THREE, ROWS)
    assert [ax.get_ylabel() for ax in axes] == ["x0", "x1", "", "x2", "", ""]
    assert [ax.get_xlabel() for ax in axes] == ["", "", "", "x0", "x1", "x2"]
    assert axes[0].get_xlim() == axes[1].get_xlim() == axes[3].get_xlim()
    assert axes[3].get_ylim() == axes[4].get_ylim() == axes[5].get_xlim()


def test_of_many_features_the_six_that_tell_components_apart_best_are_shown_and_it_is_said():
    # Variance between components over variance within grows with the feature's number.
    spread = np.arange(13.0)
    mixture = Mixture([0.5, 0.5], [-spread, spread], [np.eye(13)] * 2)
    axes = drawn("pairs", mixture, mixture.sample(50, 0)[0])
    assert len(axes) == 21
    assert [ax.get_xlabel() for ax in axes[-6:]] == [f"x{j}" for j in range(7, 13)]
    assert "6 of 13 features" in legend_of(axes).get_title().get_text()
    with pytest.raises(ParameterError, match="got 13 features, a pair matrix shows 2 to 12"):
        drawn("pairs", mixture, features=list(range(13)))


def test_one_feature_has_no_pairs():
    with pytest.raises(ParameterError, match="a pair matrix was asked of a mixture of one feature"):
        drawn("pairs", mixture_of(2, 1))


def test_a_row_far_away_does_not_shrink_the_picture_and_is_counted():
    near = drawn("pairs", THREE, ROWS)
    axes = drawn("pairs", THREE, np.vstack([ROWS, [1e6, 0.0, 0.0]]))
    assert axes[1].get_xlim() == near[1].get_xlim()
    assert "1 row outside" in legend_of(axes).get_title().get_text()
    assert "outside" not in legend_of(near).get_title().get_text()


def test_without_rows_the_mixture_is_drawn_on_its_own():
    axes = drawn("pairs", THREE)
    assert len(ellipses(axes[1])) == 6
    assert not axes[1].collections
