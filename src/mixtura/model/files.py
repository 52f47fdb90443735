"""Files: written whole or not at all, over what was there as it was there."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import NDArray

from mixtura.errors import ParameterError
from mixtura.version import __version__

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

    Parameters and errors as for `made_beside`.
    """
    if path.exists() and not path.is_file():  # a device or a pipe, which has nothing to keep
        with path.open("wb") as file:
            yield file
        return
    with made_beside(path, before=before) as beside, beside.open("wb") as file:
        yield file


@contextmanager
def made_beside(path: Path, *, before: Path | None = None) -> Iterator[Path]:
    """The path of an empty file to fill: beside `path`, to the disk at the end, then renamed to it.

    A file that was there gives the new one its owner and its rights; no other rights are given.

    Parameters
    ----------
    path : of the file to be.
    before : what the file that was there is called from then on; None is no more.

    Raises
    ------
    OSError : it cannot be written; what was there before stays, as it does after any error.
    """
    path = path.resolve()  # a link stays, and the file that it leads to is replaced
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_UNFINISHED)
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        with beside.open("rb+") as file:
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


def sum_of(text: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    """The SHA-256 sum over a text and arrays, with their names, types and shapes, in hexadecimal.

    Notes
    -----
    The arrays are taken by name, so that their order does not count.
    """
    total = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        total.update(f"{name} {array.dtype.str} {array.shape}".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def origin() -> dict[str, str]:
    """When a file is written, in UTC to the second, and by which version.

    The time is that of ``SOURCE_DATE_EPOCH``, in seconds since 1970, where the environment has
    one: with it, the same content gives the same bytes.

    Raises
    ------
    ParameterError : it is no such number.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        when = datetime.now(UTC) if given is None else datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError):
        raise ParameterError(
            f"the environment variable SOURCE_DATE_EPOCH is {given!r}, expected seconds since "
            "1970, as `date +%s` prints them"
        ) from None
    return {"date": when.strftime("%Y-%m-%dT%H:%M:%SZ"), "library_version": __version__}
