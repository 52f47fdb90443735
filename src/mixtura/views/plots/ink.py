"""Ink: a picture in the colours of the page that it stands in."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from mixtura.views.plots.palette import COLOURS, style

__all__ = ["DARK", "in_page_colours"]

_GREY = re.compile(r"#([0-9a-f]{2})\1\1")


def _hexadecimal(colour: tuple[float, float, float], white: float = 0.0) -> str:
    """As CSS writes it, with so much white mixed in."""
    return "#" + "".join(f"{round(255.0 * (part + white * (1.0 - part))):02x}" for part in colour)


#: the colour of a component's lines -> the same, as something that a page may set
_LINES = {
    _hexadecimal(style(k).edge): f"var(--line-{k}, {_hexadecimal(style(k).edge)})"
    for k in range(COLOURS)
}

#: CSS for what encloses the pictures of a page whose ground is dark: its ground, lighter lines
DARK = "--paper: #16181d; " + " ".join(
    f"--line-{k}: {_hexadecimal(style(k).fill, white=0.25)};" for k in range(COLOURS)
)


def in_page_colours(svg: str) -> str:
    """The text of an ``<svg>`` element without styles, its greys and lines the page's.

    Greys are ``currentColor``, the page's ink, as thin as makes them that grey on white; white is
    ``--paper``, the page's ground; the lines of component k are ``--line-k``. On a page that sets
    none of them the picture is what it was.

    Parameters
    ----------
    svg : as `inline_svg` writes it.

    Examples
    --------
    >>> in_page_colours('<path fill="#ffffff" stroke="#000000"/>')
    '<path fill="var(--paper, #ffffff)" stroke="currentColor"></path>'
    """
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        if element.tag == "text":
            element.attrib.setdefault("fill", "#000000")
        for name in ("fill", "stroke"):
            _paint(element, name)
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)


def _paint(element: ElementTree.Element, name: str) -> None:
    """The page's colour for one that is a grey or a component's line."""
    colour = element.get(name, "")
    grey = _GREY.fullmatch(colour)
    if not grey:
        element.attrib.update({name: _LINES[colour]} if colour in _LINES else {})
        return
    ink = 1.0 - int(grey[1], 16) / 255.0
    element.set(name, "currentColor" if ink else "var(--paper, #ffffff)")
    opacity = (ink or 1.0) * float(element.get(f"{name}-opacity", "1"))
    if opacity < 1.0:
        element.set(f"{name}-opacity", f"{opacity:.3g}")
