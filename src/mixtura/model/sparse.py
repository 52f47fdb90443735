"""Sparse: of many components, the few that a row may be of."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixtura.arguments import is_whole
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.sources import Block
from mixtura.errors import ParameterError
from mixtura.model.density import Density
from mixtura.rows.out_of_core import RowFunction

#: rows of a block whose responsibilities are held at a time
_ROWS = 2**11


def largest_shares(mixture: Density, X: Any, top: int) -> tuple[Integers, Floats]:
    """The largest responsibilities of each row; see `Mixture.predict_proba`.

    Returns
    -------
    (N, top) labels and (N, top) responsibilities, falling; of two that are equal the first comes
    first.

    Raises
    ------
    ParameterError : `top` is no whole number from 1 to the number of terms.
    """
    labels = np.concatenate([terms.labels for terms in mixture.terms])
    if not is_whole(top) or not 1 <= top <= len(labels):
        raise ParameterError(
            f"top is {top!r}, expected a whole number from 1 to {len(labels)}, as many "
            "responsibilities as a row has"
        )

    def largest(block: Block) -> Floats:
        found = np.empty((len(block.rows), 2 * top))
        for at in range(0, len(block.rows), _ROWS):
            shares = kernel.posterior(block.rows[at : at + _ROWS], mixture.components)[1]
            part = found[at : at + _ROWS]
            places = np.argpartition(-shares, top - 1, axis=1)[:, :top]
            places.sort(axis=1)
            values = np.take_along_axis(shares, places, axis=1)
            order = np.argsort(-values, axis=1, kind="stable")
            part[:, :top] = labels[np.take_along_axis(places, order, axis=1)]
            part[:, top:] = np.take_along_axis(values, order, axis=1)
        return found

    names = mixture.feature_names
    whole = RowFunction(largest, mixture.n_features, names, (2 * top,)).over(X)
    return whole[:, :top].astype(np.int64), whole[:, top:]
