"""Doubts: why the likelihood of a fit may say nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mixtura.fitting.fit import Fit
from mixtura.fitting.m_step.prior import Prior
from mixtura.fitting.m_step.regularisation import Regularisation
from mixtura.fitting.starts.spurious import FEW, THIN, least_rows, spurious, thinnest
from mixtura.fitting.verdict.counts import too_few_rows
from mixtura.fitting.verdict.findings import sitting
from mixtura.model.mixture import Mixture
from mixtura.rows.oddities import Repeat
from mixtura.rows.spread import Spread
from mixtura.selection.candidate import Candidate

#: the share of components, and of rows, up to which a candidate is not discarded for them
SPARED = 0.01


def hopeless(candidate: Candidate, n_rows: int, n_features: int, prior: Prior | None) -> str:
    """Why a candidate could only be discarded, known before it is fitted; empty where it is not.

    Parameters
    ----------
    candidate : K and the structure.
    n_rows, n_features : N and D.
    prior : that is assumed, or None.
    """
    k, structure = candidate.n_components, candidate.structure
    if n_rows < k:
        return f"there are {n_rows} rows, expected at least one for each of the {k} components"
    few = too_few_rows(structure, n_rows, k, n_features, prior)
    return str(few) if few and few.grave else ""


@dataclass(frozen=True, eq=False)
class Doubts:
    """Tells which fits are degenerate, among those to the same rows.

    Parameters
    ----------
    regularisation : of the covariances.
    spread : of the rows.
    n_rows, total_weight : of the rows.
    repeated : values that many rows hold exactly.
    """

    regularisation: Regularisation
    spread: Spread
    n_rows: int
    total_weight: float
    repeated: Sequence[Repeat]

    def of(self, fit: Fit) -> str:
        """Why the likelihood of a fit says nothing; empty where it does.

        One component without rows, on the floor, or whose likelihood is an accident is enough for
        that, unless all such are at most a hundredth of the components and hold at most a hundredth
        of the rows: that many components, or less, is then all that the choice may be wrong by.
        So of fewer than a hundred components each has to be sound.
        """
        mixture = fit.mixture
        faults = [*self._empty(mixture), *self._accidents(mixture), *self._collapsed(mixture)]
        if not faults:
            return ""
        whose = sorted({k for k, _ in faults})
        few = len(whose) <= SPARED * mixture.n_components
        return "" if few and mixture.weights[whose].sum() <= SPARED else faults[0][1]

    def _empty(self, mixture: Mixture) -> list[tuple[int, str]]:
        """The components without rows, and what is said of each."""
        light = np.flatnonzero(mixture.weights * self.total_weight < 1e-6)
        return [(int(k), f"component {k} has no rows: fewer components do as well") for k in light]

    def _accidents(self, mixture: Mixture) -> list[tuple[int, str]]:
        """The components whose likelihood is an accident, and why."""
        structure, d = mixture.structure, mixture.n_features
        rows = mixture.weights * self.n_rows
        variances = self.spread.variances
        units = structure.units(variances) if structure.letters[1] == "I" else variances
        if structure.form.diagonal:
            thin = (mixture.variances() / units).min(axis=1)
        else:
            thin = thinnest(mixture.covariance_matrices(), units)
        least = least_rows(structure, d)
        return [
            (
                int(k),
                f"component {k} holds {rows[k]:.2g} rows, fewer than the {least} that a covariance "
                "of its own takes: its likelihood is an accident"
                if rows[k] < least
                else f"component {k} is flat, below {THIN:g} of the data's variance, on "
                f"{rows[k]:.3g} rows, fewer than {FEW * (d + 1)}: its likelihood is an accident",
            )
            for k in np.flatnonzero(spurious(structure, rows, thin, d))
        ]

    def _collapsed(self, mixture: Mixture) -> list[tuple[int, str]]:
        """The components on the floor, and not on a spike, which is a finding."""
        if self.regularisation.exact:
            return []
        margin = 1.0 + 1e-4 if self.regularisation.relative else 2.0
        floor = mixture.structure.units(self.regularisation.floor(self.spread))
        found = {k for repeat in self.repeated for k in sitting(mixture, repeat)}
        low = mixture.structure.form.unsound(mixture.covariances, margin * floor)
        low = [k for k in low if k not in found]
        if low and mixture.structure.shared:
            low = list(range(mixture.n_components))
        return [
            (
                k,
                f"component {k} collapsed onto few rows, or onto rows in a plane: its likelihood "
                "is the regularisation's making",
            )
            for k in low
        ]
