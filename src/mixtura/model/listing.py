"""Listing: a mixture's parameters as a table, as far as there is room."""

from __future__ import annotations

from mixtura.markup import Html, element, joined, table
from mixtura.model.density import Density
from mixtura.textual import columns, printable

#: components and features that are listed at most
_COMPONENTS, _FEATURES = 12, 6


def mixture_text(mixture: Density) -> str:
    """What a mixture is, and its parameters, as `print` shows them."""
    cells = [[printable(cell) for cell in row] for row in _parameters(mixture)]
    left = _what_is_left(mixture)
    return "\n".join([repr(mixture), *columns(cells), *([left] if left else [])])


def mixture_html(mixture: Density) -> Html:
    """A mixture as a notebook shows it: a table of its parameters, as far as there is room."""
    left = _what_is_left(mixture)
    shown = table(repr(mixture), _parameters(mixture))
    return joined([shown, *([element("p", left)] if left else [])])


def _parameters(mixture: Density) -> list[list[str]]:
    """The table of every term's name, weight, and where it lies in each feature."""
    features = mixture.feature_labels[:_FEATURES]
    lines = [line for terms in mixture.terms for line in terms.table(_COMPONENTS, len(features))]
    return [["component", "weight", *features], *lines]


def _what_is_left(mixture: Density) -> str:
    """How many components and features the table leaves out, in words; empty for none."""
    more = [
        f"{count - shown} more {noun}{'' if count - shown == 1 else 's'}"
        for count, shown, noun in (
            (mixture.n_components, _COMPONENTS, "component"),
            (mixture.n_features, _FEATURES, "feature"),
        )
        if count > shown
    ]
    return f"and {', '.join(more)}" if more else ""
