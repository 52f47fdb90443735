"""Turned box: what the noise's box would hold if it went along with the rows."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from mixtura.engine.executors import Executor
from mixtura.engine.sources import Block, Source
from mixtura.fitting.extent import Extent
from mixtura.fitting.scatter import total_scatter
from mixtura.model.box import Box

__all__ = ["turned_box_notes", "turned_log_volume"]

#: log of the share of the box's volume from which on a smaller one is worth a word
_WORTH = math.log(0.5)


def turned_log_volume(source: Source, executor: Executor) -> float:
    """Log of the volume of the box along the rows' principal axes that holds all rows.

    The axes are those of the correlations, which have no units: Σ_j log s_j and the logarithms of
    the lengths of Uᵀ(x − c) / s, with s the standard deviations and U the axes.

    Parameters
    ----------
    source : the rows; read three times.
    executor : who carries the passes out.
    """
    total = total_scatter(source, executor)
    scale = np.sqrt(np.diagonal(total.matrix) / total.total_weight)
    scale = np.where(scale > 0.0, scale, 1.0)
    axes = np.linalg.eigh(total.matrix / scale / scale[:, None])[1]

    def turned(block: Block) -> Extent:
        return Extent.of(replace(block, rows=((block.rows - total.centre) / scale) @ axes))

    extent = executor.run(source, turned)
    with np.errstate(divide="ignore"):  # rows on a plane
        return float(np.log(extent.high - extent.low).sum() + np.log(scale).sum())


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
