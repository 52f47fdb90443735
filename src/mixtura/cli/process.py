"""Process: how a command line begins and ends as a process, whatever signal comes."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

from mixtura.cli import signals


def run() -> None:
    """Run the command line that the process was started with, and end it.

    Notes
    -----
    Nothing is imported before the signals are minded: most of a short command is imports.
    """
    signals.mind_signals()
    try:
        _mind_closed_streams()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
        from mixtura.cli.main import main

        code = main(sys.argv[1:])
        for number in signals.minded_signals():
            signal.signal(number, signal.SIG_DFL)  # all is done
    except BaseException:
        stopped = signals.stop_signal()
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
