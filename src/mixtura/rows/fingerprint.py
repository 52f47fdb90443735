"""Fingerprint: what rows are known by, so that others are not taken for them."""

from __future__ import annotations

import hashlib
from contextlib import closing
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Rows
from mixtura.engine.sources import Source

__all__ = ["Fingerprint", "fingerprint"]


class Fingerprint:
    """A fingerprint of rows in their order: the same however they are divided.

    Notes
    -----
    A SHA-256 sum of every byte, about a second a GiB.
    """

    def __init__(self) -> None:
        self._values, self._weights = hashlib.sha256(), hashlib.sha256()
        self._count, self._n_features = 0, 0
        self._types: set[str] = set()
        self._weighted = False

    def add(self, rows: Rows, weights: Floats | None) -> None:
        """See rows (m, D) with weights (m,); None weighs each 1."""
        self._values.update(np.ascontiguousarray(rows).data.cast("B"))
        if weights is not None:
            self._weighted = True
            self._weights.update(np.ascontiguousarray(weights, np.float64).data.cast("B"))
        self._types.add(rows.dtype.name)
        self._count += len(rows)
        self._n_features = rows.shape[1]

    def record(self, names: tuple[str, ...] | None) -> dict[str, Any]:
        """What the rows are known by."""
        return {
            "number of rows": self._count,
            "number of features": self._n_features,
            "features' names": None if names is None else list(names),
            "type": " and ".join(sorted(self._types)),
            "values": self._values.hexdigest()[:16],
            "weights": self._weights.hexdigest()[:16] if self._weighted else None,
        }


def fingerprint(source: Source, names: tuple[str, ...] | None) -> dict[str, Any]:
    """What the rows of a source are known by."""
    seen = Fingerprint()
    with closing(source.blocks()) as blocks:
        for block in blocks:
            seen.add(block.rows, block.weights)
    return seen.record(names)
