"""Workers: rows of a command line on a Dask cluster."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from mixtura.textual import first_line

if TYPE_CHECKING:
    from mixtura.tables.streams import Scan

_PARQUET = (".parquet", ".pq")
#: seconds that a scheduler may take to answer
_PATIENCE = 20.0


@contextmanager
def spread(scan: Scan, scheduler: str | None) -> Iterator[Any]:
    """The rows as a Dask collection that the workers hold, with their weights.

    Parameters
    ----------
    scan : of Parquet files.
    scheduler : where the scheduler of a cluster is; None starts workers here, a process a core.

    Raises
    ------
    click.UsageError : they are other files.
    MissingExtraError : Dask is not installed.
    OSError : there is no scheduler, or it is lost.
    """
    from mixtura.errors import MissingExtraError
    from mixtura.tables import collection
    from mixtura.tables.streams.files import FileScan

    paths = [str(path) for path in scan.paths] if isinstance(scan, FileScan) else []
    if not paths or not all(path.lower().endswith(_PARQUET) for path in paths):
        raise click.UsageError("--dask reads Parquet files, and DATA is not: write it as Parquet")
    try:
        import dask.dataframe
        import distributed  # noqa: F401
    except ImportError:
        raise MissingExtraError("dask", "dask", "--dask") from None

    if scan.columns.transforms:
        raise click.UsageError("--dask is given with --transform, expected one of them")
    columns = [*scan.columns.features, *filter(None, [scan.columns.weights])]
    with ExitStack() as stack:
        client = stack.enter_context(_connected(scheduler))
        frame = client.persist(dask.dataframe.read_parquet(paths, columns=columns))
        yield collection(frame, scan.columns.weights, on_bad_row=scan.on_bad_row)


@contextmanager
def _connected(scheduler: str | None) -> Iterator[Any]:
    """A client of the cluster there; of workers here, which are started, where that is None.

    Raises
    ------
    ConnectionError : there is none.
    """
    from distributed import Client, LocalCluster

    _silence()
    with ExitStack() as stack:
        where: Any = scheduler
        if scheduler is None:
            quiet: dict[str, Any] = {"silence_logs": logging.CRITICAL, "dashboard_address": ":0"}
            where = stack.enter_context(LocalCluster(threads_per_worker=1, **quiet))
        else:
            _check_answers(scheduler)
        client = Client(where)
        stack.push(lambda *_: _closed(client))
        yield client


def _check_answers(address: str) -> None:
    """Ask who is at an address: a client would wait for ever where nobody says a word.

    Raises
    ------
    ConnectionError : it is no scheduler.
    """
    from distributed.core import rpc
    from distributed.security import Security

    async def asked() -> str:
        told = Security().get_connection_args("client")
        async with rpc(address, connection_args=told) as there:
            return str((await there.identity())["type"])

    try:
        found = asyncio.run(asyncio.wait_for(asked(), _PATIENCE))
        fault = "" if found == "Scheduler" else f"there is a {found.lower()}"
    except TimeoutError:
        fault = f"nobody in {_PATIENCE:.0f} seconds"
    except Exception as error:  # whatever another protocol makes of it
        fault = first_line(error)
    if fault:
        raise ConnectionError(
            f"no Dask scheduler answers at {address!r} ({fault}): expected an address such as "
            "tcp://host:8786, and dask scheduler running there"
        )


def _closed(client: Any) -> None:
    """Leave a cluster, be it there still or not."""
    with suppress(Exception):
        client.close(timeout=_PATIENCE if client.status == "running" else 0)


def _silence() -> None:
    """Keep distributed from telling what an error's sentence says."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
