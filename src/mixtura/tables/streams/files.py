"""Files: a scan over those on disk that paths, globs and folders lead to, of any format."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from glob import glob, has_magic
from pathlib import Path

import numpy as np

from mixtura.errors import DataError
from mixtura.tables.cells import is_number, number
from mixtura.tables.chunk import BadRows, Chunk
from mixtura.tables.selection import Columns, Header, Selection
from mixtura.tables.streams.formats import PACKED, SUFFIXES, Reader, format_of
from mixtura.tables.streams.scan import Scan


@dataclass(frozen=True)
class _Fingerprint:
    """By what a file is known to be as it was.

    Parameters
    ----------
    path : the file.
    size : bytes.
    modified : nanoseconds since 1970.
    """

    path: Path
    size: int
    modified: int

    @classmethod
    def of(cls, path: Path) -> _Fingerprint:
        """What a file is known by, now.

        Raises
        ------
        OSError : it is not there.
        """
        status = path.stat()
        return cls(path, status.st_size, status.st_mtime_ns)

    def check(self) -> None:
        """Refuse a file that is not as it was.

        Raises
        ------
        DataError : it has another size or another time of change, or is gone.
        """
        try:
            now = _Fingerprint.of(self.path)
        except FileNotFoundError:
            raise DataError(
                f"{self.path} was deleted while it was in use: each pass reads it again, so keep "
                "it until the work is done"
            ) from None
        if now != self:
            how = (
                f"it had {self.size:,} bytes and has {now.size:,}"
                if now.size != self.size
                else "it was written to"
            )
            raise DataError(
                f"{self.path} changed while it was in use: {how}; each pass must see the same "
                "rows, so work on a copy, or begin again when nobody writes to it"
            )


@dataclass(frozen=True, eq=False)
class _File:
    """A file with its columns and what reads it, one of a scan.

    Parameters
    ----------
    print : by which it is known to be as it was.
    header : its columns.
    reader : reads its format.
    constants : what its place says of all its rows.
    """

    print: _Fingerprint
    header: Header
    reader: Reader
    constants: dict[str, str]

    def chunks(self, columns: Columns, bad: BadRows) -> Iterator[Chunk]:
        """Its rows, with what its place says of them.

        Raises
        ------
        DataError : it is not as it was, before or after.
        """
        self.print.check()
        at = {name: self.constants[name] for name in columns.names if name in self.constants}
        inner = columns if not at else _without(columns, at)
        for chunk in self.reader(self.print.path, inner, self.header, bad):
            yield chunk if not at else _with(chunk, columns, at)
        self.print.check()


@dataclass(frozen=True, eq=False)
class FileScan(Scan):
    """The rows of files, one file after the other.

    Parameters
    ----------
    files : those with any columns.
    """

    files: tuple[_File, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where the files are, in their order."""
        return tuple(file.print.path for file in self.files)

    def read(self, bad: BadRows) -> Iterator[Chunk]:
        for file in self.files:
            yield from file.chunks(self.columns, bad)


def scan_files(
    paths: Sequence[Path],
    selection: Selection,
    *,
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
        mark = _Fingerprint.of(path)
        form = format_of(path)
        selection.reading.check(form.takes, str(path))
        found = form.header(path, selection, header)
        if found is None:
            continue  # empty
        constants = {
            name: value for name, value in _partitions(path).items() if name not in found.names
        }
        if columns is None:
            columns = found.columns(selection, str(path), tuple(constants))
        _check(path, found, columns, constants)
        files.append(_File(mark, found, form.chunks, constants))
    if columns is None:
        where = str(paths[0]) if len(paths) == 1 else f"each of the {len(paths)} files"
        raise DataError(f"{where} is empty, expected rows of numbers")
    return FileScan(columns, on_bad_row, tuple(files))


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


def _without(columns: Columns, at: dict[str, str]) -> Columns:
    return replace(
        columns,
        features=tuple(name for name in columns.features if name not in at),
        fields={name: column for name, column in columns.fields.items() if column not in at},
        ids=tuple(name for name in columns.ids if name not in at),
    )


def _with(chunk: Chunk, columns: Columns, at: dict[str, str]) -> Chunk:
    """The chunk, with columns that hold one value."""
    m = len(chunk)
    inner = iter(chunk.rows.T)
    parts = [np.full(m, number(at[n])) if n in at else next(inner) for n in columns.features]
    ids = {n: [at[n]] * m if n in at else chunk.ids[n] for n in columns.ids}
    fields = {
        name: np.full(m, number(at[n])) if n in at else chunk.fields[name]
        for name, n in columns.fields.items()
    }
    return replace(chunk, rows=np.column_stack(parts), ids=ids, fields=fields)


def files_of(paths: Sequence[str | os.PathLike[str]]) -> tuple[Path, ...]:
    """The files that paths, globs and folders lead to; those of one glob or folder in their order.

    In a folder, and those below it, every file of rows counts, but for names that begin with a dot
    or an underscore.

    Raises
    ------
    DataError : a glob or a folder has none.
    OSError : there is no such file.
    """
    found: list[Path] = []
    for given in paths:
        if not os.fspath(given):
            raise DataError("X has a path that is empty, expected a file, a folder or a glob")
        path = Path(given)
        if path.is_dir():
            inside = _inside(path)
            if not inside:
                raise DataError(
                    f"{path} is a folder without files of rows, expected some of: "
                    f"{', '.join(SUFFIXES)}"
                )
            found += inside
        elif _is_several(given):
            matched = sorted(Path(name) for name in glob(str(given), recursive=True))  # noqa: PTH207
            matched = [each for each in matched if each.is_file()]
            if not matched:
                raise DataError(f"no file matches {given}: check the pattern, or quote it")
            found += matched
        else:
            if stat.S_ISFIFO(path.stat().st_mode):
                raise DataError(
                    f"{path} is a pipe, which can be read once, and these rows are read again at "
                    "each pass: write them to a file first"
                )
            found.append(path)
    return tuple(found)


def needs_scan(path: str, *, large: bool = False) -> bool:
    """Whether a path is one that only a scan reads: a glob, a folder, Arrow's or a packed file.

    Parameters
    ----------
    path : it need not exist.
    large : whether large files are to be scanned, too, which memory might hold.

    Raises
    ------
    DataError : it is no file of rows.
    """
    if _is_several(path) or Path(path).suffix.lower() in PACKED:
        return True
    if not Path(path).is_file():
        return False
    form = format_of(Path(path))
    return form.streamed or (large and Path(path).stat().st_size >= form.large)


def _is_several(path: str | os.PathLike[str]) -> bool:
    """Whether a path is a folder, or a glob and no file of that name."""
    return Path(path).is_dir() or (has_magic(str(path)) and not Path(path).exists())


def _inside(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part[0] in "._" for part in path.relative_to(folder).parts)
        and _ending(path) in SUFFIXES
    )


def _ending(path: Path) -> str:
    """The suffix that says the format, without that of a compression."""
    packed = path.suffix.lower() in PACKED
    return (Path(path.stem) if packed else path).suffix.lower()


def _partitions(path: Path) -> dict[str, str]:
    """What the folders' names say of all rows of a file, as Hive writes it: ``year=2024``."""
    pairs = (part.partition("=") for part in path.parts[:-1])
    return {name: value for name, equals, value in pairs if equals and name}
