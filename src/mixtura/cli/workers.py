"""Workers: rows of a command line on a Dask cluster."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mixtura.tables.streams import Scan

__all__ = ["spread"]

_PARQUET = (".parquet", ".pq")


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
    OSError : there is no scheduler.
    """
    from mixtura.errors import MissingExtraError
    from mixtura.tables import collection
    from mixtura.tables.streams.files import FileScan

    paths = [str(path) for path in scan.paths] if isinstance(scan, FileScan) else []
    if not paths or not all(path.lower().endswith(_PARQUET) for path in paths):
        raise click.UsageError("--dask reads Parquet files, and DATA is not: write it as Parquet")
    try:
        import dask.dataframe
        from distributed import Client, LocalCluster
    except ImportError:
        raise MissingExtraError("dask", "dask", "--dask") from None

    columns = [*scan.columns.features, *filter(None, [scan.columns.weights])]
    with ExitStack() as stack:
        if scheduler is None:
            quiet: dict[str, Any] = {"silence_logs": logging.ERROR, "dashboard_address": ":0"}
            cluster = stack.enter_context(LocalCluster(threads_per_worker=1, **quiet))
            client = stack.enter_context(Client(cluster))
        else:
            client = stack.enter_context(Client(scheduler))
        frame = client.persist(dask.dataframe.read_parquet(paths, columns=columns))
        yield collection(frame, scan.columns.weights, on_bad_row=scan.on_bad_row)
