"""Threads: blocks side by side, results in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from mixtura.engine.executors.base import Executor, one_by_one
from mixtura.engine.executors.helpers import waiting_helpers
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

    def map(self, source: Source, function: Callable[[Block], T]) -> Generator[T, None, None]:
        n_helpers = min(self.n_threads, source.n_blocks) - 1
        if n_helpers < 1:
            return one_by_one(source, function)
        return _Shared(source, function, n_helpers).results()


class _Shared(Generic[T]):
    """A pass under way: whoever is free takes the next block, if there is room for its result.

    A helper that finds no room leaves, and is called again when there is some. So none ever waits
    for a caller who may be gone.
    """

    def __init__(self, source: Source, function: Callable[[Block], T], n_helpers: int) -> None:
        self._blocks = source.blocks()
        self._more = True  # blocks to take
        self._function = function
        self._n_helpers = n_helpers
        self._room = 2 * (n_helpers + 1)
        self._pending: deque[Future[T]] = deque()  # of the blocks taken, in their order
        self._taking = threading.Lock()  # guards the blocks and what is pending

    def results(self) -> Generator[T, None, None]:
        """The results in the order of the blocks; the caller works while it waits for one."""
        pool = waiting_helpers(self._n_helpers)
        n_helpers = pool.started()
        helpers: list[Future[None]] = []
        try:
            while True:
                helpers = [helper for helper in helpers if not helper.done()]
                if self._more:
                    helpers += [pool.call(self._help) for _ in range(n_helpers - len(helpers))]
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
            self._more = False
            pool.dismiss(helpers)
            self._blocks.close()

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
            if not self._more or len(self._pending) >= self._room:
                return None
            try:
                block = next(self._blocks, None)
            except BaseException as error:  # of reading: it takes the place of the block's result
                self._more = False
                failed: Future[T] = Future()
                failed.set_exception(error)
                self._pending.append(failed)
                return None
            if block is None:
                self._more = False
                return None
            future: Future[T] = Future()
            self._pending.append(future)
            return future, block
