"""Trial: a child reads an HDF5 file first, for its library loops or crashes on damaged ones."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

from mixtura.errors import DataError

#: seconds of a processor that a trial may take, and how many bytes it may read in one more
_SECONDS, _BYTES_A_SECOND = 4, 10_000_000
#: seconds of the clock, where processors cannot be counted
_PATIENCE = 60
#: what the child does: reads what is small of all that there is, whatever else is wrong with it
_CHILD = """
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[2]),) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except ImportError:
    pass
import h5py

def look(name, item):
    for read in (lambda: dict(item.attrs), lambda: item[:65536] if item.nbytes < 2**25 else None):
        try:
            read()
        except Exception:
            pass

try:
    with h5py.File(sys.argv[1]) as file:
        look("", file)
        file.visititems(look)
except Exception:
    pass
"""


def check_by_trial(path: Path) -> None:
    """Refuse an HDF5 file with which its library does not come to an end, or ends the process.

    Raises
    ------
    DataError : it is such a file.
    OSError : it cannot be read.

    Notes
    -----
    A start of Python and h5py, some tenths of a second, once for each file as it is.
    """
    status = path.stat()
    if not _ends(str(path), status.st_size, status.st_mtime_ns):
        raise DataError(
            f"{path} is an HDF5 file that cannot be read: its library does not come to an end with "
            "it; it is damaged, so fetch or write it again"
        )


@lru_cache(64)
def _ends(path: str, size: int, _: int) -> bool:
    """Whether a child that reads the file ends by itself."""
    if not sys.executable or getattr(sys, "frozen", False):  # there is no Python to start
        return True
    import subprocess

    seconds = str(_SECONDS + size // _BYTES_A_SECOND)
    command = [sys.executable, "-c", _CHILD, path, seconds]
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE + 2 * int(seconds),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return 0 <= ended.returncode < 2**31
