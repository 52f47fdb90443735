"""Noise box: where rows of no component lie, and how much smaller a turned one would be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.arguments import is_number
from mixtura.engine.arrays import Floats
from mixtura.engine.executors import Executor
from mixtura.engine.sources import Block, Source
from mixtura.errors import DataError, ParameterError
from mixtura.model.box import Box
from mixtura.rows.data import Data
from mixtura.rows.in_memory import column_label
from mixtura.rows.spread import TotalScatter

#: log of how many times shorter, side by side, a box may be than that about the rows
_NARROW = math.log(1e4)

#: None for no noise, 0 for the box about the rows, its volume, or a box
Background = float | Box | None
#: log of the share of the box's volume from which on a smaller one is worth a word
_WORTH = math.log(0.5)


def background(wish: Any) -> Background:
    """What the argument `noise` of a fit stands for.

    Raises
    ------
    ParameterError : it is none of None, False, True, a positive number and a `Box`.
    """
    if wish is None or isinstance(wish, Box):
        return wish
    if isinstance(wish, bool | np.bool_):
        return 0.0 if wish else None
    if is_number(wish) and float(wish) > 0.0:
        return float(wish)
    raise ParameterError(
        f"noise is {wish!r}, expected True for the box about the rows, a volume above 0, a "
        "mixtura.Box, or None"
    )


def box_of(wish: Background, data: Data) -> Box | None:
    """The box of the noise among some rows.

    One of a given volume is that about the rows, longer or shorter by one factor about its middle.

    Raises
    ------
    ParameterError : a given box is not of as many features, or a volume is next to none.
    DataError : a column is constant, so that the box about the rows has no volume.

    Notes
    -----
    One pass over the rows, unless the box is given, or one has seen where they reach.
    """
    if wish is None:
        return None
    if isinstance(wish, Box):
        if len(wish.low) != data.source.n_features:
            raise ParameterError(
                f"the box of the noise has {len(wish.low)} features, X has "
                f"{data.source.n_features}: expected as many"
            )
        return wish
    box = _about(data)
    if not wish:
        return box
    if math.log(wish) < box.log_volume - len(box.low) * _NARROW:
        raise ParameterError(
            f"noise is {wish:g}, a volume, and the box about the rows has {box.volume:g}: noise of "
            "1 / volume everywhere would be denser than any component, and have all rows; expected "
            "a volume of the latter's order, or True for it"
        )
    return box.of_volume(math.log(wish))


def _about(data: Data) -> Box:
    """The least box that holds all rows."""
    low, high = data.summary.low, data.summary.high
    if (high <= low).any():
        j = int((high <= low).argmax())
        label = column_label(j, data.names)
        raise DataError(
            f"column {label} is constant, at {low[j]:.6g}, so the box about the rows has no "
            "volume for noise: drop the column, or leave noise out"
        )
    return Box(low, high - low)


def turned_log_volume(source: Source, executor: Executor, total: TotalScatter) -> float:
    """Log of the volume of the box along the rows' principal axes that holds all rows.

    The axes are those of the correlations, which have no units: Σ_j log s_j and the logarithms of
    the lengths of Uᵀ(x − c) / s, with s the standard deviations and U the axes.

    Parameters
    ----------
    source : the rows; read once.
    executor : who carries the pass out.
    total : their scatter.
    """
    scale = np.sqrt(np.diagonal(total.matrix) / total.total_weight)
    scale = np.where(scale > 0.0, scale, 1.0)
    axes = np.linalg.eigh(total.matrix / scale / scale[:, None])[1]

    def turned(block: Block) -> _Ends:
        rows = ((block.rows - total.centre) / scale) @ axes
        return _Ends(rows.min(axis=0), rows.max(axis=0))

    ends = executor.run(source, turned)
    with np.errstate(divide="ignore"):  # rows on a plane
        return float(np.log(ends.high - ends.low).sum() + np.log(scale).sum())


@dataclass(frozen=True, eq=False)
class _Ends:
    """From where to where some rows reach along each axis, (D,); `+` is of both sets of rows."""

    low: Floats
    high: Floats

    def __add__(self, other: _Ends) -> _Ends:
        return _Ends(np.minimum(self.low, other.low), np.maximum(self.high, other.high))


def turned_box_notes(box: Box, turned: float) -> tuple[str, ...]:
    """A sentence where a turned box has less than half the volume, with what to ask for.

    Parameters
    ----------
    box : about the rows, of the noise.
    turned : log volume of the turned box.
    """
    if not turned - box.log_volume < _WORTH:
        return ()
    larger = math.exp(min(box.log_volume - turned, 700.0))
    volume = math.exp(turned) if abs(turned) < 700.0 else 0.0
    said = (
        f"the box of the noise is {larger:.3g} times as large as one turned along the rows' "
        "principal axes, and its density as much lower: if noise goes along with the rows, "
    )
    return (said + (f"ask for noise={volume:.4g}" if volume else "it is found too seldom"),)
