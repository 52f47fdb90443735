"""Exchanges: two components merged, and a third split, where that promises most."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.sources import ArraySource
from mixtura.fitting.starts.ascent import Ascent
from mixtura.fitting.starts.candidate import Candidate
from mixtura.fitting.starts.moves import Split, merge_losses, merged_pair, split

#: exchanges that are tried one by one
_TRIALS = 6


def exchanged(ascent: Ascent, best: Candidate) -> Iterator[Candidate]:
    """Candidates by exchanges, those first that promise most.

    First all exchanges at once that promise a gain and touch different components: of very many
    components many may be in the wrong place. Then one after the other; a component of the pair
    itself stands for both of them, once merged, split another way.

    Parameters
    ----------
    ascent : over the rows.
    best : the candidate.

    Notes
    -----
    K splits, each over its own rows; memory for the responsibilities and for K² losses.

    References
    ----------
    Ueda, Nakano, Ghahramani & Hinton 2000, "SMEM algorithm for mixture models".
    """
    k = len(best.weight)
    shares = ascent.shares(best)
    losses = merge_losses(best)
    ways = [split(ascent, shares[:, j]) for j in range(k)]
    gains = np.array([-np.inf if way is None else way.gain for way in ways])
    together = _together(losses, gains)
    if len(together) > 1:
        yield ascent.from_shares(_applied(ascent, shares, together, ways))
    for move in _one_by_one(losses, gains):
        yield from _moved(ascent, shares, move, ways)


def set_on(best: Candidate, source: ArraySource, rows: Integers) -> Iterator[Candidate]:
    """Candidates with one component set on given rows, in place of one of a pair that is merged.

    Parameters
    ----------
    best : the candidate.
    source : the rows (m, d).
    rows : (n,), the numbers of those to be set on.
    """
    k = len(best.weight)
    points = source.rows[rows]
    share = np.ones(len(rows)) if source.weights is None else source.weights[rows]
    mean = share @ points / share.sum()
    apart = points - mean
    scatter = (share[:, None] * apart).T @ apart / share.sum()
    losses = merge_losses(best)
    for pair in np.argsort(losses, axis=None, kind="stable")[: 2 * min(k, _TRIALS) : 2].tolist():
        taken, left = divmod(pair, k)
        if taken == left:
            continue
        weight, means = best.weight.copy(), best.means.copy()
        covariances = best.covariances.copy()
        weight[left], means[left], covariances[left] = merged_pair(best, left, taken)
        weight[taken], means[taken] = share.sum(), mean
        covariances[taken] = scatter + 1e-6 * np.eye(len(mean))
        yield best.restrained(weight, means, covariances)


def _pairs(losses: Floats, count: int) -> list[tuple[int, int]]:
    """The pairs i < j that lose least by becoming one, the best first."""
    k = len(losses)
    first, second = np.triu_indices(k, 1)
    values = losses[first, second]
    count = min(count, len(values))
    near = np.argpartition(values, count - 1)[:count] if count else np.empty(0, np.int64)
    near = near[np.argsort(values[near], kind="stable")]
    return [(int(first[at]), int(second[at])) for at in near if np.isfinite(values[at])]


Move = tuple[int, int, int]


def _together(losses: Floats, gains: Floats) -> list[Move]:
    """Exchanges of different components that each promise a gain: pairs (i, j), split k."""
    k = len(gains)
    moves: list[Move] = []
    touched: set[int] = set()
    splits = iter(np.argsort(-gains, kind="stable").tolist())
    candidate = next(splits, None)
    for i, j in _pairs(losses, 4 * k):
        while candidate is not None and candidate in touched:
            candidate = next(splits, None)
        if candidate is None or not gains[candidate] > losses[i, j]:
            break
        if {i, j} & touched or candidate in (i, j):
            continue
        moves.append((i, j, candidate))
        touched |= {i, j, candidate}
    return moves


def _one_by_one(losses: Floats, gains: Floats) -> list[Move]:
    """The exchanges that promise most, one at a time; k = i where a pair is split another way."""
    pairs = _pairs(losses, _TRIALS)
    heavy = np.argsort(-gains, kind="stable")[:_TRIALS].tolist()
    found = [(-losses[i, j], (i, j, i)) for i, j in pairs]
    found += [
        (gains[k] - losses[i, j], (i, j, k))
        for i, j in pairs
        for k in heavy
        if k not in (i, j) and np.isfinite(gains[k])
    ]
    found.sort(key=lambda each: -each[0])
    return [move for _, move in found[:_TRIALS]]


def _moved(
    ascent: Ascent, shares: Floats, move: Move, ways: list[Split | None]
) -> Iterator[Candidate]:
    """The candidate of one exchange, if there is one."""
    i, j, k = move
    if k != i:
        yield ascent.from_shares(_applied(ascent, shares, [move], ways))
        return
    way = split(ascent, shares[:, i] + shares[:, j])
    if way is None:
        return
    moved = shares.copy()
    both = shares[:, i] + shares[:, j]
    halves = way.shares(ascent.source.rows) * both[:, None]
    moved[:, i], moved[:, j] = halves[:, 0], halves[:, 1]
    yield ascent.from_shares(moved)


def _applied(ascent: Ascent, shares: Floats, moves: list[Move], ways: list[Split | None]) -> Floats:
    """The responsibilities (m, K) after exchanges of different components."""
    moved = shares.copy()
    for i, j, k in moves:
        way = ways[k]
        assert way is not None
        moved[:, i] += moved[:, j]
        halves = way.shares(ascent.source.rows) * moved[:, [k]]
        moved[:, k], moved[:, j] = halves[:, 0], halves[:, 1]
    return moved
