"""Rows: those that errors are found from, wherever they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.engine.executors import Executor, default_executor
from mixtura.engine.executors.dask import Dask
from mixtura.engine.sources import ArraySource, Source, fields_of
from mixtura.errors import DataError, ParameterError
from mixtura.fitting.verdict.counts import too_little_weight
from mixtura.model.mixture import Mixture
from mixtura.rows.collected import of_collection
from mixtura.rows.errors import named_errors, row_errors
from mixtura.rows.in_memory import lacks_any
from mixtura.rows.out_of_core import is_out_of_core
from mixtura.rows.partition_survey import float64_source
from mixtura.rows.weights import row_weights
from mixtura.tables.collections import collection, is_collection


@dataclass(frozen=True, eq=False)
class Given:
    """The rows, in float64: the score's differences have no digits to spare for float32.

    Parameters
    ----------
    source : the rows, with the weights as they were given.
    executor : who carries passes over them out.
    counts : what is wrong with weights that are no counts of rows; empty where nothing is.
    """

    source: Source
    executor: Executor
    counts: str


def given(
    mixture: Mixture, X: Any, sample_weight: Any, errors: Any = None, missing: str = "refuse"
) -> Given:
    """The rows that a person gave, checked.

    Parameters
    ----------
    mixture : whose features they are.
    X, sample_weight, errors, missing : as for `mixtura.standard_errors`.

    Raises
    ------
    DataError, ParameterError : the rows, or the weights, cannot be used.
    """
    if is_collection(X):
        rows = collection(X, sample_weight, missing=missing, errors=errors)
        own = of_collection(rows, mixture.n_features, mixture.feature_names)
        source: Source = float64_source(own, rows)
        counts = _counts(mixture, source.total_weight, source.n_rows) if rows.weighted else ""
        return Given(source, Dask(default_executor()), counts)
    here = mixture.rows(X, missing=missing)
    if len(here) == 0:
        raise DataError("X has 0 rows, expected those that the mixture was fitted to")
    weights = row_weights(sample_weight, len(here))
    held = here.astype(np.float64, copy=False)
    fields = fields_of(errors=row_errors(named_errors(X, errors), here.shape))
    source = ArraySource(held, weights, fields, holes=lacks_any(held))
    if weights is None:
        return Given(source, default_executor(), "")
    counts = _counts(mixture, float(weights.sum()), int(np.count_nonzero(weights)))
    return Given(source, default_executor(), counts)


def check_drawable(X: Any, method: str) -> None:
    """Refuse rows that cannot be drawn anew, for they are not in memory.

    Raises
    ------
    ParameterError : they are elsewhere.
    """
    if is_out_of_core(X):
        raise ParameterError(
            f"method {method!r} fits again to rows drawn anew, which have to be in memory: use "
            "method='information', or bring them here first, as with X.compute()"
        )


def _counts(mixture: Mixture, weight: float, rows: int) -> str:
    """What is wrong with weights that are no counts of rows: every number of rows is, too."""
    few = too_little_weight(weight, rows, mixture.n_components, mixture.n_features)
    return str(few) if few else ""
