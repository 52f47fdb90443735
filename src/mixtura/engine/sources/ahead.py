"""Ahead: reading on another thread while this one computes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Generic, TypeAlias, TypeVar
from weakref import ref

__all__ = ["ahead"]

T = TypeVar("T")


def ahead(items: Iterable[T], depth: int = 4) -> Generator[T, None, None]:
    """The items in their order, of which at most `depth` are made before they are asked for.

    An error of the iterable is raised where its item would have come. Whoever stops asking, or
    drops the iterator, ends the reading, and a generator is then closed by the thread that read.

    Notes
    -----
    One thread a pass; it waits while `depth` items are unread. Where Python starts no more
    threads, at the end of the interpreter, the items are made as they are asked for.

    Examples
    --------
    >>> list(ahead(range(3)))
    [0, 1, 2]
    """
    room: Queue[_Item[T] | _End] = Queue(depth)
    stopped = threading.Event()
    reader = threading.Thread(
        target=_read, args=(items, room, ref(stopped)), name="mixtura-reader", daemon=True
    )
    try:
        if not _started(reader):
            yield from items
            return
        while isinstance(item := room.get(), _Item):
            yield item.value
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        with suppress(Empty):
            while True:
                room.get_nowait()
        with suppress(RuntimeError):  # an interruption came before it began
            reader.join()


def _started(thread: threading.Thread) -> bool:
    if sys.is_finalizing():  # it would never begin, and `start` waits for it to
        return False
    try:
        thread.start()
    except RuntimeError:
        return False
    return True


@dataclass(frozen=True)
class _Item(Generic[T]):
    value: T


@dataclass(frozen=True)
class _End:
    error: BaseException | None


#: is nothing, or is set, once nobody wants more: an interruption may come before it could be set
_Stopped: TypeAlias = "ref[threading.Event]"


def _read(items: Iterable[T], room: Queue[_Item[T] | _End], stopped: _Stopped) -> None:
    """Put the items where there is room, until they end, fail, or nobody wants them."""
    error = None
    try:
        for item in items:
            if not _put(_Item(item), room, stopped):
                break
        if isinstance(items, Generator):
            items.close()
    except BaseException as raised:
        error = raised
    _put(_End(error), room, stopped)


def _put(item: _Item[T] | _End, room: Queue[_Item[T] | _End], stopped: _Stopped) -> bool:
    """Whether there was room before it was too late."""
    while (event := stopped()) and not event.is_set():
        del event
        try:
            room.put(item, timeout=0.1)
        except Full:
            continue
        return True
    return False
