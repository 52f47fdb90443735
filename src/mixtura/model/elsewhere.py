"""Elsewhere: a mixture's answers for rows that are no array here: files, streams, Dask."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Rows
from mixtura.engine.executors import Executor, Serial, default_executor
from mixtura.engine.partitions import Partitions
from mixtura.engine.sources import ArraySource, Block, ahead
from mixtura.errors import DataError
from mixtura.model.reader import Reader
from mixtura.model.rows import as_rows, matched_columns, no_missing
from mixtura.model.weights import check_weights
from mixtura.tables.collections import collection, is_collection
from mixtura.tables.streams import bad_rows, gathered, is_stream, scanned

__all__ = ["Answer", "is_elsewhere", "mapped", "sums"]

#: rows that are answered at once, about
_ROWS = 2**16


@dataclass(frozen=True, eq=False)
class Answer:
    """A function of rows, one value a row.

    Parameters
    ----------
    function : of a block: the values of its rows, (m, *shape).
    n_features : D.
    feature_names : D names, or None.
    shape : of a row's value.
    dtype : of it.
    """

    function: Callable[[Block], Any]
    n_features: int
    feature_names: tuple[str, ...] | None
    shape: tuple[int, ...] = ()
    dtype: type = np.float64

    def of(self, rows: Rows, executor: Executor) -> NDArray[Any]:
        """The values of rows (N, D) in memory, (N, *shape)."""
        source = ArraySource(rows)
        whole: NDArray[Any] = np.empty((source.n_rows, *self.shape), self.dtype)

        def fill(block: Block) -> None:
            whole[block.start : block.stop] = self.function(block)

        for _ in executor.map(source, fill):
            pass
        return whole

    def of_part(self, part: Any) -> NDArray[Any]:
        """The values of the rows of a partition, on the thread of a worker."""
        return self.of(as_rows(part, self.n_features), Serial())


def is_elsewhere(X: Any) -> bool:
    """Whether `X` is a Dask collection, or a stream of files or batches."""
    return is_collection(X) or is_stream(X)


def mapped(X: Any, answer: Answer) -> Any:
    """One value for each row of `X`: lazily of a Dask collection, else (N, *shape).

    Raises
    ------
    DataError : wrong columns, NaN or infinity; of Dask's rows, when they are computed.
    """
    if is_collection(X):
        return _lazily(X, answer)
    stream = scanned(X, None, answer.feature_names)
    bad = bad_rows(stream.on_bad_row)
    executor = default_executor()
    values = [
        answer.of(as_rows(chunk.rows, answer.n_features), executor)
        for chunk in ahead(gathered(stream.chunks(bad), _ROWS))
    ]
    bad.warn()
    if not values:
        raise DataError("X has 0 rows, expected at least 1")
    return np.concatenate(values)


def sums(X: Any, sample_weight: Any, answers: Sequence[Answer]) -> tuple[list[float], float]:
    """Σ_i v_i y_i of each answer's values y (N,), and Σ_i v_i, in bounded memory.

    A row that weighs nothing counts for nothing. The weights are a column's name, or, beside a
    Dask collection, one of their own.

    Raises
    ------
    DataError : the rows or the weights cannot be used, or none counts.
    ParameterError : the weights are something else.
    """
    n_features, names = answers[0].n_features, answers[0].feature_names
    if is_collection(X):
        rows = collection(X, sample_weight)
        features = rows.names if names is None or rows.names is None else names
        reader = Reader(features, rows.weights, n_features)
        partitions = Partitions(rows.parts, reader, held=rows.held)
        parts = partitions.each(
            [partial(_checked_sums, i, reader.features, answers) for i in range(len(partitions))]
        )
    else:
        stream = scanned(X, sample_weight, names)
        bad = bad_rows(stream.on_bad_row)
        executor = default_executor()
        parts = [
            _sums(answers, executor, as_rows(chunk.rows, n_features), chunk.weights)
            for chunk in ahead(gathered(stream.chunks(bad), _ROWS))
        ]
        bad.warn()
    *totals, weight = (
        (math.fsum(column) for column in zip(*parts, strict=True)) if parts else (0.0,)
    )
    if not weight:
        raise DataError("no row of X counts, expected at least one of a weight above 0")
    return totals, weight


def _checked_sums(
    number: int,
    names: tuple[str, ...] | None,
    answers: Sequence[Answer],
    rows: Rows,
    weights: Floats | None,
) -> list[float]:
    """The sums over one partition."""
    try:
        no_missing(rows, names)
        if weights is not None:
            check_weights(weights)
    except DataError as error:
        raise DataError(f"partition {number} of X, counted from 0: {error}") from None
    return _sums(answers, Serial(), rows, weights)


def _sums(
    answers: Sequence[Answer], executor: Executor, rows: Rows, weights: Floats | None
) -> list[float]:
    if weights is not None and not weights.all():
        rows, weights = rows[weights > 0.0], weights[weights > 0.0]
    if weights is None:
        return [*(float(a.of(rows, executor).sum()) for a in answers), float(len(rows))]
    return [*(float(a.of(rows, executor) @ weights) for a in answers), float(weights.sum())]


def _lazily(X: Any, answer: Answer) -> Any:
    """A Dask array of one value for each row of a collection."""
    rows = X
    if getattr(X, "columns", None) is not None:
        places = matched_columns([str(name) for name in X.columns], answer.feature_names)
        rows = X[[X.columns[j] for j in places]].to_dask_array()
    if rows.ndim != 2 or rows.shape[1] != answer.n_features:
        raise DataError(
            f"X is a Dask collection of shape {X.shape}, expected (N, {answer.n_features}): select "
            "the columns that this mixture was fitted on"
        )
    if rows.numblocks[1] > 1:
        rows = rows.rechunk({1: -1})
    if answer.shape:
        chunks = (rows.chunks[0], *((size,) for size in answer.shape))
        empty: NDArray[Any] = np.empty((0, *answer.shape), answer.dtype)
        return rows.map_blocks(answer.of_part, chunks=chunks, dtype=answer.dtype, meta=empty)
    empty = np.empty(0, answer.dtype)
    return rows.map_blocks(answer.of_part, drop_axis=1, dtype=answer.dtype, meta=empty)
