"""Serial: one block after the other, on the calling thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from mixtura.engine.executors.base import Executor
from mixtura.engine.sources import Block, Source

__all__ = ["Serial"]

T = TypeVar("T")


class Serial(Executor):
    """One block after the other."""

    def map(self, source: Source, function: Callable[[Block], T]) -> Iterator[T]:
        return map(function, source.blocks())
