"""A module is imported whole, whatever comes in between."""

from __future__ import annotations

import subprocess
import sys
import threading

from mixtura.caching import cached_property

#: raises a signal inside an import, whose handler asks mixtura for something
IN_AN_IMPORT = """
import importlib.abc, signal, sys

class Kick(importlib.abc.MetaPathFinder):
    kicked = False

    def find_spec(self, name, path, target=None):
        if name == {at!r} and not self.kicked:
            self.kicked = True
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Kick())
import mixtura
rows, found = [[1.0], [2.0], [4.0]], []

def handler(number, frame):
    try:
        found.append(mixtura.fit(rows, 1).n_rows)
    except ImportError as error:
        found.append(str(error))

signal.signal(signal.SIGINT, handler)
{use}
print(found)
"""


def said(at: str, use: str) -> str:
    code = IN_AN_IMPORT.format(at=at, use=use)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return ended.stdout + ended.stderr


def test_a_first_use_by_a_signal_s_handler_amid_a_first_use_finds_whole_modules() -> None:
    for at in ("mixtura.fitting", "mixtura.fitting.em", "numpy"):
        assert said(at, "assert mixtura.fit(rows, 1).n_rows == 3") == "[3]\n"


def test_a_handler_amid_an_import_statement_is_told_what_to_do() -> None:
    words = said("mixtura.fitting.em", "import mixtura.fitting")
    assert "mixtura.fitting was being imported when a signal came" in words
    assert "import it before the handler is set" in words
    assert "Traceback" not in words


def test_an_interruption_amid_an_import_comes_after_it() -> None:
    use = """
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    mixtura.fit
except KeyboardInterrupt:
    found.append("interrupted")
found.append(mixtura.fit(rows, 1).n_rows)
found.append(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""
    assert said("numpy", use) == "['interrupted', 3, True]\n"


class Sum:
    """A value that is found when a thread is let."""

    def __init__(self, let: threading.Event) -> None:
        self.finding, self.let = threading.Event(), let

    @cached_property
    def total(self) -> object:
        self.finding.set()
        self.let.wait()
        return object()


def test_a_value_that_is_being_found_makes_no_other_wait() -> None:
    let, open_ = threading.Event(), threading.Event()
    open_.set()
    slow = Sum(let)
    finder = threading.Thread(target=lambda: slow.total)
    finder.start()
    slow.finding.wait()
    assert Sum(open_).total is not None  # of another object, while that one is being found
    let.set()
    kept = slow.total
    finder.join()
    assert slow.total is kept
