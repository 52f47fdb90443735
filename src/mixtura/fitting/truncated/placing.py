"""Placing: which of very many means are nearest to each row, found through pivots."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.cells import Cells, Numbers, Sets
from mixtura.engine.components import Components
from mixtura.engine.factors import Diagonal

#: up to so many means each row is compared with all
_FEW = 64
#: each row looks into the lists of so many pivots, each mean stands in so many lists
_PIVOTS = 3
#: rows that are compared together
_TOGETHER = 1024


def distances(means: Floats, scale: Floats) -> Components:
    """Components of log p_k(x) = −½ Σ_j (s_j (x_j − μ_kj))² for means (K, D) and units s (D,)."""
    k, d = means.shape
    constant = 0.5 * d * math.log(2.0 * math.pi) - float(np.log(scale).sum())
    deviations = np.broadcast_to(1.0 / scale, (k, d)).copy()
    return Components(np.full(k, constant), np.ascontiguousarray(means), Diagonal(deviations))


def nearest(
    passes: Any, means: Floats, n_kept: int, scale: Floats, random: np.random.RandomState
) -> Numbers:
    """The means nearest to each row, (N, n_kept), −1 where there are not so many.

    2√K of the means are pivots, and each mean stands in the lists of the three nearest to it; a row
    looks for its own in the lists of the three nearest to it.

    Parameters
    ----------
    passes : over the rows.
    means : (K, D).
    n_kept : how many are wanted.
    scale : (D,) units in which distances are taken.
    random : draws the pivots.

    Notes
    -----
    Some 11·√K distances a row. What is found is near, and not always the nearest.
    """
    k, n = len(means), len(passes.rows)
    blocks, all_in_one = Cells.even(n, _TOGETHER), np.zeros((n, 1), np.int32)
    found = Sets.empty(n, min(n_kept, k), shares=False)
    if k <= _FEW:
        every = np.arange(k, dtype=np.int32)[None]
        passes.expand(distances(means, scale), blocks, every, all_in_one, found)
        return _padded(found.ids, n_kept)
    pivots = means[np.sort(random.choice(k, 2 * math.isqrt(k), replace=False))]
    every = np.arange(len(pivots), dtype=np.int32)[None]
    about = distances(pivots, scale)
    near = Sets.empty(n, _PIVOTS, shares=False)
    passes.expand(about, blocks, every, all_in_one, near)
    those = type(passes)(np.ascontiguousarray(means), None, passes.executor)
    owners = Sets.empty(k, _PIVOTS, shares=False)
    those.expand(about, Cells.even(k, _TOGETHER), every, np.zeros((k, 1), np.int32), owners)
    lists = _lists(those.members(owners, len(pivots)))
    cells = passes.members(near, len(pivots), best=True)
    passes.expand(distances(means, scale), cells, lists, near.ids, found)
    return _padded(found.ids, n_kept)


def neighbours(
    passes: Any, means: Floats, n_neighbours: int, scale: Floats, random: np.random.RandomState
) -> Numbers:
    """Each mean and those nearest to it, (K, G), itself first."""
    those = type(passes)(np.ascontiguousarray(means), None, passes.executor)
    return led(nearest(those, means, n_neighbours, scale, random))


def led(graph: Numbers) -> Numbers:
    """Lists (K, G) that each begin with the component whose they are, none in it twice."""
    own = np.arange(len(graph), dtype=np.int32)
    others = np.where(graph == own[:, None], -1, graph)
    return _first(np.column_stack([own, others]), graph.shape[1])


def distinct(ids: Numbers) -> Numbers:
    """Sets or lists in which each number stands once, where it stood first; −1 behind."""
    return _first(ids, ids.shape[1])


def _first(ids: Numbers, count: int) -> Numbers:
    """The first distinct numbers of each row, so many; −1 where there are not."""
    ids = ids.copy()
    for at in range(1, ids.shape[1]):
        ids[(ids[:, :at] == ids[:, at : at + 1]).any(axis=1), at] = -1
    order = np.argsort(ids < 0, axis=1, kind="stable")
    return np.ascontiguousarray(np.take_along_axis(ids, order, axis=1)[:, :count])


def _lists(members: Cells) -> Numbers:
    """The members of each cell as lists of one length, (L, longest), −1 behind."""
    sizes: Integers = members.sizes
    lists = np.full((len(sizes), max(int(sizes.max()), 1)), -1, np.int32)
    column = np.arange(int(sizes.sum())) - np.repeat(members.offsets[:-1], sizes)
    lists[np.repeat(np.arange(len(sizes)), sizes), column] = members.order[: len(column)]
    return lists


def _padded(ids: Numbers, count: int) -> Numbers:
    """The same, with −1 behind, so many of each."""
    more = np.full((len(ids), count - ids.shape[1]), -1, np.int32)
    return np.ascontiguousarray(np.hstack([ids, more]))
