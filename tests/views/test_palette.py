"""What components look like: never two alike, as far as the eye can tell."""

from __future__ import annotations

import numpy as np
import pytest
from colours import lab, nearest
from matplotlib.colors import to_rgb

from mixtura.views.plots import DARK
from mixtura.views.plots.palette import NOISE_STYLE, style
from mixtura.views.report.document import swatch


def test_the_distance_of_colours_is_that_of_published_coordinates():
    # Red, blue and white of sRGB, as Lindbloom's tables give them under D65.
    known = [[53.2408, 80.0925, 67.2032], [32.2970, 79.1875, -107.8602], [100.0, 0.0, 0.0]]
    assert lab([[1, 0, 0], [0, 0, 1], [1, 1, 1]]) == pytest.approx(np.array(known), abs=0.02)


def test_twenty_components_and_the_noise_have_colours_that_the_eye_tells_apart():
    looks = [style(k) for k in range(20)]
    assert nearest([look.fill for look in looks]) > 24.0
    assert nearest([look.edge for look in looks]) > 18.0
    assert nearest([*(look.fill for look in looks), NOISE_STYLE.fill]) > 10.0


def test_twenty_lines_are_told_apart_on_a_dark_page_too():
    lines = [part.split(":")[1].strip() for part in DARK.split(";") if "--line-" in part]
    assert len(lines) == 20
    assert nearest([to_rgb(line) for line in lines]) > 16.0


@pytest.mark.parametrize("ground", ["#ffffff", "#16181d"])
def test_no_colour_of_a_component_drowns_in_the_ground(ground):
    fills = [style(k).fill for k in range(20)]
    for fill in fills:
        assert nearest([fill, to_rgb(ground)]) > 20.0


def test_the_first_forty_components_look_different():
    looks = [style(k) for k in range(40)]
    assert len({(look.fill, look.marker) for look in looks}) == 40
    assert len({(look.edge, look.line) for look in looks}) == 40
    assert looks[0].fill == to_rgb("#0072B2")  # blue, as Okabe and Ito give it


def test_every_eight_components_the_marker_and_the_line_help_who_sees_fewer_colours():
    for k in range(32):
        assert style(k).marker != style(k + 8).marker
        assert style(k).line != style(k + 8).line


def test_forty_components_differ_beside_their_numbers_too():
    assert len({swatch(k) for k in range(40)}) == 40
