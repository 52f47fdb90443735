"""Worker: a peer in a process of its own."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import re
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from peers import PEERS
from peers.peer import Peer
from workloads import Workload

__all__ = ["Reply", "Worker"]

#: what a user may have set for himself, which would hold one peer back and not another
_SETTINGS = ("OMP_", "OPENBLAS_", "MKL_", "MIXTURA_NUM_THREADS")


@dataclass(frozen=True)
class Reply:
    """What a peer answered.

    `peak` is the most memory that the process has held beyond the data and the loaded library
    since it was asked for the first time, MiB; NaN where the system does not tell.
    """

    value: Any
    peak: float


class Worker:
    """A peer in a process of its own, which alone holds its copy of the rows.

    The libraries bring thread pools and allocators; in one process they would get into each
    other's way, and nobody could say whose memory it is.

    Parameters
    ----------
    peer : its name.
    threads : how many it may use.
    """

    def __init__(self, peer: str, threads: int = 2) -> None:
        for name in [name for name in os.environ if name.startswith(_SETTINGS)]:
            del os.environ[name]
        context = multiprocessing.get_context("spawn")
        self._end, far = context.Pipe()
        self._process = context.Process(target=_serve, args=(far, peer, threads), daemon=True)
        self._process.start()
        far.close()

    def load(self, workload: Workload, dtype: str = "float64", offset: float = 0.0) -> None:
        """Draw the rows, and move them by so many standard deviations."""
        self.version: str = self._ask("load", workload, dtype, offset).value

    def use_threads(self, n: int) -> None:
        """Use so many threads from now on."""
        self._ask("use_threads", n)

    def iterate(self, n: int) -> Reply:
        """`Peer.iterate`."""
        return self._ask("iterate", n)

    def fit(self, seed: int) -> Reply:
        """`Peer.fit`."""
        return self._ask("fit", seed)

    def score(self) -> Reply:
        """`Peer.score`."""
        return self._ask("score")

    def overlap(self) -> Reply:
        """`Mixtura.overlap`."""
        return self._ask("overlap")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.close()
        self._process.join()

    def _ask(self, *question: Any) -> Reply:
        self._end.send(question)
        answer: Reply | BaseException = self._end.recv()
        if isinstance(answer, BaseException):
            raise answer
        return answer


def _serve(end: Connection, name: str, threads: int) -> None:
    """Answer questions until the other end is closed."""
    peer: Peer | None = None
    resting = float("nan")
    while True:
        try:
            method, *arguments = end.recv()
        except EOFError:
            return
        try:
            if method == "load":
                peer = None  # its rows go before the next ones come
                peer = _loaded(name, threads, *arguments)
                resting = memory("VmRSS")
                end.send(Reply(peer.version, 0.0))
                continue
            assert peer is not None, "load comes first"
            value = getattr(peer, method)(*arguments)
            end.send(Reply(value, memory("VmHWM") - resting))
        except Exception as error:
            end.send(error)


def _loaded(name: str, threads: int, workload: Workload, dtype: str, offset: float) -> Peer:
    """The peer with its data, and everything that a library does at its first call behind it."""
    kind = PEERS[name]
    few = Workload("warm", 64, 2, 2, workload.covariance)
    warm = kind(few.rows(), few, few.start())
    warm.use_threads(threads)
    warm.iterate(2)
    rows, start = workload.rows(), workload.start()
    if offset:
        far = offset * rows.std(axis=0)
        rows, start = rows + far, start.moved(far)
    peer = kind(np.ascontiguousarray(rows, dtype=dtype), workload, start)
    peer.use_threads(threads)
    del rows
    gc.collect()
    forget_peak()
    return peer


def forget_peak() -> None:
    """Give free memory back, and let the peak begin at what is held now."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
    except (OSError, AttributeError):
        return  # not Linux: `memory` says NaN


def memory(field: str) -> float:
    """A field of the process's status, MiB."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return float("nan")
    found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else float("nan")
