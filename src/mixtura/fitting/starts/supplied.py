"""Supplied: a start that a person brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers, Rows
from mixtura.engine.labels import UNKNOWN
from mixtura.engine.sources import Block
from mixtura.engine.statistics import Statistics
from mixtura.errors import DataError, ParameterError
from mixtura.fitting.starts.kmeans.lloyd import overall
from mixtura.fitting.starts.request import Request
from mixtura.model.mixture import Mixture
from mixtura.model.noise import NOISE

#: a function of the rows (N, D), K and a random state
Starter: TypeAlias = Callable[[Rows, int, np.random.RandomState], ArrayLike]
#: whatever says which rows belong together at first
StartLike: TypeAlias = str | ArrayLike | Starter | Mixture

#: how far from 1 the responsibilities of a row may sum
_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class FromShares:
    """A start from labels or responsibilities.

    Parameters
    ----------
    shares : (N,) labels, whole numbers from 0 to K − 1; or (N, K) responsibilities, whose rows sum
        to 1. They are of all rows, also of those that weigh nothing.
    whose : what to call them in an error.
    noise : whether rows may be noise: labels of −1, or one column more, the last.
    """

    shares: Any
    whose: str = "start"
    noise: bool = False

    def __call__(self, request: Request) -> Statistics:
        """The statistics of the rows under the labels or responsibilities.

        Raises
        ------
        ParameterError : they are not what they should be.
        """
        if self.noise:
            request = replace(request, n_components=request.n_components + 1)
        k, counting = request.n_components, request.counting
        n = request.all_rows.n_rows if counting is None else len(counting)
        given = np.asarray(self.shares)
        if given.ndim == 1:
            labels = _labels(given, n, k - self.noise, self.whose, noise=self.noise)
            labels = labels if counting is None else labels[counting]
            return _under(request, lambda block: _one_hot(labels[block.start : block.stop], k))
        if self.noise and given.shape == (n, k - 1):
            given = np.column_stack([given, np.zeros(n)])
        shares = _shares(given, n, k, self.whose)
        shares = shares if counting is None else shares[counting]
        return _under(request, lambda block: shares[block.start : block.stop])


@dataclass(frozen=True, eq=False)
class FromCall:
    """A start from what a function of the rows returns.

    Parameters
    ----------
    function : of the rows (N, D), K and a random state; gives labels (N,) or responsibilities
        (N, K). It sees the rows that weigh something.
    """

    function: Starter

    def __call__(self, request: Request) -> Statistics:
        """The statistics under them; errors as for `FromShares`."""
        rows = request.source.rows.view()
        rows.setflags(write=False)
        shares = self.function(rows, request.n_components, request.random)
        returned = FromShares(shares, "what start returned")
        return returned(replace(request, counting=None, whole=None, filled=None))


@dataclass(frozen=True, eq=False)
class FromMixture:
    """The responsibilities under another mixture, whatever its structure.

    Parameters
    ----------
    mixture : of as many components and features.
    """

    mixture: Mixture

    def __call__(self, request: Request) -> Statistics:
        """The statistics under it: one EM step from there.

        Raises
        ------
        ParameterError : it has another number of components.
        DataError : it has another number of features.
        """
        mixture, source = self.mixture, request.all_rows
        if mixture.n_components != request.n_components:
            raise ParameterError(
                f"start is a mixture of {mixture.n_components} components, expected "
                f"{request.n_components}: ask for as many components as it has"
            )
        if mixture.n_features != source.n_features:
            raise DataError(
                f"X has {source.n_features} features, the mixture to start from has "
                f"{mixture.n_features}: select those columns"
            )
        components, diagonal = mixture.components, request.form.diagonal
        return request.executor.run(
            source, lambda block: kernel.accumulate(block, components, diagonal=diagonal)
        )


def _under(request: Request, shares: Callable[[Block], Floats]) -> Statistics:
    """The statistics under given responsibilities, about the rows' mean."""
    source, executor, diagonal = request.all_rows, request.executor, request.form.diagonal
    source = request.filled or source
    centre = overall(source, executor).reference
    reference = np.repeat(centre, request.n_components, axis=0)
    return executor.run(
        source, lambda block: kernel.moments(block, shares(block), reference, diagonal=diagonal)
    )


def _one_hot(labels: Integers, k: int) -> Floats:
    return (labels[:, None] == np.arange(k)).astype(np.float64)


def _labels(given: Any, n: int, k: int, whose: str, *, noise: bool = False) -> Integers:
    """Labels (N,), checked; with `noise` −1 is one too, and becomes K."""
    if noise and given.dtype.kind == "i":
        of_noise = given == NOISE
        known = _labels(np.where(of_noise, 0, given), n, k, whose)
        return np.where(of_noise, k, known)
    if len(given) != n:
        raise ParameterError(
            f"{whose} has {len(given)} labels, expected {n}: one for each row, in their order"
        )
    if given.dtype.kind not in "iub":
        raise ParameterError(
            f"{whose} has labels of type {given.dtype}, expected whole numbers from 0 to {k - 1}: "
            "number the classes, for example with numpy.unique(labels, return_inverse=True)"
        )
    outside = np.flatnonzero((given < 0) | (given >= k))
    if outside.size:
        i = int(outside[0])
        remedy = "number the components from 0, or ask for more of them"
        if given[i] == UNKNOWN:
            remedy = "give classes that are not known of all rows as labels, which are then held"
        raise ParameterError(
            f"{whose} has the label {given[i]} at row {i}, expected 0 to {k - 1}: {remedy}"
        )
    return given.astype(np.int64)


def _shares(given: Any, n: int, k: int, whose: str) -> Floats:
    """Responsibilities (N, K) from what was given, which is checked."""
    if given.shape != (n, k):
        raise ParameterError(
            f"{whose} has shape {given.shape}, expected ({n},) labels or ({n}, {k}) "
            "responsibilities: one row for each row of X, one column a component"
        )
    if given.dtype.kind not in "iubf":
        raise ParameterError(f"{whose} has values of type {given.dtype}, expected numbers")
    shares = given.astype(np.float64)
    wrong = np.argwhere(~(np.isfinite(shares) & (shares >= 0.0)))
    if wrong.size:
        i, j = wrong[0]
        raise ParameterError(
            f"{whose} has the responsibility {shares[i, j]:g} at row {i}, component {j}, expected "
            "a finite number of at least 0"
        )
    with np.errstate(over="ignore"):
        sums = shares.sum(axis=1)
    far = np.flatnonzero(np.abs(sums - 1.0) > _ROUNDING)
    if far.size:
        i = int(far[0])
        raise ParameterError(
            f"the responsibilities of row {i} in {whose} sum to {sums[i]:g}, expected 1: "
            "divide each row by its sum"
        )
    return shares
