"""Watched: a scan that tells how far a pass has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mixtura.tables.streams.bad_rows import BadRows
from mixtura.tables.streams.chunk import Chunk
from mixtura.tables.streams.scan import Scan

__all__ = ["WatchedScan", "watched"]


@dataclass(frozen=True, eq=False)
class WatchedScan(Scan):
    """The rows of another scan.

    Parameters
    ----------
    inner : the other.
    told : of the rows that a pass has read so far, bad ones included: 0 as it begins. It may be
        called from another thread.
    """

    inner: Scan
    told: Callable[[int], None]

    def read(self, bad: BadRows) -> Iterator[Chunk]:
        count = 0
        self.told(0)
        for chunk in self.inner.read(bad):
            yield chunk
            count += len(chunk)
            self.told(count)


def watched(scan: Scan, told: Callable[[int], None]) -> WatchedScan:
    """The same rows, and `told` is told how far each pass has come."""
    return WatchedScan(scan.columns, scan.on_bad_row, scan, told)
