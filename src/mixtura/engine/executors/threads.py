"""Threads: blocks side by side, results in order."""

from __future__ import annotations

from _thread import allocate_lock
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from mixtura.engine.executors.base import Executor, one_by_one
from mixtura.engine.executors.helpers import Promise, waiting_helpers
from mixtura.engine.sources import Block, Source

P = TypeVar("P")
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
        return _Shared(source.blocks(), function, n_helpers).results()


def side_by_side(executor: Executor, parts: Sequence[P], function: Callable[[P], T]) -> list[T]:
    """The function's value at each part of some work, in their order, by an executor's threads.

    What the parts are must not depend on how many threads there are.
    """
    together = executor.n_threads if isinstance(executor, Threads) else 1
    n_helpers = min(together, len(parts)) - 1
    if n_helpers < 1:
        return [function(part) for part in parts]
    return list(_Shared((part for part in parts), function, n_helpers).results())


class _Shared(Generic[P, T]):
    """A pass under way: whoever is free takes the next block, if there is room for its result.

    A helper that finds no room leaves, and is called again when there is some. So none ever waits
    for a caller who may be gone.
    """

    def __init__(
        self, blocks: Generator[P, None, None], function: Callable[[P], T], n_helpers: int
    ) -> None:
        self._blocks = blocks
        self._more = True  # blocks to take
        self._function = function
        self._n_helpers = n_helpers
        self._room = 2 * (n_helpers + 1)
        self._pending: deque[Promise[T]] = deque()  # of the blocks taken, in their order
        self._taking = allocate_lock()  # guards the blocks and what is pending

    def results(self) -> Generator[T, None, None]:
        """The results in the order of the blocks; the caller works while it waits for one."""
        pool = waiting_helpers(self._n_helpers)
        n_helpers = pool.started()
        helpers: list[Promise[None]] = []
        try:
            while True:
                helpers = [helper for helper in helpers if not helper.kept]
                if self._more:
                    helpers += [pool.call(self._help) for _ in range(n_helpers - len(helpers))]
                result = self._taken()
                if result:
                    result.keep()
                elif not self._pending:
                    return
                waits = result is None
                while self._pending and (waits or self._pending[0].kept):
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
        while result := self._taken():
            result.keep()

    def _taken(self) -> Promise[T] | None:
        """The result to be of the next block; None if there is no more, or no room."""
        with self._taking:
            if not self._more or len(self._pending) >= self._room:
                return None
            try:
                block = next(self._blocks, None)
            except Exception as error:  # of reading: it takes the place of the block's result
                self._more = False
                self._pending.append(_failed(error))
                return None
            if block is None:
                self._more = False
                return None
            result = Promise(partial(self._function, block))
            self._pending.append(result)
            return result


def _failed(error: Exception) -> Promise[T]:
    """What is known already to end in an error."""

    def fails() -> T:
        raise error

    result = Promise(fails)
    result.keep()
    return result
