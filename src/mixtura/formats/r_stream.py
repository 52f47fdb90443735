"""R's streams: what `saveRDS` and `save` write, as values; no code in them is run.

A stream begins with ``X`` (big-endian), ``B`` (little-endian) or ``A`` (text) and a line end, three
numbers, and from version 3 on the name of an encoding. Then comes one object: a number whose lowest
eight bits are its type, and its contents. `save` writes ``RDX2``, ``RDX3`` or their like in front,
and a pairlist of all objects by name ("R Internals", section 1.8).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ModelError
from mixtura.formats.cursor import Cursor

#: R's NA in whole numbers; among doubles a NaN whose lower word is 1954
_NA = -(2**31)
_NA_WORD = 1954
#: objects within objects at most; an Mclust has a dozen
_DEPTH = 150

NULL, SYMBOL, PAIRLIST, CLOSURE, ENVIRONMENT, PROMISE, CALL = 0, 1, 2, 3, 4, 5, 6
SPECIAL, BUILTIN, TEXT, LOGICAL, INTEGER, REAL, COMPLEX, TEXTS = 7, 8, 9, 10, 13, 14, 15, 16
DOTS, LIST, EXPRESSIONS, BYTECODE, POINTER, WEAK, RAW, S4 = 17, 19, 20, 21, 22, 23, 24, 25
_SPECIALS = frozenset({241, 242, 250, 251, 252, 253, 254})  # base and global environment, NULL…
_PERSISTENT, _PACKAGE, _NAMESPACE, _REFERENCE, _ALTERNATIVE = 247, 248, 249, 255, 238
_ATTRIBUTED_LIST, _ATTRIBUTED_CALL, _CODE_REFERENCE, _CODE_DEFINITION = 239, 240, 243, 244
_CELLS = frozenset({PAIRLIST, CLOSURE, PROMISE, CALL, DOTS})

_NAMES = {
    NULL: "NULL",
    SYMBOL: "symbol",
    PAIRLIST: "pairlist",
    CLOSURE: "function",
    ENVIRONMENT: "environment",
    CALL: "call",
    LOGICAL: "logical vector",
    INTEGER: "integer vector",
    REAL: "numeric vector",
    COMPLEX: "complex vector",
    TEXTS: "character vector",
    LIST: "list",
    EXPRESSIONS: "expression",
    RAW: "raw vector",
    S4: "S4 object",
}


@dataclass(slots=True)
class RObject:
    """A value of R.

    Parameters
    ----------
    kind : its type, R's number for it.
    value : an array (n,) of numbers, a list of texts, None for those that are missing, a list of
        values, a list of (name, value) of a pairlist; None of what is not held.
    attributes : by name, or None.
    """

    kind: int
    value: Any = None
    attributes: dict[str, RObject] | None = None

    def attribute(self, name: str) -> RObject | None:
        """The attribute of that name, or None."""
        return (self.attributes or {}).get(name)

    @property
    def classes(self) -> list[str]:
        """What ``class`` says it is."""
        found = self.attribute("class")
        return [] if found is None else found.texts

    @property
    def texts(self) -> list[str]:
        """The texts of a character vector that are not missing."""
        return [text for text in self.value if text is not None] if self.kind == TEXTS else []

    @property
    def names(self) -> list[str]:
        """What ``names`` says of its elements."""
        found = self.attribute("names")
        return [] if found is None or found.kind != TEXTS else [t or "" for t in found.value]

    def item(self, name: str) -> RObject | None:
        """The element of a list that has a name; None where there is none, or it is NULL."""
        if self.kind != LIST or name not in self.names[: len(self.value)]:
            return None
        found: RObject = self.value[self.names.index(name)]
        return None if found.kind == NULL else found

    @property
    def shape(self) -> tuple[int, ...]:
        """What ``dim`` says, or the length alone."""
        found = self.attribute("dim")
        return (len(self.value),) if found is None else tuple(map(int, found.numbers()))

    def numbers(self) -> Floats:
        """The numbers of a vector, (n,).

        Raises
        ------
        ModelError : it holds none, or one is NA.
        """
        if self.kind not in (LOGICAL, INTEGER, REAL):
            raise ModelError(f"holds a {self.title} where numbers are expected")
        stored = self.value
        if self.kind == REAL:
            bits = np.ascontiguousarray(stored, dtype=np.float64).view(np.uint64)
            missing = np.isnan(stored) & ((bits & 0xFFFFFFFF) == _NA_WORD)
        else:
            missing = stored == _NA
        if missing.any():
            raise ModelError(
                f"holds NA, R's missing value, where numbers are expected: entry "
                f"{int(missing.argmax()) + 1} of {len(stored)}; fit the model again"
            )
        return stored.astype(np.float64)

    def array(self, *shape: int) -> Floats:
        """The numbers as an array, which R stores column by column.

        Raises
        ------
        ModelError : there are not so many of them, or one is NA.
        """
        numbers = self.numbers()
        if min(shape, default=1) < 1 or math.prod(shape) != len(numbers):
            raise ModelError(f"holds {len(numbers)} numbers where {shape} are expected")
        return numbers.reshape(shape, order="F")

    @property
    def title(self) -> str:
        """What people call it: by its class, or by its type."""
        if "data.frame" in self.classes:
            return "data frame"
        if self.classes:
            return f"{self.classes[0]} object"
        is_matrix = self.kind in (LOGICAL, INTEGER, REAL, TEXTS) and self.attribute("dim")
        return "matrix" if is_matrix else _NAMES.get(self.kind, "object")


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
    if found.kind not in (PAIRLIST, NULL):
        raise ModelError(f"holds a {found.title}, expected R's objects by name")
    return {name or "": value for name, value in found.value or []}


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
            self.bytes(self.integer())

    # -- atoms ---------------------------------------------------------------------------------

    def integer(self) -> int:
        if self.order:
            return self.cursor.number(f"{self.order}i")
        word = self.cursor.line()
        return _NA if word == b"NA" else int(word)

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

    def numbers(self, n: int, kind: str) -> Any:
        """So many numbers, (n,), each of a type of NumPy's."""
        if self.order:
            dtype = np.dtype(f"{self.order}{kind}")
            start = self.cursor.skip(n * dtype.itemsize)
            return np.frombuffer(self.cursor.data, dtype, n, start)
        read = int if kind == "i4" else _double
        words = (self.cursor.line() for _ in range(n))
        values = (float(_NA) if w == b"NA" and kind == "i4" else read(w) for w in words)
        return np.fromiter(values, np.float64, n)

    def bytes(self, n: int) -> bytes:
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
            found = RObject(NULL)
        elif kind == _REFERENCE:
            place = (flags >> 8) or self.integer()
            if not 1 <= place <= len(self.known):
                raise ModelError(f"is damaged: it refers to object {place} of {len(self.known)}")
            found = self.known[place - 1]
        elif kind in (SYMBOL, ENVIRONMENT, POINTER, WEAK, _PERSISTENT, _PACKAGE, _NAMESPACE):
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
            cells.append((tag.value if tag and tag.kind == SYMBOL else None, self.read()))
            flags = self.integer()
        last = self.of(flags)
        if last.kind != NULL:
            cells.append((None, last))
        return found

    def _attributes(self) -> dict[str, RObject]:
        found = self.read()
        return {name: value for name, value in found.value or [] if name is not None} if (
            found.kind == PAIRLIST
        ) else {}

    def _remembered(self, kind: int, flags: int) -> RObject:
        """An object that later ones may refer to by its number."""
        found = RObject(kind)
        if kind == SYMBOL:
            found.value = self._text(self.integer()) or ""
            self.known.append(found)
            return found
        self.known.append(found)
        if kind == ENVIRONMENT:
            self.integer()  # whether it is locked
            for _ in range(4):  # enclosure, frame, hash table, attributes
                self.read()
        elif kind == POINTER:
            self.read()
            self.read()
        elif kind in (_PERSISTENT, _PACKAGE, _NAMESPACE):
            self.integer()
            for _ in range(self.length(4)):
                self.read()
            found.kind = ENVIRONMENT
        if flags & 0x200 and kind in (POINTER, WEAK):
            self._attributes()
        return found

    def _text(self, flags: int) -> str | None:
        """The text that begins with `flags`; None is NA."""
        if flags & 255 != TEXT:
            raise ModelError(f"is damaged: byte {self.cursor.at} begins no text, as is expected")
        n = self.integer()
        if n == -1:
            return None
        raw = self.bytes(n)
        try:
            return raw.decode("latin-1" if flags & 0x4000 else "utf-8")
        except UnicodeDecodeError:
            return raw.decode("latin-1")

    def _vector(self, kind: int, flags: int) -> RObject:
        """A vector, and whatever else has its attributes after it."""
        found = RObject(kind)
        if kind in (LOGICAL, INTEGER):
            found.value = self.numbers(self.length(4), "i4")
        elif kind == REAL:
            found.value = self.numbers(self.length(8), "f8")
        elif kind == COMPLEX:
            self.numbers(2 * self.length(16), "f8")
        elif kind == TEXTS:
            found.value = [self._text(self.integer()) for _ in range(self.length(8))]
        elif kind in (LIST, EXPRESSIONS):
            found.value = [self.read() for _ in range(self.length(4))]
        elif kind == TEXT:
            found.value = self._text(flags)
        elif kind == RAW:
            n = self.length(1)
            if self.order:
                self.cursor.skip(n)
            for _ in range(0 if self.order else n):
                self.cursor.line()
        elif kind in (SPECIAL, BUILTIN):
            self.bytes(self.integer())
        elif kind == BYTECODE:
            self.integer()
            self._code()
        elif kind != S4:
            raise ModelError(f"is damaged: there is no type {kind} of R's, byte {self.cursor.at}")
        if flags & 0x200:
            found.attributes = self._attributes()
        return found

    def _alternative(self) -> RObject:
        """A vector that R keeps in another way: a sequence by its ends, or wrapped."""
        about, state = self.read(), self.read()
        attributes = self._attributes()
        name = about.value[0][1].value if about.kind == PAIRLIST else None
        if name in ("compact_intseq", "compact_realseq"):
            n, first, step = state.array(3)
            if not 0 <= n <= 2**31:
                raise ModelError(f"is damaged: a sequence of {n} numbers")
            kind = INTEGER if name == "compact_intseq" else REAL
            # As many as were written out are no more than a file of that size could hold.
            kept = min(int(n), len(self.cursor.data))
            return RObject(kind, first + step * np.arange(kept), attributes)
        inner = state.value[0] if state.kind in (LIST, PAIRLIST) and state.value else None
        inner = inner[1] if isinstance(inner, tuple) else inner
        if not isinstance(inner, RObject):
            return RObject(NULL)
        if name == "deferred_string":
            texts = [f"{x:.15g}" for x in inner.value.tolist()] if inner.kind != TEXTS else []
            return RObject(TEXTS, texts or inner.value, attributes)
        return RObject(inner.kind, inner.value, attributes or inner.attributes)

    # -- byte code, which is gone over -----------------------------------------------------------

    def _code(self) -> None:
        self.read()
        for _ in range(self.length(4)):
            kind = self.integer()
            if kind == BYTECODE:
                self._code()
            else:
                self._constant(kind)

    def _constant(self, kind: int) -> None:
        """A constant of byte code: any object, or a call that others share parts of."""
        self.depth += 1
        if self.depth > _DEPTH:
            raise ModelError(f"is damaged: its objects are nested deeper than {_DEPTH}")
        cells = (CALL, PAIRLIST, _CODE_DEFINITION, _ATTRIBUTED_CALL, _ATTRIBUTED_LIST)
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
        return float(np.array(0x7FF00000000007A2, dtype=np.uint64).view(np.float64))
    text = word.decode("ascii")
    return float.fromhex(text) if "x" in text else float(text)
