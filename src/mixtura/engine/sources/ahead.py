"""Ahead: reading on another thread while this one computes."""

from __future__ import annotations

import sys
from _thread import LockType, allocate_lock, start_new_thread
from collections.abc import Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar, cast
from weakref import ref

T = TypeVar("T")


def ahead(items: Iterable[T], depth: int = 4) -> Generator[T, None, None]:
    """The items in their order, of which at most `depth` are made before they are asked for.

    An error of the iterable is raised where its item would have come. Whoever stops asking, or
    drops the iterator, ends the reading, and a generator is then closed by the thread that read.

    Notes
    -----
    One thread a pass; it waits while `depth` items are unread. Where Python starts no more
    threads, at the end of the interpreter, the items are made as they are asked for. An
    interruption, wherever it comes, leaves no thread behind.

    Examples
    --------
    >>> list(ahead(range(3)))
    [0, 1, 2]
    """
    reading: _Reading[T] = _Reading()
    try:
        if not reading.begun(items):
            yield from items
            return
        for _ in range(depth):
            reading.wishes.put(None)
        while isinstance(item := reading.made.get(), _Item):
            reading.wishes.put(None)
            yield item.value
        if item.error is not None:
            raise item.error
    finally:
        reading.wanted = False  # first of all: this alone ends it
        reading.wishes.put(None)
        with reading.under_way:
            pass


@dataclass(frozen=True)
class _Item(Generic[T]):
    value: T


@dataclass(frozen=True)
class _End:
    error: BaseException | None


class _Reading(Generic[T]):
    """What the thread that reads and the one that asks have in common.

    Queues and locks without Python code inside: those of `threading` and `queue.Queue` stay taken
    where an interruption comes between the taking and what follows.
    """

    def __init__(self) -> None:
        self.wanted = True
        self.wishes: SimpleQueue[None] = SimpleQueue()  # one for each item that there is room for
        self.made: SimpleQueue[_Item[T] | _End] = SimpleQueue()
        self.under_way = allocate_lock()

    def begun(self, items: Iterable[T]) -> bool:
        """Whether a thread reads; none can at the end of the interpreter."""
        if sys.is_finalizing():
            return False
        try:
            start_new_thread(_read, (items, ref(self), self.wishes, self.made, self.under_way))
        except RuntimeError:
            return False
        return True


def _read(
    items: Iterable[T],
    reading: ref[_Reading[T]],
    wishes: SimpleQueue[None],
    made: SimpleQueue[_Item[T] | _End],
    under_way: LockType,
) -> None:
    """Make an item for each wish, until they end, fail, or nobody wants them."""
    error, end = None, cast(T, object())
    with under_way:
        try:
            making = iter(items)
            while _wished(reading, wishes) and (item := next(making, end)) is not end:
                made.put(_Item(item))
            if isinstance(items, Generator):
                items.close()
        except BaseException as raised:
            error = raised
        made.put(_End(error))


def _wished(reading: ref[_Reading[T]], wishes: SimpleQueue[None]) -> bool:
    """Whether there is a wish, before nobody is there any more to have one."""
    while True:
        with suppress(Empty):
            wishes.get(timeout=0.1)
            return _wanted(reading)
        if not _wanted(reading):
            return False


def _wanted(reading: ref[_Reading[T]]) -> bool:
    asking = reading()
    return asking is not None and asking.wanted
