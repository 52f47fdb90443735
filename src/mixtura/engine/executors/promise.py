"""Promise: a value that a thread will find."""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Promise"]

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
        """Whether the work is done."""
        return not self._under_way.locked()

    def wait(self) -> None:
        """Until it is."""
        with self._under_way:
            pass

    def result(self) -> T:
        """The value, waited for; or the error, raised."""
        self.wait()
        if self._error is not None:
            raise self._error
        return self._value
