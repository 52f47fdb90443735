"""Overall: the rows as one component."""

from __future__ import annotations

from functools import partial

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.engine.executors import Executor
from mixtura.engine.sources import Block, Source
from mixtura.engine.statistics import Statistics

__all__ = ["overall"]


def overall(source: Source, executor: Executor) -> Statistics:
    """The statistics of all rows about their mean: reference (1, D), diagonal second moments.

    Two passes: the first finds the mean, about the first row, the second takes the moments about
    it, so that no digit is lost to an offset.
    """
    reference = source.first().astype(np.float64)
    for _ in range(2):
        statistics = executor.run(source, partial(_together, reference=reference))
        reference = reference + statistics.first / statistics.total_weight
    return statistics


def _together(block: Block, reference: Floats) -> Statistics:
    return kernel.moments(block, np.ones((len(block.rows), 1)), reference, diagonal=True)
