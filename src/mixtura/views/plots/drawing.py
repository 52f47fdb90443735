"""Drawing: a picture with its numbers computed, that waits for axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mixtura.views.plots.canvas import axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Drawing", "Single", "drawn"]


class Drawing(Protocol):
    """What a display draws, as often as it is asked to."""

    @property
    def size(self) -> tuple[float, float]:
        """Of the figure that suits it, inches."""
        ...

    def draw(self, ax: Axes) -> tuple[Axes, ...]:
        """Draw on `ax`, or on axes in its place; those that hold the picture."""
        ...


@dataclass(frozen=True)
class Single:
    """A picture on one pair of axes.

    Parameters
    ----------
    on : draws it on the axes given.
    size : of the figure that suits it, inches.
    """

    on: Callable[[Axes], Axes]
    size: tuple[float, float] = (8.0, 5.0)

    def draw(self, ax: Axes) -> tuple[Axes, ...]:
        """Draw on `ax`."""
        return (self.on(ax),)


def drawn(drawing: Drawing, ax: Axes | None) -> tuple[Axes, ...]:
    """The axes that hold `drawing`, in the place of `ax` or of a new figure's.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    """
    return drawing.draw(axes_or_new(ax, drawing.size))
