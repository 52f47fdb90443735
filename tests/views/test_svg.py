"""A picture in a page: no style of its own, no id of another's, lines where they were."""

from __future__ import annotations

import xml.etree.ElementTree as Tree

import numpy as np
from matplotlib.figure import Figure

from mixtura.views.plots.svg import inline_svg


def figure(label="x"):
    picture = Figure(figsize=(4, 3))
    ax = picture.subplots()
    ax.plot([1, 2, 3], [1, 4, 9], marker="o", label=label)
    ax.scatter(np.arange(2000), np.arange(2000), rasterized=True)
    ax.set_xlabel(label, parse_math=False)
    ax.legend()
    return picture


def elements_of(text):
    root = Tree.fromstring(text)
    for each in root.iter():
        each.tag = each.tag.partition("}")[2]
    return list(root.iter())


def test_it_has_no_style_and_its_ids_have_the_prefix():
    elements = elements_of(inline_svg(figure(), "one", "a < b"))
    assert elements[0].attrib["aria-label"] == "a < b"
    assert not [each for each in elements if each.tag == "style" or "style" in each.attrib]
    assert not [each for each in elements if each.tag in ("metadata", "script")]
    ids = [each.get("id") for each in elements if each.get("id")]
    assert ids
    assert len(set(ids)) == len(ids)
    assert all(name.startswith("one-") for name in ids)
    references = [each.get("href") for each in elements if each.tag == "use"]
    assert {reference[1:] for reference in references} <= set(ids)
    assert [each.get("href")[:22] for each in elements if each.tag == "image"] == [
        "data:image/png;base64,"
    ]


def test_the_same_figure_gives_the_same_text():
    assert inline_svg(figure(), "p") == inline_svg(figure(), "p")


def test_texts_are_texts_and_cannot_leave_the_element():
    text = inline_svg(figure("</svg><script>--><!-- $x_1$ \u65e5\u672c"), "p")
    labels = [each.text for each in elements_of(text) if each.tag == "text"]
    assert "</svg><script>--><!-- $x_1$ \u65e5\u672c" in labels
    assert "<script" not in text
    assert "<!--" not in text
