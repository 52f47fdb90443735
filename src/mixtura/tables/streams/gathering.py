"""Gathering: small chunks made into larger ones, or into one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from mixtura.tables.streams.chunk import Chunk

__all__ = ["evened", "gathered", "joined"]


def gathered(chunks: Iterable[Chunk], n_rows: int) -> Iterator[Chunk]:
    """The rows of the chunks, at least `n_rows` together but for the last; no more than they need.

    Notes
    -----
    Small files would otherwise cost as much for each as for many rows.
    """
    held: list[Chunk] = []
    count = 0
    for chunk in chunks:
        held.append(chunk)
        count += len(chunk)
        if count >= n_rows:
            yield joined(held)
            held, count = [], 0
    if held:
        yield joined(held)


def evened(chunks: Iterable[Chunk], n_rows: int) -> Iterator[Chunk]:
    """The rows of the chunks, exactly `n_rows` together but for the last.

    What is summed over them has the same bits however the rows came.
    """
    rest: list[Chunk] = []
    for chunk in gathered(chunks, n_rows):
        whole = joined([*rest, chunk])
        cut = len(whole) - len(whole) % n_rows
        for at in range(0, cut, n_rows):
            yield _part(whole, slice(at, at + n_rows))
        rest = [_part(whole, slice(cut, None))] if cut < len(whole) else []
    yield from rest


def _part(chunk: Chunk, rows: slice) -> Chunk:
    return Chunk(
        chunk.rows[rows],
        None if chunk.weights is None else chunk.weights[rows],
        {name: texts[rows] for name, texts in chunk.ids.items()},
        chunk.origin,
        chunk.first + rows.start,
        numbers=None if chunk.numbers is None else chunk.numbers[rows],
    )


def joined(chunks: list[Chunk]) -> Chunk:
    """One chunk of the rows of several, one at least."""
    if len(chunks) == 1:
        return chunks[0]
    weights = [chunk.weights for chunk in chunks if chunk.weights is not None]
    numbers = [chunk.numbers for chunk in chunks if chunk.numbers is not None]
    return Chunk(
        np.concatenate([chunk.rows for chunk in chunks]),
        np.concatenate(weights) if weights else None,
        {name: [t for chunk in chunks for t in chunk.ids[name]] for name in chunks[0].ids},
        chunks[0].origin,
        chunks[0].first,
        numbers=np.concatenate(numbers) if numbers else None,
    )
