"""Lock: one process at a time at a checkpoint."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["locked"]

#: the locks of this process, which a fork does not hand on
_HELD: set[int] = set()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the checkpoint at `path` alone among processes and threads, until the end.

    The lock is the operating system's, on a hidden file beside, so it ends with the process,
    however that ends. Where the system or the file system has no such locks, none is taken.

    Raises
    ------
    OSError : somebody else holds it, or the hidden file cannot be made.
    """
    if sys.platform == "win32":
        yield
        return
    place, owner = path.with_name(f".{path.name}.mixtura-lock"), os.getpid()
    handle = _taken(place, path)
    _HELD.add(handle)
    try:
        yield
    finally:
        if os.getpid() == owner:
            _HELD.discard(handle)
            place.unlink(missing_ok=True)  # before it is let go: whoever waits looks again
            os.close(handle)


def _taken(place: Path, path: Path) -> int:
    """The open file of a lock that is taken."""
    import fcntl

    while True:
        try:
            handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        except OSError as error:
            words = f"its lock {place.name} cannot be made: {error.strerror}"
            raise OSError(error.errno, words, str(path)) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise OSError(
                errno.EBUSY,
                "another fit that is running keeps its checkpoint there: wait for its end, or "
                "give this one another path",
                str(path),
            ) from None
        except OSError:
            return handle  # the file system has no locks
        if _is_at(handle, place):
            return handle
        os.close(handle)  # its holder has just removed it


def _is_at(handle: int, place: Path) -> bool:
    """Whether an open file is the one of that name."""
    try:
        return os.path.samestat(os.fstat(handle), place.stat())
    except FileNotFoundError:
        return False


def _let_go() -> None:
    """In a forked child: a lock is its parent's, and ends with that."""
    for handle in _HELD:
        os.close(handle)
    _HELD.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
