"""Swatch: the colour and the marker of a component, beside its number."""

from __future__ import annotations

from mixtura.markup import Html
from mixtura.views.plots.palette import style

__all__ = ["swatch"]

#: the markers of the palette, in a square of 10
_SHAPES = {
    "o": '<circle cx="5" cy="5" r="5"{}></circle>',
    "^": '<path d="M5 0L10 10H0Z"{}></path>',
    "s": '<path d="M0.5 0.5H9.5V9.5H0.5Z"{}></path>',
    "D": '<path d="M5 0L10 5L5 10L0 5Z"{}></path>',
    "v": '<path d="M0 0H10L5 10Z"{}></path>',
}


def swatch(k: int) -> Html:
    """The marker of component `k` in its colour, for the eye alone."""
    look = style(k)
    red, green, blue = (round(255 * part) for part in look.fill)
    shape = _SHAPES[look.marker].format(f' fill="#{red:02x}{green:02x}{blue:02x}"')
    return Html(f'<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">{shape}</svg>')
