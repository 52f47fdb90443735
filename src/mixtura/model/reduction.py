"""Reduction: fewer components of the same moments, and the same ones in another order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from mixtura.arguments import is_whole
from mixtura.engine.arrays import Floats, Integers
from mixtura.errors import ParameterError
from mixtura.model.algebra import feature_indices
from mixtura.model.density import Density
from mixtura.model.gaussians import Gaussians
from mixtura.model.structures import structure


def reduced(gaussians: Gaussians, n_components: int) -> Gaussians:
    """So many components, with the mean and the covariance of all; see `Mixture.reduce`.

    Raises
    ------
    ParameterError : there are not so many.
    """
    k = len(gaussians.weights)
    if not is_whole(n_components) or not 1 <= n_components <= k:
        raise ParameterError(
            f"n_components is {n_components!r}, expected a whole number from 1 to {k}, how many "
            "there are"
        )
    if n_components == k:
        return gaussians
    columns = gaussians.weights, gaussians.means, gaussians.matrices()
    parts = dict(enumerate(zip(*columns, strict=True)))
    costs = {pair: _cost(parts[pair[0]], parts[pair[1]]) for pair in combinations(parts, 2)}
    while len(parts) > n_components:
        first, second = min(costs, key=lambda pair: (costs[pair], pair))
        parts[first] = _merged(parts[first], parts.pop(second))
        costs = {pair: cost for pair, cost in costs.items() if not {first, second} & set(pair)}
        for other in parts.keys() - {first}:
            pair = min(first, other), max(first, other)
            costs[pair] = _cost(parts[pair[0]], parts[pair[1]])
    weights, means, matrices = (np.stack(column) for column in zip(*parts.values(), strict=True))
    return Gaussians(weights, means, matrices, structure("full"))


def order_by(mixture: Density, by: int | str | Sequence[int]) -> Integers:
    """The components in an order that a person names; see `Mixture.reordered`.

    Raises
    ------
    ParameterError : it is no order.
    """
    if isinstance(by, str) and by == "weight" and by not in mixture.feature_labels:
        return np.argsort(-mixture.weights, kind="stable")
    if isinstance(by, str) or is_whole(by):
        (feature,) = feature_indices(mixture, [by])
        return np.argsort(mixture.means[:, feature], kind="stable")
    order = np.asarray(by)
    if order.dtype.kind not in "iu" or sorted(order.ravel().tolist()) != list(
        range(mixture.n_components)
    ):
        raise ParameterError(
            f"by is {by!r}, expected 'weight', a feature, or each number from 0 to "
            f"{mixture.n_components - 1} once"
        )
    return order


def assignment(costs: ArrayLike) -> Integers:
    """The column of each row of a square matrix (K, K), each once, whose sum is least, (K,).

    Notes
    -----
    K³ steps.

    References
    ----------
    Kuhn 1955, "The Hungarian method for the assignment problem"; by shortest augmenting paths,
    Jonker & Volgenant 1987.
    """
    matrix: Floats = np.asarray(costs, dtype=np.float64)
    n = len(matrix)
    rows, columns = np.zeros(n), np.zeros(n + 1)
    owner = np.full(n + 1, -1)  # the row of each column; the last column begins a path
    for row in range(n):
        owner[n], at = row, n
        nearest, before = np.full(n, np.inf), np.full(n, n)
        seen = np.zeros(n + 1, np.bool_)
        while owner[at] >= 0:
            seen[at] = True
            slack = matrix[owner[at]] - rows[owner[at]] - columns[:n]
            closer = ~seen[:n] & (slack < nearest)
            nearest[closer], before[closer] = slack[closer], at
            step_to = int(np.where(seen[:n], np.inf, nearest).argmin())
            step = nearest[step_to]
            rows[owner[seen]] += step
            columns[seen] -= step
            nearest[~seen[:n]] -= step
            at = step_to
        while at != n:
            owner[at], at = owner[before[at]], before[at]
    order = np.empty(n, np.int64)
    order[owner[:n]] = np.arange(n)
    return order


_Part = tuple[float, Floats, Floats]


def _merged(first: _Part, second: _Part) -> _Part:
    """One component of the weight, the mean and the covariance of two."""
    (v, m, a), (w, n, b) = first, second
    share, apart = w / (v + w), n - m
    within = (1.0 - share) * a + share * b
    return v + w, m + share * apart, within + share * (1.0 - share) * np.outer(apart, apart)


def _cost(first: _Part, second: _Part) -> float:
    """At most so much is lost by a merger: ½[(v + w) log|Σ| − v log|Σ_1| − w log|Σ_2|].

    It bounds the Kullback-Leibler divergence of what is left: Runnalls 2007, equation 16.
    """
    logs = [float(np.linalg.slogdet(part[2])[1]) for part in (first, second)]
    total, _, both = _merged(first, second)
    whole = total * float(np.linalg.slogdet(both)[1])
    return 0.5 * (whole - first[0] * logs[0] - second[0] * logs[1])
