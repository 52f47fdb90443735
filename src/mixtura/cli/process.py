"""Process: how a command line begins and ends as a process, whatever signal comes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Any

__all__ = ["run", "stop_signal"]

#: what asks a process to end: Ctrl-C, `kill`, a terminal that closes (which Windows has not)
_STOPS = ("SIGINT", "SIGTERM", "SIGHUP")

_came: list[int] = []


def stop_signal() -> signal.Signals | None:
    """The signal that asked the process to end; None where none did."""
    return signal.Signals(_came[0]) if _came else None


def run() -> None:
    """Run the command line that the process was started with, and end it.

    Notes
    -----
    Nothing is imported before the signals are minded: most of a short command is imports.
    """
    _mind_signals()
    try:
        _mind_closed_streams()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
        from mixtura.cli.main import main

        code = main(sys.argv[1:])
        for number in _minded():
            signal.signal(number, signal.SIG_DFL)  # all is done
    except BaseException:
        stopped = stop_signal()
        if stopped is None:
            raise
        code = 128 + stopped
        with suppress(OSError, AttributeError):  # there may be nobody to tell
            sys.stderr.write("mixtura: error: interrupted\n")
    sys.exit(code)


def _mind_closed_streams() -> None:
    """Open what the shell has closed (>&-), so that no file takes its number.

    What is written to the standard output is then an error, as it is to a full one, and not lost.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            nothing = os.open(os.devnull, os.O_RDONLY)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115


def _mind_signals() -> None:
    """Have each of them raise KeyboardInterrupt, so that all end a command as Ctrl-C does."""
    for number in _minded():
        signal.signal(number, _stop)
    sys.unraisablehook = _raised_again


def _minded() -> list[signal.Signals]:
    """Those that are there, and that nobody had ignored, as nohup does."""
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
