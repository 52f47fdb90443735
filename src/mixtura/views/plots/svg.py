"""Svg: a figure as text that a page can hold."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from mixtura.errors import ParameterError
from mixtura.textual import printable
from mixtura.views.plots.canvas import any_glyph
from mixtura.views.plots.palette import style
from mixtura.views.plots.thinning import rounded, thinned_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["DARK", "inline_svg"]

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_DOTS_PER_INCH = 120
#: how many components have a colour of their own
_COLOURS = 8
_ROTATED_BY_0 = re.compile(r"rotate\(-?0 [^)]*\)")
#: what a style of matplotlib's becomes; the page decides on the family
_FAMILY = "font-family"


def _hexadecimal(colour: tuple[float, float, float], white: float = 0.0) -> str:
    """As CSS writes it, with so much white mixed in."""
    return "#" + "".join(f"{round(255.0 * (part + white * (1.0 - part))):02x}" for part in colour)


#: the colour of a component's lines -> the same, as something that a page may set
_LINES = {
    _hexadecimal(style(k).edge): f"var(--line-{k}, {_hexadecimal(style(k).edge)})"
    for k in range(_COLOURS)
}

#: CSS for what encloses the pictures of a page whose ground is dark: lighter lines
DARK = "--paper: #16181d; " + " ".join(
    f"--line-{k}: {_hexadecimal(style(k).fill, white=0.25)};" for k in range(_COLOURS)
)


def inline_svg(figure: Figure, prefix: str, label: str = "") -> str:
    """The picture as an ``<svg>`` element, the same text for the same picture.

    Text stays text, in the page's font; there is no date, no style sheet and no ``style``
    attribute, so that a content security policy has nothing to allow; every id begins with
    `prefix`, so that several pictures share a page.

    It takes the page's colours: greys are shades of ``currentColor``, white is
    ``var(--paper, #ffffff)``, the lines of components are ``var(--line-0, ...)`` and so on, and the
    figure has no background. Nothing need be set on a light page; on a dark one see `DARK`.

    Parameters
    ----------
    figure : of any backend.
    prefix : a letter, then letters, digits and hyphens; another one for each picture of a page.
    label : what the picture shows, for those who cannot see it.

    Returns
    -------
    Well-formed XML that is HTML too, without a declaration; its own size is its figure's, in
    points, and it may be scaled by CSS.

    Raises
    ------
    ParameterError : the prefix is no identifier.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from mixtura import Mixture, MixtureDisplay
    >>> display = MixtureDisplay.from_mixture(Mixture([1.0], [[0.0]], [[[1.0]]]))
    >>> inline_svg(display.figure_, "p1", "A normal density")[:4]
    '<svg'
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", prefix):
        raise ParameterError(
            f"prefix is {prefix!r}, expected a letter, then letters, digits and hyphens"
        )
    root = ElementTree.fromstring(_drawn(figure))
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.removeprefix(_SVG) in ("metadata", "style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        element.tail = None  # no more than an indentation
        if element.tag not in ("text", "tspan"):
            element.text = None
        _plain(element, prefix)
    root.attrib.pop("version", None)
    root.attrib |= {
        "xmlns": "http://www.w3.org/2000/svg",
        "role": "img",
        "aria-label": printable(label) or "picture",
        "stroke-linejoin": "round",
        "font-family": "sans-serif",
    }
    return ElementTree.tostring(root, encoding="unicode")


def _drawn(figure: Figure) -> bytes:
    """What matplotlib writes."""
    import matplotlib

    buffer = io.BytesIO()
    with (
        matplotlib.rc_context(
            {"svg.hashsalt": "mixtura", "svg.fonttype": "none", "svg.image_inline": True}
        ),
        any_glyph(),
    ):
        figure.savefig(
            buffer,
            format="svg",
            dpi=_DOTS_PER_INCH,
            bbox_inches="tight",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    return buffer.getvalue()


def _plain(element: ElementTree.Element, prefix: str) -> None:
    """Attributes instead of a style, ids of its own, and the page's colours for greys."""
    attributes = dict(element.attrib)
    element.attrib.clear()
    for declaration in attributes.pop("style", "").split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        attributes |= _declared(name, value)
    if element.tag == "text":
        attributes = {"fill": "#000000"} | attributes
    for name in ("fill", "stroke"):
        attributes |= _paint(name, attributes)
    for name, value in attributes.items():
        if name == "id":
            element.set("id", f"{prefix}-{value}")
        elif name == "d":
            element.set("d", thinned_path(value))
        elif name == "transform" and _ROTATED_BY_0.fullmatch(value):
            continue
        elif name in ("x", "y"):
            element.set(name, rounded(value))
        elif name in (_HREF, "href"):
            target = f"#{prefix}-{value[1:]}" if value.startswith("#") else value
            element.set("href", target)
        else:
            element.set(name, value.replace("url(#", f"url(#{prefix}-"))


def _paint(name: str, attributes: Mapping[str, str]) -> dict[str, str]:
    """A grey as the page's ink, more or less opaque: over the page's paper it is that grey."""
    if attributes.get(name) in _LINES:
        return {name: _LINES[attributes[name]]}
    grey = re.fullmatch(r"#([0-9a-f]{2})\1\1", attributes.get(name, ""))
    if not grey:
        return {}
    ink = 1.0 - int(grey[1], 16) / 255.0
    if ink == 0.0:
        return {name: "var(--paper, #ffffff)"}
    opacity = ink * float(attributes.get(f"{name}-opacity", "1"))
    return {name: "currentColor"} | ({f"{name}-opacity": f"{opacity:.3g}"} if opacity < 1.0 else {})


def _declared(name: str, value: str) -> dict[str, str]:
    """The attributes that say what a declaration says; ``font`` alone has no such one."""
    if name == "font":
        size = re.search(r"[\d.]+px", value)
        weight = re.search(r"\b(bold|[1-9]00)\b", value)
        found = {"font-size": size.group()} if size else {}
        return found | ({"font-weight": weight.group()} if weight else {})
    return {name: value} if name and name != _FAMILY else {}
