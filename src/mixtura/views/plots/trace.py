"""Trace: the log-likelihood over the iterations of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mixtura.errors import ModelError
from mixtura.fitting.fit import Fit
from mixtura.textual import counted
from mixtura.views.plots.canvas import axes_or_new, tidied
from mixtura.views.plots.lettering import name_axis, tick_whole_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CURVE = (0.0, 0.447, 0.698)
#: colour and marker of each kind of repair
_REPAIRS = {
    "floored": ((0.835, 0.369, 0.0), "v", "covariance floored"),
    "reseeded": ((0.6, 0.357, 0.491), "s", "set anew"),
    "pruned": ((0.35, 0.35, 0.35), "X", "left without rows"),
}
#: a rise of so many times all that follows would hide it
_STEEP = 4.0
#: up to so many points each is marked
_FEW = 60


def trace(fit: Fit | Mapping[str, Any], *, ax: Axes | None = None) -> Axes:
    """The mean log-likelihood (1/N) Σ_i log p(x_i) of the start and after each iteration.

    Parameters
    ----------
    fit : a `mixtura.Fit`, or the record of one that `Fit.summary` gives and a model file keeps.
    ax : where to draw; None makes a new figure.

    Returns
    -------
    The axes: iterations to the right, nats a row upwards, repairs marked where they were made.

    Raises
    ------
    ModelError : the record holds no trace.

    Examples
    --------
    >>> from mixtura.views.plots import trace
    >>> trace({"trace": [-2.0, -1.5, -1.4], "outcome": "converged"}).get_title(loc="left")
    'converged, 2 iterations'
    """
    record = fit.summary() if isinstance(fit, Fit) else fit
    heights = _heights(record)
    ax = axes_or_new(ax)
    ax.plot(
        range(len(heights)),
        heights,
        color=_CURVE,
        linewidth=1.5,
        marker="o" if len(heights) <= _FEW else "none",
        markersize=3.5,
    )
    _mark_repairs(ax, record, heights)
    ending = f"{record.get('outcome', 'ended')}, {counted(len(heights) - 1, 'iteration')}"
    if _begin_later(ax, record, heights):
        ending += f", from {heights[0]:.4g} at the start".replace("-", "−")
    ax.set_title(ending, loc="left", fontsize="medium", parse_math=False)
    climbed = "log-likelihood and log prior" if "mean_log_prior" in record else "log-likelihood"
    ax.set(xlabel="iteration")
    name_axis(ax, "y", f"mean {climbed}", ", nats a row")
    tick_whole_numbers(ax)
    return tidied(ax)


def _heights(record: Mapping[str, Any]) -> list[float]:
    """The trace in a record, which may come from a file that anyone wrote."""
    values = record.get("trace")
    numbers = isinstance(values, list) and all(isinstance(v, int | float) for v in values)
    if not numbers or not values:
        raise ModelError(
            "the record of the fit holds no log-likelihood trace: fit the model again, or draw "
            "the trace of a Fit"
        )
    return [float(value) for value in values]


def _mark_repairs(ax: Axes, record: Mapping[str, Any], heights: list[float]) -> None:
    """A mark at each iteration that ended in a repair; one made as the run was cut is past it."""
    for action, (colour, marker, words) in _REPAIRS.items():
        repairs = [r for r in _repairs(record, action) if 0 <= r[0] < len(heights)]
        if not repairs:
            continue
        components = sorted({component for _, component in repairs})
        ax.plot(
            [iteration for iteration, _ in repairs],
            [heights[iteration] for iteration, _ in repairs],
            linestyle="none",
            marker=marker,
            markersize=8.0,
            markerfacecolor="white",
            markeredgecolor=colour,
            markeredgewidth=1.6,
            label=f"{words}: component {', '.join(map(str, components))}",
            zorder=3.0,
        )
        ax.legend(loc="lower right", frameon=False, fontsize="small")


def _begin_later(ax: Axes, record: Mapping[str, Any], heights: list[float]) -> bool:
    """Leave a first rise below the picture that would make all the rest one line; whether so.

    It is left out where it is more than so many times the rest, up to the first repair.
    """
    repaired = [at for action in _REPAIRS for at, _ in _repairs(record, action)]
    last = min([*repaired, len(heights) - 3])
    begin = 0
    while begin < last:
        rest = max(heights[begin + 1 :]) - heights[begin + 1]
        if not (rest > 0.0 and heights[begin + 1] - heights[begin] > _STEEP * rest):
            break
        begin += 1
    if begin:
        low, high = min(heights[begin:]), max(heights[begin:])
        ax.set_ylim(low - 0.08 * (high - low), high + 0.05 * (high - low))
    return begin > 0


def _repairs(record: Mapping[str, Any], action: str) -> list[tuple[int, int]]:
    """Iteration and component of each repair of one kind."""
    try:
        return [
            (int(repair["iteration"]), int(repair["component"]))
            for repair in record.get("repairs", [])
            if repair["action"] == action
        ]
    except (TypeError, KeyError, ValueError):
        raise ModelError("the record of the fit has damaged repairs: fit the model again") from None
