"""Helpers: threads that wait from one piece of work to the next, and what they promise."""

from __future__ import annotations

import os
import sys
import threading
from _thread import allocate_lock
from collections.abc import Callable, Iterable
from functools import cache
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Promise(Generic[T]):
    """Work, and once somebody has done it its value, or its error.

    Unlike a `Future` of the standard library it holds plain locks alone: an interruption, wherever
    it comes, leaves none of them taken that another thread waits for.

    Parameters
    ----------
    work : what is to be done.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._value: T
        self._error: BaseException | None = None
        self._claimed = allocate_lock()
        self._under_way = allocate_lock()
        self._under_way.acquire()

    def claim(self) -> bool:
        """Whether it is for the caller alone to do the work, or to see that none does it."""
        return self._claimed.acquire(blocking=False)

    def keep(self) -> None:
        """Do the work; an interruption is raised here as well."""
        try:
            self._value = self._work()
        except BaseException as error:
            self._error = error
            if not isinstance(error, Exception):
                raise
        finally:
            del self._work  # and what it holds
            self._under_way.release()

    @property
    def kept(self) -> bool:
        """Whether the work was done, by whomever."""
        return not self._under_way.locked()

    def wait(self) -> None:
        """Wait until the work was done."""
        with self._under_way:
            pass

    def result(self) -> T:
        """The value, waited for; or the error, raised."""
        self.wait()
        if self._error is not None:
            raise self._error
        return self._value


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
        """Promise the value of a function, which a helper will find."""
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
