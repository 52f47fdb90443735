"""Helpers: threads that wait from one piece of work to the next."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable
from functools import cache
from queue import SimpleQueue
from typing import Any, TypeVar

from mixtura.engine.executors.promise import Promise

__all__ = ["Helpers", "waiting_helpers"]

T = TypeVar("T")


class Helpers:
    """Threads that do what they are called for, in the order of the calls.

    The process neither waits for them at its end nor needs them: a call that none has begun can be
    taken back. So they serve a thread that outlives the main one, and a function that is called at
    the very end; where Python starts no more threads there are none, and the caller does all.

    Parameters
    ----------
    count : how many.
    name : of the threads.
    """

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._calls: SimpleQueue[Promise[Any] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._starting = threading.RLock()  # a signal's handler may come back here

    def started(self) -> int:
        """Start those that lack; how many there are, none while the interpreter ends."""
        if sys.is_finalizing():  # a thread would never begin, and `start` waits for it to
            return 0
        with self._starting:
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            while len(self._threads) < self._count:
                thread = threading.Thread(
                    target=_work, args=(self._calls,), name=self._name, daemon=True
                )
                self._threads.append(thread)  # first: it may start, and this be interrupted
                try:
                    thread.start()
                except RuntimeError:  # too many, or the interpreter is at its end
                    self._threads.pop()
                    break
            return len(self._threads)

    def call(self, work: Callable[[], T]) -> Promise[T]:
        """Have something done."""
        call = Promise(work)
        self._calls.put(call)
        return call

    def dismiss(self, calls: Iterable[Promise[Any]]) -> None:
        """Take back the calls that none has begun, and wait for the others."""
        for call in calls:
            if not (call.claim() or sys.is_finalizing()):  # then none ever comes back
                call.wait()

    def end(self) -> None:
        """Let each go once all that it was called for is done."""
        for _ in self._threads:
            self._calls.put(None)


def _work(calls: SimpleQueue[Promise[Any] | None]) -> None:
    while (call := calls.get()) is not None:
        if call.claim():
            call.keep()
        del call  # while it waits it holds nothing


@cache
def waiting_helpers(count: int) -> Helpers:
    """Those that outlive a pass: starting some would cost more than a small pass takes."""
    return Helpers(count, "mixtura")


if hasattr(os, "register_at_fork"):  # a child inherits the helpers, but not their threads
    os.register_at_fork(after_in_child=waiting_helpers.cache_clear)
