"""Partitions: rows that Dask holds, or knows how to make, and work done where they are."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

from mixtura.engine.executors.sums import Monoid
from mixtura.engine.sources.block import Block
from mixtura.errors import DataError, MixturaError
from mixtura.textual import first_line

T = TypeVar("T")
M = TypeVar("M", bound=Monoid)

#: so many neighbours are summed by one task
_FAN = 8
#: so often work is done again whose workers died
_TRIES = 10
#: and so often where the same task was given to them: Dask names any of those that a worker had
_SAME = 3
#: seconds after which somebody who waits is told what for
_PATIENCE = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Partitions:
    """Consecutive rows in parts, each the delayed value of a Dask collection.

    Only functions and their values travel, as arguments and results of tasks: all that a worker
    that died had can be made again. An error of ours is a value, too, so that no worker tells of
    it in a traceback of its own.

    Parameters
    ----------
    parts : of each partition what `read` takes: delayed objects.
    read : makes a block of them, on a worker.
    client : `distributed.Client`, or None for the scheduler that Dask chooses.
    held : the collections: while they are, what their workers hold stays.
    """

    parts: tuple[tuple[Any, ...], ...]
    read: Callable[..., Block]
    client: Any = None
    held: tuple[Any, ...] = ()

    def __len__(self) -> int:
        return len(self.parts)

    def each(self, functions: Sequence[Callable[[Block], T]]) -> list[T]:
        """The value of a function of its own for each partition, in their order.

        Raises
        ------
        DataError : a function did, or the rows cannot be read; the partition is named.
        ConnectionError : the scheduler was lost, or what it held.
        MemoryError : a task outlived no worker.
        """
        return self._computed(lambda token: self._tasks(enumerate(functions), token))

    def total(self, functions: Sequence[Callable[[Block], M]]) -> M:
        """The sum of these values; errors as for `each`.

        A tree over the partitions, neighbour to neighbour, so that the sums are the same whoever
        adds them up.
        """

        def graph(token: str) -> list[Any]:
            return [_summed(self._tasks(enumerate(functions), token), token)]

        total: M = self._computed(graph)[0]
        return total

    def keeping(
        self, functions: Sequence[Callable[..., tuple[M, Any]]], told: Any, kept: Sequence[Any]
    ) -> tuple[M, tuple[Any, ...]]:
        """The sum of what functions give, and what each keeps beside its partition from now on.

        Who is lost with what was kept is not missed: it is made again, time by time from the first.

        Parameters
        ----------
        functions : of a block, of `told`, and of what was kept the time before: the value, and
            what is kept of it.
        told : the same for all; it travels once.
        kept : what each partition kept; empty at first, where functions are not given any.

        Raises
        ------
        DataError, ConnectionError, MemoryError : as for `each`.
        """

        def graph(token: str) -> list[Any]:
            from dask import delayed

            common = delayed(told, name=f"mixtura-told-{token}", traverse=False)
            beside: list[tuple[Any, ...]] = [(common, each) for each in kept]
            beside = beside or [(common,)] * len(self)
            pairs = self._tasks(enumerate(functions), token, beside)
            halves = [
                [
                    delayed(_of_pair, pure=False)(
                        half, pair, dask_key_name=f"mixtura-{name}-{token}-{number}"
                    )
                    for number, pair in enumerate(pairs)
                ]
                for half, name in enumerate(("value", "kept"))
            ]
            return [_summed(halves[0], token), *halves[1]]

        total, *stay = self._computed(graph, kept, n_here=1)
        return total, tuple(stay)

    def one(self, number: int, function: Callable[[Block], T]) -> T:
        """The value of a function for one partition; errors as for `each`."""
        value: T = self._computed(lambda token: self._tasks([(number, function)], token))[0]
        return value

    def _tasks(
        self,
        work: Iterable[tuple[int, Callable[..., Any]]],
        token: str,
        beside: Sequence[tuple[Any, ...]] = (),
    ) -> list[Any]:
        from dask import delayed

        return [
            delayed(_Work(self.read, function, number, len(self.parts[number])), pure=False)(
                *self.parts[number],
                *(beside[number] if beside else ()),
                dask_key_name=f"mixtura-pass-{token}-{number}",
            )
            for number, function in work
        ]

    def _computed(
        self,
        graph: Callable[[str], list[Any]],
        kept: Sequence[Any] = (),
        n_here: int | None = None,
    ) -> list[Any]:
        values = _values_of(graph, self.client, (*self.held, *kept), n_here)
        for value in values[:n_here]:
            if isinstance(value, _Refused):
                raise value.error
        return values


@dataclass(frozen=True, eq=False)
class _Work:
    """A task: read a partition and do something with it, and with what is beside it."""

    read: Callable[..., Block]
    function: Callable[..., Any]
    number: int
    n_parts: int

    def __call__(self, *parts: Any) -> Any:
        try:
            return self.function(self.read(*parts[: self.n_parts]), *parts[self.n_parts :])
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


def _of_pair(half: int, pair: Any) -> Any:
    """One of two; of an error, that."""
    return pair if isinstance(pair, _Refused) else pair[half]


def _summed(level: list[Any], token: str) -> Any:
    """The delayed sum of delayed values, neighbour to neighbour."""
    from dask import delayed

    height = 0
    while len(level) > 1:
        height += 1
        level = [
            delayed(_sum, pure=False)(
                *level[at : at + _FAN], dask_key_name=f"mixtura-sum-{token}-{height}-{at}"
            )
            for at in range(0, len(level), _FAN)
        ]
    return level[0]


def _sum(*values: Any) -> Any:
    """The sum of values; of errors, the first."""
    total = values[0]
    for value in values[1:]:
        if isinstance(total, _Refused):
            return total
        total = value if isinstance(value, _Refused) else total + value
    return total


def _values_of(
    graph: Callable[[str], list[Any]],
    client: Any = None,
    held: Sequence[Any] = (),
    n_here: int | None = None,
) -> list[Any]:
    """The values of delayed objects, whatever befalls those who compute them.

    Work whose workers died is done again, from its beginning: it depends on nothing that they had.

    Parameters
    ----------
    graph : makes them; the token in their keys is another each time.
    client : `distributed.Client`, or None for the scheduler that Dask chooses.
    held : collections and values that they are made of, which the client may hold.
    n_here : of so many of the first; the others stay where they are, as futures of a client. None
        for all.

    Raises
    ------
    ConnectionError : the scheduler was lost, or what it held.
    MemoryError : a task outlived no worker.

    Warns
    -----
    UserWarning : there are no workers, and it waits for some.
    """
    import dask

    client = client or _current()
    if client is None:
        return list(dask.compute(*graph(uuid4().hex)))
    from distributed import KilledWorker
    from distributed.comm import CommClosedError

    deadly: list[str] = []
    while client.status == "running":
        try:
            futures = client.compute(graph(token := uuid4().hex))
            _waited_for(client, futures)
            return [*client.gather(futures[:n_here]), *(futures[n_here:] if n_here else ())]
        except KilledWorker as killed:
            deadly.append(str(killed.task).replace(token, ""))
            times = deadly.count(deadly[-1])
            if len(deadly) == _TRIES or times == _SAME:
                raise _too_much(killed, times) from None
            _log.warning("a pass is done again: %s", killed)
            _retried(client, held)
        except (CancelledError, CommClosedError) as fault:
            raise _lost(client, fault) from None
    raise _lost(client)


def _waited_for(client: Any, futures: Sequence[Any]) -> None:
    """Wait until they are there, and say so where nobody is at work on them."""
    from distributed import wait

    told = False
    while client.status == "running":
        try:
            wait(futures, timeout=_PATIENCE)
        except TimeoutError:
            if told or client.status != "running" or client.nthreads():
                continue
            told = True
            warnings.warn(
                f"the Dask cluster at {client.scheduler.address} has no workers: waiting for some; "
                "start them with dask worker, or stop with Ctrl-C",
                stacklevel=2,
            )
        else:
            return
    raise CancelledError


def _retried(client: Any, held: Sequence[Any]) -> None:
    """Have what the client holds of some collections made again, where that failed."""
    from distributed.client import futures_of

    failed = [each for each in futures_of(list(held)) if each.status == "error"]
    with suppress(KeyError):  # of parents of theirs that the client does not know
        client.retry(failed)


def _too_much(killed: Any, times: int) -> MemoryError:
    """What to do about work that no worker outlives."""
    return MemoryError(
        f"the workers that were given {killed.task} died, {times} times over: probably its "
        "partition, or another that they had, is too large for their memory; make smaller "
        "partitions, as with X.repartition(partition_size='100MB') or X.rechunk, or give the "
        "workers more memory"
    )


def _lost(client: Any, fault: Exception | None = None) -> ConnectionError:
    """What has become of a cluster, in words."""
    if client.status == "running" and fault is not None:
        return ConnectionError(
            "the Dask cluster has lost what it held, and cannot make it again "
            f"({first_line(fault)}): give it a collection that is made of files or functions, not "
            "of scattered arrays"
        )
    address = getattr(client.scheduler, "address", None) or "its address"
    return ConnectionError(
        f"the scheduler of the Dask cluster at {address} was lost: start it again, make the "
        "collection anew, and go on from a checkpoint if there is one"
    )


def _current() -> Any:
    """The client that Dask computes by where nobody names one, or None."""
    if "distributed" not in sys.modules:
        return None
    from dask.base import get_scheduler
    from distributed import Client

    owner = getattr(get_scheduler(), "__self__", None)
    return owner if isinstance(owner, Client) else None
