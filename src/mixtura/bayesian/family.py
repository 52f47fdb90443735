"""Families: what distribution the precisions of a structure have, where a conjugate one exists."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mixtura.bayesian.special import digamma, log_gamma
from mixtura.engine.arrays import Floats
from mixtura.errors import ParameterError
from mixtura.model.structures import Structure
from mixtura.model.structures.form import DIAG, FULL, SPHERICAL, TIED, Form


@dataclass(frozen=True)
class Family:
    """A law of precision matrices: Wishart, or one Gamma for each variance that is free.

    With ν degrees of freedom and a scale S, which is a sum of squares::

        Wishart     p(Λ) ∝ |Λ|^((ν − D − 1)/2) exp(−½ tr S Λ)      E Λ = ν S⁻¹
        Gamma       p(λ) ∝ λ^(ν/2 − 1) exp(−½ s λ)                  E λ = ν / s

    Both are G Gammas in this: E log|Λ| and the normaliser are sums over ν − o_j, j < G, with
    o = 0 … D − 1 for a Wishart and zeros for Gammas.

    Parameters
    ----------
    form : how its scales are held: TIED is one matrix for all components.
    wishart : whether it is a Wishart's law; else Gammas, one for each variance of the form.
    pooled : whether all components have one precision, told by all rows.
    averaged : whether each has a precision of its own, whose law is held to be one for all: no
        structure's, but scikit-learn's way with tied covariances.
    """

    form: Form
    wishart: bool
    pooled: bool = False
    averaged: bool = False

    @property
    def joint(self) -> bool:
        """Whether one law is left for all components, of the rows of all."""
        return self.pooled or self.averaged

    def n_gammas(self, d: int) -> int:
        """G, how many Gammas the law comes to: D, or 1 where one variance is for all features."""
        return 1 if self.form is SPHERICAL and not self.wishart else d

    def copies(self, d: int) -> int:
        """How many features each of the Gammas is for: D / G."""
        return d // self.n_gammas(d)

    def least_degrees(self, d: int) -> float:
        """The degrees of freedom that a prior must exceed, for its law to have an integral."""
        return d - 1.0 if self.wishart else 0.0

    def squares(self, matrices: Floats) -> Floats:
        """Sums of squares (K, D, D), or their diagonals (K, D), as the law's scale takes them.

        One variance for D features sums over them; a Wishart that is held to be spherical takes
        their mean, since each of its D Gammas takes it.
        """
        if not self.form.diagonal:
            return 0.5 * (matrices + matrices.swapaxes(-1, -2))
        if matrices.ndim == 3:
            matrices = np.einsum("kdd->kd", matrices)
        if self.form is DIAG:
            return matrices
        d = matrices.shape[-1]
        return np.add.reduce(matrices, axis=-1) * (self.copies(d) / d)

    def log_determinant(self, scale: Floats, d: int) -> Floats:
        """Log|S| of scales (C, …), over the G Gammas, (C,)."""
        if not self.form.diagonal:
            roots = np.linalg.cholesky(scale)
            return 2.0 * np.add.reduce(np.log(np.einsum("kdd->kd", roots)), axis=-1)
        logs = np.log(scale)
        return np.add.reduce(logs, axis=-1) if self.form is DIAG else logs * self.n_gammas(d)

    def expected_log(self, degrees: Floats, log_determinant: Floats, d: int) -> Floats:
        """E log of the product of the Gammas, Σ_j ψ((ν − o_j)/2) + G log 2 − log|S|, (C,)."""
        gammas = self.n_gammas(d)
        sums = np.add.reduce(digamma(self._halves(degrees, gammas)), axis=-1)
        return sums + gammas * math.log(2.0) - log_determinant

    def log_normaliser(self, degrees: Floats, log_determinant: Floats, d: int) -> Floats:
        """Log of the integral of the law's kernel, but for what D alone decides, (C,).

        Σ_j log Γ((ν − o_j)/2) + ½ν (G log 2 − log|S|)
        """
        gammas = self.n_gammas(d)
        sums = np.add.reduce(log_gamma(self._halves(degrees, gammas)), axis=-1)
        return sums + 0.5 * degrees * (gammas * math.log(2.0) - log_determinant)

    def _halves(self, degrees: Floats, gammas: int) -> Floats:
        """(ν − o_j)/2, (C, G)."""
        offsets = np.arange(gammas) if self.wishart else np.zeros(gammas)
        return 0.5 * (degrees[:, None] - offsets)


#: by the letters of the structures that have one
FAMILIES = {
    "EII": Family(SPHERICAL, wishart=False, pooled=True),
    "VII": Family(SPHERICAL, wishart=False),
    "EEI": Family(DIAG, wishart=False, pooled=True),
    "VVI": Family(DIAG, wishart=False),
    "EEE": Family(TIED, wishart=True, pooled=True),
    "VVV": Family(FULL, wishart=True),
}

#: scikit-learn's four: each component has a Wishart, whose posterior is held to a form
RESTRICTED = {
    "full": Family(FULL, wishart=True),
    "tied": Family(TIED, wishart=True, averaged=True),
    "diag": Family(DIAG, wishart=True),
    "spherical": Family(SPHERICAL, wishart=True),
}


def family_of(structure: Structure) -> Family:
    """The law of the precisions of a structure.

    Raises
    ------
    ParameterError : it has none: its parts are equal or vary apart from each other, and the
        density of such covariances is of no exponential family whose normaliser is known.
    """
    found = FAMILIES.get(structure.letters)
    if found is None:
        raise ParameterError(
            f"the structure {structure.name} has no conjugate prior: its volumes, shapes and "
            f"orientations are not all equal or all free; expected one of {', '.join(FAMILIES)}"
        )
    return found
