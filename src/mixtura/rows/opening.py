"""Opening: rows as a person has them, wherever they are, made ready to be fitted to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mixtura.engine.arrays import Rows
from mixtura.engine.sources import Fields
from mixtura.errors import ParameterError
from mixtura.rows.data import Data
from mixtura.rows.errors import check_together, parted, row_errors, row_projections
from mixtura.rows.in_memory import as_rows, column_names, lacks_any
from mixtura.rows.partition_survey import survey_partitions
from mixtura.rows.survey import survey
from mixtura.rows.weights import row_labels, row_weights
from mixtura.tables.collections import Collection, collection, is_collection
from mixtura.tables.streams import Scan, is_stream, scanned

#: what may belong to a row, and what makes an array (N, …) of it for rows (N, D), or refuses it
_CHECKED: Mapping[str, Callable[[Any, tuple[int, ...]], Any]] = {
    "weights": lambda values, shape: row_weights(values, shape[0]),
    "labels": lambda values, shape: row_labels(values, shape[0]),
    "errors": row_errors,
    "projections": row_projections,
}


@dataclass(frozen=True, eq=False)
class Held:
    """Rows in memory, checked, with what belongs to each and their names.

    Parameters
    ----------
    rows : (N, D), finite but for holes.
    fields : name -> (N, …), checked; weights are finite and at least 0, not all 0.
    names : of the features, or None.
    holes : whether rows lack features, which are NaN.
    """

    rows: Rows
    fields: Fields = field(default_factory=dict)
    names: tuple[str, ...] | None = None
    holes: bool = False

    @property
    def n_features(self) -> int:
        """How many features a row has, D."""
        return int(self.rows.shape[1])


#: rows that are open: in memory, in files or what gives them batch by batch, on workers
Opened = Held | Scan | Collection


def open_rows(
    X: Any, sample_weight: Any = None, client: Any = None, *, holes: bool = False, **more: Any
) -> Opened:
    """The rows that `X` stands for; of those elsewhere none is read yet but for the columns.

    Parameters
    ----------
    X : as for `mixtura.fit`.
    sample_weight : how much each row counts, or None.
    client : the `distributed.Client` of a Dask collection, or None.
    holes : whether rows may lack features.
    more : other fields of the rows by name, or None.

    Raises
    ------
    DataError : they are none; or the weights do not go with them.
    ParameterError : the weights are of a kind that does not go with them; or there is a client
        for rows that are not Dask's.
    """
    more = {name: values for name, values in more.items() if values is not None}
    check_together(more, holes=holes)
    if "projections" in more and (is_collection(X) or is_stream(X)):
        raise ParameterError("projections are given, but the rows are not in memory")
    if is_collection(X):
        return collection(X, sample_weight, missing="em" if holes else "refuse", **more)
    if client is not None:
        raise ParameterError(
            f"client is given, but X is of type {type(X).__name__}: pass a Dask array or data "
            "frame, or leave client out"
        )
    if is_stream(X):
        return scanned(X, sample_weight, holes=holes, **more)
    X, errors = parted(X, more.pop("errors", None))
    held = as_rows(X, holes=holes)
    fields = row_fields({"weights": sample_weight, "errors": errors, **more}, held.shape)
    return Held(held, fields, column_names(X), holes and lacks_any(held))


def row_fields(given: Mapping[str, Any], shape: tuple[int, ...]) -> Fields:
    """The fields (N, …) of rows (N, D) in memory, of what was given by name and is not None.

    Raises
    ------
    DataError : one of them cannot be used, or does not go with the rows.
    """
    there = {name: values for name, values in given.items() if values is not None}
    return {name: _CHECKED[name](values, shape) for name, values in there.items()}


def read(
    rows: Opened,
    n_components: int,
    seed: int,
    *,
    client: Any = None,
    known: bool = False,
    scatter: bool = False,
) -> Data:
    """The rows, ready to be fitted to. Those in memory are as they are; others take a pass or two.

    Parameters
    ----------
    rows : as `open_rows` gives them.
    n_components : K; of each component some rows should be in the sample.
    seed : of the sample of rows that memory does not hold.
    client : the `distributed.Client` of a Dask collection, or None for what Dask chooses.
    known : whether `Data.known_by` will be asked for.
    scatter : whether `Data.total_scatter` will be.

    Raises
    ------
    DataError : no row counts, or one cannot be used.
    """
    if isinstance(rows, Held):
        return Data.held(rows.rows, rows.fields, rows.names, scatter=scatter, holes=rows.holes)
    if isinstance(rows, Scan):
        return survey(rows, n_components, seed, known=known, scatter=scatter)
    return survey_partitions(rows, n_components, seed, client, scatter=scatter)
