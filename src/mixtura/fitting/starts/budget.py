"""Budget: how much a search may still cost."""

from __future__ import annotations

from dataclasses import dataclass

from mixtura.model.structures import Structure

#: what a call costs besides its steps, in the units of `cost`, of which a second has some 2e10
CALL = 4e4
#: times D³: what a factor costs, and axes that are found by turns
_FACTOR, _TURNS = 10.0, 300.0


def cost(n_rows: int, n_components: int, n_features: int, structure: Structure) -> float:
    """Of an EM step, about: the multiply-adds of N·K·(D² + D), and 10 for each exponential.

    Besides the M-step for K covariances, which counts where there are few rows: a factor each, and
    where shape and orientation are not both shared or both free, eigenvectors by turns. Along the
    features it is N·K·4D, and nothing besides.
    """
    d = float(n_features)
    if structure.form.diagonal:
        return n_components * float(n_rows) * (4.0 * d + 10.0)
    turns = _TURNS if set(structure.letters[1:]) == {"E", "V"} else _FACTOR
    return n_components * (float(n_rows) * (d * (d + 1.0) + 10.0) + turns * d**3)


@dataclass(eq=False)
class Budget:
    """What is left to spend. Work is counted, not timed, so that a search is the same everywhere.

    Parameters
    ----------
    left : in the units of `cost`.
    """

    left: float

    def pay(self, step: float, n_steps: int = 1, n_calls: int = 1) -> None:
        """Pay for calls and their steps; a budget may go below zero, since what is begun is ended.

        Parameters
        ----------
        step : the `cost` of one.
        n_steps, n_calls : how many.
        """
        self.left -= n_calls * CALL + n_steps * step

    @property
    def empty(self) -> bool:
        return self.left <= 0.0
