"""Generations: a file that is replaced, and the one before it."""

from __future__ import annotations

import errno
import json
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mixtura.errors import ModelError, ParameterError
from mixtura.fitting.checkpoints.record import Record
from mixtura.model.files import clear_unfinished, origin, sum_of, written_beside

#: grows when an older reader could not understand the file
FORMAT_VERSION = 1

_KEY, _SUM = "mixtura-checkpoint", "sha256"


class Generations:
    """Two files of records: the newest at `path`, the one before it beside, as ``….before``.

    A record is a safetensors file with one JSON text in its metadata and a SHA-256 sum over all
    of it: numbers and text, never code. It is written beside, brought to the disk and renamed, so
    that at any moment one of the two is whole.

    Parameters
    ----------
    path : of the newest.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not (isinstance(path, str | os.PathLike) and Path(path).name):
            raise ParameterError(f"the checkpoint {path!r} names no file: give its name")
        self.path = Path(path)
        self._file = self.path.resolve() if self.path.is_symlink() else self.path
        self._sound = True
        self.before = self._file.with_name(self._file.name + ".before")

    @property
    def files(self) -> tuple[Path, Path]:
        """The newest, and the one before."""
        return self.path, self.before

    def exist(self) -> bool:
        """Whether any checkpoint is there."""
        return self.path.exists() or self.before.exists()

    def check(self) -> None:
        """Refuse, before any work, a path that cannot be written.

        Raises
        ------
        OSError : it is a folder or a device, or its folder is missing or may not be written to.
        """
        folder, path = self.path.parent, str(self.path)
        if self.path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a directory, expected a file's name", path)
        if self.path.exists() and not self.path.is_file():
            raise OSError(errno.EINVAL, "is no regular file, expected one to be", path)
        if not folder.is_dir():
            words = f"there is no directory {str(folder)!r}: make it first"
            raise FileNotFoundError(errno.ENOENT, words, path)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, "its directory may not be written to", path)

    @contextmanager
    def held(self) -> Iterator[None]:
        """For this process alone, until the end; what others left unfinished is gone then.

        Raises
        ------
        OSError : another process has them.
        """
        with locked(self._file):
            clear_unfinished(self._file)
            yield

    def write(self, record: Record) -> None:
        """Make `record` the newest, and the newest the one before.

        Raises
        ------
        OSError : it cannot be written; both stay as they are.
        """
        data = _encoded(record)
        try:
            written_beside(self.path, data, before=self.before if self._sound else None)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from None
        self._sound = True

    def read(self) -> Record | None:
        """The newest that is whole, None where there is none at all.

        A damaged newest is told of in a warning.

        Raises
        ------
        ModelError : there are some, and none is whole; or they are of a later version.
        OSError : they cannot be read.
        """
        faults = []
        for path in self.files:
            if not path.exists():
                continue
            try:
                record = decoded(path.read_bytes(), str(path))
            except _DamageError as damage:
                faults.append(str(damage))
                continue
            self._sound = not faults  # a damaged newest does not replace a sound one before
            for fault in faults:
                warnings.warn(f"{fault}; going on from {path}", stacklevel=2)
            return record
        if faults:
            raise ModelError(f"{'; '.join(faults)}: begin the fit anew, at another path")
        return None


def is_checkpoint(data: bytes) -> bool:
    """Whether the bytes of a file begin as those of a checkpoint do, damaged or not."""
    size = int.from_bytes(data[:8], "little")
    try:
        return _KEY in json.loads(data[8 : 8 + size])["__metadata__"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


class _DamageError(ModelError):
    """A file is not what was written."""


def _encoded(record: Record) -> bytes:
    from safetensors.numpy import save as to_bytes

    said = {name: value for name, value in record.values.items() if name != _SUM}
    text = json.dumps({"format": FORMAT_VERSION, **said, **origin()})
    arrays = {name: np.ascontiguousarray(array) for name, array in record.arrays.items()}
    return to_bytes(arrays, metadata={_KEY: text, _SUM: sum_of(text, arrays)})


def decoded(data: bytes, name: str) -> Record:
    """The record in the bytes of a checkpoint; `name` begins the messages.

    Raises
    ------
    ModelError : it is none, is damaged, or of a later version.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    size = int.from_bytes(data[:8], "little")
    try:
        about = json.loads(data[8 : 8 + size])["__metadata__"]
        text, expected = str(about[_KEY]), about[_SUM]
        arrays = from_bytes(data)
        whole = sum_of(text, arrays) == expected
        values = json.loads(text)
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if not whole:
        raise _DamageError(f"{name} is no checkpoint, or it is damaged")
    if values.pop("format") != FORMAT_VERSION:
        raise ModelError(
            f"{name} has a checkpoint format that is not {FORMAT_VERSION}, the one that this "
            "mixtura reads: go on with the mixtura that began it"
        )
    return Record({**values, _SUM: expected}, arrays)


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
