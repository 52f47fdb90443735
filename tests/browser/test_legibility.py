"""Difficult data in a real browser: every word is whole, none lies over another, none is turned."""

from __future__ import annotations

import xml.etree.ElementTree as Tree
from collections import Counter
from functools import cache

import numpy as np
import pytest
from reading import BROKEN_HEADS, OVERLAPS, SCROLLING, TURNED

import mixtura
from mixtura.datasets import iris, separated
from mixtura.tables import Table
from mixtura.views.explorer import document, explorer_record, replay
from mixtura.views.report import report

pytestmark = pytest.mark.browser

WIDTHS = [380, 1280]
IRIS = iris().rows
LONG = (
    "a_very_long_name_without_a_space_" * 6,
    "another name with spaces and words " * 6,
    "x" * 200,
    "name-" * 40,
)
RIGHT_TO_LEFT = ("אורך עלה גביע", 'רוחב (ס"מ)', "طول البتلة", "عرض 2")
TABLES = {
    "far": Table(("t0", "t1", "t2", "t3"), 1e9 + IRIS),
    "right to left": Table(RIGHT_TO_LEFT, IRIS, {"מזהה": ("שלום 1",) * 150}),
    "long and far": Table(LONG, 1e9 + IRIS),
    "dates and money": Table(
        ("when_it_was_recorded", "income"),
        np.stack([1.7e9 + 3e7 * IRIS[:, 0], 1e12 * (1.0 + IRIS[:, 2])], axis=1),
    ),
    "one far feature": Table((RIGHT_TO_LEFT[0],), -1e9 + IRIS[:, 2:3]),
}
CLIMB = {"start": "random", "tol": 1e-6, "accelerate": False, "random_state": 2}
SPACE = "{http://www.w3.org/2000/svg}"


@cache
def report_of(name: str) -> str:
    if name == "many":  # K 60, D 30
        table, _, truth = separated(3000, 30, 60, 1.5)
        return report(truth, table.rows, worst=2).to_html()
    table = TABLES[name]
    return report(mixtura.fit(table, 3), table, worst=2, names=("model", "rows")).to_html()


@cache
def explorer_of(name: str) -> str:
    if name == "many":
        table, _, truth = separated(2000, 2, 60, 3.0)
        return document(explorer_record(truth, table.rows, name=name))
    table = TABLES[name]
    run = replay(table, 3, **CLIMB)
    return document(explorer_record(run.fit.mixture, table, run=run, name="rows", ids=table.ids))


MAKERS = {"report": report_of, "explorer": explorer_of}
CASES = [(kind, name) for kind in MAKERS for name in [*TABLES, "many"]]


@pytest.fixture(params=CASES, ids=[f"{kind}, {name}" for kind, name in CASES])
def case(request):
    return request.param


@pytest.fixture(params=WIDTHS, ids=[f"{width}px" for width in WIDTHS])
def shown(request, opened, case):
    """A page of difficult data, at one width."""
    kind, name = case
    address = "#row=3" if kind == "explorer" else ""
    size = {"width": request.param, "height": 900}
    return opened(MAKERS[kind](name), viewport=size, address=address)


def test_no_head_of_a_table_is_broken_within_a_word(shown):
    assert shown.page.evaluate(BROKEN_HEADS) == []


def test_no_text_lies_over_another(shown):
    assert shown.page.evaluate(OVERLAPS) == []


def test_the_page_is_not_wider_than_the_window(shown):
    inside = shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert inside


@pytest.mark.parametrize(
    ("kind", "mode"), [("report", ""), ("explorer", "replay"), ("explorer", "play")]
)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_name_from_right_to_left_turns_nothing_around_it(opened, kind, mode, width):
    address = f"#mode={mode}&row=3" if mode else ""
    size = {"width": width, "height": 900}
    watched = opened(MAKERS[kind]("right to left"), viewport=size, address=address)
    seen, turned = watched.page.evaluate(TURNED)
    assert turned == []
    assert seen >= 4


def shade(watched, frame, tmp_path):
    """How much darker than the ground a frame is just inside its right edge, 0 to 1."""
    from matplotlib.image import imread

    path = tmp_path / "frame.png"
    frame.screenshot(path=path)
    pixels = imread(path)[:, :, :3].mean(axis=2)
    return float(np.median(pixels[:, -24:-20]) - np.median(pixels[:, -4:]))


@pytest.mark.parametrize(("kind", "name"), [("report", "long and far"), ("explorer", "far")])
def test_what_scrolls_sideways_shows_on_which_side_there_is_more(opened, kind, name, tmp_path):
    watched = opened(MAKERS[kind](name), viewport={"width": 380, "height": 900}, address="#row=3")
    frames = watched.page.locator(".scroll, .drawing")
    scrolling = watched.page.evaluate(SCROLLING)
    assert scrolling
    for i in scrolling[:4]:
        frame = frames.nth(i)
        assert shade(watched, frame, tmp_path) > 0.05
        frame.evaluate("e => { e.scrollLeft = e.scrollWidth; }")
        assert abs(shade(watched, frame, tmp_path)) < 0.02


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", [*TABLES, "many"])
def test_the_axes_of_the_explorer_can_be_read(opened, tmp_path, name, width):
    size = {"width": width, "height": 900}
    watched = opened(explorer_of(name), viewport=size, accept_downloads=True)
    with watched.page.expect_download() as download:
        watched.page.click("#save-svg")
    path = tmp_path / "picture.svg"
    download.value.save_as(path)
    text = path.read_text("utf-8")
    root = Tree.fromstring(text)
    # Axes have plain letters; what stands among the data is bold.
    words = [one for one in root.iter(f"{SPACE}text") if one.get("font-weight") is None]
    axes = {
        which: [
            one.text
            for one in words
            if one.get("text-anchor") == anchor and one.get("font-size") == "12"
        ]
        for which, anchor in (("x", "middle"), ("y", "end"))
    }
    for labels in axes.values():
        assert len(labels) >= 2  # one alone tells no scale
        assert max(Counter(labels).values()) == 1
        assert max(map(len, labels)) <= 7
    picture = opened(f"<!DOCTYPE html><meta charset=utf-8><title>picture</title>{text}")
    assert picture.page.evaluate(OVERLAPS) == []
    cut = picture.page.locator("svg text").evaluate_all(
        """(all) => {
          const box = document.querySelector("svg").getBoundingClientRect();
          const beyond = (r) => r.left < box.left - 1 || r.right > box.right + 1
            || r.top < box.top - 1 || r.bottom > box.bottom + 1;
          return all.filter((e) => !e.hasAttribute("font-weight"))
            .filter((e) => beyond(e.getBoundingClientRect())).map((e) => e.textContent);
        }"""
    )
    assert cut == []


@pytest.mark.parametrize("kind", MAKERS)
def test_a_row_far_from_0_is_told_with_the_digits_that_tell_it_from_others(opened, kind):
    watched = opened(MAKERS[kind]("far"), address="#row=3")
    said = watched.text("main")
    assert "1000000001.5" in said or "1000000006.9" in said
    assert "1e9," not in said


@pytest.mark.parametrize("kind", MAKERS)
def test_print_tears_no_panel_and_breaks_no_head(opened, kind):
    watched = opened(
        MAKERS[kind]("right to left"), viewport={"width": 720, "height": 1000}, address="#row=3"
    )
    watched.page.emulate_media(media="print")
    panels = {
        "report": "figure, article, tr, .cards, .scroll",
        "explorer": ".stage, .panels > section, tr",
    }
    # Found and asked at once: what is found first may be drawn anew before it is asked.
    breaks = watched.page.evaluate(
        """(panels) => [...document.querySelectorAll(panels)]
          .map((e) => getComputedStyle(e).breakInside)""",
        panels[kind],
    )
    assert set(breaks) == {"avoid"}
    assert watched.page.evaluate(BROKEN_HEADS) == []
    assert watched.page.evaluate(OVERLAPS) == []
    if kind == "explorer":  # circles stay circles
        shape = watched.page.locator("canvas").evaluate(
            "(e) => (e.clientWidth / e.width) / (e.clientHeight / e.height)"
        )
        assert shape == pytest.approx(1.0, abs=0.02)
