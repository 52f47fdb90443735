"""Threads: blocks side by side, results in order."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar

from mixtura.engine.executors.base import Executor
from mixtura.engine.sources import Block, Source

__all__ = ["Threads"]

T = TypeVar("T")


@dataclass(frozen=True)
class Threads(Executor):
    """The calling thread and helpers that wait from one pass to the next.

    A source of one block is done on the calling thread alone: small data never pays for helpers.

    Parameters
    ----------
    n_threads : how many blocks are worked on at once.

    Notes
    -----
    A pass costs some 40 µs to share out. At most four results a thread are held at once.
    """

    n_threads: int

    def map(self, source: Source, function: Callable[[Block], T]) -> Iterator[T]:
        n_helpers = min(self.n_threads, source.n_blocks) - 1
        if n_helpers < 1:
            return map(function, source.blocks())
        return _Shared(source.blocks(), function, n_helpers).results()


class _Shared(Generic[T]):
    """A pass under way: whoever is free takes the next block, if there is room for its result."""

    def __init__(
        self, blocks: Iterator[Block], function: Callable[[Block], T], n_helpers: int
    ) -> None:
        self._blocks = blocks
        self._function = function
        self._n_helpers = n_helpers
        self._room = 4 * (n_helpers + 1)
        self._pending: deque[Future[T]] = deque()  # of the blocks taken, in their order
        self._changed = threading.Condition()  # guards the two that change

    def results(self) -> Iterator[T]:
        """The results in the order of the blocks; the caller works while it waits for one."""
        pool = _pool(self._n_helpers)
        helpers = [pool.submit(self._help) for _ in range(self._n_helpers)]
        try:
            while True:
                task = self._taken()
                if task:
                    future, block = task
                    future.set_result(self._function(block))
                elif not self._pending:
                    return
                waits = task is None
                while self._pending and (waits or self._pending[0].done()):
                    yield self._pending[0].result()
                    with self._changed:
                        self._pending.popleft()
                        self._changed.notify()
                    waits = False
        finally:
            with self._changed:
                self._blocks = iter(())
                self._pending.clear()
                self._changed.notify_all()
            for helper in helpers:
                if not helper.cancel():
                    helper.result()

    def _help(self) -> None:
        """Work on blocks while there are any."""
        while task := self._taken(wait=True):
            future, block = task
            try:
                future.set_result(self._function(block))
            except BaseException as error:
                future.set_exception(error)

    def _taken(self, *, wait: bool = False) -> tuple[Future[T], Block] | None:
        """The next block and the place of its result; None if there is no more, or no room."""
        with self._changed:
            while len(self._pending) >= self._room:
                if not wait:
                    return None
                self._changed.wait()
            block = next(self._blocks, None)
            if block is None:
                return None
            future: Future[T] = Future()
            self._pending.append(future)
            return future, block


@cache
def _pool(n_helpers: int) -> ThreadPoolExecutor:
    """Threads that outlive a pass: starting some would cost more than a small pass takes."""
    return ThreadPoolExecutor(n_helpers, thread_name_prefix="mixtura")


if hasattr(os, "register_at_fork"):  # a child inherits the pools, but not their threads
    os.register_at_fork(after_in_child=_pool.cache_clear)
