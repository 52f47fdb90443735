"""Pictures of a mixture, drawn with matplotlib.

Each function draws on the axes that it is given, or on those of a new figure, and returns them; a
picture of several parts divides them, and returns the parts. Where matplotlib is not installed each
raises `MissingExtraError`.
"""

from __future__ import annotations

from mixtura.views.plots.calibration import calibration
from mixtura.views.plots.candidates import candidates
from mixtura.views.plots.density import density
from mixtura.views.plots.explanation import explanation
from mixtura.views.plots.pairs import pairs
from mixtura.views.plots.plane import plane, plot, scatter
from mixtura.views.plots.responsibilities import responsibilities
from mixtura.views.plots.svg import DARK, in_page_colours, inline_svg
from mixtura.views.plots.trace import trace

__all__ = [
    "DARK",
    "calibration",
    "candidates",
    "density",
    "explanation",
    "in_page_colours",
    "inline_svg",
    "pairs",
    "plane",
    "plot",
    "responsibilities",
    "scatter",
    "trace",
]
