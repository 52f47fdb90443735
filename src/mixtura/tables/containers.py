"""Containers: what people keep rows in, known by module and class; opened, or refused by name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mixtura.errors import DataError
from mixtura.tables.vectors import element_names, is_vector, length_of, matrix_of_vectors


def is_refused(data: Any) -> bool:
    """Whether `data` is of a kind that `refuse` refuses."""
    return _remedy(data) is not None


def refuse(data: Any) -> None:
    """Refuse what holds rows, but not as rows; the message has the line that takes them out.

    Raises
    ------
    DataError : it is of such a kind: a lazy frame, a reader that is used up once read, one column
        alone, several tables in one, a tensor that NumPy cannot look into.
    """
    remedy = _remedy(data)
    if remedy is not None:
        called, line = remedy
        raise DataError(f"X is {called}: pass {line}")


def column_names(data: Any) -> tuple[str, ...] | None:
    """The column names of a table, None for what has none.

    A table is of pandas, polars or pyarrow, a dict of columns, an array of named fields, or what
    has `columns` as those have.

    Raises
    ------
    DataError : `data` is refused, see `refuse`.
    """
    refuse(data)
    if isinstance(data, Mapping):
        return tuple(str(name) for name in data)
    if isinstance(data, np.ndarray):
        return data.dtype.names
    names = getattr(data, "column_names", None)  # pyarrow
    if names is not None and (vectors := _vectors(data)):
        names = [part for name in names for part in vectors.get(name, (name,))]
    if names is None:
        names = getattr(data, "columns", None)  # pandas, polars
    return None if names is None else tuple(str(name) for name in names)


def columns_of(data: Any) -> list[tuple[Any, Any]] | None:
    """Name and values of each column of a table, None for what is none, or opens itself.

    Raises
    ------
    DataError : an Arrow table is damaged.
    """
    if isinstance(data, Mapping):
        return list(data.items())
    if isinstance(data, np.ndarray):
        return None if data.dtype.names is None else [(n, data[n]) for n in data.dtype.names]
    if hasattr(data, "column_names"):  # pyarrow
        _check_length(data)
        vectors = _vectors(data)
        return [
            pair
            for j, name in enumerate(data.column_names)
            for pair in _parted(name, data.column(j), vectors.get(name))
        ]
    if hasattr(data, "get_columns"):  # polars
        return [(column.name, column) for column in data.get_columns()]
    if hasattr(data, "iloc") and getattr(data, "ndim", 0) == 2:  # pandas
        return [(name, data.iloc[:, j]) for j, name in enumerate(data.columns)]
    return None


def _vectors(data: Any) -> dict[str, tuple[str, ...]]:
    """The columns of an Arrow table that hold vectors, and the names of their elements."""
    schema = getattr(data, "schema", None)
    types = sys.modules.get("pyarrow.types")
    if schema is None or types is None:
        return {}
    found = [field.name for field in schema if is_vector(types, field.type)]
    lengths = {name: length_of(data.column(name)) for name in found}
    return {name: element_names(name, (length,)) for name, length in lengths.items() if length}


def _parted(name: Any, column: Any, parts: tuple[str, ...] | None) -> list[tuple[Any, Any]]:
    """The name and the values of a column of Arrow's, or of each element of one of vectors."""
    if parts is None:
        return [(name, column)]
    whole = column.combine_chunks() if hasattr(column, "combine_chunks") else column
    rows = matrix_of_vectors(whole, len(parts), f"column {name!r}", 0)
    return list(zip(parts, rows.T, strict=True))


def is_null(data: Any, row: int, column: int) -> bool:
    """Whether what is NaN as a number, in a row and a column of data, is null there."""
    nulls = getattr(data, "nulls", None)
    if nulls is not None:  # of a table of mixtura's
        return bool(nulls[row, column])
    columns = None if type(data) is np.ndarray else columns_of(data)
    if columns is None:
        return False
    values = columns[column][1]
    for name, parts in _vectors(data).items():
        if columns[column][0] in parts:
            values = data.column(name)
    cell = getattr(values, "iloc", values)[row]
    cell = cell.as_py() if hasattr(cell, "as_py") else cell  # pyarrow
    return cell is None or type(cell).__name__ == "NAType"


def _check_length(data: Any) -> None:
    """Refuse an Arrow table of fewer rows than it says; Arrow itself believes it."""
    validate = getattr(data, "validate", None)
    try:
        if validate is not None:
            validate()
    except ValueError as error:
        raise DataError(f"X is damaged: {error}; read or make the table again") from None


def _remedy(data: Any) -> tuple[str, str] | None:
    """What `data` is called, and what to pass instead; None where it is as good as any."""
    if type(data) is np.ndarray:  # asked at every call, of one row, too
        return None
    for kind in type(data).__mro__:
        known = _KNOWN.get((kind.__module__.partition(".")[0], kind.__name__))
        if known is not None:
            return known(data) if callable(known) else known
    return None


def _anndata(data: Any) -> tuple[str, str]:
    found: Sequence[str] = [str(key) for key in getattr(data, "obsm", ())]
    shown = " or ".join(f"X.obsm[{key!r}]" for key in [*found[:2], *([] if found else ["X_pca"])])
    return "an AnnData, which holds several tables", f"the one that is meant, {shown}, or X.X"


def _tensor(data: Any) -> tuple[str, str] | None:
    faults = {
        "requires grad": getattr(data, "requires_grad", False),
        "is sparse": "sparse" in str(getattr(data, "layout", "")),
        "lies on another device": getattr(getattr(data, "device", None), "type", "cpu") != "cpu",
        "is of bfloat16": str(getattr(data, "dtype", "")) == "torch.bfloat16",
    }
    steps = (".detach()", ".to_dense()", ".cpu()", ".float()")
    if not any(faults.values()):
        return None
    what = " and ".join(fault for fault, there in faults.items() if there)
    line = "".join(step for step, there in zip(steps, faults.values(), strict=True) if there)
    return f"a torch tensor that {what}, which NumPy cannot read", f"X{line}"


def _arrow_column(_: Any) -> tuple[str, str]:
    return "one column of Arrow, not a table", "pyarrow.table({'x0': X})"


_COLUMN = "one column, not a table", "X.to_frame()"
_GROUPS = "a data frame divided into groups", "X.obj, or each group by itself"
_PANDAS_LATER = "a table elsewhere, of which no row is here", "X.to_pandas(), if it fits in memory"
_GROUP = "a group of arrays", "one of them, as in X['name']"

_KNOWN: dict[tuple[str, str], tuple[str, str] | Callable[[Any], tuple[str, str] | None]] = {
    ("pandas", "Series"): ("a pandas Series, which is " + _COLUMN[0], _COLUMN[1]),
    ("pandas", "DataFrameGroupBy"): _GROUPS,
    ("polars", "Series"): ("a polars Series, which is " + _COLUMN[0], _COLUMN[1]),
    ("polars", "LazyFrame"): (
        "a polars LazyFrame, of which no row is computed yet",
        "X.collect()",
    ),
    ("polars", "GroupBy"): ("a data frame divided into groups", "each group by itself"),
    ("pyarrow", "RecordBatchReader"): (
        "a RecordBatchReader, which can be read only once, and every pass reads the rows again",
        "X.read_all(), or a function that returns a new reader, as in fit(lambda: reader(), …)",
    ),
    ("pyarrow", "Array"): _arrow_column,
    ("pyarrow", "ChunkedArray"): _arrow_column,
    ("xarray", "Dataset"): (
        "an xarray Dataset, which holds several arrays",
        "X.to_dataframe(), whose columns are its variables, or one of them, as in X['name']",
    ),
    ("anndata", "AnnData"): _anndata,
    ("mudata", "MuData"): (
        "a MuData, which holds several tables",
        "the one that is meant, as in X.obsm['X_mofa']",
    ),
    ("torch", "Tensor"): _tensor,
    ("cupy", "ndarray"): ("an array on another device", "X.get()"),
    ("cudf", "DataFrame"): ("a data frame on another device", "X.to_pandas()"),
    ("pyspark", "DataFrame"): (
        "a Spark DataFrame, of which no row is here",
        "X.toPandas(), if it fits in memory; else see docs/spark-and-ray.md",
    ),
    ("ray", "Dataset"): (
        "a Ray Dataset, of which no row is here",
        "X.to_pandas(), if it fits in memory; else see docs/spark-and-ray.md",
    ),
    ("ibis", "Table"): _PANDAS_LATER,
    ("duckdb", "DuckDBPyRelation"): (_PANDAS_LATER[0], "X.df(), if it fits in memory"),
    ("h5py", "Group"): _GROUP,
    ("zarr", "Group"): _GROUP,
}
