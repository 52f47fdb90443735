"""R's values: vectors, lists, calls and what else a stream of R's holds, with their attributes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ModelError

#: R's NA in whole numbers; among doubles a NaN whose lower word is 1954
NA = -(2**31)
NA_WORD = 1954
NA_BITS = 0x7FF0000000000000 | NA_WORD

NULL, SYMBOL, PAIRLIST, CLOSURE, ENVIRONMENT, PROMISE, CALL = 0, 1, 2, 3, 4, 5, 6
SPECIAL, BUILTIN, TEXT, LOGICAL, INTEGER, REAL, COMPLEX, TEXTS = 7, 8, 9, 10, 13, 14, 15, 16
DOTS, LIST, EXPRESSIONS, BYTECODE, POINTER, WEAK, RAW, S4 = 17, 19, 20, 21, 22, 23, 24, 25

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
    value : the bytes of numbers, as `stored` has them; a list of texts, None for those that are
        missing; a list of values; a list of (name, value) of a pairlist; None of what is not held.
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
    def stored(self) -> Any:
        """The numbers of a vector as R has them, its NA among them, (n,)."""
        return np.frombuffer(self.value, np.float64 if self.kind == REAL else np.int32)

    @property
    def shape(self) -> tuple[int, ...]:
        """What ``dim`` says, or the length alone."""
        found = self.attribute("dim")
        if found is not None:
            return tuple(map(int, found.numbers()))
        return (len(self.stored if isinstance(self.value, bytes) else self.value),)

    def numbers(self) -> Floats:
        """The numbers of a vector, (n,).

        Raises
        ------
        ModelError : it holds none, or one is NA.
        """
        if self.kind not in (LOGICAL, INTEGER, REAL):
            raise ModelError(f"holds a {self.title} where numbers are expected")
        stored = self.stored
        if self.kind == REAL:
            bits = np.ascontiguousarray(stored, dtype=np.float64).view(np.uint64)
            missing = np.isnan(stored) & ((bits & 0xFFFFFFFF) == NA_WORD)
        else:
            missing = stored == NA
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
