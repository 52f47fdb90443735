"""Checks: rows that no mixture can be fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Rows
from mixtura.errors import DataError
from mixtura.rows.in_memory import check_names, column_label

__all__ = ["WIDEST", "check_extent", "check_rows"]

#: beyond this size the squares of a column's values, or its variance, overflow float64
WIDEST = 1e150
#: the same of float32, in which differences are taken
_WIDEST_SINGLE = 1e37


def check_rows(rows: Rows, n_components: int, names: Sequence[str] | None) -> None:
    """Refuse rows (N, D) that no mixture can be fitted to.

    Raises
    ------
    DataError : too few rows, too large values, or two columns of one name.
    """
    check_names(names)
    _check_count(len(rows), n_components)
    if max(float(rows.max()), -float(rows.min())) > _WIDEST_SINGLE:
        _check_width(rows.min(axis=0), rows.max(axis=0), names, rows.dtype)


def check_extent(
    n_rows: int,
    low: Floats,
    high: Floats,
    n_components: int,
    names: Sequence[str] | None,
    dtype: np.dtype[Any],
) -> None:
    """The same for N rows of that type whose values go from `low` (D,) to `high` (D,)."""
    check_names(names)
    _check_count(n_rows, n_components)
    _check_width(low, high, names, dtype)


def _check_count(n: int, k: int) -> None:
    if n < 2:
        raise DataError(
            f"X has {n} row{'s' if n != 1 else ''}, expected at least 2: "
            "one row has no spread to fit"
        )
    if n < k:
        raise DataError(
            f"X has {n} rows, expected at least one for each of the {k} components: "
            f"ask for {n} components or fewer"
        )


def _check_width(low: Any, high: Any, names: Sequence[str] | None, dtype: np.dtype[Any]) -> None:
    low, high = (np.asarray(ends, np.float64) for ends in (low, high))
    j = int(np.maximum(-low, high).argmax())
    widest = _WIDEST_SINGLE if dtype == np.float32 else WIDEST
    if max(-low[j], high[j]) > widest:
        raise DataError(
            f"column {column_label(j, names)} goes from {low[j]:.6g} to {high[j]:.6g}: its "
            f"variance overflows, expected values below {widest:g}; "
            "divide the column by a constant"
        )
