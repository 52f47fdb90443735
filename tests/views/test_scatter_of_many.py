"""A scatter of many rows is shaded: as full as the density is high, and no row is lost."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import mixture_of
from scipy import stats

from mixtura import Mixture
from mixtura.views.plots import scatter
from mixtura.views.plots.canvas import encoded, offscreen_axes
from mixtura.views.plots.palette import style
from mixtura.views.plots.projection import project, set_extents


def shading(ax):
    """Colours (n, 3) and opacities (n,) of the cells, and their middles (n, 2), feature units."""
    (image,) = ax.get_images()
    cells = np.asarray(image.get_array())
    up, across = cells.shape[:2]
    left, right, low, high = image.get_extent()
    x = left + (np.arange(across) + 0.5) * (right - left) / across
    y = low + (np.arange(up) + 0.5) * (high - low) / up
    middles = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return cells[..., :3].reshape(-1, 3), cells[..., 3].ravel(), middles


@pytest.mark.parametrize("n_rows", [20_000, 1_000_000])
def test_the_ink_of_a_cell_grows_with_the_density(n_rows):
    mixture = mixture_of(4, 2)
    ax = scatter(mixture, mixture.sample(n_rows, 0)[0], ax=offscreen_axes())
    _, ink, middles = shading(ax)
    heights = np.logaddexp.reduce(
        [
            np.log(w) + stats.multivariate_normal(m, c).logpdf(middles)
            for w, m, c in zip(
                mixture.weights, mixture.means, mixture.covariance_matrices(), strict=True
            )
        ]
    )
    full = ink > 0.0
    rank = stats.spearmanr(ink[full], heights[full]).statistic
    assert rank > {20_000: 0.6, 1_000_000: 0.95}[n_rows]
    assert len(encoded(ax, "svg")) < 3_000_000  # an image, not a million outlines
    assert ink.max() == 1.0
    assert np.mean(ink[full] > 0.95) < 0.1  # a crowd is no blot


def test_a_row_on_its_own_is_seen_in_the_colour_of_its_component():
    mixture = Mixture([0.5, 0.5], [[0.0, 0.0], [50.0, 0.0]], [np.eye(2)] * 2)
    rows = np.vstack([mixture.sample(20_000, 0)[0], [[50.0, 30.0]]])
    colours, ink, middles = shading(scatter(mixture, rows, ax=offscreen_axes()))
    (lone,) = np.flatnonzero((ink > 0.0) & (middles[:, 1] > 20.0))
    assert ink[lone] >= 0.3
    assert colours[lone] == pytest.approx(style(1).fill)


def test_the_contours_of_many_components_are_found_on_as_many_points_as_are_seen():
    random = np.random.RandomState(0)
    means, variances = random.uniform(0.0, 500.0, (900, 2)), np.ones((900, 2))
    variances[0] = 1e-4  # an even grid would step over it
    mixture = Mixture(np.full(900, 1 / 900), means, variances, "diag")
    shown = project(mixture, None, None, 2)
    ax = offscreen_axes()
    set_extents(ax, shown, 3.0, equal=False)
    _, _, heights = shown.surface(ax, even=120)
    assert heights.size < 700_000
    assert heights.max() == pytest.approx(mixture.score_samples(means[:1])[0])
