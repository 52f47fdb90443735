"""Serial: one block after the other, on the calling thread."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from mixtura.engine.executors.base import Executor, one_by_one
from mixtura.engine.sources import Block, Source

__all__ = ["Serial"]

T = TypeVar("T")


class Serial(Executor):
    """One block after the other."""

    def map(self, source: Source, function: Callable[[Block], T]) -> Generator[T, None, None]:
        return one_by_one(source, function)
