"""Which structure, and how many components."""

from __future__ import annotations

from mixtura.fitting.selection.bootstrap import (
    BootstrapSequence,
    BootstrapTest,
    bootstrap_test,
)
from mixtura.fitting.selection.grid import Watcher
from mixtura.fitting.selection.row import Row
from mixtura.fitting.selection.select import select
from mixtura.fitting.selection.selection import Selection

__all__ = [
    "BootstrapSequence",
    "BootstrapTest",
    "Row",
    "Selection",
    "Watcher",
    "bootstrap_test",
    "select",
]
