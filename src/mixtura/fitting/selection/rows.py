"""Rows: what a selection is made among, in memory, in files or on workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.sources import ArraySource, Source
from mixtura.fitting.checks import check_extent, check_rows
from mixtura.fitting.partition_survey import survey_partitions
from mixtura.fitting.survey import survey
from mixtura.model.rows import as_rows, column_names
from mixtura.model.weights import Weighted, row_weights
from mixtura.tables.collections import collection, is_collection
from mixtura.tables.streams import is_stream, scanned

__all__ = ["Given", "given"]


@dataclass(frozen=True, eq=False)
class Given:
    """The rows of a selection.

    Parameters
    ----------
    source : those that count.
    sample : of them, to start from: all, where they are in memory.
    unit : what a weight of 1 in `source` stands for.
    counting : which of the person's rows are those of the source, or None for all.
    feature_names : D names, or None.
    """

    source: Source
    sample: ArraySource
    unit: float = 1.0
    counting: NDArray[np.bool_] | None = None
    feature_names: tuple[str, ...] | None = None

    @property
    def in_memory(self) -> bool:
        """Whether all rows are."""
        return self.source is self.sample


def given(X: Any, sample_weight: Any, most: int, seed: int) -> Given:
    """The rows that a person gave, checked.

    Files are read once. Where a sample of them, up to 131,072 rows, is all there is, it is kept,
    and they are not read again.

    Parameters
    ----------
    X, sample_weight : as for `mixtura.select`.
    most : the largest number of components.
    seed : of the sample.

    Raises
    ------
    DataError : the rows cannot be used.
    ParameterError : the weights cannot.
    """
    if is_collection(X):
        return _collected(X, sample_weight, most, seed)
    if not is_stream(X):
        rows = as_rows(X)
        weighted = Weighted.of(rows, row_weights(sample_weight, len(rows)))
        names = column_names(X)
        check_rows(weighted.rows, 1, names)
        source = ArraySource(weighted.rows, weighted.weights)
        return Given(source, source, weighted.unit, weighted.counting, names)
    stream = scanned(X, sample_weight)
    found = survey(stream, most, seed)
    check_extent(found.source.n_rows, found.low, found.high, 1, stream.names, found.source.dtype)
    whole = found.sample.n_rows == found.source.n_rows
    source = found.sample if whole else found.source  # type: ignore[assignment]
    return Given(source, found.sample, found.unit, None, stream.names)


def _collected(X: Any, sample_weight: Any, most: int, seed: int) -> Given:
    """The rows of a Dask collection: they stay on the workers, where they are more than a sample.

    Those that are few are brought here, as those of small files are.
    """
    rows = collection(X, sample_weight)
    found = survey_partitions(rows, most, seed)
    check_extent(
        found.source.n_rows, found.tally.low, found.tally.high, 1, rows.names, found.source.dtype
    )
    whole = found.sample.n_rows == found.source.n_rows
    source = found.sample if whole else found.source
    return Given(source, found.sample, found.unit, None, rows.names)
