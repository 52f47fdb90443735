"""Ahead: reading on another thread while this one computes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Generic, TypeVar

__all__ = ["ahead"]

T = TypeVar("T")


def ahead(items: Iterable[T], depth: int = 4) -> Iterator[T]:
    """The items in their order, of which at most `depth` are made before they are asked for.

    An error of the iterable is raised where its item would have come. Whoever stops asking, or
    drops the iterator, ends the reading.

    Notes
    -----
    One thread a pass; it waits while `depth` items are unread.

    Examples
    --------
    >>> list(ahead(range(3)))
    [0, 1, 2]
    """
    room: Queue[_Item[T] | _End] = Queue(depth)
    stopped = threading.Event()
    reader = threading.Thread(
        target=_read, args=(items, room, stopped), name="mixtura-reader", daemon=True
    )
    reader.start()
    try:
        while isinstance(item := room.get(), _Item):
            yield item.value
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        with suppress(Empty):
            while True:
                room.get_nowait()
        reader.join()


@dataclass(frozen=True)
class _Item(Generic[T]):
    value: T


@dataclass(frozen=True)
class _End:
    error: BaseException | None


def _read(items: Iterable[T], room: Queue[_Item[T] | _End], stopped: threading.Event) -> None:
    """Put the items where there is room, until they end, fail, or nobody wants them."""
    error = None
    try:
        for item in items:
            if not _put(_Item(item), room, stopped):
                return
    except BaseException as raised:
        error = raised
    _put(_End(error), room, stopped)


def _put(item: _Item[T] | _End, room: Queue[_Item[T] | _End], stopped: threading.Event) -> bool:
    """Whether there was room before it was too late."""
    while not stopped.is_set():
        try:
            room.put(item, timeout=0.1)
        except Full:
            continue
        return True
    return False
