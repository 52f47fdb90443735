"""A picture as text in a page: it is the same twice, and quarrels with nothing beside it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from pictures import HOSTILE, drawn, mixture_of

from mixtura.errors import ParameterError
from mixtura.views.plots import DARK, inline_svg
from mixtura.views.plots.canvas import offscreen_axes
from mixtura.views.plots.thinning import thinned, thinned_path
from mixtura.views.plots.trace import trace

MIXTURE = mixture_of(3, 3)
ROWS = MIXTURE.sample(200, 0)[0]
KINDS = ["density", "scatter", "pairs", "responsibilities", "explanation", "calibration"]


def svg(kind, prefix="p", label="", mixture=MIXTURE, rows=ROWS):
    return inline_svg(drawn(kind, mixture, rows)[0].figure, prefix, label)


@pytest.fixture(scope="module", params=KINDS)
def picture(request):
    """The text of a picture of each kind."""
    return request.param, svg(request.param)


def attributes(text, name):
    return [e.get(name) for e in ElementTree.fromstring(text).iter() if e.get(name) is not None]


def test_ids_are_unique_begin_with_the_prefix_and_every_reference_is_answered(picture):
    _, text = picture
    ids = attributes(text, "id")
    assert len(ids) == len(set(ids)) > 0
    assert all(one.startswith("p-") for one in ids)
    references = re.findall(r"url\(#([^)]*)\)", text) + [
        value[1:] for value in attributes(text, "href") if value.startswith("#")
    ]
    assert references
    assert set(references) <= set(ids)


def test_the_same_picture_is_the_same_text_but_for_the_prefix(picture):
    kind, text = picture
    again = svg(kind, "second")
    assert re.sub(r'(id="|#)second-', r"\1p-", again) == text
    assert not set(attributes(text, "id")) & set(attributes(again, "id"))


def test_nothing_in_it_needs_leave_of_a_policy_or_tells_the_time(picture):
    _, text = picture
    root = ElementTree.fromstring(text)
    tags = {element.tag.split("}")[-1] for element in root.iter()}
    assert tags <= {"svg", "g", "defs", "path", "use", "text", "tspan", "clipPath", "rect", "image"}
    assert attributes(text, "style") == []
    assert not re.search(r"20\d\d-\d\d-\d\d", text)
    outside = [v for v in attributes(text, "href") if not v.startswith(("#", "data:image/png"))]
    assert outside == []


def test_it_says_what_it_shows_and_its_text_can_be_read():
    text = svg("calibration", label='A "fit" < good')
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'A "fit" < good'
    words = {"".join(element.itertext()) for element in root.iter() if "text" in element.tag}
    assert "Mahalanobis distances to each mean" in words


def test_hostile_names_make_no_element():
    mixture = mixture_of(2, len(HOSTILE), HOSTILE)
    rows, _ = mixture.sample(30, 0)
    plain = mixture_of(2, len(HOSTILE))

    class Tags(HTMLParser):
        def __init__(self, text):
            super().__init__()
            self.found = []
            self.feed(text)

        def handle_starttag(self, tag, attrs):
            self.found.append(tag)

    for kind in ("explanation", "calibration"):
        hostile = Tags(svg(kind, mixture=mixture, rows=rows)).found
        assert hostile == Tags(svg(kind, mixture=plain, rows=rows)).found
        assert "script" not in hostile


def test_it_takes_its_ink_and_paper_from_the_page():
    text = svg("explanation")
    assert not re.search(r'(fill|stroke)="#([0-9a-f]{2})\2\2"', text)
    assert 'fill="currentColor"' in text
    assert "var(--paper, #ffffff)" in text
    used = set(re.findall(r"var\((--[a-z]+(?:-\d)?)", text + svg("density")))
    assert {"--paper", "--line-0"} <= used
    assert used <= set(re.findall(r"(--[a-z]+(?:-\d)?):", DARK))


@pytest.mark.parametrize("prefix", ["", "1a", "a b", 'a"', "a<b", "ä"])
def test_a_prefix_that_is_no_identifier_is_refused(prefix):
    with pytest.raises(ParameterError, match="expected a letter, then letters, digits"):
        inline_svg(trace({"trace": [1.0, 2.0]}, ax=offscreen_axes()).figure, prefix)


def test_a_thinned_line_stays_within_the_tolerance_and_keeps_its_ends():
    random = np.random.RandomState(0)
    x = np.linspace(0.0, 300.0, 1500)
    points = np.column_stack([x, 50.0 * np.sin(x / 20.0) + np.cumsum(random.normal(size=1500)) / 9])
    kept = thinned(points, 0.3)
    assert len(kept) < 700
    np.testing.assert_array_equal(kept[[0, -1]], points[[0, -1]])
    drawn_again = np.interp(x, kept[:, 0], kept[:, 1])
    slope = np.abs(np.gradient(points[:, 1], x)).max()
    assert np.abs(drawn_again - points[:, 1]).max() <= 0.3 * np.hypot(1.0, slope)


def test_a_path_keeps_its_curves_its_pieces_and_its_closing():
    path = "M 0 0  L 1.004 0  L 2 0  L 2 2.123456  z M 5 5  L 6 6  M 1 1  C 1 2 3 4 5.55555 6 z"
    assert thinned_path(path) == "M0 0L2 0L2 2.12 z M5 5L6 6 M 1 1 C 1 2 3 4 5.56 6 z"
