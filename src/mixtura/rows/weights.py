"""Weights and labels: how much each row counts, and which class it is known to be of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, frozen
from mixtura.engine.labels import UNKNOWN
from mixtura.engine.sources import Block
from mixtura.errors import DataError
from mixtura.filling import filled
from mixtura.rows.in_memory import check_here
from mixtura.tables.columns import numbers_in

#: the smallest positive number
_SMALLEST = 2.0**-1074
#: the largest sum of weights: a log-likelihood is that many times a row's
_HEAVIEST = 1e300


def row_weights(
    sample_weight: Any, n_rows: int, *, summed: bool = True, some: bool = True
) -> Floats | None:
    """The weights of `n_rows` rows, (N,) float64, checked; None stays None.

    Parameters
    ----------
    sample_weight : (N,) numbers, at least 0, one of them above it; or one number for all rows; or
        None.
    n_rows : N.
    summed : whether more than their ratios counts: their sum, and what they weigh.
    some : whether one of them has to be above 0.

    Raises
    ------
    DataError : another shape, or a weight that is no number, negative, NaN or infinite, or all are
        0; or their sum is above 1e300, where it counts.
    """
    if sample_weight is None:
        return None
    check_here(sample_weight, "sample_weight")
    given = numbers_in(sample_weight, "sample_weight", "sample_weight")
    weights = np.asarray(given, dtype=np.float64)
    if weights.ndim == 0:
        weights = np.full(n_rows, weights)
    if weights.shape != (n_rows,):
        raise DataError(
            f"sample_weight has shape {weights.shape}, expected ({n_rows},): one weight a row"
        )
    check_weights(weights)
    if some and not weights.any():
        raise DataError(
            "every weight in sample_weight is zero, expected at least one above: no row would count"
        )
    if summed:
        check_sum(float(np.sum(weights / n_rows)), n_rows)
    return weights


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


def check_weights(weights: Floats) -> None:
    """Refuse weights (N,) one of which is none.

    Raises
    ------
    DataError : one is negative, NaN or infinite.
    """
    bad = ~np.isfinite(weights) | (weights < 0.0)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"sample_weight[{row}] is {weights[row]:g}, expected a finite number of at least 0: "
            "a weight of 0 leaves a row out"
        )


def check_sum(mean: float, n_rows: int) -> None:
    """Refuse weights whose sum, or a log-likelihood that they weigh, could overflow.

    Parameters
    ----------
    mean : of the weights.
    n_rows : how many there are.

    Raises
    ------
    DataError : their sum is above 1e300.
    """
    if mean > _HEAVIEST / n_rows:
        raise DataError(
            f"the {n_rows} weights have the mean {mean:g}, expected a sum of at most "
            f"{_HEAVIEST:g}: divide them by a constant, as in sample_weight / sample_weight.max()"
        )


def weighted_mean(values: Floats, weights: Floats | None) -> float:
    """Σ_i v_i y_i / Σ_i v_i of values (N,); a row that weighs nothing counts for nothing.

    Not even where its value is −inf. Without weights, the plain mean.
    """
    if weights is None:
        return float(values.mean())
    counting = weights > 0.0
    shares = weights[counting] / _power_of_two(float(weights.max()))
    return float((values[counting] @ shares) / shares.sum())


def total_weight(weights: Floats | None, n_rows: int) -> float:
    """Σ_i v_i; without weights, the number of rows."""
    return float(n_rows) if weights is None else float(weights.sum())


@filled
@dataclass(frozen=True, eq=False)
class Weighted:
    """Rows that count, with weights that are about 1.

    Rows of weight 0 are left out, so that they are as if they had never been there. The others'
    weights are divided by the power of two next to their mean: no sum overflows, and a factor
    2ᵏ on all of them changes no bit of any.

    Parameters
    ----------
    block : those of positive weight, with weights where not all are equal.
    unit : what a weight of 1 here was before.
    counting : (N before,) which rows they are, or None for all of them.
    """

    block: Block
    unit: float
    counting: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, whole: Block) -> Weighted:
        """Those of all rows that weigh something; without weights each weighs 1."""
        block, counting = whole.counting()
        weights = block.weights
        if weights is None:
            return cls(block, 1.0)
        if (weights == weights[0]).all():
            return cls(block.weighing(None), float(weights[0]), counting)
        largest = float(weights.max())
        unit = unit_of(float((weights / largest).mean()), largest)
        return cls(block.weighing(frozen(weights / unit)), unit, counting)


def unit_of(share: float, largest: float) -> float:
    """The power of two next to weights whose mean is a `share` of the largest."""
    return max(_power_of_two(share) * _power_of_two(largest), _SMALLEST)


def _power_of_two(value: float) -> float:
    """The power of two at or next below `value` > 0."""
    return math.ldexp(1.0, math.frexp(value)[1] - 1)
