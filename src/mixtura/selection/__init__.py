"""Which structure, and how many components."""

from __future__ import annotations

from mixtura.selection.bootstrap import (
    BootstrapSequence,
    BootstrapTest,
    bootstrap_test,
)
from mixtura.selection.grid import Watcher
from mixtura.selection.row import Row
from mixtura.selection.select import select
from mixtura.selection.selection import Selection

__all__ = [
    "BootstrapSequence",
    "BootstrapTest",
    "Row",
    "Selection",
    "Watcher",
    "bootstrap_test",
    "select",
]
