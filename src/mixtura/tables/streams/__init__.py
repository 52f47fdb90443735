"""Streams: rows that are read again at every pass, since memory cannot hold them."""

from __future__ import annotations

from mixtura.tables.streams.bad_rows import BadRows, bad_rows
from mixtura.tables.streams.chunk import Chunk
from mixtura.tables.streams.gathering import evened, gathered, joined
from mixtura.tables.streams.opening import is_stream, needs_scan, scan, scanned
from mixtura.tables.streams.scan import Scan

__all__ = [
    "BadRows",
    "Chunk",
    "Scan",
    "bad_rows",
    "evened",
    "gathered",
    "is_stream",
    "joined",
    "needs_scan",
    "scan",
    "scanned",
]
