"""SVG: a figure as an element that may stand in a page, among others, in the page's colours."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as Tree
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.textual import runs_from_the_right
from mixtura.views.plots.canvas import any_glyph
from mixtura.views.plots.palette import COLOURS, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: dots an inch of what is an image inside
_DOTS_PER_INCH = 150
_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
#: an attribute of lengths in points, of which two decimals are seen
_LENGTHS = ("d", "x", "y", "width", "height", "transform")
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_REFERENCE = re.compile(r"#([^)\"]+)")
#: how far a line may move each time that its points are thinned out, points of 1/72 inch; and how
#: often they are
_SEEN, _TIMES = 0.02, 6
_LETTERS = str.maketrans("ML", "  ")
_GREY = re.compile(r"#([0-9a-f]{2})\1\1")


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
        any_glyph(),  # the browser draws a letter that the font for measuring lacks
    ):
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
        attributes["d"] = simplified(" ".join(attributes["d"].split()))
    for name in _LENGTHS:
        if name in attributes and not attributes[name].startswith("matrix"):
            attributes[name] = _NUMBER.sub(lambda found: _short(float(found[0])), attributes[name])
    element.attrib.clear()
    element.attrib.update(attributes)


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


def simplified(path: str) -> str:
    """A path of SVG, its straight lines with as few points as show the same.

    Every second point is left out where it lies on the line between its neighbours; then again. No
    line moves by more than 0.12 points, a twentieth of a millimetre.

    Notes
    -----
    Some microseconds a point.

    Examples
    --------
    >>> simplified("M 0 0 L 1 0.001 L 2 0 L 2 9 z")
    'M0 0L2 0L2 9z'
    """
    return "".join(map(_part, re.split(r"(?=M)", path)))


def _part(part: str) -> str:
    """One line of the path, from where the pen is put down."""
    closed = part.rstrip().endswith("z")
    numbers = part.rstrip().removesuffix("z").translate(_LETTERS)
    if not numbers.strip() or re.search("[A-Za-z]", numbers):
        return part  # curves stay as they are
    points: Floats = np.array(numbers.split(), dtype=np.float64).reshape(-1, 2)
    for _ in range(_TIMES):
        before, points = len(points), _thinned(points)
        if len(points) == before:  # nor would it be thinned out after that
            break
    shown = "L".join(f"{_short(x)} {_short(y)}" for x, y in points.tolist())
    return f"M{shown}{'z' * closed}"


def _thinned(points: Floats) -> Floats:
    """The points (n, 2) without every second one that lies between its neighbours."""
    start, point, end = points[:-2:2], points[1:-1:2], points[2::2]
    chord, offset = end - start, point - start
    length = np.einsum("ij,ij->i", chord, chord)
    along = np.einsum("ij,ij->i", chord, offset)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(length > 0.0, np.clip(along / length, 0.0, 1.0), 0.0)
    away = offset - share[:, None] * chord
    kept = np.ones(len(points), dtype=bool)
    kept[1:-1:2] = np.einsum("ij,ij->i", away, away) > _SEEN**2
    return points[kept]


def _short(number: float) -> str:
    """A number to two decimals, those of zero left out."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


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
    root = Tree.fromstring(svg)
    for element in root.iter():
        if element.tag == "text":
            element.attrib.setdefault("fill", "#000000")
        for name in ("fill", "stroke"):
            _paint(element, name)
    return Tree.tostring(root, encoding="unicode", short_empty_elements=False)


def _paint(element: Tree.Element, name: str) -> None:
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
