"""Background: what a person says of noise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mixtura.arguments import is_number
from mixtura.errors import DataError, ParameterError
from mixtura.fitting.data import Data
from mixtura.model.box import Box
from mixtura.model.rows import column_label

__all__ = ["Background", "background", "box_of"]

#: log of how many times shorter, side by side, a box may be than that about the rows
_NARROW = math.log(1e4)

#: None for no noise, 0 for the box about the rows, its volume, or a box
Background = float | Box | None


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
