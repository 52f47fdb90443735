"""R's streams: what `saveRDS` and `save` write, as values; no code in them is run.

A stream begins with ``X`` (big-endian), ``B`` (little-endian) or ``A`` (text) and a line end, three
numbers, and from version 3 on the name of an encoding. Then comes one object: a number whose lowest
eight bits are its type, and its contents. `save` writes ``RDX2``, ``RDX3`` or their like in front,
and a pairlist of all objects by name ("R Internals", section 1.8).
"""

from __future__ import annotations

import numpy as np

from mixtura.errors import ModelError
from mixtura.formats import r_object as r
from mixtura.formats.cursor import Cursor
from mixtura.formats.r_object import RObject

#: objects within objects at most; an Mclust has a dozen
_DEPTH = 150

_SPECIALS = frozenset({241, 242, 250, 251, 252, 253, 254})  # base and global environment, r.NULL…
_PERSISTENT, _PACKAGE, _NAMESPACE, _REFERENCE, _ALTERNATIVE = 247, 248, 249, 255, 238
_ATTRIBUTED_LIST, _ATTRIBUTED_CALL, _CODE_REFERENCE, _CODE_DEFINITION = 239, 240, 243, 244
_CELLS = frozenset({r.PAIRLIST, r.CLOSURE, r.PROMISE, r.CALL, r.DOTS})


def is_stream(data: bytes) -> bool:
    """Whether bytes begin as R's streams do."""
    return data[:2] in (b"X\n", b"A\n", b"B\n") or data[:5] in {
        b"RD%c%c\n" % (letter, version) for letter in b"XAB" for version in b"23"
    }


def objects_of(data: bytes) -> dict[str, RObject]:
    """The objects of a stream, by name; one that `saveRDS` wrote has none, and is called "".

    Raises
    ------
    ModelError : it is damaged, or nested deeper than 150 objects.
    """
    several = data.startswith(b"RD")
    found = _Stream(data, 5 if several else 0).read()
    if not several:
        return {"": found}
    if found.kind not in (r.PAIRLIST, r.NULL):
        raise ModelError(f"holds a {found.title}, expected R's objects by name")
    return {name or "": value for name, value in found.value or []}


_REMEMBERED = (r.SYMBOL, r.ENVIRONMENT, r.POINTER, r.WEAK, _PERSISTENT, _PACKAGE, _NAMESPACE)


class _Stream:
    """A stream that is read, and what of it may be referred to."""

    def __init__(self, data: bytes, at: int) -> None:
        self.cursor = Cursor(data, at)
        self.order = {b"X\n": ">", b"B\n": "<", b"A\n": ""}.get(self.cursor.take(2), "?")
        if self.order == "?":
            raise ModelError("is damaged: it does not begin as R's streams do")
        self.depth = 0
        self.known: list[RObject] = []
        version = self.integer()
        self.integer()
        self.integer()
        if version not in (2, 3):
            raise ModelError(f"is of version {version} of R's streams, expected 2 or 3")
        if version == 3:
            self.content(self.integer())

    # -- atoms ---------------------------------------------------------------------------------

    def integer(self) -> int:
        if self.order:
            return self.cursor.number(f"{self.order}i")
        word = self.cursor.line()
        return r.NA if word == b"NA" else int(word)

    def length(self, least: int) -> int:
        """How many elements follow, each of at least so many bytes."""
        n = self.integer()
        if n == -1:  # longer than an integer holds
            n = (self.integer() << 32) + (self.integer() & 0xFFFFFFFF)
        if not 0 <= n <= self.cursor.left // (least if self.order else 2) + 1:
            raise ModelError(
                f"is damaged or cut short: byte {self.cursor.at} says that {n} values follow, and "
                f"{self.cursor.left} bytes do; fetch or write it again"
            )
        return n

    def numbers(self, n: int, kind: str) -> bytes:
        """The bytes of so many numbers of a type of NumPy's, in this machine's order."""
        if self.order:
            dtype = np.dtype(f"{self.order}{kind}")
            start = self.cursor.skip(n * dtype.itemsize)
            return np.frombuffer(self.cursor.data, dtype, n, start).astype(kind).tobytes()
        read = int if kind == "i4" else _double
        words = (self.cursor.line() for _ in range(n))
        values = (float(r.NA) if w == b"NA" and kind == "i4" else read(w) for w in words)
        return np.fromiter(values, np.float64, n).astype(kind).tobytes()

    def content(self, n: int) -> bytes:
        if self.order:
            return self.cursor.take(n)
        return self._escaped(n)

    def _escaped(self, n: int) -> bytes:
        """So many bytes of a text stream, where blanks and others are written by a backslash."""
        line, taken = self.cursor.line(), bytearray()
        at = 0
        while at < len(line):
            if line[at] != 0x5C:
                taken.append(line[at])
                at += 1
            elif (digits := line[at + 1 : at + 4]).isdigit():
                taken.append(int(digits, 8) & 255)
                at += 4
            else:
                letter = line[at + 1 : at + 2]
                taken += _ESCAPES.get(letter, letter)
                at += 2
        if len(taken) != n:
            raise ModelError(f"is damaged: a text of {n} letters has {len(taken)}")
        return bytes(taken)

    # -- objects -------------------------------------------------------------------------------

    def read(self) -> RObject:
        """The object that comes next."""
        return self.of(self.integer())

    def of(self, flags: int) -> RObject:
        """The object that begins with `flags`."""
        self.depth += 1
        if self.depth > _DEPTH:
            raise ModelError(f"is damaged: its objects are nested deeper than {_DEPTH}")
        kind = flags & 255
        if kind in _CELLS:
            found = self._cells(flags)
        elif kind in _SPECIALS:
            found = RObject(r.NULL)
        elif kind == _REFERENCE:
            place = (flags >> 8) or self.integer()
            if not 1 <= place <= len(self.known):
                raise ModelError(f"is damaged: it refers to object {place} of {len(self.known)}")
            found = self.known[place - 1]
        elif kind in (
            r.SYMBOL,
            r.ENVIRONMENT,
            r.POINTER,
            r.WEAK,
            _PERSISTENT,
            _PACKAGE,
            _NAMESPACE,
        ):
            found = self._remembered(kind, flags)
        elif kind == _ALTERNATIVE:
            found = self._alternative()
        else:
            found = self._vector(kind, flags)
        self.depth -= 1
        return found

    def _cells(self, flags: int) -> RObject:
        """A pairlist, a call or a function: cells one after the other, not one in the other."""
        cells: list[tuple[str | None, RObject]] = []
        found = RObject(flags & 255, cells)
        while flags & 255 in _CELLS:
            attributes = self._attributes() if flags & 0x200 else None
            found.attributes = found.attributes or attributes
            tag = self.read() if flags & 0x400 else None
            value = self.read()
            if found.kind == r.PAIRLIST:  # what functions are made of is gone over
                cells.append((tag.value if tag and tag.kind == r.SYMBOL else None, value))
            flags = self.integer()
        self.of(flags)
        return found

    def _attributes(self) -> dict[str, RObject]:
        found = self.read()
        return (
            {name: value for name, value in found.value or [] if name is not None}
            if (found.kind == r.PAIRLIST)
            else {}
        )

    def _remembered(self, kind: int, flags: int) -> RObject:
        """An object that later ones may refer to by its number."""
        found = RObject(kind)
        if kind == r.SYMBOL:
            found.value = self._text(self.integer()) or ""
            self.known.append(found)
            return found
        self.known.append(found)
        if kind == r.ENVIRONMENT:
            self.integer()  # whether it is locked
            for _ in range(4):  # enclosure, frame, hash table, attributes
                self.read()
        elif kind == r.POINTER:
            self.read()
            self.read()
        elif kind in (_PERSISTENT, _PACKAGE, _NAMESPACE):
            self.integer()
            for _ in range(self.length(4)):
                self.read()
            found.kind = r.ENVIRONMENT
        if flags & 0x200 and kind in (r.POINTER, r.WEAK):
            self._attributes()
        return found

    def _text(self, flags: int) -> str | None:
        """The text that begins with `flags`; None is NA."""
        if flags & 255 != r.TEXT:
            raise ModelError(f"is damaged: byte {self.cursor.at} begins no text, as is expected")
        n = self.integer()
        if n == -1:
            return None
        raw = self.content(n)
        try:
            return raw.decode("latin-1" if flags & 0x4000 else "utf-8")
        except UnicodeDecodeError:
            return raw.decode("latin-1")

    def _vector(self, kind: int, flags: int) -> RObject:
        """A vector, and whatever else has its attributes after it."""
        found = RObject(kind)
        if kind in (r.LOGICAL, r.INTEGER):
            found.value = self.numbers(self.length(4), "i4")
        elif kind == r.REAL:
            found.value = self.numbers(self.length(8), "f8")
        elif kind == r.COMPLEX:
            self.numbers(2 * self.length(16), "f8")
        elif kind == r.TEXTS:
            found.value = [self._text(self.integer()) for _ in range(self.length(8))] or ()
        elif kind in (r.LIST, r.EXPRESSIONS):
            found.value = [self.read() for _ in range(self.length(4))] or ()
        elif kind == r.TEXT:
            found.value = self._text(flags)
        elif kind == r.RAW:
            n = self.length(1)
            if self.order:
                self.cursor.skip(n)
            for _ in range(0 if self.order else n):
                self.cursor.line()
        elif kind in (r.SPECIAL, r.BUILTIN):
            self.content(self.integer())
        elif kind == r.BYTECODE:
            self.integer()
            self._code()
        elif kind != r.S4:
            raise ModelError(f"is damaged: there is no type {kind} of R's, byte {self.cursor.at}")
        if flags & 0x200:
            found.attributes = self._attributes()
        return found

    def _alternative(self) -> RObject:
        """A vector that R keeps in another way: a sequence by its ends, or wrapped."""
        about, state = self.read(), self.read()
        attributes = self._attributes()
        name = about.value[0][1].value if about.kind == r.PAIRLIST else None
        if name in ("compact_intseq", "compact_realseq"):
            n, first, step = state.array(3)
            if not 0 <= n <= 2**31:
                raise ModelError(f"is damaged: a sequence of {n} numbers")
            kind = r.INTEGER if name == "compact_intseq" else r.REAL
            # As many as were written out are no more than a file of that size could hold.
            kept = min(int(n), len(self.cursor.data))
            values = first + step * np.arange(kept)
            held = np.float64 if kind == r.REAL else np.int32
            return RObject(kind, values.astype(held).tobytes(), attributes)
        inner = state.value[0] if state.kind in (r.LIST, r.PAIRLIST) and state.value else None
        inner = inner[1] if isinstance(inner, tuple) else inner
        if not isinstance(inner, RObject):
            return RObject(r.NULL)
        if name == "deferred_string":
            texts = [f"{x:.15g}" for x in inner.stored.tolist()] if inner.kind != r.TEXTS else []
            return RObject(r.TEXTS, texts or inner.value, attributes)
        return RObject(inner.kind, inner.value, attributes or inner.attributes)

    # -- byte code, which is gone over -----------------------------------------------------------

    def _code(self) -> None:
        self.read()
        for _ in range(self.length(4)):
            kind = self.integer()
            if kind == r.BYTECODE:
                self._code()
            else:
                self._constant(kind)

    def _constant(self, kind: int) -> None:
        """A constant of byte code: any object, or a call that others share parts of."""
        self.depth += 1
        if self.depth > _DEPTH:
            raise ModelError(f"is damaged: its objects are nested deeper than {_DEPTH}")
        cells = (r.CALL, r.PAIRLIST, _CODE_DEFINITION, _ATTRIBUTED_CALL, _ATTRIBUTED_LIST)
        while kind in cells:
            if kind == _CODE_DEFINITION:
                self.integer()
                kind = self.integer()
            if kind in (_ATTRIBUTED_CALL, _ATTRIBUTED_LIST):
                self.read()
            self.read()  # the tag
            self._constant(self.integer())
            kind = self.integer()
        if kind == _CODE_REFERENCE:
            self.integer()
        else:
            self.read()
        self.depth -= 1


_ESCAPES = {
    b"n": b"\n",
    b"t": b"\t",
    b"v": b"\v",
    b"b": b"\b",
    b"r": b"\r",
    b"f": b"\f",
    b"a": b"\a",
}


def _double(word: bytes) -> float:
    """A number as R writes it in a text stream, in tens or, for all its bits, in hexadecimal."""
    if word == b"NA":
        return float(np.array(r.NA_BITS, dtype=np.uint64).view(np.float64))
    text = word.decode("ascii")
    return float.fromhex(text) if "x" in text else float(text)
