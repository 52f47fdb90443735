"""Executors: serial and threads, and the choice between them."""

from __future__ import annotations

import os

from mixtura.engine.executors.base import Executor, Serial
from mixtura.engine.executors.sums import tree_sum
from mixtura.engine.executors.threads import Threads, side_by_side
from mixtura.errors import ParameterError

__all__ = ["Executor", "Serial", "Threads", "default_executor", "side_by_side", "tree_sum"]


def default_executor() -> Executor:
    """Threads, as many as the process may use; ``MIXTURA_NUM_THREADS`` overrides.

    Raises
    ------
    ParameterError : the variable does not hold a whole number of at least 1.
    """
    wish = os.environ.get("MIXTURA_NUM_THREADS")
    if wish is None:
        return Threads(_usable_cores())
    if not wish.isdecimal() or int(wish) < 1:
        raise ParameterError(
            f"MIXTURA_NUM_THREADS is {wish!r}, expected a whole number of at least 1: "
            "unset it to use every core"
        )
    return Threads(int(wish))


def _usable_cores() -> int:
    """The cores that this process may run on, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
