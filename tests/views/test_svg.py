"""A picture in a page: no style of its own, no id of another's, lines where they were."""

from __future__ import annotations

import re
import xml.etree.ElementTree as Tree

import numpy as np
import pytest
from matplotlib.figure import Figure

from mixtura.views.plots.svg import inline_svg, simplified


def distances(points, line):
    """From each point to a polyline, by its segments."""
    start, end = line[:-1], line[1:]
    chord = end - start
    length = np.maximum((chord**2).sum(axis=1), 1e-300)
    offset = points[:, None] - start
    share = np.clip((offset * chord).sum(axis=2) / length, 0.0, 1.0)
    return np.linalg.norm(offset - share[..., None] * chord, axis=2).min(axis=1)


def path_of(points):
    return "M " + " L ".join(f"{x:.6f} {y:.6f}" for x, y in points)


def points_of(path):
    return np.array(re.findall(r"-?[\d.]+", path), dtype=float).reshape(-1, 2)


@pytest.mark.parametrize("seed", range(5))
def test_a_line_with_fewer_points_lies_where_it_lay(seed):
    random = np.random.RandomState(seed)
    t = np.linspace(0.0, 2.0 * np.pi, 4000)
    waves = sum(random.normal() * np.sin((i + 1) * t + random.uniform(0, 6)) for i in range(6))
    points = np.column_stack([60.0 * t, 40.0 * waves])
    fewer = points_of(simplified(path_of(points)))
    assert len(fewer) < 500
    assert distances(points, fewer).max() <= 0.12 + 0.01
    assert distances(fewer, points).max() <= 0.01
    assert np.abs(fewer[[0, -1]] - points[[0, -1]]).max() <= 0.005


def test_corners_curves_and_single_points_stay():
    zigzag = np.array([[float(i), float(i % 2)] for i in range(50)])
    assert np.array_equal(points_of(simplified(path_of(zigzag))), zigzag)
    for path in ("M 1 2 C 1 2 3 4 5 6 z", "M 1 2", ""):
        assert simplified(path).split() == path.replace("M 1 2", "M1 2").split() or "C" in path
        assert points_of(simplified(path)).tolist() == points_of(path).tolist()


def figure(label="x"):
    picture = Figure(figsize=(4, 3))
    ax = picture.subplots()
    ax.plot([1, 2, 3], [1, 4, 9], marker="o", label=label)
    ax.scatter(np.arange(2000), np.arange(2000), rasterized=True)
    ax.set_xlabel(label, parse_math=False)
    ax.legend()
    return picture


def test_it_has_no_style_and_its_ids_have_the_prefix():
    elements = list(Tree.fromstring(inline_svg(figure(), "one", "a < b")).iter())
    assert elements[0].attrib["aria-label"] == "a < b"
    assert not [each for each in elements if each.tag == "style" or "style" in each.attrib]
    assert not [each for each in elements if each.tag in ("metadata", "script")]
    ids = [each.get("id") for each in elements if each.get("id")]
    assert ids == [f"one-{i}" for i in range(len(ids))]
    references = [each.get("href") for each in elements if each.tag == "use"]
    assert {reference[1:] for reference in references} <= set(ids)
    assert [each.get("href")[:22] for each in elements if each.tag == "image"] == [
        "data:image/png;base64,"
    ]


def test_the_same_figure_gives_the_same_text():
    assert inline_svg(figure(), "p") == inline_svg(figure(), "p")


def test_texts_are_texts_and_cannot_leave_the_element():
    text = inline_svg(figure("</svg><script>--><!-- $x_1$ \u65e5\u672c"), "p")
    labels = [each.text for each in Tree.fromstring(text).iter("text")]
    assert "</svg><script>--><!-- $x_1$ \u65e5\u672c" in labels
    assert "<script" not in text
    assert "<!--" not in text
