"""Cores: a function of many tasks, on as many processes as there are cores."""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from claim import show
from machine import cores

__all__ = ["over_cores"]

Task = TypeVar("Task")
Result = TypeVar("Result")

#: each process is one thread
_ALONE = ("MIXTURA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


def over_cores(
    function: Callable[[Task], Result], tasks: Sequence[Task], what: str
) -> Iterator[Result]:
    """What the function gives of each task, in their order.

    Parameters
    ----------
    function : of a module's top level; its warnings are not shown.
    tasks : what it is called with.
    what : told as it gets on.
    """
    os.environ.update(dict.fromkeys(_ALONE, "1"))
    context = multiprocessing.get_context("spawn")
    with context.Pool(max(1, min(cores(), len(tasks))), _quietly) as pool:
        for number, result in enumerate(pool.imap(function, tasks), 1):
            if number * 10 // len(tasks) != (number - 1) * 10 // len(tasks):
                show(f"{what}: {number} of {len(tasks)}")
            yield result


def _quietly() -> None:
    warnings.simplefilter("ignore")
