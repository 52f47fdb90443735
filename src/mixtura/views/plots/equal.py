"""Equal: axes on which one unit is as long as on the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mixtura.errors import ParameterError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Extent", "check_equal", "of_equal_width", "set_extents"]

Extent = tuple[float, float]

#: the shorter side of the axes is this part of the longer one at least
_NARROWEST = 1.0 / 3.0


def check_equal(equal: bool, n_features: int) -> None:
    """Refuse equal scales where there is nothing for a feature's scale to be equal to.

    Raises
    ------
    ParameterError : they are asked of the picture of one feature.
    """
    if equal and n_features == 1:
        raise ParameterError(
            "equal scales were asked of a picture of one feature, whose other axis is no feature: "
            "name two features, or leave equal out"
        )


def set_extents(ax: Axes, x_extent: Extent, y_extent: Extent, equal: bool) -> None:
    """Set the limits of both axes, with one unit as long on either if so asked.

    The axes then take the shape of what they show; where that is a strip it gets more room.
    """
    if equal:
        least = _NARROWEST * max(_width(x_extent), _width(y_extent))
        x_extent, y_extent = _widened(x_extent, least), _widened(y_extent, least)
        ax.set_aspect("equal", adjustable="box")
    ax.set(xlim=x_extent, ylim=y_extent)


def of_equal_width(extents: Sequence[Extent]) -> list[Extent]:
    """The extents, each about its middle as wide as the widest.

    Examples
    --------
    >>> of_equal_width([(0.0, 4.0), (10.0, 11.0)])
    [(0.0, 4.0), (8.5, 12.5)]
    """
    widest = max(map(_width, extents))
    return [_widened(extent, widest) for extent in extents]


def _width(extent: Extent) -> float:
    return extent[1] - extent[0]


def _widened(extent: Extent, least: float) -> Extent:
    """The extent, or one about its middle that is `least` wide."""
    more = max(0.0, 0.5 * (least - _width(extent)))
    return extent[0] - more, extent[1] + more
