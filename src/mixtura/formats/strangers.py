"""Strangers: files that are no models, called by their own names, with what to do instead."""

from __future__ import annotations

import re

_ROWS = " and not a model: its rows are data, which mixtura fit reads"
_PICKLE = (
    "a Python pickle and not a model that is read: it holds code, and is never loaded; where it "
    "was made, call mixtura.save"
)

#: how a file begins -> what it is, and what helps
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (rb"\x89HDF\r\n", "an HDF5 file and not a model: MATLAB's are read when saved with '-v7'"),
    (rb"SIMPLE  =", f"a FITS file{_ROWS}"),
    (rb"PAR1", f"a Parquet file{_ROWS}"),
    (rb"ARROW1", f"an Arrow file{_ROWS}"),
    (rb"FCS[23]\.\d", f"a flow cytometry file{_ROWS}"),
    (rb"\x93NUMPY", f"a NumPy array{_ROWS}"),
    (rb"PK\x03\x04", "a zip archive and not a model: unpack it first, if it holds one"),
    (rb"\x80[\x02-\x05]", _PICKLE),
    (
        rb"# A Gaussian mixture of",
        "an R script and not a model file, and is not run: source it in R, then saveRDS its fit",
    ),
    (rb"\s*<\?xml[^<]*<PMML", "a PMML file and not a model: it has no weights"),
    (rb"\s*\{", "JSON and not a model: it has no mixture that is known"),
    (rb"\s*<", "XML or HTML and not a model"),
)


def stranger(data: bytes) -> str | None:
    """What bytes are that hold no model, with what to do; None where they might."""
    start = data[:400]
    return next((words for begin, words in _BEGINNINGS if re.match(begin, start)), None)
