"""Batches: a scan over arrays, tables and record batches that somebody else makes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.errors import DataError
from mixtura.tables.arrow import BATCH, chunk_of, faults, header_of, pyarrow
from mixtura.tables.chunk import BadRows, Chunk
from mixtura.tables.columns import matrix_of, unmasked
from mixtura.tables.containers import column_names, columns_of
from mixtura.tables.selection import Columns, Header, Selection
from mixtura.tables.streams.scan import Scan
from mixtura.tables.table import Table, made_up_names
from mixtura.textual import words_of


def is_batch(item: Any) -> bool:
    """Whether it is rows: a two-dimensional array, a table or a record batch."""
    if _is_arrow(item) or isinstance(item, Table) or getattr(item, "ndim", 0) == 2:
        return True
    return not isinstance(item, Mapping) and columns_of(item) is not None  # polars, named fields


@dataclass(frozen=True, eq=False)
class BatchScan(Scan):
    """What an iterable gives, each time it is begun.

    Parameters
    ----------
    begin : begins it.
    """

    begin: Callable[[], Iterable[Any]]

    def read(self, bad: BadRows) -> Iterator[Chunk]:
        for number, item in enumerate(self.begin()):
            origin = f"batch {number}"
            if not is_batch(item):
                raise DataError(
                    f"{origin} is a {type(item).__name__}, expected a two-dimensional array, a "
                    "table or a record batch"
                )
            _header(item).check(self.columns, origin)
            yield from _chunks(item, self.columns, origin)


@dataclass(frozen=True, eq=False)
class DatasetScan(Scan):
    """A `pyarrow.dataset.Dataset`, which is asked for the columns in use alone.

    Parameters
    ----------
    dataset : with its filter, if it has one.
    """

    dataset: Any

    def read(self, bad: BadRows) -> Iterator[Chunk]:
        arrow = pyarrow("reading a dataset")
        columns = self.columns
        scanner = self.dataset.scanner(
            columns=columns.stored,
            batch_size=BATCH,
            batch_readahead=2,
            fragment_readahead=1,
            fragment_scan_options=_checking(self.dataset),
        )
        origin, first = "", 0
        try:
            for tagged in scanner.scan_batches():
                where = getattr(tagged.fragment, "path", "") or "the dataset"
                origin, first = where, first if where == origin else 0
                yield chunk_of(tagged.record_batch, columns, origin, first)
                first += tagged.record_batch.num_rows
        except faults(arrow) as error:
            after = f", after row {first} of {origin}" if origin else ""
            raise DataError(f"the dataset cannot be read{after}: {words_of(error)}") from None


def scan_batches(
    begin: Callable[[], Iterable[Any]],
    selection: Selection,
    *,
    on_bad_row: str,
) -> BatchScan:
    """A scan over what `begin` gives, whose columns are those of the first batch.

    Raises
    ------
    DataError : there is none, or it lacks a column.
    """
    first = next(iter(begin()), None)
    if first is None:
        raise DataError("X gives no batches, expected arrays or record batches")
    if not is_batch(first):
        raise DataError(
            f"X gives a {type(first).__name__}, expected two-dimensional arrays, tables or record "
            "batches"
        )
    columns = _header(first).columns(selection, "X")
    return BatchScan(columns, on_bad_row, begin)


def scan_dataset(dataset: Any, selection: Selection, *, on_bad_row: str) -> DatasetScan:
    """A scan over the rows of a `pyarrow.dataset.Dataset`.

    Raises
    ------
    DataError : it lacks a column, or has it as text.
    """
    header = header_of(
        dataset.schema, lambda name: dataset.to_batches(columns=[name], batch_size=BATCH)
    )
    columns = header.columns(selection, "the dataset")
    header.check(columns, "the dataset")
    return DatasetScan(columns, on_bad_row, dataset)


def _checking(dataset: Any) -> Any:
    """Options by which the checksums of Parquet's pages are held to; None leaves its own options.

    A dataset that was opened with options keeps them all.
    """
    module = sys.modules["pyarrow.dataset"]
    form = getattr(dataset, "format", None)  # a union of datasets has none
    if not isinstance(form, module.ParquetFileFormat):
        return None
    if form.default_fragment_scan_options != module.ParquetFragmentScanOptions():
        return None
    return module.ParquetFragmentScanOptions(page_checksum_verification=True)


def _is_arrow(item: Any) -> bool:
    """Whether it is a table or a record batch of pyarrow's, and no reader nor a column."""
    known = hasattr(item, "num_rows") and hasattr(item, "schema")
    return known and type(item).__module__.partition(".")[0] == "pyarrow"


def _header(item: Any) -> Header:
    if _is_arrow(item):
        return header_of(item.schema, lambda _: _record_batches(item))
    names = column_names(item)
    if names is None:
        return Header(made_up_names(item.shape[1]), named=False)
    return Header(names)


def _record_batches(item: Any) -> Iterable[Any]:
    return item.to_batches() if hasattr(item, "to_batches") else [item]


def _chunks(item: Any, columns: Columns, origin: str) -> Iterator[Chunk]:
    if _is_arrow(item):
        first = 0
        for batch in _record_batches(item):
            for at in range(0, batch.num_rows, BATCH):
                try:
                    chunk = chunk_of(batch.slice(at, BATCH), columns, origin, first + at)
                except faults(pyarrow("reading record batches")) as error:
                    raise DataError(
                        f"{origin} is damaged: {words_of(error)}; read or make it again"
                    ) from None
                yield chunk
            first += batch.num_rows
        return
    place = {name: j for j, name in enumerate(_header(item).names)}
    numbers = [place[name] for name in columns.numbers]
    try:
        values = matrix_of(unmasked(item) if columns.holes else item, numbers)
    except DataError as error:
        raise DataError(f"{origin}: {error}") from None
    d = len(columns.features)
    rows = values[:, :d]
    single = rows.dtype.kind == "f" and rows.dtype.itemsize <= 4
    yield Chunk(
        np.ascontiguousarray(rows, np.float32 if single else np.float64),
        {name: values[:, d + j].astype(np.float64) for j, name in enumerate(columns.fields)},
        {name: _texts(item, place[name]) for name in columns.ids},
        origin,
    )


def _texts(item: Any, place: int) -> list[str]:
    columns = columns_of(item)
    values = np.asarray(item)[:, place] if columns is None else columns[place][1]
    return [str(value) for value in np.asarray(values).tolist()]
