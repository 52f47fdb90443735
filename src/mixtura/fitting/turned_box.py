"""Turned box: what the noise's box would hold if it went along with the rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.executors import Executor
from mixtura.engine.sources import Block, Source
from mixtura.fitting.scatter import TotalScatter
from mixtura.model.box import Box

__all__ = ["turned_box_notes", "turned_log_volume"]

#: log of the share of the box's volume from which on a smaller one is worth a word
_WORTH = math.log(0.5)


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
