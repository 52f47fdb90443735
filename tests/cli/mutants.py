"""Mutants: files of rows and of models, damaged by chance, and what the formats' libraries say."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet

__all__ = ["FORMATS", "NAMES", "NUMBERS", "WHO", "Format", "Rows", "mutated"]

RANDOM = np.random.default_rng(20)
#: 2 columns of numbers, and a text that goes along
NUMBERS = RANDOM.normal(size=(60, 2)).round(3)
WHO = [f"né{i}" for i in range(60)]
NAMES = ("x", "y")


@dataclass(frozen=True)
class Rows:
    """What a library reads from a file.

    Parameters
    ----------
    columns : name -> N numbers; of an array x0, x1.
    who : the texts, or None where the format holds none.
    """

    columns: dict[str, np.ndarray]
    who: list[str] | None = None

    def of(self, names: list[str]) -> np.ndarray:
        """The columns of those names, (N, D); those of an array by position."""
        if self.who is None:
            return np.column_stack(list(self.columns.values()))
        return np.column_stack([self.columns[name] for name in names])


@dataclass(frozen=True)
class Format:
    """A format of files with rows.

    Parameters
    ----------
    suffix : of its files' names.
    data : of the file that is damaged.
    read : the rows in a file's bytes, as the format's own library reads them.
    carries : whether there is a text that goes along.
    """

    suffix: str
    data: bytes
    read: Callable[[bytes], Rows]
    carries: bool = True


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """The bytes with one to three accidents: bits, gaps, repeats, zeros, or an end too early."""
    damaged = bytearray(data)
    for _ in range(random.integers(1, 4)):
        at, length = _place(len(damaged), random), int(random.integers(1, 17))
        match random.integers(8):
            case 0 | 1:
                damaged[at : at + 1] = bytes([damaged[at] ^ 1 << int(random.integers(8))])
            case 2:
                damaged[at : at + 1] = random.bytes(1)
            case 3:
                del damaged[at:]
            case 4:
                del damaged[at : at + length]
            case 5:
                damaged[at:at] = random.bytes(length)
            case 6:
                damaged[at:at] = damaged[at : at + length]
            case _:
                damaged[at : at + length] = bytes(min(length, len(damaged) - at))
        if not damaged:
            break
    return bytes(damaged)


def _place(length: int, random: np.random.Generator) -> int:
    """Anywhere, or near the beginning or the end, where formats say what they hold."""
    near = min(length, 200)
    low, high = ((0, length), (0, length), (0, near), (length - near, length))[random.integers(4)]
    return int(random.integers(low, high))


def _array(**options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(NUMBERS, **options))
    return file.getvalue()


def _read_array(data: bytes) -> Rows:
    array = np.load(io.BytesIO(data), allow_pickle=False)
    assert array.ndim == 2
    return Rows({f"x{j}": column.astype(np.float64) for j, column in enumerate(array.T)})


def _archive() -> bytes:
    file = io.BytesIO()
    np.savez(file, rows=NUMBERS)
    return file.getvalue()


def _text(delimiter: str) -> bytes:
    lines = [delimiter.join(("who", *NAMES))]
    lines += [delimiter.join((w, f"{a}", f"{b}")) for w, (a, b) in zip(WHO, NUMBERS, strict=True)]
    return ("\n".join(lines) + "\n").encode()


def _read_text(delimiter: str) -> Callable[[bytes], Rows]:
    def read(data: bytes) -> Rows:
        frame = pd.read_csv(
            io.BytesIO(data), sep=delimiter, dtype=str, na_filter=False, skipinitialspace=True
        )
        columns = {
            str(name): np.array([float(cell) for cell in frame[name]])
            for name in frame.columns[1:]
        }  # fmt: skip
        return Rows(columns, frame.iloc[:, 0].tolist())

    return read


def _unpacked(read: Callable[[bytes], Rows], unpack: Callable[[bytes], bytes]) -> Any:
    return lambda data: read(unpack(data))


def _zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


def _unzstd(data: bytes) -> bytes:
    return bytes(pa.CompressedInputStream(pa.BufferReader(data), "zstd").read())


TABLE = pa.table({"who": WHO, "x": NUMBERS[:, 0], "y": NUMBERS[:, 1]})


def _read_table(table: pa.Table) -> Rows:
    table.validate(full=True)
    texts = ["" if text is None else str(text) for text in table.column(0).to_pylist()]
    names = table.schema.names[1:]
    return Rows({n: table.column(n).to_numpy().astype(np.float64) for n in names}, texts)


def _parquet(**options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pa.parquet.write_table(TABLE, sink, **options)
    return bytes(sink.getvalue())


def _read_parquet(data: bytes) -> Rows:
    file = pa.parquet.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
    return _read_table(file.read())


def _feather(compression: str) -> bytes:
    sink = pa.BufferOutputStream()
    pa.feather.write_feather(TABLE, sink, compression=compression)
    return bytes(sink.getvalue())


def _read_feather(data: bytes) -> Rows:
    if data.startswith(b"ARROW1"):
        return _read_table(pa.ipc.open_file(pa.BufferReader(data)).read_all())
    return _read_table(pa.ipc.open_stream(pa.BufferReader(data)).read_all())


def _stream() -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=25)
    return bytes(sink.getvalue())


_CSV, _TSV = _read_text(","), _read_text("\t")
FORMATS = {
    "npy": Format(".npy", _array(), _read_array, carries=False),
    "float32 npy": Format(".npy", _array(dtype=np.float32), _read_array, carries=False),
    "npy by columns": Format(".npy", _array(order="F"), _read_array, carries=False),
    "npz": Format(".npz", _archive(), _read_array, carries=False),
    "csv": Format(".csv", _text(","), _CSV),
    "tsv": Format(".tsv", _text("\t"), _TSV),
    "csv.gz": Format(
        ".csv.gz", gzip.compress(_text(","), mtime=0), _unpacked(_CSV, gzip.decompress)
    ),
    "csv.zst": Format(".csv.zst", _zstd(_text(",")), _unpacked(_CSV, _unzstd)),
    "parquet": Format(".parquet", _parquet(), _read_parquet),
    "plain parquet": Format(
        ".parquet",
        _parquet(use_dictionary=False, compression="none", data_page_version="2.0"),
        _read_parquet,
    ),
    "parquet with checksums": Format(
        ".parquet", _parquet(write_page_checksum=True, row_group_size=25), _read_parquet
    ),
    "feather": Format(".feather", _feather("lz4"), _read_feather),
    "arrow": Format(".arrow", _feather("uncompressed"), _read_feather),
    "arrow stream": Format(".arrows", _stream(), _read_feather),
}  # fmt: skip
