"""Crowd: single points while they can be told apart, then the shading of cells."""

from __future__ import annotations

import numpy as np
from pictures import drawn, mixture_of

from mixtura.views.plots import inline_svg
from mixtura.views.plots.canvas import offscreen_axes
from mixtura.views.plots.crowd import draw_crowd


def crowded(rows, colours):
    ax = offscreen_axes()
    ax.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0))
    draw_crowd(ax, rows, colours)
    return ax


def test_few_rows_are_points_and_each_is_there():
    rows = np.random.RandomState(0).uniform(size=(5000, 2))
    (cloud,) = crowded(rows, np.tile((0.1, 0.2, 0.3), (5000, 1))).collections
    points = np.asarray(cloud.get_offsets())
    np.testing.assert_array_equal(points[np.lexsort(points.T)], rows[np.lexsort(rows.T)])


def test_a_cell_has_the_mean_colour_of_its_rows_and_is_fuller_where_they_are_more():
    # 9000 red and 3000 blue rows in one place, 1000 green ones in another, one alone.
    rows = np.repeat([[0.25, 0.25], [0.75, 0.75], [0.9, 0.1]], [12_000, 1000, 1], axis=0)
    colours = np.zeros((len(rows), 3))
    colours[:9000, 0] = colours[9000:12_000, 2] = colours[12_000:, 1] = 1.0
    (image,) = crowded(rows, colours).images
    cells = np.asarray(image.get_array())
    up, across, _ = cells.shape

    def cell(x, y):
        return cells[int(y * up), int(x * across)]

    np.testing.assert_allclose(cell(0.25, 0.25), (0.75, 0.0, 0.25, 1.0))
    np.testing.assert_allclose(cell(0.75, 0.75)[:3], (0.0, 1.0, 0.0))
    assert 0.25 < cell(0.9, 0.1)[3] < cell(0.75, 0.75)[3] < 1.0
    assert np.count_nonzero(cells[:, :, 3]) == 3


def test_a_row_alone_is_seen_beside_a_hundred_thousand():
    rows = np.vstack([np.full((100_000, 2), 0.5), [[0.05, 0.95]]])
    (image,) = crowded(rows, np.zeros((100_001, 3))).images
    opacities = np.asarray(image.get_array())[:, :, 3]
    assert sorted(opacities[opacities > 0.0]) == [0.3, 1.0]


def test_rows_outside_the_limits_are_in_no_cell():
    rows = np.vstack([np.full((6000, 2), 0.5), [[7.0, 0.5], [0.5, -1e300]]])
    (image,) = crowded(rows, np.zeros((6002, 3))).images
    assert np.count_nonzero(np.asarray(image.get_array())[:, :, 3]) == 1


def test_a_hundred_thousand_rows_make_a_small_picture_whatever_the_kind():
    mixture = mixture_of(4, 2)
    rows, _ = mixture.sample(100_000, 0)
    for kind in ("density", "pairs", "responsibilities", "calibration"):
        axes = drawn(kind, mixture, rows)
        assert len(inline_svg(axes[0].figure, "p")) < 150_000
