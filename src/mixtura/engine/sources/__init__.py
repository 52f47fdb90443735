"""Sources: rows in memory or far larger, as the same blocks however often they are read."""

from __future__ import annotations

from mixtura.engine.sources.ahead import ahead
from mixtura.engine.sources.array import ArraySource
from mixtura.engine.sources.block import (
    Block,
    Fields,
    block_rows,
    even_block_rows,
    fields_of,
    summed_block_rows,
)
from mixtura.engine.sources.source import Source
from mixtura.engine.sources.stream import StreamSource

__all__ = [
    "ArraySource",
    "Block",
    "Fields",
    "Source",
    "StreamSource",
    "ahead",
    "block_rows",
    "even_block_rows",
    "fields_of",
    "summed_block_rows",
]
