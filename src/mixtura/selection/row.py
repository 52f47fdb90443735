"""Row: what became of one candidate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mixtura.fitting.fit import Fit
from mixtura.rows.oddities import Oddities
from mixtura.selection.candidate import Candidate, letters
from mixtura.selection.criteria import signed


@dataclass(frozen=True, eq=False)
class Row:
    """One candidate's line in the table of a selection.

    Parameters
    ----------
    candidate : K and the structure.
    fit : the fit, or None where there is none.
    criteria : of the fit, by name; smaller is better. A fit that cannot be judged by one has none.
    fault : why it is not among those to choose from, a sentence; empty where it is.
    seconds : wall-clock time.
    folds : the parts of what took more fits, whose sum it is: of each fold minus twice the
        log-likelihood of the rows left out, nats; of each bootstrap sample (1 − ARI) / B. Else
        empty.
    """

    candidate: Candidate
    fit: Fit | None
    criteria: Mapping[str, float]
    fault: str
    seconds: float
    folds: tuple[float, ...] = field(default=())

    @classmethod
    def failed(cls, candidate: Candidate, reason: str, seconds: float) -> Row:
        """The row of a candidate that could not be fitted."""
        return cls(candidate, None, {}, reason, seconds)

    def __repr__(self) -> str:
        return f"Row({self.candidate}, {self.outcome})"

    @property
    def sound(self) -> bool:
        """Whether it is among those to choose from."""
        return self.fit is not None and not self.fault

    @property
    def outcome(self) -> str:
        """How it ended, in a word or two."""
        if self.fit is None:
            return "failed"
        return "degenerate" if self.fault else self.fit.outcome.value

    @property
    def n_components(self) -> int:
        """How many components the candidate has, K."""
        return self.candidate.n_components

    @property
    def structure(self) -> str:
        """The letters of the candidate's structure, such as VVE."""
        return letters(self.candidate.structure)

    def knowing(self, odd: Oddities) -> Row:
        """The same row, whose fit knows what is odd about the rows of data."""
        return self if self.fit is None else replace(self, fit=replace(self.fit, oddities=odd))

    def criterion(self, name: str, sign: str = "scikit-learn") -> float:
        """A criterion; NaN where the row has none.

        Parameters
        ----------
        name : ``bic``, ``icl``, ``aic``, ``cv``, ``stability`` or ``elbo``.
        sign : ``"scikit-learn"``, smaller is better; ``"mclust"``, larger is.
        """
        return signed(self.criteria.get(name, math.nan), sign)

    def record(self, sign: str = "scikit-learn") -> dict[str, Any]:
        """The row as plain numbers and texts; None where there is no number."""
        fit = self.fit
        return {
            "structure": self.structure,
            "n_components": self.n_components,
            "log_likelihood": fit.log_likelihood if fit else None,
            "n_parameters": fit.mixture.n_parameters if fit else None,
            **{name: signed(value, sign) for name, value in self.criteria.items()},
            "outcome": self.outcome,
            "reason": self.fault,
            "search": ("truncated" if fit.truncation else "exact") if fit else None,
            "iterations": fit.n_iter if fit else None,
            "seconds": self.seconds,
        }
