"""HTML: a mixture as a notebook shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mixtura.markup import Html, element, joined, table
from mixtura.model.listing import parameter_table, what_is_left

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture

__all__ = ["mixture_html"]


def mixture_html(mixture: Mixture) -> Html:
    """A table of the weights, and of the means ± standard deviations, as far as there is room."""
    left = what_is_left(mixture)
    shown = table(repr(mixture), parameter_table(mixture))
    return joined([shown, *([element("p", left)] if left else [])])
