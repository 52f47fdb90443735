"""Purse: how much a search may still cost."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Purse", "cost"]

#: what calling a pass costs, however few the rows, in the units of `cost`
_CALL = 1e6


def cost(n_rows: int, n_components: int, n_features: int) -> float:
    """Of an EM step, about: the multiply-adds of N·K·(D² + D), and 10 for each exponential."""
    return float(n_rows) * n_components * (n_features * (n_features + 1) + 10)


@dataclass(eq=False)
class Purse:
    """What is left to spend. Work is counted, not timed, so that a search is the same everywhere.

    Parameters
    ----------
    left : in the units of `cost`.
    """

    left: float

    def pay(self, n_rows: int, n_components: int, n_features: int) -> None:
        """Pay for one EM step; a purse may go below zero, since a step begun is ended."""
        self.left -= _CALL + cost(n_rows, n_components, n_features)

    @property
    def empty(self) -> bool:
        return self.left <= 0.0
