"""Loading: modules that are imported when they are first asked for, whole before they are used."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any


def loaded(home: str, name: str) -> Any:
    """What a module calls `name`, once all of the module is there.

    Raises
    ------
    ImportError : the module is half imported by the very code that is interrupted: an import
        statement for it was under way when a signal came, whose handler asks.
    """
    with signals_held():
        module = import_module(home)
    if getattr(module.__spec__, "_initializing", False):  # as Python itself asks
        raise ImportError(
            f"{home} was being imported when a signal came, whose handler now asks it for {name}: "
            "import it before the handler is set, or let the handler set a flag and ask later"
        )
    return getattr(module, name)


@contextmanager
def signals_held() -> Iterator[None]:
    """Keep the handlers of signals waiting: they are called at the end, once each.

    A handler that ran in the midst of an import would find half a module, and one that raises, as
    Ctrl-C does, would leave half of one: NumPy for one cannot be imported a second time.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # handlers run on the main thread
        return
    came: list[int] = []
    handlers: dict[int, Callable[[int, Any], Any]] = {}
    try:
        for number in signal.valid_signals():
            handler = signal.getsignal(number)
            if callable(handler):
                handlers[number] = handler
                signal.signal(number, lambda number, _: came.append(number))
        yield
    finally:
        _restore(handlers)
        _deliver(list(dict.fromkeys(came)))


def _restore(handlers: dict[int, Callable[[int, Any], Any]]) -> None:
    """Set every handler again, whatever one that is set already raises."""
    try:
        for number in list(handlers):
            signal.signal(number, handlers[number])
            del handlers[number]
    except BaseException:
        _restore(handlers)
        raise


def _deliver(numbers: list[int]) -> None:
    """Call the handler of each, whatever one of them raises."""
    if numbers:
        try:
            signal.raise_signal(numbers[0])
        finally:
            _deliver(numbers[1:])
