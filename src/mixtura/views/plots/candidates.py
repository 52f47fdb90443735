"""Candidates: the criterion of every structure over the number of components."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mixtura.errors import ModelError, ParameterError
from mixtura.selection import Selection
from mixtura.selection.criteria import CRITERIA
from mixtura.textual import counted, printable
from mixtura.views.plots.canvas import axes_or_new, tidied
from mixtura.views.plots.lettering import beside, name_axis, tick_whole_numbers
from mixtura.views.plots.palette import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

#: structure -> number of components -> criterion
Curves = dict[str, dict[int, float]]

_NAMES = {**CRITERIA, "cv": "−2 × left-out log-likelihood"}
#: shape and orientation, each with a colour: the two volumes share it
_PAIRS = ("II", "EI", "VI", "EE", "VE", "EV", "VV")
#: of the palette; its yellow is too light for a line
_COLOURS = (7, 4, 0, 2, 1, 5, 3)
#: what lies so many times as far from the best as the median does is left out
_REACH = 6.0


def candidates(
    selection: Selection | Mapping[str, Any], *, by: str | None = None, ax: Axes | None = None
) -> Axes:
    """A curve for each structure, over the number of components, with the best ringed.

    The two structures that differ in their volumes alone have one colour: dashed and hollow where
    volumes are equal, solid and filled where they vary. A candidate that could not be chosen
    leaves a gap.

    Parameters
    ----------
    selection : a `mixtura.Selection`, or the record that its `summary` gives and
        ``mixtura select --json`` writes.
    by : the criterion; None is the one that decided.
    ax : where to draw; None makes a new figure.

    Returns
    -------
    The axes: components to the right, the criterion upwards in the sign of the record.

    Raises
    ------
    ModelError : the record is not that of a selection.
    ParameterError : the criterion is unknown, or was not computed.

    Examples
    --------
    >>> import mixtura
    >>> from mixtura.datasets import galaxies
    >>> from mixtura.views.plots import candidates
    >>> found = mixtura.select(galaxies(), range(1, 4))
    >>> candidates(found).get_ylabel()
    'BIC, smaller is better'
    """
    record = selection.summary() if isinstance(selection, Selection) else selection
    name, curves, best = _read(record, by)
    ax = axes_or_new(ax)
    smaller = record.get("sign", "scikit-learn") == "scikit-learn"
    lines = [_draw_curve(ax, letters, points) for letters, points in curves.items()]
    marks = _ring(ax, curves, best)
    cut = _cut(ax, curves, smaller=smaller)
    ax.set(xlabel="components")
    name_axis(ax, "y", _NAMES[name], f", {'smaller' if smaller else 'larger'} is better")
    ax.set_title(
        counted(sum(map(len, curves.values())), "candidate")
        + (f", {cut} far from the best not shown" if cut else ""),
        loc="left",
        fontsize="medium",
        parse_math=False,
    )
    tick_whole_numbers(ax)
    beside(ax, marks, lines, [])
    return tidied(ax)


def _draw_curve(ax: Axes, letters: str, points: Mapping[int, float]) -> Line2D:
    """Draw the criterion of one structure over K."""
    varies = letters[0] == "V"
    colour = style(_COLOURS[_PAIRS.index(letters[1:]) if letters[1:] in _PAIRS else 2]).edge
    (line,) = ax.plot(
        list(points),
        list(points.values()),
        color=colour,
        linestyle="-" if varies else (0, (4, 1.5)),
        linewidth=1.3,
        marker="o" if varies else "s",
        markersize=4.5,
        markerfacecolor=colour if varies else "white",
        label=printable(letters),
    )
    return line


def _ring(ax: Axes, curves: Curves, best: tuple[str, int]) -> list[Line2D]:
    """Draw a ring around the best candidate, where it has a place."""
    letters, k = best
    height = curves[letters].get(k, math.nan)
    if not math.isfinite(height):
        return []
    return ax.plot(
        [k],
        [height],
        linestyle="none",
        marker="o",
        markersize=13.0,
        markerfacecolor="none",
        markeredgecolor="black",
        label=f"best: {printable(letters)},{k}",
        zorder=4.0,
    )


def _cut(ax: Axes, curves: Curves, *, smaller: bool) -> int:
    """Leave out what is so far from the best that the rest would be one line; how many that is."""
    sign = 1.0 if smaller else -1.0
    values = sorted(sign * v for points in curves.values() for v in points.values() if v == v)
    best, middle = values[0], values[len(values) // 2]
    reach = best + _REACH * (middle - best)
    if values[-1] <= reach or reach <= best:
        return 0
    margin = 0.05 * (reach - best)
    ends = sorted((sign * (best - margin), sign * reach))
    ax.set_ylim(*ends)
    return sum(value > reach for value in values)


def _read(record: Mapping[str, Any], by: str | None) -> tuple[str, Curves, tuple[str, int]]:
    """The criterion's name, its values by structure and K, and the best of them."""
    damaged = ModelError(
        "this is not the record of a selection: write one with mixtura select --json"
    )
    try:
        rows, decided, sign = record["candidates"], record["by"], record["sign"]
        name = decided if by is None else by
        curves: Curves = {}
        values = []
        for row in rows:
            sound = not row["reason"] and isinstance(row.get(name), (int, float))
            value = float(row[name]) if sound else math.nan
            k, letters = int(row["n_components"]), str(row["structure"])
            curves.setdefault(letters, {})[k] = value
            if sound:
                values.append((value if sign == "scikit-learn" else -value, letters, k))
    except (TypeError, KeyError, ValueError, AttributeError):
        raise damaged from None
    if not rows:
        raise damaged
    if name not in _NAMES:
        raise ParameterError(f"unknown criterion {name!r}, expected one of: {', '.join(_NAMES)}")
    if not values:
        raise ParameterError(
            f"no candidate of this selection has the criterion {name}: choose another, or select "
            "by it"
        )
    best = record.get("best") if name == decided else None
    if isinstance(best, dict):
        return name, curves, (str(best.get("structure")), int(best.get("n_components", 0)))
    _, letters, k = min(values)
    return name, curves, (letters, k)
