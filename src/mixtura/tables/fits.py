"""FITS: the first table of numbers of a file, as astronomers keep catalogues, part by part."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError, MissingExtraError, MixturaError
from mixtura.tables.arrow import BATCH
from mixtura.tables.chunk import BadRows, Chunk
from mixtura.tables.selection import Columns, Header
from mixtura.tables.vectors import element_names
from mixtura.textual import words_of

#: the endings of such files
ENDINGS = (".fits", ".fit", ".fts")
#: letters of binary columns that hold whole numbers, or numbers
_WHOLE, _NUMBERS = "BIJK", "BIJKED"
#: what astropy raises of a file that is damaged
_FAULTS = (
    OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, EOFError,
    MemoryError, RuntimeError, UserWarning,
)  # fmt: skip
#: what columns of other letters hold
_OTHERS = {"A": "text", "L": "true or false", "X": "bits", "C": "complex", "M": "complex"}


def fits_header(path: Path) -> Header:
    """The columns of the first table of a FITS file, each with its kind where it is no number."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "File may have been truncated")  # astropy would go on
        with _opened(path) as table:
            columns, binary = list(table.columns), _is_binary(table)
            if not all(isinstance(column.name, str) for column in columns):
                raise ValueError("a column has no name")
            kinds = {column.name: _kind(column, binary=binary) for column in columns}
            shapes = {column.name: _shape(column) for column in columns if binary}
            vectors = {
                name: element_names(name, shape)
                for name, shape in shapes.items()
                if kinds[name].startswith("vectors of") and min(shape) > 0
            }
            names = [n for each in columns for n in vectors.get(each.name, (each.name,))]
            return Header((*names, *vectors), kinds, aside=tuple(vectors), vectors=vectors)


def fits_chunks(path: Path, columns: Columns, header: Header, _: BadRows) -> Iterator[Chunk]:
    """The rows of the first table of a FITS file; of a value that is missing there is NaN.

    Numbers come in this machine's byte order, single ones as such if all features are. A whole
    number that a column's TNULL stands for is missing; TSCAL and TZERO are applied.
    """
    first = 0
    with _opened(path, lambda: first) as table:
        data, count = table.data, int(table.header["NAXIS2"])
        if data is not None and len(data) != count:
            raise ValueError(f"its header tells of {count} rows, it holds {len(data)}")
        numbers = _numbers if _is_binary(table) else _typed_out
        for first in range(0, count, BATCH):
            part = data[first : first + BATCH]
            held: dict[str, NDArray[Any]] = {}
            nulls: dict[str, NDArray[np.bool_]] = {}
            for name in columns.stored:
                if name in columns.ids:
                    continue
                found, missing = numbers(part, table.columns[name])
                parts = columns.vectors.get(name, (name,))
                held |= dict(zip(parts, found.reshape(len(part), -1).T, strict=True))
                if missing is not None:
                    nulls |= dict(zip(parts, missing.reshape(len(part), -1).T, strict=True))
            values = [held[name] for name in columns.features]
            none = np.zeros(len(part), np.bool_)
            yield Chunk(
                np.stack(values, axis=1, dtype=np.result_type(np.float32, *values)),
                {name: held[n].astype(np.float64) for name, n in columns.fields.items()},
                {name: [str(each).strip() for each in part[name]] for name in columns.ids},
                str(path),
                first,
                nulls=np.stack([nulls.get(n, none) for n in columns.features], 1)
                if nulls
                else None,
            )


def _kind(column: Any, *, binary: bool) -> str:
    """What a column holds, where that is no number in each row; else nothing."""
    letters = str(column.format)
    if not binary:
        return "text" if letters.startswith("A") else ""
    count = letters[: len(letters) - len(letters.lstrip("0123456789"))]
    letter = letters[len(count) :][:1]
    if letter in "PQ":
        return "vectors, of a length of their own in each row"
    if letter not in _NUMBERS:
        return _OTHERS.get(letter, f"FITS {letters}")
    return f"vectors of {count}" if int(count or 1) != 1 else ""


def _shape(column: Any) -> tuple[int, ...]:
    """The shape of what a column of a binary table holds in each row, as NumPy has it."""
    letters = str(column.format)
    count = int(letters[: len(letters) - len(letters.lstrip("0123456789"))] or 1)
    sizes = [int(size) for size in str(column.dim or "").strip("()").split(",") if size.strip()]
    return tuple(reversed(sizes)) if math.prod(sizes) == count and len(sizes) > 1 else (count,)


def _numbers(part: Any, column: Any) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """A column of a binary table, (m, …), from the bytes as they are, and what is null in it."""
    held = part.view(part.dtype, np.ndarray)[column.name]
    values: NDArray[Any] = held.astype(held.dtype.newbyteorder("="))
    scaled = column.bscale not in (None, "", 1) or column.bzero not in (None, "", 0)
    missing = None
    if column.null not in (None, "") and values.dtype.kind in "iu":
        missing = values == int(column.null)
    if values.dtype.kind != "f" or scaled:
        values = values.astype(np.float64)
    if scaled:
        values = values * float(column.bscale or 1.0) + float(column.bzero or 0.0)
    if missing is not None and missing.any():
        values = np.where(missing, np.nan, values)
    return values, missing


def _typed_out(part: Any, column: Any) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """A column of a table of text, (m,), with NaN where it is empty, or its TNULL, and where."""
    cells = part.view(part.dtype, np.ndarray)[column.name]
    null = None if column.null in (None, "") else str(column.null).strip()
    texts = [cell.decode("ascii").strip() for cell in cells]
    scale, zero = float(column.bscale or 1.0), float(column.bzero or 0.0)
    numbers = (
        np.nan if text in ("", null) else float(text.replace("D", "E")) * scale + zero
        for text in texts
    )
    found = np.fromiter(numbers, np.float64, len(texts))
    return found, np.array([text in ("", null) for text in texts], np.bool_)


def _is_binary(table: Any) -> bool:
    return str(table.header["XTENSION"]).strip() == "BINTABLE"


@contextmanager
def _opened(path: Path, row: Callable[[], int] = lambda: 0) -> Iterator[Any]:
    """The first table of a FITS file, and what astropy finds wrong within as a sentence of it.

    Raises
    ------
    DataError : it is damaged, no FITS file, or has no table.
    MissingExtraError : astropy is not installed.
    OSError : it cannot be read.
    """
    try:
        from astropy.io import fits
    except ImportError:
        raise MissingExtraError("astropy", "fits", "reading FITS") from None
    try:
        # What astropy opens by its name, it leaves open where it fails.
        with path.open("rb") as file, fits.open(file, memmap=True, lazy_load_hdus=True) as units:
            kinds = (fits.BinTableHDU, fits.TableHDU)
            table = None
            for unit in units:  # each is read when it is asked for
                if isinstance(unit, kinds):
                    table = table or unit
                    binary = _is_binary(unit)
                    if not all(_kind(column, binary=binary) for column in unit.columns):
                        table = unit
                        break
            if table is None:
                raise DataError(
                    f"{path} has no table, only images: pass an array of their pixels, as "
                    "astropy.io.fits.getdata gives it"
                )
            yield table
    except MixturaError:
        raise
    except (*_FAULTS, fits.VerifyError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        where = f" from row {row()} on" if row() else ""
        raise DataError(
            f"{path} is not a FITS file that mixtura reads{where}: {words_of(error)}; it is cut "
            "short or damaged, so fetch or write it again"
        ) from None
