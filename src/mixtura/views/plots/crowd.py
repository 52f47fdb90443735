"""Crowd: rows in two features, as points while they are few, as shading when they are many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.arguments import takes_missing
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.engine.sources import Block
from mixtura.model.mixture import Mixture
from mixtura.rows.out_of_core import RowFunction
from mixtura.views.plots.canvas import figure_of
from mixtura.views.plots.lettering import in_rows
from mixtura.views.plots.palette import parts_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

#: beyond this many rows single points hide one another, and cells are shaded instead
MANY = 5000
#: beyond this many points those of a vector file are one image, where nobody says otherwise
_FEW = 1000
#: the side of a cell, points (1/72 inch)
_CELL = 1.6
#: how opaque a cell with one row is; the fullest one is opaque
_FAINT = 0.3
#: responsibilities that are held at once, about
_NUMBERS = 2**20
#: how many opacities the eye tells apart
_SHADES = 40


def mixed(mixture: Mixture, responsibilities: Floats) -> Floats:
    """The mean of the colours of a mixture's parts, weighted by responsibilities, (N, 3)."""
    fills = np.array([part.look.fill for part in parts_of(mixture)])
    return np.clip(responsibilities @ fills, 0.0, 1.0)


def mixed_of_rows(mixture: Mixture, X: Any, missing: str = "refuse") -> Floats:
    """The mean of the colours of a mixture's parts for each row of `X`, (N, 3), block by block."""
    few = max(1, _NUMBERS // len(mixture.shares))

    def colours(block: Block) -> Floats:
        parts = [block.part(at, at + few) for at in range(0, len(block.rows), few)]
        shares = (kernel.posterior(part, mixture.components)[1] for part in parts)
        return np.concatenate([mixed(mixture, each) for each in shares])

    known = mixture.n_features, mixture.feature_names
    shape, holes = (3,), takes_missing(missing)
    return np.asarray(RowFunction(colours, *known, shape, holes=holes).over(X))


def draw_crowd(ax: Axes, rows: Floats, colours: Floats, few: int = _FEW) -> None:
    """Rows (N, 2) in their colours (N, 3), on axes whose limits are set.

    Beyond so `few` points those of a vector file are one image.

    A cell has the mean colour of its rows. Its opacity grows with the square root of their
    number, so that one row alone is seen as well as where the crowd is thickest.

    Notes
    -----
    The image has as many cells as the axes have room for, however many rows there are.
    """
    n = len(rows)
    if n <= MANY:
        order = np.random.RandomState(0).permutation(n)  # none hides another by coming later
        ax.scatter(
            rows[order, 0],
            rows[order, 1],
            c=colours[order],
            s=_size(ax, n),
            alpha=0.75 if n <= _FEW else 0.5,
            linewidths=0.0,
            rasterized=n > few,
            zorder=1.0,
        )
        return
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    ax.imshow(
        _shades(rows, colours, (left, right), (low, high), _cells(ax)),
        extent=(left, right, low, high),
        origin="lower",
        aspect=ax.get_aspect(),
        interpolation="none",
        zorder=1.0,
    )
    ax.set(xlim=(left, right), ylim=(low, high))


def draw_imputed(
    ax: Axes, rows: Floats, colours: Floats, few: int = _FEW, size: float = 22.0
) -> list[Line2D]:
    """Draw rows (N, 2) that lack a feature shown as plus signs where they are expected to be.

    Parameters
    ----------
    rows, colours, few : as for `draw_crowd`.
    size : of a sign, square points.

    Returns
    -------
    The legend's entry for them; none where there are none.
    """
    from matplotlib.lines import Line2D

    if not len(rows):
        return []
    n = len(rows)
    look: dict[str, Any] = {"c": colours, "marker": "+", "s": size, "linewidths": 0.9, "alpha": 0.8}
    ax.scatter(rows[:, 0], rows[:, 1], **look, rasterized=n > few, zorder=1.1)
    words = f"imputed, {in_rows(n)}"
    return [Line2D([], [], linestyle="none", marker="+", color="0.4", markersize=5, label=words)]


def _size(ax: Axes, n: int) -> float:
    """Of a point, square points: smaller the more there are, and in smaller axes."""
    columns, rows = _cells(ax)
    area = columns * rows * _CELL**2  # square points
    return float(np.clip(0.25 * area / (n + 500.0), 2.0, 18.0))


def _cells(ax: Axes) -> tuple[int, int]:
    """How many cells the axes have room for, across and up."""
    ax.apply_aspect()
    box = ax.get_window_extent()
    pixels = _CELL * figure_of(ax).dpi / 72.0
    return max(8, int(box.width / pixels)), max(8, int(box.height / pixels))


def _shades(
    rows: Floats,
    colours: Floats,
    x_extent: tuple[float, float],
    y_extent: tuple[float, float],
    cells: tuple[int, int],
) -> Floats:
    """The image: red, green, blue and opacity of each cell, (up, across, 4)."""
    across, up = cells
    column = _cell_of(rows[:, 0], x_extent, across)
    row = _cell_of(rows[:, 1], y_extent, up)
    inside = (column >= 0) & (column < across) & (row >= 0) & (row < up)
    cell = row[inside] * across + column[inside]
    counts = np.bincount(cell, minlength=across * up)
    image = np.zeros((across * up, 4))
    full = counts > 0
    for channel in range(3):
        sums = np.bincount(cell, colours[inside, channel], minlength=across * up)
        image[full, channel] = np.minimum(sums[full] / counts[full], 1.0)
    most = max(int(counts.max(initial=1)) - 1, 1)
    shade = np.sqrt((counts[full] - 1) / most)
    image[full, 3] = _FAINT + (1.0 - _FAINT) * np.round(shade * _SHADES) / _SHADES
    return image.reshape(up, across, 4)


def _cell_of(values: Floats, extent: tuple[float, float], cells: int) -> np.ndarray:
    low, high = extent
    share = (values - low) / (high - low)
    return np.floor(np.clip(share, -1.0, 2.0) * cells).astype(np.intp)
