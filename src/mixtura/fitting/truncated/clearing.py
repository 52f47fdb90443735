"""Clearing: rows that are likely to be of components, where others may be noise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.cells import Cells
from mixtura.fitting.starts.nearest_neighbours import NEIGHBOUR, sparser
from mixtura.fitting.truncated.placing import neighbours

#: so many rows a component are looked at
_ROWS = 20
#: a row that is as surely of the sparser density is no seed
_SURE = 0.5
#: a row of a cell is left out of its mean from so many times the median squared distance on
_FAR = 6.0


def clear_rows(passes: Any, n_seeds: int, scale: Floats, random: np.random.RandomState) -> Any:
    """Passes over some rows whose neighbours are near.

    Of two densities that the distances to the tenth neighbours tell of, these rows are of the
    larger one, as of `mixtura.fitting.starts.nearest_neighbours.nearest_neighbour_cleaning`; the
    neighbours are found through pivots, among 20 rows a seed.

    Parameters
    ----------
    passes : over all rows.
    n_seeds : K; as many rows are clear, or all rows are taken.
    scale : (D,) units in which distances are taken.
    random : draws the rows that are looked at.
    """
    n, d = passes.rows.shape
    chosen = np.sort(random.choice(n, min(n, _ROWS * n_seeds), replace=False))
    rows = np.ascontiguousarray(passes.rows[chosen])
    some = replace(passes, rows=rows, weights=None)
    tenth = neighbours(some, rows, NEIGHBOUR + 1, scale, random)[:, -1]
    squares = (((rows - rows[tenth]) * scale) ** 2).sum(axis=1)
    logs = 0.5 * d * np.log(np.maximum(squares, np.finfo(np.float64).tiny))
    clear = (sparser(logs - np.median(logs)) <= _SURE) & (tenth >= 0)
    if np.count_nonzero(clear) < n_seeds:
        return passes
    weights = None if passes.weights is None else passes.weights[chosen[clear]]
    return replace(passes, rows=np.ascontiguousarray(rows[clear]), weights=weights)


def trimmed(passes: Any, cells: Cells, centres: Floats, scale: Floats) -> Cells:
    """Cells whose rows count but where they are far from the centre, for those of their cell.

    Parameters
    ----------
    passes : over the rows.
    cells : of K centres.
    centres : (K, D), in units of `scale`.
    scale : (D,).
    """
    members = cells.order[: cells.offsets[-1]]
    own = np.repeat(np.arange(len(centres)), cells.sizes)
    squares = np.einsum("ij,ij->i", *2 * [passes.rows[members] * scale - centres[own]])
    ranked = squares[np.lexsort((squares, own))]
    middle = (cells.offsets[:-1] + cells.offsets[1:]) // 2
    median = ranked[np.minimum(middle, len(ranked) - 1)]
    near = squares <= _FAR * median[own]
    shares = near.astype(np.float64)
    if passes.weights is not None:
        shares *= passes.weights[members]
    return replace(cells, order=members, shares=shares)
