"""Unpacking: what is inside a gzip, bzip2 or xz file, as far as it may grow."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any

from mixtura.errors import ModelError

#: how much larger than its file what is inside may be, and what it may be in any case, bytes
_TIMES, _LEAST = 16, 2**21
#: memory that xz may ask for: its largest usual preset takes 65 MiB
_XZ_MEMORY = 2**27

#: how a packed file begins -> what unpacks it
_UNPACKERS: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY),
}


def unpacked(data: bytes) -> bytes:
    """The bytes inside a packed file; those of one that is not packed as they are.

    Raises
    ------
    ModelError : it is damaged or cut short, or what is inside is too large for such a file.
    """
    opened = next((make for magic, make in _UNPACKERS.items() if data.startswith(magic)), None)
    if opened is None:
        return data
    most = max(_LEAST, _TIMES * len(data))
    unpacker = opened()
    try:
        inside: bytes = unpacker.decompress(data, most)
    except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
        raise ModelError(f"is packed, and damaged: {error}; fetch it again") from None
    if not unpacker.eof:
        if len(inside) >= most:
            raise ModelError(
                f"is packed, and what is inside is larger than {most} bytes, {_TIMES} times the "
                "file: unpack it first, if you trust it"
            )
        raise ModelError("is packed, and cut short: fetch it again")
    return inside
