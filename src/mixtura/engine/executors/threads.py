"""Threads: blocks side by side, results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from mixtura.engine.executors.base import Executor
from mixtura.engine.sources import Block, Source

__all__ = ["Threads"]

T = TypeVar("T")


@dataclass(frozen=True)
class Threads(Executor):
    """A pool of threads for the length of a pass.

    At most twice as many blocks as threads are under way, so memory stays bounded. A source of
    one block is done on the calling thread: small data never pays for a pool.

    Parameters
    ----------
    n_threads : how many blocks are worked on at once.
    """

    n_threads: int

    def map(self, source: Source, function: Callable[[Block], T]) -> Iterator[T]:
        if self.n_threads == 1 or source.n_blocks <= 1:
            yield from map(function, source.blocks())
            return
        with ThreadPoolExecutor(min(self.n_threads, source.n_blocks)) as pool:
            pending: deque[Future[T]] = deque()
            try:
                for block in source.blocks():
                    pending.append(pool.submit(function, block))
                    if len(pending) >= 2 * self.n_threads:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            finally:
                for future in pending:
                    future.cancel()
