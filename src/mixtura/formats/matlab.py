"""MATLAB and Octave: the fields of a gmdistribution, from MAT-files and Octave's text files."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import MissingExtraError, ModelError
from mixtura.formats.cursor import Cursor
from mixtura.formats.imported import Imported, Model

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
#: types of a MAT-file's elements that hold others, and that are packed
_MATRIX, _PACKED = 14, 15


def knows(data: bytes) -> bool:
    """Whether bytes begin as a MAT-file of version 5 or Octave's text does."""
    return data.startswith((b"MATLAB ", b"# Created by Octave"))


def models(data: bytes) -> dict[str, Model]:
    """The mixtures among the variables of a file, by their names.

    Raises
    ------
    ModelError : it is damaged, or holds none; what it does hold is named.
    MissingExtraError : SciPy, which reads MAT-files, is not installed.
    """
    text = data.startswith(b"#")
    if data.startswith(b"MATLAB 7.3"):
        raise ModelError(f"is a MATLAB 7.3 file (HDF5), expected one of -v7: {_FIELDS}")
    variables = dict(_octave(data)) if text else _variables(data)
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
    spread = spread.reshape(spread.shape + (1,) * (3 - spread.ndim))
    diagonal = spread.shape[:2] == (1, d) and (d > 1 or spread.shape[2] == k)
    shared = spread.shape[2] == 1 and k > 1
    if spread.shape != (1 if diagonal else d, d, 1 if shared else k):
        raise ModelError(
            f"holds Sigma of shape {spread.shape} beside mu of {means.shape}, expected D × D × K, "
            "or 1 × D × K of diagonal ones, or no K of a shared one"
        )
    held = np.moveaxis(spread, 2, 0)
    held = np.broadcast_to(held[:, 0] if diagonal else held, means.shape if diagonal else (k, d, d))
    letters = "EEI" if shared and diagonal else "tied" if shared else "diag" if diagonal else "full"
    return Imported(
        "Octave" if octave else "MATLAB or Octave", "gmdistribution", weights, means, held, letters
    )


def _numbers(value: Any) -> Floats:
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" or array.ndim > 3 or not array.size:
        raise ModelError("is damaged: its mu, Sigma or proportions are no arrays of numbers")
    return array.astype(np.float64)


# -- MAT-files, by SciPy ---------------------------------------------------------------------------


def _variables(data: bytes) -> dict[str, Any]:
    """The variables of a MAT-file: structs and objects as dictionaries, None of what is opaque."""
    sound = _sound(data)
    try:
        from scipy.io import loadmat
        from scipy.io.matlab import MatlabOpaque
    except ImportError:
        raise MissingExtraError("scipy", "matlab", "a MAT-file") from None
    try:
        found = loadmat(io.BytesIO(sound), chars_as_strings=True)
    except Exception as error:  # whatever SciPy's reader says of bytes that are not sound
        raise ModelError(f"is a MAT-file, and damaged: {str(error)[:200]}") from None
    variables: dict[str, Any] = {}
    for name, value in found.items():
        if isinstance(value, MatlabOpaque) or name in ("None", "__function_workspace__"):
            variables[name] = None
        elif isinstance(value, np.ndarray) and value.dtype.names and value.size == 1:
            inner = value.reshape(-1)[0]
            variables[name] = {field: inner[field] for field in value.dtype.names}
        elif not name.startswith("__"):
            variables[name] = value
    variables.pop("__function_workspace__", None)
    return variables


def _sound(data: bytes) -> bytes:
    """The same file with nothing packed, and no element that says it is longer than what holds it.

    SciPy believes the sizes that it reads.
    """
    order = "<" if data[126:128] == b"IM" else ">"
    cursor, whole = Cursor(data, 128), bytearray(data[:128])
    most = max(_LEAST, _TIMES * len(data))
    while cursor.left >= 8:
        kind, size = cursor.number(f"{order}I"), cursor.number(f"{order}I")
        element = cursor.take(size)
        if kind == _PACKED:
            unpacker = zlib.decompressobj()
            try:
                element = unpacker.decompress(element, most - len(whole) + 1)
            except zlib.error as error:
                raise ModelError(f"is a MAT-file, and damaged: {error}") from None
            inner = Cursor(element)
            kind, size = inner.number(f"{order}I"), inner.number(f"{order}I")
            element = inner.take(size)
        if kind != _MATRIX or len(whole) + len(element) > most:
            raise ModelError("is a MAT-file, and damaged, or too large for what it is packed in")
        _check(element, order, 0)
        whole += np.array([kind, size], dtype=f"{order}u4").tobytes() + element
        whole += bytes(-len(element) % 8)
    return bytes(whole)


def _check(element: bytes, order: str, depth: int) -> None:
    """Refuse an element whose parts are longer than it, or nested without end."""
    if depth > 20:
        raise ModelError("is a MAT-file, and damaged: its elements are nested deeper than 20")
    cursor = Cursor(element)
    while cursor.left >= 8:
        kind, size = cursor.number(f"{order}I"), cursor.number(f"{order}I")
        if kind >> 16:  # a small one, whose value stands in its own head
            if kind >> 16 > 4:
                raise ModelError("is a MAT-file, and damaged: a small element is too long")
            continue
        inside = cursor.take(size)
        if kind == _PACKED:
            raise ModelError("is a MAT-file, and damaged: an element is packed in another")
        if kind == _MATRIX and inside:
            _check(inside, order, depth + 1)
        cursor.skip(min(-size % 8, cursor.left))


# -- Octave's text ---------------------------------------------------------------------------------


def _octave(data: bytes) -> Iterator[tuple[str, Any]]:
    """The variables of Octave's text: matrices as arrays, structs as dictionaries."""
    lines = data.decode("utf-8").splitlines()
    yield from _entries(lines, 1, len(lines))[0].items()


def _entries(lines: list[str], at: int, n: int, depth: int = 0) -> tuple[dict[str, Any], int]:
    """So many entries from a line on, as far as there are, and the line after them."""
    found: dict[str, Any] = {}
    while at < len(lines) and len(found) < n:
        if not lines[at].startswith("# name: "):
            at += 1
            continue
        name = lines[at].removeprefix("# name: ").strip()
        kind = _said(lines, at + 1, "type")
        if kind in ("scalar struct", "object") and depth < 10:
            count = next(i for i in range(at, len(lines)) if lines[i].startswith("# length: "))
            size = int(_said(lines, count, "length"))
            found[name], at = _entries(lines, count + 1, size, depth + 1)
        else:
            found[name], at = _value(lines, at + 2, kind)
    return found, at


def _said(lines: list[str], at: int, key: str) -> str:
    begin = f"# {key}: "
    if at >= len(lines) or not lines[at].startswith(begin):
        raise ModelError(f"is Octave's text, and damaged: line {at + 1} does not tell the {key}")
    return lines[at].removeprefix(begin).strip()


def _value(lines: list[str], at: int, kind: str) -> tuple[Any, int]:
    """What stands below an entry's head, up to the next entry."""
    end = next((i for i in range(at, len(lines)) if lines[i].startswith("# name: ")), len(lines))
    body = lines[at:end]
    if kind in ("scalar", "float scalar"):
        return np.array([[float(body[0])]]), end
    if kind not in ("matrix", "float matrix", "diagonal matrix"):
        return " ".join(body), end
    numbers = [float(w) for line in body if not line.startswith("#") for w in line.split()]
    if body[0].startswith("# ndims: "):
        n = int(_said(lines, at, "ndims"))
        shape, numbers = tuple(int(x) for x in numbers[:n]), numbers[n:]
        return np.array(numbers).reshape(shape, order="F"), end
    shape = (int(_said(lines, at, "rows")), int(_said(lines, at + 1, "columns")))
    if kind == "diagonal matrix":
        return np.diag(numbers), end
    return np.array(numbers).reshape(shape), end
