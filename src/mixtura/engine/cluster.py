"""Cluster: values that Dask computes, whatever befalls those who do it."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any
from uuid import uuid4

from mixtura.textual import first_line

__all__ = ["computed"]

#: so often work is done again whose workers died
_TRIES = 10
#: and so often where it is the same task that they died of
_SAME = 3
#: seconds after which somebody who waits is told what for
_PATIENCE = 10.0

_log = logging.getLogger(__name__)


def computed(
    graph: Callable[[str], list[Any]], client: Any = None, held: Sequence[Any] = ()
) -> list[Any]:
    """The values of delayed objects.

    Work whose workers died is done again, from its beginning: it depends on nothing that they had.

    Parameters
    ----------
    graph : makes them; the token in their keys is another each time.
    client : `distributed.Client`, or None for the scheduler that Dask chooses.
    held : collections that they are made of, which the client may hold.

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
            return list(client.gather(futures))
        except KilledWorker as killed:
            deadly.append(str(killed.task).replace(token, ""))
            if len(deadly) == _TRIES or deadly[-_SAME:] == _SAME * deadly[-1:]:
                raise _too_much(killed, len(deadly)) from None
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
        "partition is too large for their memory; make smaller partitions, as with "
        "X.repartition(partition_size='100MB') or X.rechunk, or give the workers more memory"
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
