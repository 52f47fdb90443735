"""Leading: the few components that are likeliest of a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.components import Components
from mixtura.engine.sources import Block

#: rows whose responsibilities are held at a time
_PART = 2**11


def leading_by(
    posterior: Callable[[Any, Components], tuple[Floats, Floats]],
    rows: Any,
    components: Components,
    count: int,
) -> tuple[Integers, Floats]:
    """The likeliest components and their responsibilities, (m, C), of a function that finds all.

    Of a few rows at a time, so that not all are held.

    Parameters
    ----------
    rows : what it takes, rows or a block.
    """
    n = len(rows.rows) if isinstance(rows, Block) else len(rows)
    names, largest = np.empty((n, count), np.int64), np.empty((n, count))
    for at in range(0, n, _PART):
        part = rows.part(at, at + _PART) if isinstance(rows, Block) else rows[at : at + _PART]
        shares = posterior(part, components)[1]
        places = np.argpartition(-shares, count - 1, axis=1)[:, :count]
        places.sort(axis=1)
        values = np.take_along_axis(shares, places, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        names[at : at + _PART] = np.take_along_axis(places, order, axis=1)
        largest[at : at + _PART] = np.take_along_axis(values, order, axis=1)
    return names, largest
