"""Kaldi: its DiagGmm and FullGmm, text and binary, one or a whole acoustic model's.

What is stored are natural parameters in float32: Σ⁻¹μ and Σ⁻¹, of which means and covariances are
made here in double. The constants beside them follow from the others, as Kaldi too computes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ModelError
from mixtura.formats.cursor import Cursor
from mixtura.formats.imported import SINGLE, Imported, Model, gaussians_alone
from mixtura.model.storage import StoredModel

TITLE = "a Kaldi file"
#: how a mixture begins, and what it is followed by in files of old versions
_BEGIN = re.compile(rb"<(Diag|Full)GMM(?:Begin)?>\s")
_OTHER = re.compile(rb"<(TransitionModel|Nnet3?|TopologyEntry|HmmTopology|[A-Z]\w{2,30})>")


def knows(data: bytes) -> bool:
    """Whether bytes begin as Kaldi's objects do: a token in angles, binary after a zero and a B."""
    start = data[2:] if data.startswith(b"\0B") else data.lstrip()
    return _BEGIN.match(start) is not None or (
        re.match(rb"<(DIMENSION|TransitionModel|Nnet3?)>\s", start) is not None
    )


def models(data: bytes) -> dict[str, Model]:
    """The mixtures in a file, by their numbers; one alone has no name.

    Raises
    ------
    ModelError : it is damaged, or holds none; what it does hold is named.
    """
    read = _binary if data.startswith(b"\0B") else _text
    found: list[Imported] = []
    begin = _BEGIN.search(data)
    while begin:
        model, end = read(data, begin)
        found.append(model)
        begin = _BEGIN.search(data, end)
    told = re.search(rb"<NUMPDFS> (?:\x04(.{4})|(\d{1,9})\b)", data[: 2**20], re.S)
    if told:
        n = int.from_bytes(told[1], "little") if told[1] else int(told[2])
        if n != len(found):
            raise ModelError(f"is damaged: it says that it has {n} mixtures, and has {len(found)}")
    if not found:
        other = _OTHER.search(data)
        raise ModelError(
            f"is a Kaldi {other[1].decode() if other else 'file'}, expected a DiagGmm or FullGmm"
        )
    return {"": found[0]} if len(found) == 1 else {str(i): m for i, m in enumerate(found)}


def _mixture(kind: bytes, weights: Floats, linear: Floats, quadratic: Floats) -> Imported:
    """The mixture of natural parameters: linear is Σ⁻¹μ (K, D), quadratic Σ⁻¹ or its diagonal."""
    if linear.ndim != 2 or len(linear) != len(weights) or not linear.size:
        raise ModelError(f"is damaged: it has {len(weights)} weights, and not as many means")
    if kind == b"Diag":
        if quadratic.shape != linear.shape or not (quadratic > 0.0).all():
            raise ModelError("is damaged: its inverse variances are not positive, one a mean")
        means, covariances = linear / quadratic, 1.0 / quadratic
    else:
        if quadratic.shape != (*linear.shape, linear.shape[1]):
            raise ModelError("is damaged: its inverse covariances are not one a mean")
        try:
            covariances = np.linalg.inv(quadratic)
        except np.linalg.LinAlgError:
            raise ModelError("is damaged: an inverse covariance is singular") from None
        covariances = 0.5 * (covariances + np.swapaxes(covariances, 1, 2))
        means = (covariances @ linear[:, :, None])[:, :, 0]
    name, structure = ("DiagGmm", "diag") if kind == b"Diag" else ("FullGmm", "full")
    return Imported("Kaldi", name, weights, means, covariances, structure, rounding=SINGLE)


def _unpacked(rows: list[Floats]) -> Floats:
    """Symmetric matrices (K, D, D) of their lower triangles, row after row."""
    d = _side(len(rows[0])) if rows else 0
    full = np.zeros((len(rows), d, d))
    i, j = np.tril_indices(d)
    for at, row in enumerate(rows):
        if len(row) != len(i):
            raise ModelError("is damaged: an inverse covariance is no lower triangle")
        full[at][i, j] = full[at][j, i] = row
    return full


# -- binary ----------------------------------------------------------------------------------------


def _binary(data: bytes, begin: re.Match[bytes]) -> tuple[Imported, int]:
    """The mixture that begins there, and where it ends."""
    cursor, kind = Cursor(data, begin.end()), begin[1]
    if cursor.accept(b"<GCONSTS> "):
        _array(cursor)
    cursor.expect(b"<WEIGHTS> ")
    weights = _array(cursor)
    diagonal = kind == b"Diag"
    cursor.expect(b"<MEANS_INVVARS> " if diagonal else b"<MEANS_INVCOVARS> ")
    linear = _array(cursor)
    cursor.expect(b"<INV_VARS> " if diagonal else b"<INV_COVARS> ")
    quadratic = _array(cursor) if diagonal else _unpacked([_array(cursor) for _ in weights])
    if not cursor.accept(b"<" + kind + b"GMMEnd>"):
        cursor.expect(b"</" + kind + b"GMM>")
    return _mixture(kind, weights, linear, quadratic), cursor.at


def _array(cursor: Cursor) -> Floats:
    """A vector, a matrix row by row, or a packed triangle, of floats or doubles."""
    token = cursor.take(3)
    dtype = {b"F": "<f4", b"D": "<f8"}.get(token[:1])
    if dtype is None or token[1:] not in (b"V ", b"M ", b"P "):
        raise ModelError(f"is damaged: byte {cursor.at - 3} begins {token!r}, expected numbers")
    sizes = [_size(cursor) for _ in range(2 if token[1:2] == b"M" else 1)]
    if token[1:2] == b"P":
        sizes = [sizes[0] * (sizes[0] + 1) // 2]
    return cursor.numbers(dtype, int(np.prod(np.array(sizes, dtype=object)))).reshape(sizes)


def _size(cursor: Cursor) -> int:
    cursor.expect(b"\x04")
    n = cursor.number("<i")
    if n < 0:
        raise ModelError(f"is damaged: a size of {n}, byte {cursor.at - 4}")
    return n


# -- text ------------------------------------------------------------------------------------------


def _text(data: bytes, begin: re.Match[bytes]) -> tuple[Imported, int]:
    """The mixture that begins there, and where it ends."""
    kind = begin[1]
    end = data.find(b"</" + kind + b"GMM>", begin.end())
    end = end if end >= 0 else data.find(b"<" + kind + b"GMMEnd>", begin.end())
    if end < 0:
        raise ModelError(f"is cut short: a {kind.decode()}GMM in it has no end")
    inside = data[begin.end() : end]
    if _BEGIN.search(inside):
        raise ModelError(f"is damaged: a {kind.decode()}GMM in it begins within another")
    parts = dict(_parts(inside))
    linear = "MEANS_INVVARS" if kind == b"Diag" else "MEANS_INVCOVARS"
    quadratic = "INV_VARS" if kind == b"Diag" else "INV_COVARS"
    for name in ("WEIGHTS", linear, quadratic):
        if name not in parts:
            raise ModelError(f"is damaged: a {kind.decode()}GMM in it lacks <{name}>")
    weights, means = parts["WEIGHTS"][0].ravel(), parts[linear][0]
    triangles = parts[quadratic]
    inverse = _unpacked([t.ravel() for t in triangles]) if kind == b"Full" else triangles[0]
    return _mixture(kind, weights, means, inverse), end


def _parts(text: bytes) -> Iterator[tuple[str, list[Floats]]]:
    """Tokens, and the numbers in each bracket after them, in rows where these are of one length."""
    for part in re.finditer(rb"<(\w+)>([^<]*)", text):
        yield part[1].decode(), [_rows(m[1]) for m in re.finditer(rb"\[([^\[\]]*)\]", part[2])]


def _rows(text: bytes) -> Floats:
    numbers = np.fromiter((float(word[0]) for word in re.finditer(rb"\S+", text)), np.float64)
    n = sum(1 for _ in re.finditer(rb"\S[^\n]*", text))
    return numbers.reshape(n, -1) if n and len(numbers) % n == 0 else numbers


# -- written ---------------------------------------------------------------------------------------


def written(stored: StoredModel, _: str) -> bytes:
    """A mixture as Kaldi's binary DiagGmm where covariances are diagonal, else FullGmm; float32.

    Raises
    ------
    ParameterError : it has noise.
    """
    return _tokens(_natural(stored), b"\0B", _packed)


def written_text(stored: StoredModel, _: str) -> bytes:
    """The same in Kaldi's text, with the nine digits that a float32 has; errors as `written`."""
    return _tokens(_natural(stored), b"", _spelled)


def _natural(stored: StoredModel) -> list[tuple[str, list[Floats]]]:
    """Tokens, and the vectors, matrices or triangles after each; the last is the name."""
    m = gaussians_alone(stored, "Kaldi")
    diagonal, d = m.structure.form.diagonal, m.n_features
    precisions = np.linalg.inv(m.covariance_matrices())
    linear = np.einsum("kij,kj->ki", precisions, m.means)
    constants = (
        np.log(m.weights)
        - 0.5 * (d * np.log(2.0 * np.pi) - np.linalg.slogdet(precisions)[1])
        - 0.5 * (m.means * linear).sum(axis=1)
    )
    variances = np.diagonal(precisions, axis1=1, axis2=2)
    last = [variances] if diagonal else [each[np.tril_indices(d)] for each in precisions]
    return [
        ("GCONSTS", [constants]),
        ("WEIGHTS", [m.weights]),
        ("MEANS_INVVARS" if diagonal else "MEANS_INVCOVARS", [linear]),
        ("INV_VARS" if diagonal else "INV_COVARS", last),
        ("DiagGMM" if diagonal else "FullGMM", []),
    ]


def _tokens(
    parts: list[tuple[str, list[Floats]]], head: bytes, spelled: Callable[[Floats, bool], bytes]
) -> bytes:
    *inside, (name, _) = parts
    body = b"".join(
        f"<{token}> ".encode() + b"".join(spelled(each, token == "INV_COVARS") for each in arrays)
        for token, arrays in inside
    )
    return head + f"<{name}> ".encode() + body + f"</{name}> ".encode()


def _packed(numbers: Floats, triangle: bool) -> bytes:
    """A vector, a matrix or a packed triangle as Kaldi's binary has it."""
    sizes: tuple[int, ...] = numbers.shape
    letter = b"V" if numbers.ndim == 1 else b"M"
    if triangle:
        letter, sizes = b"P", (_side(len(numbers)),)
    heads = b"".join(b"\x04" + np.int32(n).astype("<i4").tobytes() for n in sizes)
    return b"F" + letter + b" " + heads + numbers.astype("<f4").tobytes()


def _spelled(numbers: Floats, triangle: bool) -> bytes:
    """The same as text: a triangle has a row more on each line."""
    if triangle:
        ends = np.cumsum(np.arange(1, _side(len(numbers))))
        rows = np.split(numbers, ends)
    else:
        rows = [numbers] if numbers.ndim == 1 else list(numbers)
    lines = "\n  ".join(" ".join(f"{x:.9g}" for x in row) for row in rows)
    return f" [\n  {lines} ]\n".encode() if len(rows) > 1 else f" [ {lines} ]\n".encode()


def _side(n: int) -> int:
    """The rows of a lower triangle of n entries."""
    return int((np.sqrt(8.0 * n + 1.0) - 1.0) / 2.0)
