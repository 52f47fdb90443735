"""Reader: the rows of a partition, made where the partition is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Rows
from mixtura.errors import DataError
from mixtura.model.rows import finite_rows, plain_rows
from mixtura.tables.numbers import check_numbers

__all__ = ["Reader"]


@dataclass(frozen=True)
class Reader:
    """Makes rows of a partition, on a worker.

    Parameters
    ----------
    features : the columns by name, None for an array.
    weights : the column of weights, or None.
    n_features : D.
    counting : whether bad rows and those of weight 0 are left out, and the weights told in `unit`.
    unit : what the weights are divided by; None drops them.
    """

    features: tuple[str, ...] | None
    weights: str | None
    n_features: int
    counting: bool = False
    unit: float | None = None

    def __call__(self, part: Any, shares: Any = None) -> tuple[Rows, Floats | None]:
        """The rows (m, D) of `part`, and their weights (m,), if there are any.

        Raises
        ------
        DataError : they are no numbers, or not of these columns.
        """
        if self.weights is not None:
            aside = [str(name) == self.weights for name in part.columns]
            shares = part.loc[:, aside].iloc[:, 0]
            part = part.loc[:, [not each for each in aside]]
        check_numbers(part)
        rows = plain_rows(part, self.n_features, self.features)
        weights = None if shares is None else _weights(shares, len(rows))
        if not self.counting:
            return rows, weights
        rows, weights = _counting(rows, weights)
        return rows, None if weights is None or self.unit is None else weights / self.unit


def _counting(rows: Rows, weights: Floats | None) -> tuple[Rows, Floats | None]:
    """Those rows that are finite, and weigh something."""
    good = finite_rows(rows)
    if weights is not None:
        good = good & np.isfinite(weights) & (weights > 0.0)
    if np.all(good):
        return rows, weights
    return rows[good], None if weights is None else weights[good]


def _weights(shares: Any, n_rows: int) -> Floats:
    """The weights of `n_rows` rows."""
    check_numbers(shares, "sample_weight")
    try:
        weights = np.asarray(shares, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"the weights are not numbers: {error}") from None
    if weights.shape != (n_rows,):
        raise DataError(
            f"a partition has {n_rows} rows and weights of shape {weights.shape}, expected one "
            "weight beside each row: divide X and sample_weight alike"
        )
    return weights
