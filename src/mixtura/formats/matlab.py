"""MATLAB and Octave: the fields of a gmdistribution, from MAT-files and Octave's text files."""

from __future__ import annotations

import itertools
import math
import re
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ModelError
from mixtura.formats.cursor import Cursor
from mixtura.formats.imported import DOUBLE, SINGLE, Imported, Model

TITLE = "a MAT-file"
#: fields in a struct or an object -> the same, in every release and in Octave's own object
_MEANS, _SPREAD = "mu", "Sigma"
_SHARES = ("ComponentProportion", "PComponents", "p")
#: how much larger than its file what a MAT-file has packed may be, and what it may be in any case
_TIMES, _LEAST = 16, 2**21
_FIELDS = (
    "save its fields: s = struct('mu', gm.mu, 'Sigma', gm.Sigma, 'ComponentProportion', "
    "gm.ComponentProportion); save('gm.mat', 's', '-v7')"
)
#: types of a MAT-file's elements that hold others, that are packed, and that are numbers
_MATRIX, _PACKED = 14, 15
_NUMBERS = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
#: classes of its arrays
_STRUCT, _OBJECT, _DOUBLE, _SINGLE, _LAST_NUMBER, _OPAQUE = 2, 3, 6, 7, 15, 17
#: arrays within arrays at most
_DEPTH = 20


def knows(data: bytes) -> bool:
    """Whether bytes begin as a MAT-file of version 5 or Octave's text does."""
    return data.startswith((b"MATLAB ", b"# Created by Octave"))


def models(data: bytes) -> dict[str, Model]:
    """The mixtures among the variables of a file, by their names.

    Raises
    ------
    ModelError : it is damaged, or holds none; what it does hold is named.
    """
    text = data.startswith(b"#")
    if data.startswith(b"MATLAB 7.3"):
        raise ModelError(f"is a MATLAB 7.3 file (HDF5), expected one of -v7: {_FIELDS}")
    variables = _octave(data) if text else _variables(data)
    fields = {_MEANS, _SPREAD}
    found: dict[str, Model] = {
        name: _model(value, text)
        for name, value in variables.items()
        if isinstance(value, Mapping) and fields <= value.keys()
    }
    if not found and fields <= variables.keys():  # they were saved one by one
        found = {"": _model(variables, text)}
    if not found:
        opaque = [name for name, value in variables.items() if value is None]
        if opaque:
            raise ModelError(
                f"holds {opaque[0]!r}, an object that MATLAB keeps in a form of its own: {_FIELDS}"
            )
        held = ", ".join(list(variables)[:6]) or "no variable"
        raise ModelError(f"holds {held}, expected the fields of a gmdistribution: {_FIELDS}")
    return found


def _model(fields: Mapping[str, Any], octave: bool) -> Imported:
    """The mixture of fields: mu K × D, Sigma D × D × K, 1 × D × K if diagonal, no K if shared."""
    means = np.atleast_2d(_numbers(fields[_MEANS]))
    k, d = means.shape
    spread = _numbers(fields[_SPREAD])
    share = next((fields[name] for name in _SHARES if name in fields), None)
    if share is None and k > 1:
        raise ModelError(f"lacks ComponentProportion beside mu and Sigma, expected {k} weights")
    weights = np.ones(1) if share is None else _numbers(share).ravel()
    single = share is not None and np.asarray(share).dtype == np.float32
    sizes = [*spread.shape, 1, 1, 1][:3]
    spread = spread.reshape(sizes)
    diagonal = sizes[:2] == [1, d] and (d > 1 or sizes[2] == k)
    shared = sizes[2] == 1 and k > 1
    if sizes != [1 if diagonal else d, d, 1 if shared else k]:
        raise ModelError(
            f"holds Sigma of shape {sizes} beside mu of {means.shape}, expected D × D × K, "
            "or 1 × D × K of diagonal ones, or no K of a shared one"
        )
    held = np.moveaxis(spread, 2, 0)
    held = np.broadcast_to(held[:, 0] if diagonal else held, means.shape if diagonal else (k, d, d))
    letters = "EEI" if shared and diagonal else "tied" if shared else "diag" if diagonal else "full"
    tool = "Octave" if octave else "MATLAB or Octave"
    rounding = SINGLE if single else DOUBLE
    return Imported(tool, "gmdistribution", weights, means, held, letters, rounding=rounding)


def _numbers(value: Any) -> Floats:
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" or array.ndim > 3 or not array.size:
        raise ModelError("is damaged: its mu, Sigma or proportions are no arrays of numbers")
    return array.astype(np.float64)


# -- MAT-files -------------------------------------------------------------------------------------


def _variables(data: bytes) -> dict[str, Any]:
    """The variables of a MAT-file: arrays, structs and objects as dictionaries, None of others."""
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None:
        raise ModelError("is a MAT-file, and damaged: it does not tell the order of its bytes")
    found: dict[str, Any] = {}
    cursor, left = Cursor(data, 128), max(_LEAST, _TIMES * len(data))
    while cursor.left:
        kind, inside = _element(cursor, order)
        if kind == _PACKED:
            inside = _inflated(inside, left)
            left -= len(inside)
            kind, inside = _element(Cursor(inside), order)
        if kind != _MATRIX:
            raise ModelError(f"is a MAT-file, and damaged: an element of type {kind} on its own")
        name, value = _array(inside, order, 0)
        if name:
            found[name] = value
    return found


def _inflated(packed: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        inside = unpacker.decompress(packed, most)
    except zlib.error as error:
        raise ModelError(f"is a MAT-file, and damaged: {error}") from None
    if not unpacker.eof:
        raise ModelError("is a MAT-file, and damaged, or too large for what it is packed in")
    return inside


def _element(cursor: Cursor, order: str) -> tuple[int, bytes]:
    """The type and the bytes of the next element; a small one has both in its head."""
    kind = cursor.number(f"{order}I")
    if kind >> 16:
        value = cursor.take(4)
        if kind >> 16 > 4:
            raise ModelError("is a MAT-file, and damaged: a small element is longer than four")
        return kind & 0xFFFF, value[: kind >> 16]
    inside = cursor.take(cursor.number(f"{order}I"))
    if kind != _PACKED:
        cursor.skip(min(-len(inside) % 8, cursor.left))
    return kind, inside


def _array(data: bytes, order: str, depth: int) -> tuple[str, Any]:
    """The name and the value of an array: numbers, fields by name, or None of what is neither."""
    if depth > _DEPTH:
        raise ModelError(f"is a MAT-file, and damaged: its arrays are nested deeper than {_DEPTH}")
    if not data:
        return "", None
    cursor = Cursor(data)
    sort = int(np.frombuffer(_element(cursor, order)[1], f"{order}u4")[0]) & 255
    if sort == _OPAQUE:
        return _text(cursor, order), None
    shape = tuple(np.frombuffer(_element(cursor, order)[1], f"{order}i4").tolist())
    name = _text(cursor, order)
    if sort in (_STRUCT, _OBJECT):
        return name, _fields(cursor, order, sort, shape, depth)
    if not _DOUBLE <= sort <= _LAST_NUMBER:
        return name, f"an array of class {sort}"
    kind, inside = _element(cursor, order)
    if kind not in _NUMBERS:
        raise ModelError(f"is a MAT-file, and damaged: numbers of type {kind}")
    numbers = np.frombuffer(inside, f"{order}{_NUMBERS[kind]}")
    if min(shape) < 0 or math.prod(shape) != len(numbers):
        raise ModelError(f"is a MAT-file, and damaged: {shape} has {len(numbers)} numbers")
    held = numbers.astype(np.float32) if sort == _SINGLE else numbers
    return name, held.reshape(shape, order="F")


def _fields(
    cursor: Cursor, order: str, sort: int, shape: tuple[int, ...], depth: int
) -> dict[str, Any]:
    """The fields of one struct or object."""
    if sort == _OBJECT:
        _text(cursor, order)  # its class
    length = int(np.frombuffer(_element(cursor, order)[1], f"{order}i4")[0])
    names = _element(cursor, order)[1]
    if length < 1 or shape != (1, 1):
        return {}
    fields = {}
    for at in range(0, len(names), length):
        field = names[at : at + length].split(b"\0")[0].decode("latin-1")
        kind, inside = _element(cursor, order)
        if kind != _MATRIX:
            raise ModelError(f"is a MAT-file, and damaged: field {field!r} is of type {kind}")
        fields[field] = _array(inside, order, depth + 1)[1]
    return fields


def _text(cursor: Cursor, order: str) -> str:
    return _element(cursor, order)[1].decode("latin-1")


# -- Octave's text ---------------------------------------------------------------------------------

_NAME, _HEAD = "# name: ", re.compile(r"# (\w+): *([^\n]*)\n")


def _octave(data: bytes) -> dict[str, Any]:
    """The variables of Octave's text: matrices as arrays, structs as dictionaries."""
    text = data.decode("utf-8")
    return _entries(text, 0, len(text), 0)[0]


def _entries(text: str, at: int, n: int, depth: int) -> tuple[dict[str, Any], int]:
    """So many entries from a place on, as far as there are, and the place after them."""
    found: dict[str, Any] = {}
    while len(found) < n and (at := text.find(_NAME, at)) >= 0:
        (_, name), at = _head(text, at)
        (_, kind), at = _head(text, at)
        end = text.find(_NAME, at)
        end = len(text) if end < 0 else end
        if kind in ("scalar struct", "object") and depth < _DEPTH:
            size = re.compile(r"# length: (\d{1,9})\n").search(text, at, end)
            held = int(size[1]) if size else -1
            found[name], at = _entries(text, end, held, depth + 1)
            if len(found[name]) != held:
                raise ModelError(
                    f"is Octave's text, and cut short or damaged: {name} has {held} fields, and "
                    f"{len(found[name])} are there"
                )
        else:
            found[name], at = _value(text, at, end, kind), end
    return found, at


def _head(text: str, at: int) -> tuple[tuple[str, str], int]:
    """The key and the value of a line that begins with a hash, and the place after it."""
    line = _HEAD.match(text, at)
    if line is None:
        raise ModelError(f"is Octave's text, and damaged: letter {at} begins no line of a head")
    return (line[1], line[2].strip()), line.end()


def _value(text: str, at: int, end: int, kind: str) -> Any:
    """The numbers that stand between two places, below what says how many they are."""
    sizes: list[int] = []
    if kind in ("matrix", "float matrix"):
        (key, value), at = _head(text, at)
        sizes = [int(value)]
        if key == "rows":
            (_, value), at = _head(text, at)
            sizes.append(int(value))
    elif kind not in ("scalar", "float scalar"):
        return kind
    words = (word[0] for word in re.compile(r"\S+").finditer(text, at, end))
    precision = np.float32 if kind.startswith("float") else np.float64
    if len(sizes) == 1:  # so many dimensions, which stand before the numbers
        shape = [int(word) for word in itertools.islice(words, min(sizes[0], 9))]
        return np.fromiter(map(float, words), precision).reshape(shape, order="F")
    numbers = np.fromiter(map(float, words), precision)
    return numbers.reshape(sizes or (1, 1))
