"""Block: consecutive rows with what belongs to each of them, and how many of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Rows, doubles, readable
from mixtura.engine.patterns import Patterns
from mixtura.filling import filled

#: name -> (m, …), a value or several for each of m rows: weights, labels, errors, …
Fields: TypeAlias = Mapping[str, NDArray[Any]]


@filled
@dataclass(frozen=True, eq=False)
class Block:
    """Consecutive rows, and what belongs to each of them.

    Whoever cuts, joins or leaves out rows does it by `part`, `take`, `concat` or `rechunk`, which
    do the same to every field: no stage between a source and a kernel names one.

    Parameters
    ----------
    start : the index of its first row in the source.
    rows : (m, D); as a source hands them out float32 or float64, C-contiguous. NaN is a feature
        that was not observed.
    fields : name -> (m, …); ``weights`` are how much each row counts, ``errors`` the standard
        deviations (m, D) or covariances (m, D, D) of what it was measured with.
    patterns : of the features that the rows have, where a source knows that some lack any; a
        kernel finds them where it is not told.
    """

    start: int
    rows: Rows
    fields: Fields = field(default_factory=dict)
    patterns: Patterns | None = None

    @property
    def stop(self) -> int:
        """One past the index of the last row."""
        return self.start + len(self.rows)

    @property
    def weights(self) -> Floats | None:
        """The rows' weights (m,), or None where every row counts once."""
        return self.fields.get("weights")

    @property
    def total_weight(self) -> float:
        """The sum of the rows' weights; without weights, their number."""
        weights = self.weights
        return float(len(self.rows)) if weights is None else float(weights.sum())

    def part(self, start: int, stop: int) -> Block:
        """Its rows from `start` up to `stop`, counted from its own first one."""
        rows = slice(start, stop)
        fields = {name: values[rows] for name, values in self.fields.items()}
        return Block(self.start + start, self.rows[rows], fields)

    def take(self, rows: NDArray[Any]) -> Block:
        """Some of its rows, by their numbers from 0 or by a mask (m,)."""
        chosen = self.rows[rows]
        fields = {name: _taken(values, rows, len(chosen)) for name, values in self.fields.items()}
        return Block(self.start, chosen, fields)

    def copy(self) -> Block:
        """The same in memory of its own."""
        fields = {name: values.copy() for name, values in self.fields.items()}
        return Block(self.start, self.rows.copy(), fields)

    def counting(self) -> tuple[Block, NDArray[np.bool_] | None]:
        """Those of its rows that weigh something, and which they are (m,); None where all do."""
        weights = self.weights
        if weights is None or weights.all():
            return self, None
        which: NDArray[np.bool_] = weights > 0.0
        return self.take(which), which

    def weighing(self, weights: Floats | None) -> Block:
        """The same rows, but with these weights (m,); None where every row counts once."""
        others = {name: values for name, values in self.fields.items() if name != "weights"}
        return Block(self.start, self.rows, fields_of(weights, **others))

    def in_unit(self, unit: float | None) -> Block:
        """The same rows, with weights told in that unit; with None, without."""
        weights = self.weights
        return self.weighing(None if weights is None or unit is None else weights / unit)

    def readable(self, kind: np.dtype[np.floating[Any]] | None = None) -> Block:
        """The same as a kernel reads it, of type `kind` if there is one; copied only if need be."""
        rows = self.rows if kind is None or self.rows.dtype == kind else self.rows.astype(kind)
        rows, fields = readable(rows), self.fields
        for name, values in self.fields.items():
            if _one_for_all(values):
                continue
            if values.dtype.kind == "f" and (own := doubles(values)) is not values:
                fields = {**fields, name: own}
        changed = rows is not self.rows or fields is not self.fields
        return Block(self.start, rows, fields) if changed else self


def fields_of(weights: Floats | None = None, **more: NDArray[Any] | None) -> Fields:
    """The fields of some rows, of which any may be None: there is no such field then."""
    named = {"weights": weights, **more}
    return {name: values for name, values in named.items() if values is not None}


def _one_for_all(values: NDArray[Any]) -> bool:
    """Whether the rows share one value in memory, as `numpy.broadcast_to` makes them."""
    return values.ndim > 1 and values.strides[0] == 0 and len(values) > 1


def _taken(values: NDArray[Any], rows: NDArray[Any], count: int) -> NDArray[Any]:
    """The values of some rows; one that all share is not written out."""
    if _one_for_all(values):
        return np.broadcast_to(values[:1], (count, *values.shape[1:]))
    taken: NDArray[Any] = values[rows]
    return taken


def concat(blocks: Sequence[Block], kind: np.dtype[np.floating[Any]] | None = None) -> Block:
    """One block of the rows of several that follow each other, of type `kind` if there is one."""
    first = blocks[0]
    if len(blocks) == 1:
        return first
    rows = np.concatenate([block.rows for block in blocks], dtype=kind, casting="same_kind")
    fields = {
        name: np.concatenate([block.fields[name] for block in blocks]) for name in first.fields
    }
    return Block(first.start, rows, fields)


def rechunk(
    blocks: Iterable[Block], n_rows: int, kind: np.dtype[np.floating[Any]] | None = None
) -> Iterator[Block]:
    """The rows of blocks of any length, `n_rows` together but for the last, numbered from 0.

    Rows are copied only where they come from several of the blocks.

    Parameters
    ----------
    blocks : in the order of the rows; where they say that they start does not count.
    n_rows : of each block, at least 1.
    kind : the type of their rows, or None for theirs.
    """
    held: list[Block] = []
    start, missing = 0, n_rows
    for block in blocks:
        at = 0
        while at < len(block.rows):
            piece = block.part(at, at + missing)
            held.append(piece)
            at, missing = at + len(piece.rows), missing - len(piece.rows)
            if not missing:
                yield replace(concat(held, kind), start=start)
                held, start, missing = [], start + n_rows, n_rows
    if held:
        yield replace(concat(held, kind), start=start)


def block_rows(n_features: int) -> int:
    """How many rows make a block of `n_features` columns.

    A block stays near 1 MiB: in the second-level cache, yet large enough that a merge of K·D² sums
    is small beside it.
    """
    return max(2**17 // n_features // 64 * 64, 1024)


def even_block_rows(n_rows: int, n_features: int) -> int:
    """How many rows a block of a source (N, D) has: all as many, so that nobody waits.

    The shape alone decides, so that a sum over the blocks has the same bits wherever the rows are.
    Their number is even, and four as soon as each has 128 KiB: two threads end together.
    """
    few = min(4, n_rows // 1024, n_rows * n_features // 2**14)
    count = max(-(-n_rows // block_rows(n_features)), few, 1)
    share = -(-n_rows // (count + count % 2 if count > 1 else 1))
    return max(-(-share // 64) * 64, 1)


def summed_block_rows(n_rows: int, n_features: int, n_sums: int) -> int:
    """How many rows a block has, where each gives so many sums.

    As others, up to 2¹⁷ sums, a megabyte. More of them outweigh the rows, and every block under way
    holds a set: then there are four blocks, or more where one would be of twice a set's size.
    """
    few = even_block_rows(n_rows, n_features)
    if n_sums <= 2**17:
        return few
    quarter = -(-n_rows // 256) * 64
    return max(few, min(quarter, 2 * n_sums // n_features // 64 * 64))
