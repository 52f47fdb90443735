"""Seal: by what numbers and text are known to be those that were written, and when they were."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from numpy.typing import NDArray

from mixtura.errors import ParameterError
from mixtura.version import __version__

__all__ = ["origin", "sum_of"]


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
