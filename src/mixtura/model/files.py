"""Files: written whole or not at all, over what was there as it was there."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["clear_unfinished", "opened_beside", "written_beside"]

#: the end of the names of files that are not yet whole, which is nobody else's
_UNFINISHED = ".mixtura-part"


def written_beside(path: Path, data: bytes, *, before: Path | None = None) -> None:
    """Write a file whole or not at all: beside it, to the disk, then renamed.

    Raises
    ------
    OSError : it cannot be written; what was there before stays.
    """
    with opened_beside(path, before=before) as file:
        file.write(data)


@contextmanager
def opened_beside(path: Path, *, before: Path | None = None) -> Iterator[BinaryIO]:
    """A file to write into: beside `path`, to the disk at the end, then renamed to it.

    A file that was there gives the new one its owner and its rights; no other rights are given.

    Parameters
    ----------
    path : of the file to be.
    before : what the file that was there is called from then on; None is no more.

    Raises
    ------
    OSError : it cannot be written; what was there before stays, as it does after any error.
    """
    if path.exists() and not path.is_file():  # a device or a pipe, which has nothing to keep
        with path.open("wb") as file:
            yield file
        return
    path = path.resolve()  # a link stays, and the file that it leads to is replaced
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_UNFINISHED)
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _give_rights(beside, before if before and not path.exists() else path)
        if before is not None and path.exists():
            path.replace(before)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def clear_unfinished(path: Path) -> None:
    """Remove what processes that were killed left of a file to be; nobody may be writing to it."""
    with suppress(PermissionError):  # a folder that may be written to and not be listed
        for left in path.parent.iterdir():
            if left.name.startswith(f".{path.name}.") and left.name.endswith(_UNFINISHED):
                left.unlink(missing_ok=True)


def _give_rights(beside: Path, path: Path) -> None:
    """Those of the file that was at `path`, else those that the user's mask gives."""
    try:
        old = path.stat()
    except FileNotFoundError:
        beside.chmod(0o666 & ~_umask())
        return
    mode = stat.S_IMODE(old.st_mode) & 0o777
    if sys.platform != "win32":
        try:
            os.chown(beside, -1, old.st_gid)
        except OSError:
            mode &= ~0o070  # they were given to a group that the new file is not of
        with suppress(OSError):
            os.chown(beside, old.st_uid, -1)
    beside.chmod(mode)


def _umask() -> int:
    """The process's file mode mask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
