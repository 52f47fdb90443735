"""Parquet files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from mixtura.errors import DataError, MissingExtraError
from mixtura.tables.damage import blamed, check_texts
from mixtura.tables.selection import Selection
from mixtura.tables.table import Table

__all__ = ["is_numeric", "parquet_table", "pyarrow"]

#: the column in which pandas keeps an index that is not a plain count
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


def parquet_table(path: Path, selection: Selection) -> Table:
    """The chosen columns of a Parquet file; missing values become NaN.

    Raises
    ------
    DataError : it is not such a file, or a feature is not of numbers.
    MissingExtraError : pyarrow is not installed.
    OSError : it cannot be read.
    """
    arrow = pyarrow("reading Parquet")
    with path.open("rb") as file, blamed(arrow, path, "a Parquet"):
        parquet = arrow.parquet.ParquetFile(file, page_checksum_verification=True)
        schema = parquet.schema_arrow
        names = [
            name
            for name in schema.names
            if name in selection.wanted or not _PANDAS_INDEX.fullmatch(name)
        ]
        features, ids = selection.positions(names, str(path), named=True)
        chosen = [names[j] for j in features]
        _check_numeric(chosen, [n for n in names if is_numeric(arrow, schema, n)], path, schema)
        carried = [names[j] for j in ids]
        content = parquet.read(columns=[*chosen, *carried])
        content.validate()
        if content.num_rows == 0:
            raise DataError(f"{path} has 0 rows, expected at least one")
        # Python rounds a decimal to the nearest float64; a cast of Arrow's does not.
        numbers = [content.column(name).to_numpy().astype(np.float64) for name in chosen]
        rows = np.column_stack(numbers)
        texts = {name: _texts(content.column(name), name) for name in carried}
    return Table(tuple(chosen), rows, texts)


def _texts(column: Any, name: str) -> tuple[str, ...]:
    """The values of a column as texts, empty where they are missing."""
    check_texts(column, name)
    return tuple("" if value is None else str(value) for value in column.to_pylist())


def pyarrow(purpose: str) -> Any:
    """The module pyarrow, with its Parquet part loaded.

    Raises
    ------
    MissingExtraError : it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.ipc
        import pyarrow.parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet", purpose) from None
    return pyarrow


def is_numeric(arrow: Any, schema: Any, name: str) -> bool:
    """Whether a column of an Arrow schema holds real numbers."""
    kinds, kind = arrow.types, schema.field(name).type
    return bool(kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_decimal(kind))


def _check_numeric(chosen: list[str], numeric: list[str], path: Path, schema: Any) -> None:
    for name in chosen:
        if name not in numeric:
            which = f"choose columns of numbers (--columns {','.join(numeric)})"
            raise DataError(
                f"{path}: column {name!r} is of type {schema.field(name).type}, expected numbers: "
                f"{which if numeric else 'there is no column of numbers'}, or carry it along "
                f"(--id {name})"
            )
