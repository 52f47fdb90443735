"""Resolution: the step in which a column was written down."""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats

__all__ = ["rounding"]

#: gaps below this share of a column's range are the rounding of a double
_SAME = 1e-9


def rounding(rows: Floats) -> Floats:
    """The variance that rounding leaves unknown in each column, (D,), squared feature units.

    With h the least gap between two values of a column, h² / 12: what a number written in steps of
    h may be off (Sheppard). Nothing that is told by the rows is finer. A continuous column has
    gaps so small that this is nothing, also where one value of it is repeated; so the likelihood of
    a component on repeated values is that of a spike there, and only that of a step of the scale
    where every value is repeated because all were rounded.

    Parameters
    ----------
    rows : (m, D).

    Notes
    -----
    Sorting, m log m for each column.

    References
    ----------
    Sheppard 1898, "On the calculation of the most probable values of frequency-constants".
    """
    ordered = np.sort(rows, axis=0)
    gaps = np.diff(ordered, axis=0)
    spans = ordered[-1] - ordered[0]
    real = gaps > _SAME * spans
    least = np.where(real, gaps, np.inf).min(axis=0, initial=np.inf)
    steps: Floats = np.where(np.isfinite(least), least, 0.0)
    return steps * steps / 12.0
