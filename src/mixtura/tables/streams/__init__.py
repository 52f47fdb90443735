"""Streams: rows that are read again at every pass, since memory cannot hold them."""

from __future__ import annotations

from mixtura.tables.chunk import BadRows, Chunk, bad_rows, coalesce, concat, rechunk
from mixtura.tables.streams.files import needs_scan
from mixtura.tables.streams.opening import is_stream, scan, scanned
from mixtura.tables.streams.scan import Scan

__all__ = [
    "BadRows",
    "Chunk",
    "Scan",
    "bad_rows",
    "coalesce",
    "concat",
    "is_stream",
    "needs_scan",
    "rechunk",
    "scan",
    "scanned",
]

#: what these were called before
gathered, evened, joined = coalesce, rechunk, concat
