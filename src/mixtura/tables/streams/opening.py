"""Opening: from what a person has to a scan."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from mixtura.arguments import takes_missing
from mixtura.errors import DataError, ParameterError
from mixtura.tables.chunk import bad_rows
from mixtura.tables.collections import argument_of
from mixtura.tables.containers import columns_of, is_refused, refuse
from mixtura.tables.reading import Reading
from mixtura.tables.selection import Selection
from mixtura.tables.streams.batches import is_batch, scan_batches, scan_dataset
from mixtura.tables.streams.files import files_of, scan_files
from mixtura.tables.streams.scan import Scan
from mixtura.textual import counted


def is_stream(data: Any) -> bool:
    """Whether `data` is to be scanned: paths, a dataset, an iterable; not an array, nor a table."""
    return (
        isinstance(data, Scan)
        or _is_path(data)
        or _is_paths(data)
        or _is_dataset(data)
        or _is_iterable(data)
    )


def scan(
    data: Any,
    *,
    columns: Sequence[str] | None = None,
    weights: str | None = None,
    errors: Sequence[str] | None = None,
    labels: str | None = None,
    ids: Sequence[str] = (),
    expected: Sequence[str] | None = None,
    header: bool | None = None,
    on_bad_row: str = "error",
    missing: str = "refuse",
    missing_values: Sequence[str] = (),
    reading: Reading | None = None,
) -> Scan:
    r"""Rows to be read at every pass, from files, a dataset or an iterable.

    Parameters
    ----------
    data : a path, a glob or a folder, or several: Parquet, Arrow and Feather, CSV (``.gz`` and
        ``.zst``, too), ``.npy``, FCS, ``.h5ad``, the first table of a ``.fits``; a
        `pyarrow.dataset.Dataset`; an iterable of two-dimensional arrays, tables or record batches
        that begins anew whenever it is asked to, or a function that begins one.
    columns : the features by name, in this order; by default all but ids and weights. Columns of
        arrays are called x0, x1, …; those that folders name (``year=2024``) count only if named.
    weights : the column that says how much a row counts.
    errors : the columns that hold the standard deviations that the features were measured with, one
        for each, in their order.
    labels : the column of the rows' classes, numbers from 0, −1 where one is not known.
    ids : columns carried along as text.
    expected : the feature names of a model, taken where `columns` is None and the data have names.
    header : whether CSV begins with a header; None finds out.
    on_bad_row : of a row that holds NaN, infinity or no number, or a CSV line of another width,
        ``error`` raises, ``skip`` leaves it out and counts, ``report`` also says why, up to 100.
    missing : ``"em"`` takes what is missing for unknown, and no row is bad for it: NaN, nulls, and
        in CSV empty cells and ``?``, ``-``, ``.``, ``NA``, ``N/A``, ``null``, ``none``,
        ``missing``. ``"refuse"`` does not.
    missing_values : further spellings of a cell that is missing in CSV, numbers among them, such as
        ``["-9", "n.d."]``, each as it is written there; with `missing` ``"em"``.
    reading : which numbers of a file are the rows, compensated or transformed; see
        `mixtura.tables.Reading`.

    Raises
    ------
    DataError : a column is missing, or text; a file is damaged; an iterator is read only once.
    ParameterError : an option is not one of those above.
    MissingExtraError : pyarrow is needed and not installed.
    OSError : a file cannot be read.

    Notes
    -----
    Opening reads the beginnings of files. A pass holds a few MB, whatever the size.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "1.csv").write_text("a,b\n1,2\n3,4\n")
    >>> _ = (folder / "2.csv").write_text("b,a\n6,5\n")
    >>> rows = scan(f"{folder}/*.csv", columns=["a", "b"])
    >>> [chunk.rows.tolist() for chunk in rows.chunks()]
    [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]]
    """
    bad_rows(on_bad_row)
    if isinstance(data, Scan):
        raise ParameterError("the data are a scan already, expected what to scan: pass it on as is")
    wanted = columns_wanted(errors) if errors is not None else None
    fields = {"weights": weights, "errors": wanted, "labels": labels}
    holes = takes_missing(missing)
    selection = Selection.of(
        columns, ids, expected, holes=holes, marks=missing_values, reading=reading, **fields
    )
    opened = _opened(data, selection, header, on_bad_row)
    if wanted is not None:
        check_errors(wanted, opened.columns.features)
    return opened


def scanned(
    X: Any,
    sample_weight: Any,
    expected: Sequence[str] | None = None,
    *,
    holes: bool = False,
    **more: Any,
) -> Scan:
    """What is to be streamed, as a scan, with the column of weights that is named.

    Parameters
    ----------
    X : a scan, or what `scan` takes.
    sample_weight : a column's name, or None.
    expected : as for `scan`.
    holes : whether features may be missing.
    more : other fields of the rows by name, each a column's name or None.

    Raises
    ------
    ParameterError : the weights are not a column's name, or are named twice.
    """
    for name, column in {"weights": sample_weight, **more}.items():
        argument = argument_of(name)
        named = isinstance(column, str) or (name == "errors" and columns_wanted(column))
        if column is not None and not named:
            which = "columns" if name == "errors" else "column"
            raise ParameterError(
                f"{argument} is of type {type(column).__name__}, but the rows are streamed: "
                f"name their {which} of {name} instead"
            )
        if column is not None and isinstance(X, Scan):
            raise ParameterError(
                f"{argument} is {column!r}, but X is a scan, which has its {name}: name "
                f"the column in scan(…, {name}=…)"
            )
    if isinstance(X, Scan):
        return X.with_holes() if holes else X
    missing = "em" if holes else "refuse"
    return scan(X, weights=sample_weight, expected=expected, missing=missing, **more)


def columns_wanted(errors: Any) -> tuple[str, ...] | None:
    """The names of columns that `errors` is, one or several; None where it is no such thing."""
    if isinstance(errors, str):
        return (errors,)
    listed = isinstance(errors, (list, tuple)) and len(errors) > 0
    return tuple(errors) if listed and all(isinstance(name, str) for name in errors) else None


def check_errors(wanted: Sequence[str], features: Sequence[str]) -> None:
    """Refuse columns of errors that are not one for each feature.

    Raises
    ------
    ParameterError : they are more, or fewer.
    """
    if len(wanted) != len(features):
        raise ParameterError(
            f"errors names {counted(len(wanted), 'column')} ({', '.join(wanted)}), and there are "
            f"{counted(len(features), 'feature')} ({', '.join(features)}): name one column for "
            "each feature, in their order, or choose the features"
        )


def _opened(data: Any, selection: Selection, header: bool | None, on_bad_row: str) -> Scan:
    """The scan that goes with what there is; parameters and errors as for `scan`."""
    if _is_path(data) or _is_paths(data):
        paths = files_of([data] if _is_path(data) else data)
        return scan_files(paths, selection, header=header, on_bad_row=on_bad_row)
    if _is_dataset(data):
        return scan_dataset(data, selection, on_bad_row=on_bad_row)
    return scan_batches(_begun(data), selection, on_bad_row=on_bad_row)


def _begun(data: Any) -> Callable[[], Iterable[Any]]:
    """What begins a pass over batches.

    Raises
    ------
    DataError : they are rows already, or can be read only once, or are no batches.
    """
    refuse(data)
    if is_batch(data) or columns_of(data) is not None:
        raise DataError(
            f"X is a {type(data).__name__}, which is rows already, expected several: pass [X], "
            "a list of one"
        )
    if callable(data):
        begin: Callable[[], Iterable[Any]] = data
        return begin
    if getattr(data, "__iter__", None) is None:
        raise DataError(
            f"X is of type {type(data).__name__}, expected a path, a dataset, or an iterable of "
            "arrays or tables"
        )
    if isinstance(data, Iterator) or iter(data) is iter(data):
        raise DataError(
            f"X is a {type(data).__name__}, which can be read only once, and every pass reads the "
            "rows again: pass the function that makes it, as in fit(lambda: batches(), …), or a "
            "list of batches"
        )
    return lambda: data


def _is_path(data: Any) -> bool:
    return isinstance(data, (str, os.PathLike))


def _is_paths(data: Any) -> bool:
    return isinstance(data, (list, tuple)) and len(data) > 0 and all(map(_is_path, data))


def _is_dataset(data: Any) -> bool:
    """Whether it is a dataset of pyarrow's; without the import, if nobody has imported it."""
    module = sys.modules.get("pyarrow.dataset")
    return module is not None and isinstance(data, module.Dataset)


def _is_iterable(data: Any) -> bool:
    """Whether it gives batches, or a function that does; arrays and tables are rows themselves."""
    if isinstance(data, (list, tuple)):
        return len(data) > 0 and is_batch(data[0])
    if isinstance(data, (bytes, dict, set, frozenset, range)) or is_refused(data) or is_batch(data):
        return False
    own = ("__array__", "__array_interface__", "__dataframe__", "__arrow_c_array__", "tocsr",
           "to_numpy", "column_names", "columns", "shape")  # fmt: skip
    if any(getattr(data, name, None) is not None for name in own):
        return False
    # A RecordBatchReader has a schema, but is an iterator.
    return callable(data) or getattr(data, "__iter__", None) is not None
