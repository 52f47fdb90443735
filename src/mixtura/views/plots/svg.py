"""SVG: a figure as an element that may stand in a page, among others."""

from __future__ import annotations

import io
import re
import warnings
import xml.etree.ElementTree as Tree
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mixtura.textual import runs_from_the_right
from mixtura.views.plots.polyline import shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["inline_svg"]

#: dots an inch of what is an image inside
_DOTS_PER_INCH = 150
_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
#: an attribute of lengths in points, of which two decimals are seen
_LENGTHS = ("d", "x", "y", "width", "height", "transform")
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_REFERENCE = re.compile(r"#([^)\"]+)")


def inline_svg(figure: Figure, prefix: str, title: str = "", names: Sequence[str] = ()) -> str:
    """The element ``svg`` that shows a figure.

    It has no style of its own, neither an element nor an attribute, so that a page's policy need
    not allow any; its texts take the page's font; it is as wide as it is let be.

    Parameters
    ----------
    figure : of matplotlib.
    prefix : of every id, different for each figure of a page.
    title : what a screen reader says of it.
    names : that stand in its texts; letters from right to left turn nothing around them.

    Returns
    -------
    HTML. The same figure gives the same text.

    Notes
    -----
    Points of a scatter are an element each: rasterise crowds.
    """
    import matplotlib

    buffer = io.BytesIO()
    with (
        matplotlib.rc_context({"svg.hashsalt": "mixtura", "svg.fonttype": "none"}),
        warnings.catch_warnings(),
    ):
        # A letter that the font for measuring lacks is drawn by the browser all the same.
        warnings.filterwarnings("ignore", r"Glyph .* missing from", UserWarning)
        figure.savefig(buffer, format="svg", dpi=_DOTS_PER_INCH, metadata=_METADATA)
    root = Tree.fromstring(buffer.getvalue())
    for element in root.iter():
        _without_style(element)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == "style" or (child.tag in ("defs", "g") and not len(child)):
                parent.remove(child)
    _renamed(root, prefix)
    view = root.get("viewBox", "")
    root.attrib.clear()
    root.attrib.update({"viewBox": view, "role": "img", "aria-label": title})
    # What the style element said of all that is inside, and of all the page besides.
    root.attrib.update({"stroke-linejoin": "round", "stroke-linecap": "butt"})
    for element in root.iter():
        element.tail = None
        if element.tag not in ("text", "tspan"):
            element.text = None
        elif element.text and names:
            element.text = _isolated(element.text, names)
    return Tree.tostring(root, encoding="unicode", short_empty_elements=False)


def _isolated(text: str, names: Sequence[str]) -> str:
    """The text with its names between marks that keep their direction to themselves."""
    for name in sorted(filter(runs_from_the_right, names), key=len, reverse=True):
        if name in text:
            return text.replace(name, f"\u2068{name}\u2069")
    return text


def _without_style(element: Tree.Element) -> None:
    """The element by its local name, its style as attributes, its numbers as short as is seen."""
    element.tag = element.tag.partition("}")[2]
    attributes = {name.partition("}")[2] or name: value for name, value in element.items()}
    for declaration in attributes.pop("style", "").split(";"):
        name, _, value = declaration.partition(":")
        if name.strip() and name.strip() != "font-family":
            attributes[name.strip()] = value.strip().removesuffix("px")
    if "d" in attributes:
        attributes["d"] = shortened(" ".join(attributes["d"].split()))
    for name in _LENGTHS:
        if name in attributes and not attributes[name].startswith("matrix"):
            attributes[name] = _NUMBER.sub(_two_decimals, attributes[name])
    element.attrib.clear()
    element.attrib.update(attributes)


def _two_decimals(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _renamed(root: Tree.Element, prefix: str) -> None:
    """Ids that somebody refers to, counted through after the prefix; the others are left out."""
    wanted = {
        name
        for element in root.iter()
        for value in (element.get("href", ""), element.get("clip-path", ""))
        if len(value) < 200  # an image is no reference
        for name in _REFERENCE.findall(value)
    }
    found = [element.get("id", "") for element in root.iter() if element.get("id") in wanted]
    names = {name: f"{prefix}-{i}" for i, name in enumerate(found)}
    for element in root.iter():
        name = element.attrib.pop("id", None)
        if name in names:
            element.set("id", names[name])
        for attribute in ("href", "clip-path"):
            value = element.get(attribute)
            if value is not None and len(value) < 200:
                element.set(
                    attribute, _REFERENCE.sub(lambda match: f"#{names.get(match[1], '')}", value)
                )
