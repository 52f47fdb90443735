"""Truncation: how much each row keeps, and what is known of what that leaves out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Integers, Value
from mixtura.textual import counted

#: components that a row keeps, from little to much
KEPT = (3, 5, 8, 10)
#: neighbours that a component has, itself among them, likewise
NEIGHBOURS = (5, 15, 30)
#: up to so many features the least of either is enough
PLANE = 3
#: what a row may lack by keeping so few, nats, before rows keep more: up to so many features, and
#: in more
GAPS = (2.5e-3, 1e-2)
#: the share of rows whose likeliest component is not in their set above which there are more lists
MISSED = 5e-3
#: in first rounds that are to be near exact EM's rows keep so many, if they lack more than that
#: with the least
MOST, NEAR = 16, 1e-3
#: rows keep fewer again where those would lack no more than this part of what they may
SLACK = 0.9


@dataclass(frozen=True)
class Breadth:
    """How many components a row keeps, and how many neighbours a component has.

    Parameters
    ----------
    kept : C, at most K.
    neighbours : G, itself among them, at most K.
    """

    kept: int
    neighbours: int

    @classmethod
    def usual(cls, n_components: int, n_features: int) -> Breadth:
        """What a fit begins with: 3 components, and 5 neighbours in the plane or in space."""
        few = NEIGHBOURS[0] if n_features <= PLANE else NEIGHBOURS[1]
        return cls(min(KEPT[0], n_components), min(few, n_components))

    def fitting(
        self,
        steps: Sequence[int],
        lacking: Mapping[int, float],
        missed: float,
        shape: tuple[int, ...],
        limit: float,
    ) -> Breadth:
        """The least that rows that were scored exactly show to be enough.

        Parameters
        ----------
        steps : how many components a row may keep, rising.
        lacking : by how many components a row keeps, the mean of log p(x) less the best that so
            many components can be, nats.
        missed : the share of rows whose likeliest component is not in their set.
        shape : (K, D).
        limit : what rows may lack, nats.
        """
        kept = next((step for step in steps if lacking[step] <= limit), steps[-1])
        neighbours = _next(NEIGHBOURS, self.neighbours) if missed > MISSED else self.neighbours
        return Breadth(min(kept, shape[0]), min(neighbours, shape[0]))

    def joined(self, other: Breadth) -> Breadth:
        """The more of both."""
        return Breadth(max(self.kept, other.kept), max(self.neighbours, other.neighbours))


def _next(steps: tuple[int, ...], now: int) -> int:
    return next((step for step in steps if step > now), now)


@dataclass(frozen=True, eq=False)
class Truncation(Value):
    """What is known of a fit by truncated EM beside an exact one.

    Parameters
    ----------
    bound : F, the mean over rows of the logarithm of Σ p_c(x) over the components c that the row
        keeps, nats a row: what the iterations raised. It is never above the log-likelihood.
    log_likelihood : the mean log-likelihood of the mixture, nats a row.
    standard_error : of it, nats a row, where not all rows were scored exactly; else 0.
    best_kept : the share of rows whose likeliest component is among those that they keep.
    n_scored : of how many rows that is known.
    breadth : how many components a row kept in the end, and how many neighbours a component had.
    n_moves : how many components were moved to where another was split.
    densities : how many densities were found a row and iteration, of K.
    """

    bound: float
    log_likelihood: float
    standard_error: float
    best_kept: float
    n_scored: int
    breadth: Breadth
    n_moves: int
    densities: float

    @property
    def gap(self) -> float:
        """How far the bound is below the log-likelihood, nats a row; what rounding makes is 0."""
        return max(self.log_likelihood - self.bound, 0.0)

    def sentence(self, n_components: int) -> str:
        """What was left out, and how much it is."""
        near = f" ± {self.standard_error:.1g}" if self.standard_error else ""
        moved = f"; {counted(self.n_moves, 'component')} moved" if self.n_moves else ""
        if self.breadth.kept == n_components:
            return f"each row kept {counted(n_components, 'component')}, and there are no more"
        return (
            f"each row kept {self.breadth.kept} of {n_components:,} components: the likelihood is "
            f"{self.gap:.2g}{near} nats a row above the bound that was raised, and "
            f"{100.0 * self.best_kept:.4g} % of {self.n_scored:,} rows kept their likeliest "
            f"component{moved}"
        )

    def record(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {
            "bound": self.bound,
            "log_likelihood": self.log_likelihood,
            "standard_error": self.standard_error,
            "best_kept": self.best_kept,
            "n_scored": self.n_scored,
            "kept": self.breadth.kept,
            "neighbours": self.breadth.neighbours,
            "n_moves": self.n_moves,
            "densities": self.densities,
        }

    @classmethod
    def of_record(cls, record: dict[str, Any]) -> Truncation:
        """What `record` tells of."""
        known = dict(record)
        breadth = Breadth(known.pop("kept"), known.pop("neighbours"))
        return cls(breadth=breadth, **known)


@dataclass(frozen=True, eq=False)
class Scored:
    """Some rows, in parts, scored exactly.

    Parameters
    ----------
    gaps : (p,) the sums over the rows of a part of log p(x) less the row's bound, nats.
    sizes : (p,) how many rows a part has.
    n_kept : how many rows of all keep their likeliest component.
    lacking : of the first thousand, by the number of components that a row may keep, the mean of
        log p(x) less what so many can be at most, the likeliest ones, nats a row.
    """

    gaps: Floats
    sizes: Integers
    n_kept: int
    lacking: Mapping[int, float]

    @property
    def gap(self) -> float:
        """The mean gap, nats a row."""
        return float(self.gaps.sum() / self.sizes.sum())

    @property
    def missed(self) -> float:
        """The share of rows that do not keep their likeliest component."""
        return 1.0 - self.n_kept / int(self.sizes.sum())

    @property
    def standard_error(self) -> float:
        """Of the mean gap, nats a row, from how the parts differ."""
        parts = len(self.gaps)
        if parts < 2:
            return math.inf
        return float(np.std(self.gaps / self.sizes, ddof=1)) / math.sqrt(parts)
