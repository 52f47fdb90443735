"""State: where a run of truncated EM stands between two rounds, besides what every run has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mixtura.engine.cells import Numbers


@dataclass(frozen=True, eq=False)
class TruncatedState:
    """What the next rounds depend on besides the mixture.

    Parameters
    ----------
    order : (N,) which row of the fit's is where: those of a cell lie side by side.
    ids : (N, C) the components that each keeps.
    graph : (K, G) the neighbours of each component.
    number : the next round's.
    since : the entry of the trace from which on nothing but rounds led to the next.
    counts : moves, densities and rounds so far.
    random : the state of the generator that draws the rows that are scored, as NumPy gives it.
    """

    order: Numbers
    ids: Numbers
    graph: Numbers
    number: int
    since: int
    counts: tuple[int, int, int]
    random: Mapping[str, Any]
