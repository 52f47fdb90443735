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
    A pass costs some 40 µs to share out. At most two results a thread are held at once.
    """

    n_threads: int

    def map(self, source: Source, function: Callable[[Block], T]) -> Iterator[T]:
        n_helpers = min(self.n_threads, source.n_blocks) - 1
        if n_helpers < 1:
            return map(function, source.blocks())
        return _Shared(source.blocks(), function, n_helpers).results()


class _Shared(Generic[T]):
    """A pass under way: whoever is free takes the next block, if there is room for its result.

    A helper that finds no room leaves, and is called again when there is some. So none ever waits
    for a caller who may be gone.
    """

    def __init__(
        self, blocks: Iterator[Block], function: Callable[[Block], T], n_helpers: int
    ) -> None:
        self._blocks: Iterator[Block] | None = blocks
        self._function = function
        self._n_helpers = n_helpers
        self._room = 2 * (n_helpers + 1)
        self._pending: deque[Future[T]] = deque()  # of the blocks taken, in their order
        self._taking = threading.Lock()  # guards the blocks and what is pending

    def results(self) -> Iterator[T]:
        """The results in the order of the blocks; the caller works while it waits for one."""
        pool = _pool(self._n_helpers)
        helpers: list[Future[None]] = []
        try:
            while True:
                helpers = [helper for helper in helpers if not helper.done()]
                if self._blocks is not None:
                    missing = self._n_helpers - len(helpers)
                    helpers += [pool.submit(self._help) for _ in range(missing)]
                task = self._taken()
                if task:
                    future, block = task
                    future.set_result(self._function(block))
                elif not self._pending:
                    return
                waits = task is None
                while self._pending and (waits or self._pending[0].done()):
                    yield self._pending[0].result()
                    with self._taking:
                        self._pending.popleft()
                    waits = False
        finally:
            with self._taking:
                self._blocks = None
            for helper in helpers:
                if not helper.cancel():
                    helper.result()

    def _help(self) -> None:
        """Work on blocks while there are any, and room."""
        while task := self._taken():
            future, block = task
            try:
                future.set_result(self._function(block))
            except BaseException as error:
                future.set_exception(error)

    def _taken(self) -> tuple[Future[T], Block] | None:
        """The next block and the place of its result; None if there is no more, or no room."""
        with self._taking:
            if self._blocks is None or len(self._pending) >= self._room:
                return None
            try:
                block = next(self._blocks, None)
            except BaseException as error:  # of reading: it takes the place of the block's result
                self._blocks = None
                failed: Future[T] = Future()
                failed.set_exception(error)
                self._pending.append(failed)
                return None
            if block is None:
                self._blocks = None
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
