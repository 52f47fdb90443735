"""Palette: what a component looks like, and what it is called, the same in every picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mixtura.model.mixture import Mixture

#: the grey of what may be expected
BAND = "0.9"
# The first eight are the colours of Okabe & Ito 2008, "Color Universal Design", told apart by who
# does not tell red from green; grey stands for their black, which the total density has to itself.
# The others lie as far from those, from one another and from the noise as a search in CIELAB found
# them to, neither so pale nor so dark that white or black would hide them.
_COLOURS = (
    (0, 114, 178),  # blue
    (230, 159, 0),  # orange
    (0, 158, 115),  # bluish green
    (204, 121, 167),  # reddish purple
    (86, 180, 233),  # sky blue
    (213, 94, 0),  # vermilion
    (240, 228, 66),  # yellow
    (140, 140, 140),  # grey
    (156, 12, 60),  # crimson
    (48, 216, 216),  # cyan
    (120, 84, 0),  # brown
    (156, 108, 252),  # violet
    (156, 204, 120),  # light green
    (204, 0, 156),  # magenta
    (0, 96, 72),  # dark green
    (252, 180, 180),  # pink
    (48, 0, 252),  # ultramarine
    (240, 84, 96),  # coral
    (84, 72, 108),  # slate
    (144, 96, 108),  # mauve
)
#: components with a colour of their own
COLOURS = len(_COLOURS)
# Every eight components the marker and the line change, too: they help those who see fewer colours,
# and tell components apart that have the same one.
_TURN = 8
_MARKERS = ("o", "^", "s", "D", "v")
_LINES = ("-", "--", ":", "-.", (0, (6, 1, 1, 1, 1, 1)))
_LINE_SHADE = 0.72


@dataclass(frozen=True)
class Style:
    """Colours, marker and line that a component has in every picture.

    Parameters
    ----------
    fill : the colour of points and areas, red, green and blue from 0 to 1.
    edge : the same, darker, for lines on white and on points.
    marker : of its points.
    line : of its lines.
    stroke : width of the lines that its marker is made of, points; 0 of one that is filled.
    """

    fill: tuple[float, float, float]
    edge: tuple[float, float, float]
    marker: str
    line: Any  # a text, or a tuple of dashes: matplotlib takes both
    stroke: float = 0.0


#: of rows that are noise: paler than any component
NOISE_STYLE = Style((0.66, 0.66, 0.66), (0.45, 0.45, 0.45), "x", (0, (1, 2)), 0.8)


def style(component: int) -> Style:
    """The style of a component by its number; forty differ, then they come round again."""
    red, green, blue = (value / 255.0 for value in _COLOURS[component % COLOURS])
    turn = component // _TURN % len(_MARKERS)
    edge = (_LINE_SHADE * red, _LINE_SHADE * green, _LINE_SHADE * blue)
    return Style((red, green, blue), edge, _MARKERS[turn], _LINES[turn])


@dataclass(frozen=True)
class Part:
    """A term of a mixture's density as pictures show it: a component, or the noise after them.

    Parameters
    ----------
    name : what it is called.
    weight : its share of the mixture.
    look : its style.
    """

    name: str
    weight: float
    look: Style

    @property
    def label(self) -> str:
        """Its name and its weight, for a legend."""
        return f"{self.name}, weight {self.weight:.3g}"


def parts_of(mixture: Mixture) -> list[Part]:
    """The terms of a mixture's density, in the order of the columns of its responsibilities."""
    k = mixture.n_components
    looks = [(f"component {j}", style(j)) for j in range(k)] + [("noise", NOISE_STYLE)]
    shares = mixture.shares.tolist()
    return [Part(name, share, look) for (name, look), share in zip(looks, shares, strict=False)]
