"""Partitions: rows that Dask holds, or knows how to make, and work done where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from mixtura.engine.arrays import Floats, Rows
from mixtura.engine.cluster import computed
from mixtura.engine.executors.sums import Monoid
from mixtura.errors import DataError, MixturaError

__all__ = ["Partitions"]

T = TypeVar("T")
M = TypeVar("M", bound=Monoid)

#: so many neighbours are summed by one task
_FAN = 8


@dataclass(frozen=True, eq=False)
class Partitions:
    """Consecutive rows in parts, each the delayed value of a Dask collection.

    Only functions and their values travel, as arguments and results of tasks: all that a worker
    that died had can be made again. An error of ours is a value, too, so that no worker tells of
    it in a traceback of its own.

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
        """The value of a function of its own for each partition, in their order.

        Raises
        ------
        DataError : a function did, or the rows cannot be read; the partition is named.
        ConnectionError, MemoryError : as for `mixtura.engine.cluster.computed`.
        """
        return self._computed(lambda token: self._tasks(enumerate(functions), token))

    def total(self, functions: Sequence[Callable[[Rows, Floats | None], M]]) -> M:
        """The sum of these values; errors as for `each`.

        A tree over the partitions, neighbour to neighbour, so that the sums are the same whoever
        adds them up.
        """

        def graph(token: str) -> list[Any]:
            from dask import delayed

            level = self._tasks(enumerate(functions), token)
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

        total: M = self._computed(graph)[0]
        return total

    def one(self, number: int, function: Callable[[Rows, Floats | None], T]) -> T:
        """The value of a function for one partition; errors as for `each`."""
        value: T = self._computed(lambda token: self._tasks([(number, function)], token))[0]
        return value

    def _tasks(self, work: Iterable[tuple[int, Callable[..., Any]]], token: str) -> list[Any]:
        from dask import delayed

        return [
            delayed(_Work(self.read, function, number), pure=False)(
                *self.parts[number], dask_key_name=f"mixtura-pass-{token}-{number}"
            )
            for number, function in work
        ]

    def _computed(self, graph: Callable[[str], list[Any]]) -> list[Any]:
        values = computed(graph, self.client, self.held)
        for value in values:
            if isinstance(value, _Refused):
                raise value.error
        return values


@dataclass(frozen=True, eq=False)
class _Work:
    """A task: read a partition and do something with it."""

    read: Callable[..., tuple[Rows, Floats | None]]
    function: Callable[[Rows, Floats | None], Any]
    number: int

    def __call__(self, *parts: Any) -> Any:
        try:
            return self.function(*self.read(*parts))
        except DataError as error:
            where = f"partition {self.number} of X, counted from 0"
            return _Refused(DataError(f"{where}: {error}"))
        except MixturaError as error:
            return _Refused(error)
        except MemoryError as error:
            return _Refused(
                MemoryError(
                    f"partition {self.number} of X, counted from 0, and the work on it do not fit "
                    f"into its worker's memory ({error}): make smaller partitions, as with "
                    "X.repartition(partition_size='100MB') or X.rechunk"
                )
            )


@dataclass(frozen=True, eq=False)
class _Refused:
    """An error in place of a value."""

    error: Exception


def _sum(*values: Any) -> Any:
    """The sum of values; of errors, the first."""
    total = values[0]
    for value in values[1:]:
        if isinstance(total, _Refused):
            return total
        total = value if isinstance(value, _Refused) else total + value
    return total
