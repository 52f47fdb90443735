"""Files: a scan over those on disk, of one format or of several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from mixtura.errors import DataError
from mixtura.tables.cells import is_number, number
from mixtura.tables.npy import archive
from mixtura.tables.selection import Selection
from mixtura.tables.streams import arrow, npy, text
from mixtura.tables.streams.bad_rows import BadRows
from mixtura.tables.streams.chunk import Chunk
from mixtura.tables.streams.header import Header, chosen
from mixtura.tables.streams.paths import Fingerprint, partitions
from mixtura.tables.streams.scan import Columns, Scan

__all__ = ["ONLY_SCANNED", "FileScan", "scan_files"]

_ARROW = (".arrow", ".feather", ".ipc", ".arrows")
#: the ends of names that `read_table` leaves to a scan
ONLY_SCANNED = (*_ARROW, ".gz", ".zst")

_Reader: TypeAlias = Callable[[Path, Columns, Header, BadRows], Iterator[Chunk]]


@dataclass(frozen=True, eq=False)
class _File:
    """One file of a scan.

    Parameters
    ----------
    print : by which it is known to be as it was.
    header : its columns.
    reader : reads its format.
    constants : what its place says of all its rows.
    """

    print: Fingerprint
    header: Header
    reader: _Reader
    constants: dict[str, str]

    def chunks(self, columns: Columns, bad: BadRows) -> Iterator[Chunk]:
        """Its rows, with what its place says of them.

        Raises
        ------
        DataError : it is not as it was, before or after.
        """
        self.print.check()
        at = {name: self.constants[name] for name in _all(columns) if name in self.constants}
        inner = columns if not at else _without(columns, at)
        for chunk in self.reader(self.print.path, inner, self.header, bad):
            yield chunk if not at else _with(chunk, columns, at)
        self.print.check()


@dataclass(frozen=True, eq=False)
class FileScan(Scan):
    """Files one after the other.

    Parameters
    ----------
    files : those with any columns.
    """

    files: tuple[_File, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where they are."""
        return tuple(file.print.path for file in self.files)

    def read(self, bad: BadRows) -> Iterator[Chunk]:
        for file in self.files:
            yield from file.chunks(self.columns, bad)


def scan_files(
    paths: Sequence[Path],
    selection: Selection,
    *,
    weights: str | None,
    header: bool | None,
    on_bad_row: str,
) -> FileScan:
    """A scan over files, whose columns are those of the first, matched by name in the others.

    Raises
    ------
    DataError : a file lacks a column, or has it as text; all are empty.
    OSError : one cannot be read.
    """
    files: list[_File] = []
    columns: Columns | None = None
    for path in paths:
        mark = Fingerprint.of(path)
        found, reader = _header(path, selection, header)
        if found is None:
            continue  # empty
        constants = {
            name: value for name, value in partitions(path).items() if name not in found.names
        }
        if columns is None:
            columns = chosen(found, str(path), selection, weights, tuple(constants))
        _check(path, found, columns, constants)
        files.append(_File(mark, found, reader, constants))
    if columns is None:
        where = str(paths[0]) if len(paths) == 1 else f"each of the {len(paths)} files"
        raise DataError(f"{where} is empty, expected rows of numbers")
    return FileScan(columns, on_bad_row, tuple(files))


def _header(path: Path, selection: Selection, header: bool | None) -> tuple[Header | None, _Reader]:
    """The columns of a file, and what reads its format."""
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        return arrow.parquet_header(path), arrow.parquet_chunks
    if suffix in _ARROW:
        return arrow.feather_header(path), arrow.feather_chunks
    if suffix == ".npz":
        raise DataError(archive(path))
    if suffix == ".npy":
        return npy.npy_header(path), npy.npy_chunks
    return text.text_header(path, selection, header), text.text_chunks


def _check(path: Path, found: Header, columns: Columns, constants: dict[str, str]) -> None:
    """Refuse a file that has not the columns."""
    if columns.named != found.named:
        has, first = ("a", "none") if found.named else ("no", "one")
        raise DataError(
            f"{path} has {has} header, the first file has {first}: give all files one, or say "
            "--header or --no-header"
        )
    kinds = dict(found.kinds) | {n: "" if is_number(v) else "text" for n, v in constants.items()}
    whole = replace(found, names=(*found.names, *constants), kinds=kinds)
    whole.check(columns, str(path))


def _all(columns: Columns) -> tuple[str, ...]:
    return (*columns.features, *columns.ids, *([columns.weights] if columns.weights else []))


def _without(columns: Columns, at: dict[str, str]) -> Columns:
    return replace(
        columns,
        features=tuple(name for name in columns.features if name not in at),
        weights=None if columns.weights in at else columns.weights,
        ids=tuple(name for name in columns.ids if name not in at),
    )


def _with(chunk: Chunk, columns: Columns, at: dict[str, str]) -> Chunk:
    """The chunk, with columns that hold one value."""
    m = len(chunk)
    inner = iter(chunk.rows.T)
    parts = [np.full(m, number(at[n])) if n in at else next(inner) for n in columns.features]
    ids = {n: [at[n]] * m if n in at else chunk.ids[n] for n in columns.ids}
    weights = chunk.weights
    if columns.weights in at:
        weights = np.full(m, number(at[str(columns.weights)]))
    return replace(chunk, rows=np.column_stack(parts), ids=ids, weights=weights)
