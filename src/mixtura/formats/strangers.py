"""Strangers: files that are no models, called by their own names, with what to do instead."""

from __future__ import annotations

#: how a file begins, at which byte -> what it is, and what helps
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file, expected a model: of MATLAB's, save it with '-v7'"),
    (0, b"SIMPLE  =", "a FITS file, expected a model: its rows are read by mixtura fit"),
    (0, b"PAR1", "a Parquet file, expected a model: its rows are read by mixtura fit"),
    (0, b"ARROW1", "an Arrow file, expected a model: its rows are read by mixtura fit"),
    (0, b"FCS", "a flow cytometry file (FCS), expected a model: its rows are data"),
    (0, b"\x93NUMPY", "a NumPy array, expected a model: its rows are read by mixtura fit"),
    (0, b"PK\x03\x04", "a zip archive, expected a model: unpack it first, if it holds one"),
    (0, b"\x80\x02", "a Python pickle, which holds code and is never loaded: save the model in it "
     "with mixtura.save"),
    (0, b"\x80\x03", "a Python pickle, which holds code and is never loaded: save the model in it "
     "with mixtura.save"),
    (0, b"\x80\x04", "a Python pickle, which holds code and is never loaded: save the model in it "
     "with mixtura.save"),
    (0, b"\x80\x05", "a Python pickle, which holds code and is never loaded: save the model in it "
     "with mixtura.save"),
)  # fmt: skip


def stranger(data: bytes) -> str | None:
    """What bytes are that hold no model, with what to do; None where they might."""
    for at, magic, words in _MAGIC:
        if data.startswith(magic, at):
            return words
    return None
