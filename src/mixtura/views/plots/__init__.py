"""Pictures of a mixture, drawn with matplotlib.

Each function draws on the axes that it is given, or on those of a new figure, and returns them.
"""

from __future__ import annotations

from mixtura.views.plots.candidates import candidates
from mixtura.views.plots.density import density
from mixtura.views.plots.picture import plot
from mixtura.views.plots.scatter import scatter
from mixtura.views.plots.trace import trace

__all__ = ["candidates", "density", "plot", "scatter", "trace"]
