"""Paths: from globs and folders to files, and whether those stay as they are."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path

from mixtura.errors import DataError

__all__ = ["Fingerprint", "files_of", "is_several", "partitions"]

#: what a folder is searched for
SUFFIXES = (".parquet", ".pq", ".arrow", ".feather", ".ipc", ".arrows", ".csv", ".tsv", ".npy")
_PACKED = (".gz", ".zst")


def files_of(paths: Sequence[str | os.PathLike[str]]) -> tuple[Path, ...]:
    """The files that paths, globs and folders lead to; those of one glob or folder in their order.

    In a folder, and those below it, every file of rows counts, but for names that begin with a dot
    or an underscore.

    Raises
    ------
    DataError : a glob or a folder has none.
    OSError : there is no such file.
    """
    found: list[Path] = []
    for given in paths:
        if not os.fspath(given):
            raise DataError("X has a path that is empty, expected a file, a folder or a glob")
        path = Path(given)
        if path.is_dir():
            inside = _inside(path)
            if not inside:
                raise DataError(
                    f"{path} is a folder without files of rows, expected some of: "
                    f"{', '.join(SUFFIXES)}"
                )
            found += inside
        elif is_several(given):
            matched = sorted(Path(name) for name in glob(str(given), recursive=True))  # noqa: PTH207
            matched = [each for each in matched if each.is_file()]
            if not matched:
                raise DataError(f"no file matches {given}: check the pattern, or quote it")
            found += matched
        else:
            if stat.S_ISFIFO(path.stat().st_mode):
                raise DataError(
                    f"{path} is a pipe, which can be read once, and these rows are read again at "
                    "each pass: write them to a file first"
                )
            found.append(path)
    return tuple(found)


def is_several(path: str | os.PathLike[str]) -> bool:
    """Whether a path is a folder, or a glob and no file of that name."""
    return Path(path).is_dir() or (has_magic(str(path)) and not Path(path).exists())


def _inside(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part[0] in "._" for part in path.relative_to(folder).parts)
        and _kind(path) in SUFFIXES
    )


def _kind(path: Path) -> str:
    """The suffix that says the format, without that of a compression."""
    packed = path.suffix.lower() in _PACKED
    return (Path(path.stem) if packed else path).suffix.lower()


def partitions(path: Path) -> dict[str, str]:
    """What the folders' names say of all rows of a file, as Hive writes it: ``year=2024``."""
    pairs = (part.partition("=") for part in path.parts[:-1])
    return {name: value for name, equals, value in pairs if equals and name}


@dataclass(frozen=True)
class Fingerprint:
    """By what a file is known to be as it was.

    Parameters
    ----------
    path : the file.
    size : bytes.
    modified : nanoseconds since 1970.
    """

    path: Path
    size: int
    modified: int

    @classmethod
    def of(cls, path: Path) -> Fingerprint:
        """A file's, now.

        Raises
        ------
        OSError : it is not there.
        """
        status = path.stat()
        return cls(path, status.st_size, status.st_mtime_ns)

    def check(self) -> None:
        """Refuse a file that is not as it was.

        Raises
        ------
        DataError : it has another size or another time of change, or is gone.
        """
        try:
            now = Fingerprint.of(self.path)
        except FileNotFoundError:
            raise DataError(
                f"{self.path} was deleted while it was in use: each pass reads it again, so keep "
                "it until the work is done"
            ) from None
        if now != self:
            how = (
                f"it had {self.size:,} bytes and has {now.size:,}"
                if now.size != self.size
                else "it was written to"
            )
            raise DataError(
                f"{self.path} changed while it was in use: {how}; each pass must see the same "
                "rows, so work on a copy, or begin again when nobody writes to it"
            )
