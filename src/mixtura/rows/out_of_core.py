"""Out of core: what is asked of rows, arrays or not: files, streams, Dask collections."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Rows
from mixtura.engine.executors import Executor, Serial, default_executor
from mixtura.engine.sources import ArraySource, Block, ahead
from mixtura.errors import DataError, ParameterError
from mixtura.rows.collected import collected
from mixtura.rows.in_memory import as_rows, matched_columns
from mixtura.rows.weights import row_weights, total_weight, weighted_mean
from mixtura.tables.collections import Collection, check_columns, check_numbers, is_collection
from mixtura.tables.streams import bad_rows, coalesce, is_stream, scanned

#: rows that are answered at once, about
_ROWS = 2**16


@dataclass(frozen=True, eq=False)
class RowFunction:
    """A function of rows, one value a row.

    Parameters
    ----------
    function : of a block: the values of its rows, (m, *shape).
    n_features : D.
    feature_names : D names, or None.
    shape : of a row's value.
    dtype : of it.
    holes : whether rows may lack features.
    """

    function: Callable[[Block], Any]
    n_features: int
    feature_names: tuple[str, ...] | None
    shape: tuple[int, ...] = ()
    dtype: type = np.float64
    holes: bool = False

    def of(self, rows: Rows, executor: Executor) -> NDArray[Any]:
        """The values of rows (N, D) in memory, (N, *shape)."""
        source = ArraySource(rows)
        whole: NDArray[Any] = np.empty((source.n_rows, *self.shape), self.dtype)

        def fill(block: Block) -> None:
            whole[block.start : block.stop] = self.function(block)

        with closing(executor.map(source, fill)) as filled:
            for _ in filled:
                pass
        return whole

    def over(self, X: Any) -> Any:
        """The values of all rows of `X`: lazily of a Dask collection, else (N, *shape).

        Raises
        ------
        DataError : wrong columns, NaN or infinity, or no rows; of Dask's rows, when they are
            computed.
        """
        if is_out_of_core(X):
            return _mapped(X, self)
        rows = self.rows_of(X, self.feature_names)
        if len(rows) == 0:
            raise DataError("X has 0 rows, expected at least 1")
        return self.of(rows, default_executor())

    def rows_of(self, X: Any, feature_names: tuple[str, ...] | None = None) -> Rows:
        """`X` as rows (N, D) that the function takes, whose columns have these names, or any."""
        return as_rows(X, self.n_features, feature_names, holes=self.holes)

    def of_part(self, part: Any) -> NDArray[Any]:
        """The values of the rows of a partition, on the thread of a worker."""
        check_numbers(part)
        return self.of(self.rows_of(part), Serial())


def is_out_of_core(X: Any) -> bool:
    """Whether `X` is a Dask collection, or a stream of files or batches."""
    return not isinstance(X, np.ndarray) and (is_collection(X) or is_stream(X))


def summed(X: Any, sample_weight: Any, asked: RowFunction) -> tuple[float, float]:
    """Σ_i v_i y_i of a function's values y (N,), and Σ_i v_i; out of core in bounded memory.

    Parameters
    ----------
    X : rows, in memory or not.
    sample_weight : (N,), or None for 1 each; of rows out of core as for `totals`.

    Raises
    ------
    DataError : the rows or the weights cannot be used.
    ParameterError : the weights are something else.
    """
    if not is_out_of_core(X):
        values = asked.over(X)
        weights = row_weights(sample_weight, len(values))
        weight = total_weight(weights, len(values))
        return weighted_mean(values, weights) * weight, weight
    function = partial(_sums, asked)
    known = asked.n_features, asked.feature_names
    total, weight = totals(X, sample_weight, function, *known, holes=asked.holes).tolist()
    if not weight:
        raise DataError("no row of X counts, expected at least one of a weight above 0")
    return total, weight


def totals(
    X: Any,
    sample_weight: Any,
    function: Callable[[Executor, Rows, Floats | None], Floats],
    n_features: int,
    feature_names: tuple[str, ...] | None,
    *,
    holes: bool = False,
) -> Floats:
    """The sums (S,) over rows out of core, in bounded memory: on the workers that have them.

    Parameters
    ----------
    X : a stream or a Dask collection.
    sample_weight : of a stream a column's name, of a Dask collection that or one of its own; or
        None.
    function : of an executor, of some rows (m, D) and of their weights (m,), all above 0, or None:
        their sums (S,).
    n_features : D.
    feature_names : D names, by which columns are matched where these have names; or None.
    holes : whether rows may lack features.

    Raises
    ------
    DataError : the rows or the weights cannot be used.
    ParameterError : the weights are something else.
    """
    counted = partial(_counted, function)
    if is_collection(X):
        rows = collected(X, sample_weight, n_features, feature_names, holes=holes)
        parts, bad = rows.each([partial(counted, Serial())] * len(rows.partitions))
    else:
        stream = scanned(X, sample_weight, feature_names, holes=holes)
        bad, executor = bad_rows(stream.on_bad_row), default_executor()
        with closing(ahead(coalesce(stream.chunks(bad), _ROWS))) as chunks:
            blocks = (
                Block(0, as_rows(chunk.rows, n_features, holes=holes), chunk.fields)
                for chunk in chunks
            )
            parts = [counted(executor, block) for block in blocks]
    bad.warn()
    if not parts:
        raise DataError("X has 0 rows, expected at least 1")
    return np.array([math.fsum(column) for column in zip(*parts, strict=True)])


def _counted(
    function: Callable[[Executor, Rows, Floats | None], Floats],
    executor: Executor,
    block: Block,
) -> Floats:
    """The sums over the rows that weigh something."""
    counting, _ = block.counting()
    return function(executor, counting.rows, counting.weights)


def _sums(asked: RowFunction, executor: Executor, rows: Rows, weights: Floats | None) -> Floats:
    """The sum of a function's values, and that of the weights."""
    values = asked.of(rows, executor)
    if weights is None:
        return np.array([values.sum(), len(rows)])
    return np.array([values @ weights, weights.sum()])


def _mapped(X: Any, asked: RowFunction) -> Any:
    """One value for each row of `X` out of core; see `RowFunction.over`."""
    if is_collection(X):
        return _lazily(X, asked)
    stream = scanned(X, None, asked.feature_names, holes=asked.holes)
    bad = bad_rows(stream.on_bad_row)
    executor = default_executor()
    with closing(ahead(coalesce(stream.chunks(bad), _ROWS))) as chunks:
        values = [asked.of(asked.rows_of(chunk.rows), executor) for chunk in chunks]
    bad.warn()
    if not values:
        raise DataError("X has 0 rows, expected at least 1")
    return np.concatenate(values)


def _numbers(part: Any) -> Any:
    """A partition of a data frame, whose columns are known to be numbers."""
    check_numbers(part)
    return part


def _lazily(X: Any, asked: RowFunction) -> Any:
    """A Dask array of one value for each row of a collection."""
    if isinstance(X, Collection):
        raise ParameterError(
            "X is a collection whose bad rows are left out, and there is an answer for every row: "
            "pass the Dask array or data frame itself"
        )
    rows = X
    if getattr(X, "columns", None) is not None:
        places = matched_columns([str(name) for name in X.columns], asked.feature_names)
        frame = X[[X.columns[j] for j in places]]
        check_columns(zip(map(str, frame.columns), frame.dtypes, strict=True))
        rows = frame.map_partitions(_numbers, meta=frame.dtypes.to_dict()).to_dask_array()
    if rows.ndim != 2 or rows.shape[1] != asked.n_features:
        raise DataError(
            f"X is a Dask collection of shape {X.shape}, expected (N, {asked.n_features}): select "
            "the columns that this mixture was fitted on"
        )
    if rows.numblocks[1] > 1:
        rows = rows.rechunk({1: -1})
    if asked.shape:
        chunks = (rows.chunks[0], *((size,) for size in asked.shape))
        empty: NDArray[Any] = np.empty((0, *asked.shape), asked.dtype)
        return rows.map_blocks(asked.of_part, chunks=chunks, dtype=asked.dtype, meta=empty)
    empty = np.empty(0, asked.dtype)
    return rows.map_blocks(asked.of_part, drop_axis=1, dtype=asked.dtype, meta=empty)
