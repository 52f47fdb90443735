"""A scheduler and workers as processes of their own, that tests may take away."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Cluster", "cluster"]

#: they find the functions of tests, too
HERE = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}


@dataclass
class Cluster:
    """A scheduler's address, its process, and those of its workers."""

    address: str
    scheduler: subprocess.Popen[str]
    stack: ExitStack
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def alive(self) -> int:
        """How many workers there are, those on their way included."""
        return sum(worker.poll() is None for worker in self.workers)

    def add_worker(self) -> None:
        """Start one more worker, without a nanny."""
        words = ["dask_worker", self.address, "--no-nanny", "--nthreads", "1", "--no-dashboard"]
        self.workers.append(self.stack.enter_context(process(words)))


@contextmanager
def process(words: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", f"distributed.cli.{words[0]}", *words[1:]]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=HERE, **silent) as started:
        try:
            yield started
        finally:
            started.kill()


@contextmanager
def cluster(n_workers: int) -> Iterator[Cluster]:
    """A cluster whose scheduler listens, with so many workers on their way."""
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0"]
    with ExitStack() as stack:
        started = stack.enter_context(
            subprocess.Popen(
                [*command, "--no-dashboard", "--host", "127.0.0.1"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                env=HERE,
            )
        )
        stack.callback(started.kill)
        assert started.stderr is not None
        line = next(line for line in started.stderr if "Scheduler at:" in line)
        there = Cluster(line.split()[-1], started, stack)
        for _ in range(n_workers):
            there.add_worker()
        yield there
