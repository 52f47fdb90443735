"""Transport: statistics as a row of an Arrow table, which other engines carry about."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.engine.statistics import Statistics
from mixtura.errors import DataError, MissingExtraError

__all__ = ["from_arrow", "to_arrow"]

#: the columns of numbers
_ARRAYS = ("reference", "weight", "first", "second")


def to_arrow(statistics: Statistics) -> Any:
    """As `Statistics.to_arrow`."""
    arrow = _pyarrow("Statistics.to_arrow")
    k, d = statistics.reference.shape
    values: dict[str, Any] = {
        "n_components": k,
        "n_features": d,
        "diagonal": statistics.diagonal,
        **{name: getattr(statistics, name).ravel() for name in _ARRAYS},
        "log_likelihood": statistics.log_likelihood,
        "n_rows": statistics.n_rows,
        "total_weight": statistics.total_weight,
    }
    schema = _schema(arrow)
    columns = [arrow.array([values[field.name]], field.type) for field in schema]
    return arrow.record_batch(columns, schema=schema)


def from_arrow(data: Any) -> Statistics:
    """As `Statistics.from_arrow`."""
    arrow = _pyarrow("Statistics.from_arrow")
    if not isinstance(data, (arrow.RecordBatch, arrow.Table)):
        raise DataError(
            f"statistics cannot be read from a {type(data).__name__}, expected a pyarrow "
            "RecordBatch or Table of one row"
        )
    if data.num_rows != 1:
        raise DataError(
            f"the table has {data.num_rows} rows, expected 1, the statistics of one part: read "
            "each row by itself, as in Statistics.merge(Statistics.from_arrow(row) for row in "
            "table.to_batches(max_chunksize=1))"
        )
    schema = _schema(arrow)
    missing = [field.name for field in schema if field.name not in data.schema.names]
    if missing:
        raise DataError(
            f"the table lacks the column{'s' if len(missing) > 1 else ''} "
            f"{', '.join(map(repr, missing))}, expected those of Statistics.to_arrow"
        )
    try:
        data.validate()  # Arrow itself believes what a table says of its length
        values = {field.name: data.column(field.name).cast(field.type)[0] for field in schema}
    except (arrow.ArrowException, TypeError) as error:
        raise DataError(
            f"the table is not of the types of Statistics.to_arrow: {' '.join(str(error).split())}"
        ) from None
    if any(not value.is_valid for value in values.values()):
        raise DataError("a column of the statistics is missing its value, expected no nulls")
    k, d = values["n_components"].as_py(), values["n_features"].as_py()
    arrays = {name: _numbers(values[name]) for name in _ARRAYS}
    shapes = {
        "reference": (k, d),
        "weight": (k,),
        "first": (k, d),
        "second": (k, d) if values["diagonal"].as_py() else (k, d, d),
    }
    for name, shape in shapes.items():
        if min(k, d) < 1 or len(arrays[name]) != np.prod(shape):
            raise DataError(
                f"column {name!r} holds {len(arrays[name])} numbers for {k} components and {d} "
                "features: these are no statistics of Statistics.to_arrow"
            )
    held = {name: arrays[name].reshape(shape) for name, shape in shapes.items()}
    return Statistics(
        held["reference"],
        held["weight"],
        held["first"],
        held["second"],
        values["log_likelihood"].as_py(),
        values["n_rows"].as_py(),
        values["total_weight"].as_py(),
    )


def _numbers(value: Any) -> Floats:
    return np.array(value.values.to_numpy(zero_copy_only=False), np.float64)


def _schema(arrow: Any) -> Any:
    numbers = arrow.list_(arrow.float64())
    return arrow.schema(
        [
            ("n_components", arrow.int64()),
            ("n_features", arrow.int64()),
            ("diagonal", arrow.bool_()),
            *((name, numbers) for name in _ARRAYS),
            ("log_likelihood", arrow.float64()),
            ("n_rows", arrow.int64()),
            ("total_weight", arrow.float64()),
        ]
    )


def _pyarrow(purpose: str) -> Any:
    try:
        import pyarrow
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet", purpose) from None
    return pyarrow
