"""Partitions: rows that Dask holds, or knows how to make, and work done where they are."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

from mixtura.engine.arrays import Floats, Rows
from mixtura.engine.executors.base import Monoid

__all__ = ["Partitions"]

T = TypeVar("T")
M = TypeVar("M", bound=Monoid)

#: so many neighbours are summed by one task
_FAN = 8
#: so often work is done again whose workers died
_TRIES = 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Partitions:
    """Consecutive rows in parts, each the delayed value of a Dask collection.

    Only functions and their values travel, as arguments and results of tasks: all that a worker
    that died had can be made again.

    Parameters
    ----------
    parts : of each partition what `read` takes: delayed objects.
    read : makes rows (m, D) and weights (m,) or None of them, on a worker.
    client : `distributed.Client`, or None for the scheduler that Dask chooses.
    held : the collections: while they are, what their workers hold stays.
    """

    parts: tuple[tuple[Any, ...], ...]
    read: Callable[..., tuple[Rows, Floats | None]]
    client: Any = None
    held: tuple[Any, ...] = ()

    def __len__(self) -> int:
        return len(self.parts)

    def each(self, functions: Sequence[Callable[[Rows, Floats | None], T]]) -> list[T]:
        """The value of a function of its own for each partition, in their order."""
        return self._computed(lambda token: self._tasks(functions, token))

    def total(self, functions: Sequence[Callable[[Rows, Floats | None], M]]) -> M:
        """The sum of these values.

        A tree over the partitions, neighbour to neighbour, so that the sums are the same whoever
        adds them up.
        """

        def graph(token: str) -> list[Any]:
            from dask import delayed

            level = self._tasks(functions, token)
            height = 0
            while len(level) > 1:
                height += 1
                level = [
                    delayed(_sum, pure=False)(
                        *level[at : at + _FAN], dask_key_name=f"mixtura-sum-{token}-{height}-{at}"
                    )
                    for at in range(0, len(level), _FAN)
                ]
            return level

        return self._computed(graph)[0]

    def one(self, number: int, function: Callable[[Rows, Floats | None], T]) -> T:
        """The value of a function for one partition."""
        only = Partitions((self.parts[number],), self.read, self.client, self.held)
        return only.each([function])[0]

    def _tasks(self, functions: Sequence[Callable[..., Any]], token: str) -> list[Any]:
        from dask import delayed

        return [
            delayed(_Work(self.read, function), pure=False)(
                *part, dask_key_name=f"mixtura-pass-{token}-{number}"
            )
            for number, (part, function) in enumerate(zip(self.parts, functions, strict=True))
        ]

    def _computed(self, graph: Callable[[str], list[Any]]) -> Any:
        """The values of delayed objects; those of a pass whose workers died, of another."""
        import dask

        client = self.client or _client()
        if client is None:
            return list(dask.compute(*graph(uuid4().hex)))
        from distributed import KilledWorker
        from distributed.client import futures_of

        for _ in range(_TRIES - 1):
            try:
                return client.gather(client.compute(graph(uuid4().hex)))
            except KilledWorker as killed:
                _log.warning("a pass is done again: %s", killed)
                failed = [each for each in futures_of(list(self.held)) if each.status == "error"]
                with suppress(KeyError):  # of parents of theirs that the client does not know
                    client.retry(failed)
        return client.gather(client.compute(graph(uuid4().hex)))


@dataclass(frozen=True, eq=False)
class _Work:
    """A task: read a partition and do something with it."""

    read: Callable[..., tuple[Rows, Floats | None]]
    function: Callable[[Rows, Floats | None], Any]

    def __call__(self, *parts: Any) -> Any:
        return self.function(*self.read(*parts))


def _sum(first: M, *others: M) -> M:
    for other in others:
        first = first + other
    return first


def _client() -> Any:
    """The client that Dask computes by where nobody names one, or None."""
    if "distributed" not in sys.modules:
        return None
    from dask.base import get_scheduler
    from distributed import Client

    owner = getattr(get_scheduler(), "__self__", None)
    return owner if isinstance(owner, Client) else None
