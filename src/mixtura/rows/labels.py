"""Labels of rows: the classes that some are known to be of."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.labels import UNKNOWN
from mixtura.errors import DataError
from mixtura.rows.in_memory import check_here
from mixtura.tables.columns import numbers_in


def row_labels(labels: Any, n_rows: int) -> Floats:
    """The labels of `n_rows` rows, (N,) float64, checked: classes from 0, −1 where not known.

    Parameters
    ----------
    labels : (N,) whole numbers; −1 or NaN where the class of a row is not known.
    n_rows : N.

    Raises
    ------
    DataError : another shape, or a label that is no whole number of at least −1, or all unknown.
    """
    check_here(labels, "labels")
    given = np.asarray(numbers_in(labels, "labels", "labels"), dtype=np.float64)
    if given.shape != (n_rows,):
        raise DataError(f"labels has shape {given.shape}, expected ({n_rows},): one label a row")
    told = np.where(np.isnan(given), float(UNKNOWN), given)
    bad = (told != np.rint(told)) | (told < UNKNOWN) | ~np.isfinite(told)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"labels[{row}] is {given[row]:g}, expected a class from 0, or {UNKNOWN} or NaN where "
            "it is not known: number the classes, for example with "
            "numpy.unique(labels, return_inverse=True)"
        )
    if (told == UNKNOWN).all():
        raise DataError(
            "no row of labels is known, expected at least one of each class: leave labels out"
        )
    return told
