"""Turns: one thread after the other learns with an estimator."""

from __future__ import annotations

import os
from _thread import LockType, allocate_lock, get_ident
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from mixtura.errors import ParameterError

__all__ = ["in_turn"]


class _Turn:
    """The thread that learns with an estimator, and the lock for others."""

    def __init__(self) -> None:
        self.lock: LockType = allocate_lock()
        self.thread = 0


#: kept beside the estimators, so that these can be copied and pickled
_turns: WeakKeyDictionary[Any, _Turn] = WeakKeyDictionary()

if hasattr(os, "register_at_fork"):  # in a child nobody else learns
    os.register_at_fork(after_in_child=_turns.clear)


@contextmanager
def in_turn(model: Any) -> Iterator[None]:
    """Wait until no other thread learns with the estimator, and have the others wait meanwhile.

    Raises
    ------
    ParameterError : it is this thread that does: a callback or a signal's handler asks for more,
        and what it learnt would be lost.
    """
    turn = _turns.setdefault(model, _Turn())
    if turn.thread == get_ident():
        raise ParameterError(
            "partial_fit is called while this thread is in partial_fit of the same estimator, from "
            "a callback or a signal's handler: keep the batch, and learn it when that is over"
        )
    with turn.lock:
        turn.thread = get_ident()
        try:
            yield
        finally:
            turn.thread = 0
