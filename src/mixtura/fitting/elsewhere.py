"""Elsewhere: a fit to rows that are no array here: files, streams, Dask."""

from __future__ import annotations

from typing import Any

from mixtura.errors import ParameterError
from mixtura.fitting.distributed import fit_collection
from mixtura.fitting.fit import Fit
from mixtura.fitting.settings import Settings
from mixtura.fitting.streaming import fit_scan
from mixtura.tables.collections import Collection, collection, is_collection
from mixtura.tables.streams import Scan, scanned

__all__ = ["fit_elsewhere", "opened"]


def opened(X: Any, sample_weight: Any = None, client: Any = None) -> Scan | Collection:
    """The rows that `X` stands for, of which none is read yet but for the columns.

    Raises
    ------
    DataError : they are none; or the weights do not go with them.
    ParameterError : the weights are of a kind that does not go with them; or there is a client
        for rows that are not Dask's.
    """
    if is_collection(X):
        return collection(X, sample_weight)
    if client is not None:
        raise ParameterError(
            f"client is given, but X is of type {type(X).__name__}: pass a Dask array or data "
            "frame, or leave client out"
        )
    return scanned(X, sample_weight)


def fit_elsewhere(
    rows: Scan | Collection, settings: Settings, *, client: Any = None, **options: Any
) -> Fit:
    """`fit_scan` or `fit_collection`, by what the rows are; options and errors are theirs."""
    if isinstance(rows, Scan):
        return fit_scan(rows, settings, **options)
    return fit_collection(rows, settings, client=client, **options)
