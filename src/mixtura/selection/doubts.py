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
        """Why the likelihood of a fit says nothing; empty where it does."""
        mixture = fit.mixture
        held = mixture.weights * self.total_weight
        light = np.flatnonzero(held < 1e-6)
        if light.size:
            return f"component {light[0]} has no rows: fewer components do as well"
        structure, d = mixture.structure, mixture.n_features
        rows = held * (self.n_rows / self.total_weight)
        variances = self.spread.variances
        units = structure.units(variances) if structure.letters[1] == "I" else variances
        thin = thinnest(mixture.covariance_matrices(), units)
        accidents = np.flatnonzero(spurious(structure, rows, thin, d))
        if accidents.size:
            k = int(accidents[0])
            if rows[k] < least_rows(structure, d):
                return (
                    f"component {k} holds {rows[k]:.2g} rows, fewer than the "
                    f"{least_rows(structure, d)} that a covariance of its own takes: its "
                    "likelihood is an accident"
                )
            return (
                f"component {k} is flat, below {THIN:g} of the data's variance, on {rows[k]:.3g} "
                f"rows, fewer than {FEW * (d + 1)}: its likelihood is an accident"
            )
        return self._collapsed(mixture)

    def _collapsed(self, mixture: Mixture) -> str:
        """Whether a component lies on the floor, and not on a spike, which is a finding."""
        if self.regularisation.exact:
            return ""
        margin = 1.0 + 1e-4 if self.regularisation.relative else 2.0
        floor = mixture.structure.units(self.regularisation.floor(self.spread))
        low = mixture.structure.form.unsound(mixture.covariances, margin * floor)
        found = {k for repeat in self.repeated for k in sitting(mixture, repeat)}
        for k in low:
            if k not in found:
                return (
                    f"component {k} collapsed onto few rows, or onto rows in a plane: its "
                    "likelihood is the regularisation's making"
                )
        return ""
