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

from mixtura.engine.arrays import Floats, Rows, readable
from mixtura.engine.executors import Executor, Serial, default_executor
from mixtura.engine.sources import (
    ArraySource,
    Block,
    Fields,
    ahead,
    even_block_rows,
    fields_of,
)
from mixtura.errors import DataError, ParameterError
from mixtura.rows.collected import collected
from mixtura.rows.errors import check_together, named_errors, row_errors, row_projections
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
    holes : whether rows may lack features; None where that cannot be asked for.
    """

    function: Callable[[Block], Any]
    n_features: int
    feature_names: tuple[str, ...] | None
    shape: tuple[int, ...] = ()
    dtype: type = np.float64
    holes: bool | None = None

    def of(
        self, rows: Rows, executor: Executor | None = None, fields: Fields | None = None
    ) -> NDArray[Any]:
        """The values of rows (N, D) in memory with what belongs to each, (N, *shape)."""
        if 0 < len(rows) <= even_block_rows(*rows.shape):  # one block, as most that are asked of
            return np.asarray(self.function(Block(0, readable(rows), fields or {})), self.dtype)
        source = ArraySource(rows, more=fields or {})
        whole: NDArray[Any] = np.empty((source.n_rows, *self.shape), self.dtype)

        def fill(block: Block) -> None:
            whole[block.start : block.stop] = self.function(block)

        with closing((executor or default_executor()).map(source, fill)) as filled:
            for _ in filled:
                pass
        return whole

    def over(self, X: Any, errors: Any = None, projections: Any = None) -> Any:
        """The values of all rows of `X`: lazily of a Dask collection, else (N, *shape).

        Parameters
        ----------
        X : rows, in memory or not.
        errors, projections : what they were measured with, as for `mixtura.fit`, or None.

        Raises
        ------
        DataError : wrong columns, NaN or infinity, or no rows; of Dask's rows, when they are
            computed.
        """
        if projections is not None:
            check_together(("projections",), holes=bool(self.holes))
        if is_out_of_core(X):
            if projections is not None:
                raise ParameterError("projections are given, but the rows are not in memory")
            return _mapped(X, self, errors)
        rows = self.rows_of(X, self.feature_names)
        if len(rows) == 0:
            raise DataError("X has 0 rows, expected at least 1")
        if errors is None and projections is None:
            return self.of(rows)
        errors = row_errors(named_errors(X, errors), rows.shape)
        through = row_projections(projections, rows.shape)
        return self.of(rows, fields=fields_of(errors=errors, projections=through))

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


def summed(
    X: Any, sample_weight: Any, asked: RowFunction, errors: Any = None
) -> tuple[float, float]:
    """Σ_i v_i y_i of a function's values y (N,), and Σ_i v_i; out of core in bounded memory.

    Parameters
    ----------
    X : rows, in memory or not.
    sample_weight : (N,), or None for 1 each; of rows out of core as for `totals`.
    asked : the function.
    errors : what the rows were measured with, as for `mixtura.fit`, or None.

    Raises
    ------
    DataError : the rows or the weights cannot be used.
    ParameterError : the weights are something else.
    """
    if not is_out_of_core(X):
        values = asked.over(X, errors)
        weights = row_weights(sample_weight, len(values))
        weight = total_weight(weights, len(values))
        return weighted_mean(values, weights) * weight, weight
    function = partial(_sums, asked)
    n_features, names = asked.n_features, asked.feature_names
    beside = {"errors": errors, "holes": bool(asked.holes)}
    total, weight = totals(X, sample_weight, function, n_features, names, **beside).tolist()
    if not weight:
        raise DataError("no row of X counts, expected at least one of a weight above 0")
    return total, weight


def totals(
    X: Any,
    sample_weight: Any,
    function: Callable[[Executor, Block], Floats],
    n_features: int,
    feature_names: tuple[str, ...] | None,
    *,
    holes: bool = False,
    **more: Any,
) -> Floats:
    """The sums (S,) over rows out of core, in bounded memory: on the workers that have them.

    Parameters
    ----------
    X : a stream or a Dask collection.
    sample_weight : of a stream a column's name, of a Dask collection that or one of its own; or
        None.
    more : other fields of the rows, given in the same way.
    function : of an executor and of a block, whose weights are all above 0: its sums (S,).
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
        rows = collected(X, sample_weight, n_features, feature_names, holes=holes, **more)
        parts, bad = rows.each([partial(counted, Serial())] * len(rows.partitions))
    else:
        stream = scanned(X, sample_weight, feature_names, holes=holes, **more)
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
    function: Callable[[Executor, Block], Floats], executor: Executor, block: Block
) -> Floats:
    """The sums over the rows that weigh something."""
    return function(executor, block.counting()[0])


def _sums(asked: RowFunction, executor: Executor, block: Block) -> Floats:
    """The sum of a function's values, and that of the weights."""
    values = asked.of(block.rows, executor, block.fields)
    if block.weights is None:
        return np.array([values.sum(), len(values)])
    return np.array([values @ block.weights, block.weights.sum()])


def _mapped(X: Any, asked: RowFunction, errors: Any) -> Any:
    """One value for each row of `X` out of core; see `RowFunction.over`."""
    if is_collection(X):
        if errors is not None:
            raise ParameterError(
                "errors are given, but X is a Dask collection, whose rows are answered without: "
                "map the mixture over its partitions, as with X.map_partitions"
            )
        return _lazily(X, asked)
    stream = scanned(X, None, asked.feature_names, holes=bool(asked.holes), errors=errors)
    bad = bad_rows(stream.on_bad_row)
    executor = default_executor()
    with closing(ahead(coalesce(stream.chunks(bad), _ROWS))) as chunks:
        values = [asked.of(asked.rows_of(chunk.rows), executor, chunk.fields) for chunk in chunks]
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
