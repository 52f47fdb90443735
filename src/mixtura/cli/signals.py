"""Signals: what asks a process to end, whatever it is doing just then."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Any

#: what asks a process to end: Ctrl-C, `kill`, a terminal that closes (which Windows has not)
_STOPS = ("SIGINT", "SIGTERM", "SIGHUP")

_came: list[int] = []


def stop_signal() -> signal.Signals | None:
    """The signal that asked the process to end; None where none did."""
    return signal.Signals(_came[0]) if _came else None


def mind_signals() -> None:
    """Have each stop signal raise KeyboardInterrupt, so that all end a command as Ctrl-C does."""
    for number in minded_signals():
        signal.signal(number, _stop)
    sys.unraisablehook = _raised_again


def minded_signals() -> list[signal.Signals]:
    """The stop signals that are there, and that nobody had ignored, as nohup does."""
    there = [getattr(signal, name) for name in _STOPS if hasattr(signal, name)]
    return [number for number in there if signal.getsignal(number) is not signal.SIG_IGN]


def _stop(number: int, _: Any) -> None:
    _came.append(number)
    raise KeyboardInterrupt


def _raised_again(lost: sys.UnraisableHookArgs) -> None:
    """Raise an interruption once more that came where Python lets nothing through: in a finaliser.

    A moment later, and on the main thread, as a signal does.
    """
    if _came and isinstance(lost.exc_value, KeyboardInterrupt):
        threading.Timer(0.01, signal.raise_signal, [_came[0]]).start()
    else:
        sys.__unraisablehook__(lost)
