"""Formats: what a file of rows is, by how it begins, else by the end of its name."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from mixtura.errors import DataError
from mixtura.tables import arrow, delimited, fcs, fits, h5ad, npy
from mixtura.tables.chunk import BadRows, Chunk
from mixtura.tables.selection import Columns, Header, Selection

Reader: TypeAlias = Callable[[Path, Columns, Header, BadRows], Iterator[Chunk]]
Opener: TypeAlias = Callable[[Path, Selection, bool | None], Header | None]

#: the ends of names of files that are packed
PACKED = (".gz", ".zst")
_GZIP = b"\x1f\x8b"
#: bytes by which a file is known
_BEGINNING = 64


@dataclass(frozen=True)
class Format:
    """A format of rows.

    Parameters
    ----------
    called : what a file of it is, with an article.
    endings : of its files' names, those first that are searched for.
    magics : how its files begin.
    header : opens one: its columns, None where it is empty.
    chunks : reads its rows.
    streamed : whether files are read in parts, however small.
    large : bytes of a file from which on it is read in parts.
    takes : what of a `Reading` concerns its files.
    """

    called: str
    endings: tuple[str, ...]
    magics: tuple[bytes, ...]
    header: Opener
    chunks: Reader
    streamed: bool = False
    large: int = 2**28
    takes: tuple[str, ...] = ()


TEXT = Format("CSV", (".csv", ".tsv"), (), delimited.file_header, delimited.file_chunks)

FORMATS = (
    Format(
        "a Parquet file",
        (".parquet", ".pq"),
        (b"PAR1",),
        lambda path, *_: arrow.parquet_header(path),
        arrow.parquet_chunks,
    ),
    Format(
        "an Arrow file",
        (".arrow", ".feather", ".ipc", ".arrows"),
        arrow.MAGICS,
        lambda path, *_: arrow.feather_header(path),
        arrow.feather_chunks,
        streamed=True,
    ),
    Format(
        "an array of NumPy's", (".npy",), (b"\x93NUMPY",), lambda path, *_: npy.npy_header(path),
        npy.npy_chunks,
    ),
    Format(
        "a FITS file",
        fits.ENDINGS,
        (b"SIMPLE  =",),
        lambda path, *_: fits.fits_header(path),
        fits.fits_chunks,
        streamed=True,
    ),
    Format(
        "an FCS file",
        (".fcs", ".lmd"),
        (b"FCS2.", b"FCS3."),
        lambda path, selection, _: fcs.fcs_header(path, selection),
        fcs.fcs_chunks,
        large=2**26,
        takes=("compensate",),
    ),
    Format(
        "an HDF5 file",
        (".h5ad", ".h5", ".hdf5"),
        (b"\x89HDF\r\n\x1a\n",),
        lambda path, selection, _: h5ad.h5ad_header(path, selection),
        h5ad.h5ad_chunks,
        large=2**26,
        takes=("obsm", "layer"),
    ),
)  # fmt: skip

#: what a folder is searched for
SUFFIXES = tuple(ending for each in (*FORMATS, TEXT) for ending in each.endings)

#: files of other programs, by the ends of their names -> whose they are, and what reads them
_ELSEWHERE = {
    ".dta": ("Stata", "pandas.read_stata(path)"),
    ".sav": ("SPSS", "pandas.read_spss(path)"),
    ".sas7bdat": ("SAS", "pandas.read_sas(path)"),
    ".xlsx": ("Excel", "pandas.read_excel(path)"),
    ".xls": ("Excel", "pandas.read_excel(path)"),
}
#: how files that are no rows to mixtura begin -> what they are, and what to do
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    *(
        (magic, "a data file of R", "save the data frame as CSV, with write.csv")
        for magic in (
            b"RDX2\n",
            b"RDX3\n",
            b"RDA2\n",
            b"RDA3\n",
            b"X\n\0\0\0",
            b"A\n2\n",
            b"A\n3\n",
        )
    ),
    (b"MATLAB 5.0", "a MATLAB file", "pass an array of scipy.io.loadmat(path)"),
    (b"# Created by Octave", "a file of Octave's", "save the matrix as CSV, with csvwrite"),
    (b"PK\x03\x04", "a zip archive", "unpack it, and name a file in it"),
    (b"SQLite format 3", "a SQLite database", "pass what pandas.read_sql gives"),
    (b"%PDF-", "a PDF document", "save the table as CSV"),
    (b"ORC", "an ORC file", "pass what pyarrow.orc.read_table(path) gives"),
    (b"Obj\x01", "an Avro file", "save it as Parquet"),
    (b"ARMA_", "a file of Armadillo's", "save the matrix as CSV"),
    (b"%YAML:1.0", "a file of OpenCV's", "save the matrix as CSV"),
    (b"<?xml", "an XML document", "save the table as CSV"),
)


def format_of(path: Path) -> Format:
    """The format of a file.

    Raises
    ------
    DataError : it is none of rows; what it is instead is said.
    OSError : it cannot be read.
    """
    begun = beginning(path)
    inner = _unpacked(path) if begun.startswith(_GZIP) else begun
    found = next((each for each in FORMATS if inner.startswith(each.magics)), None)
    if found is not None and (inner is begun or found.endings is fits.ENDINGS):
        return found
    suffix = path.suffix.lower()
    if suffix in _ELSEWHERE:
        whose, reader = _ELSEWHERE[suffix]
        raise DataError(
            f"{path} is a file of {whose}, which mixtura does not read: pass what {reader} gives, "
            "with its codes for missing values made NaN"
        )
    if suffix == ".npz":
        raise DataError(npy.archive(path))
    refuse_foreign(inner, str(path))
    if inner is not begun and (found is not None or suffix != ".gz"):
        what = "a file" if found is None else found.called
        remedy = "unpack it first" if found is not None else "let its name end in .gz"
        raise DataError(f"{path} is {what} packed by gzip: {remedy}")
    packed = suffix in PACKED
    ending = (Path(path.stem) if packed else path).suffix.lower()
    # A file that is packed is text, but for FITS, whose reader unpacks it.
    known = (each for each in FORMATS if ending in each.endings)
    return next((each for each in known if not packed or each.endings is fits.ENDINGS), TEXT)


def refuse_foreign(data: bytes, source: str) -> None:
    """Refuse what begins as a file of another kind; `source` begins the message.

    Raises
    ------
    DataError : it does; what it is, and what to do instead.
    """
    for magic, called, remedy in _FOREIGN:
        if data.startswith(magic):
            raise DataError(f"{source} is {called}, expected rows of numbers: {remedy}")
    if data[4:8] == b"\0\0\0\0" and data[8:10] == b'{"':
        raise DataError(
            f"{source} is a file of safetensors, as mixtura keeps models in, expected rows of "
            "numbers: name the data"
        )


def beginning(path: Path) -> bytes:
    """The first bytes of a file; none of a pipe, which whoever looks into takes them from."""
    if path.is_fifo():
        return b""
    with path.open("rb") as file:
        return file.read(_BEGINNING)


def _unpacked(path: Path) -> bytes:
    """The first bytes of a file that is packed by gzip, as far as they can be unpacked."""
    with suppress(OSError, EOFError, zlib.error), gzip.open(path, "rb") as file:
        return file.read(_BEGINNING)
    return b""
