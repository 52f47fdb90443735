"""Displays in a page: the same twice, at peace with what stands beside them, in its colours."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from pictures import HOSTILE, drawn, mixture_of

from mixtura.views.plots import DARK, in_page_colours, inline_svg

MIXTURE = mixture_of(3, 3)
ROWS = MIXTURE.sample(200, 0)[0]
KINDS = ["density", "scatter", "pairs", "responsibilities", "explanation", "calibration"]


@cache
def svg(kind, prefix="p"):
    return inline_svg(drawn(kind, MIXTURE, ROWS)[0].figure, prefix, f'{kind} of "x" < 3')


@pytest.fixture(params=KINDS)
def picture(request):
    """A kind of picture, and its text."""
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
    assert re.sub(r"\bsecond-", "p-", again) == text
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
    text = svg("calibration")
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'calibration of "x" < 3'
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

    hostile, harmless = (
        Tags(inline_svg(drawn("explanation", each, rows, row=0)[0].figure, "p")).found
        for each in (mixture, plain)
    )
    assert hostile == harmless
    assert "script" not in hostile


def test_its_greys_and_lines_can_be_the_pages(picture):
    _, text = picture
    adapted = in_page_colours(text)
    assert not re.search(r'(fill|stroke)="#([0-9a-f]{2})\2\2"', adapted)
    root = ElementTree.fromstring(adapted)
    assert all(e.get("fill") for e in root.iter() if e.tag.split("}")[-1] == "text")
    used = set(re.findall(r"var\((--[a-z]+(?:-\d+)?)", adapted))
    assert {"--paper"} <= used <= set(re.findall(r"(--[a-z]+(?:-\d+)?):", DARK))


def test_a_grey_is_as_much_ink_as_makes_it_on_white():
    adapted = in_page_colours('<g stroke="#cccccc" stroke-opacity="0.5" fill="#000000"></g>')
    assert adapted == '<g stroke="currentColor" stroke-opacity="0.1" fill="currentColor"></g>'


def test_components_lines_are_lighter_on_a_dark_page():
    adapted = in_page_colours(svg("density"))
    light = set(re.findall(r"var\(--line-(\d+), #(\w+)\)", adapted))
    dark = dict(re.findall(r"--line-(\d+): #(\w+);", DARK))
    assert {k for k, _ in light} == {"0", "1", "2"}
    for k, colour in light:
        assert sum(bytes.fromhex(dark[k])) > 1.3 * sum(bytes.fromhex(colour))


def test_other_colours_and_what_is_written_stay_as_they_are():
    text = '<g fill="#d55e00"><text fill="#005280" x="1">fill=#000000 &lt; stroke</text></g>'
    adapted = in_page_colours(text)
    assert 'fill="#d55e00"' in adapted
    assert 'var(--line-0, #005280)" x="1">fill=#000000 &lt; stroke</text>' in adapted
