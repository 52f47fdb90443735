"""Cursor: a place in the bytes of a file, from which sizes are believed only as far as they go."""

from __future__ import annotations

import struct

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ModelError


class Cursor:
    """A place in bytes that nobody vouches for; what is asked for and not there is refused.

    Parameters
    ----------
    data : the bytes.
    at : where to begin.
    """

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    @property
    def left(self) -> int:
        """How many bytes there are from here to the end."""
        return len(self.data) - self.at

    def skip(self, n: int) -> int:
        """Go over n bytes; where they begin.

        Raises
        ------
        ModelError : there are not so many.
        """
        if not 0 <= n <= self.left:
            raise ModelError(
                f"is damaged or cut short: byte {self.at} says that {n} bytes follow, and "
                f"{self.left} do; fetch or write it again"
            )
        self.at += n
        return self.at - n

    def take(self, n: int) -> bytes:
        """The next n bytes; errors as for `skip`."""
        start = self.skip(n)
        return self.data[start : self.at]

    def number(self, layout: str) -> int:
        """The next whole number, in a layout of `struct`; errors as for `skip`."""
        return int(struct.unpack_from(layout, self.data, self.skip(struct.calcsize(layout)))[0])

    def numbers(self, dtype: str, count: int) -> Floats:
        """The next numbers as float64, (count,); errors as for `skip`."""
        kind = np.dtype(dtype)
        start = self.skip(count * kind.itemsize)
        return np.frombuffer(self.data, kind, count, start).astype(np.float64)

    def matrix(self, dtype: str, n_rows: int, n_columns: int) -> Floats:
        """The next numbers as a matrix that is stored column by column; errors as for `skip`."""
        return self.numbers(dtype, n_rows * n_columns).reshape(n_columns, n_rows).T

    def accept(self, token: bytes) -> bool:
        """Whether these bytes come next; then they are gone over."""
        if not self.data.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def expect(self, token: bytes) -> None:
        """Go over bytes that have to come next.

        Raises
        ------
        ModelError : others do.
        """
        if not self.accept(token):
            found = self.data[self.at : self.at + len(token)]
            raise ModelError(
                f"is damaged: byte {self.at} begins {found!r}, expected {token!r}; fetch or write "
                "it again"
            )

    def line(self) -> bytes:
        """The bytes up to the end of the line, which is gone over.

        Raises
        ------
        ModelError : the file ends before.
        """
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise ModelError(f"is cut short: the line from byte {self.at} on has no end")
        line = self.data[self.at : end]
        self.at = end + 1
        return line
