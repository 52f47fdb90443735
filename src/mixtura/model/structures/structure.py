"""Structure: volume, shape and orientation of the covariances."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ParameterError
from mixtura.model.structures.form import Form
from mixtura.model.structures.loadings import Loadings

#: (n_k (K,), W_k, covariances near the answer or None) -> covariances
MStep = Callable[[Floats, Floats, Floats | None], Floats]

#: so many features are few, and so many numbers of all components' second moments
_FEW, _NUMBERS = 32, 4096


@dataclass(frozen=True)
class Structure:
    """A covariance model Σ_k = λ_k O_k A_k O_kᵀ, named by three letters.

    The letters say whether the volume λ, the shape A (a diagonal of determinant 1) and the
    orientation O are Equal over components, Vary, or are the Identity.

    Parameters
    ----------
    letters : for example ``"VVV"``.
    alias : the name that scikit-learn gives it, or the one letter that says it all in one
        dimension, or None.
    form : how its covariances are held.
    m_step : see `maximise`.
    univariate : whether it is for one feature only.
    n_factors : H of factor analysers, Σ_k = A_k A_kᵀ + Ψ_k with A_k (D, H) and Ψ_k diagonal, whose
        last letter is F and their number; volume and shape are those of Ψ_k. 0 of the others.

    References
    ----------
    Banfield & Raftery 1993, "Model-based Gaussian and non-Gaussian clustering"; Celeux & Govaert
    1995, "Gaussian parsimonious clustering models", table 1; McLachlan & Peel 2000, Finite Mixture
    Models, chapter 8, for factor analysers.
    """

    letters: str
    alias: str | None
    form: Form
    m_step: MStep
    univariate: bool = False
    n_factors: int = 0

    def __hash__(self) -> int:
        return hash(self.letters)

    def __repr__(self) -> str:
        return f"Structure({', '.join(filter(None, (self.letters, self.alias)))})"

    @property
    def name(self) -> str:
        """The alias where there is one, else the letters."""
        return self.alias or self.letters

    @property
    def kind(self) -> str:
        """The name, without the number of factors where there are some."""
        return self.name.rpartition("-")[0] if self.n_factors else self.name

    @property
    def shared(self) -> bool:
        """Whether no letter varies: all components have one covariance."""
        return "V" not in self.letters

    @property
    def separate(self) -> bool:
        """Whether no letter is equal: each component's covariance is a matter of its own."""
        return "E" not in self.letters

    @property
    def bounded(self) -> bool:
        """Whether a component of few rows leaves the likelihood bounded.

        Where all components have one volume and one shape, the rows of all decide them.
        """
        return self.letters[0] == "E" and self.letters[1] != "V"

    @property
    def affine(self) -> bool:
        """Whether x → Bx takes the structure to itself for every invertible B."""
        return self.letters[1] == self.letters[2] != "I"

    @property
    def rescales(self) -> bool:
        """Whether a factor for each feature takes the structure to itself.

        The others are kept by rotations and a common factor, all but those without orientation.
        """
        letters = self.letters
        return self.affine or bool(self.n_factors) or (letters[1] != "I" and letters[2] == "I")

    def seconds(self, n_components: int, n_features: int) -> bool | None:
        """Which second moments EM sums up: diagonals, True, all, False, or along directions, None.

        All take factor analysers to the maximum of each M-step, where there are few features, of
        few components.
        """
        few = n_features <= _FEW and n_components * n_features**2 <= _NUMBERS
        return False if self.n_factors and few else self.form.seconds

    def maximise(
        self,
        weight: Floats,
        scatter: Floats,
        before: Floats | None = None,
        *,
        whole: bool = False,
    ) -> Floats:
        """The covariances of largest −½ Σ_k [n_k log|Σ_k| + tr(Σ_k⁻¹ W_k)] in the family.

        Parameters
        ----------
        weight : (K,), n_k, positive.
        scatter : W_k = Σ_i r_ik (x_i − μ_k)(x_i − μ_k)ᵀ, (K, D, D), or its diagonal (K, D) for a
            diagonal form.
        before : covariances of the family to begin with, where the answer is not a formula; EM's
            last are near the next. Of factor analysers those along whose directions W_k was taken,
            (K, D, H + 1).
        whole : whether W_k of factor analysers are whole after all, (K, D, D).

        Returns
        -------
        In the structure's form. Where scatters are singular so may the covariances be.
        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            form, step = self.form, self.m_step
            if whole and isinstance(form, Loadings):
                step = form.at_best
            covariances = step(weight, scatter, before)
            if math.isfinite(np.add.reduce(covariances, axis=None)):
                return covariances
        return np.nan_to_num(covariances, copy=False, nan=0.0, posinf=0.0)

    def projected(self, weight: Floats, covariances: Floats) -> Floats:
        """The member of the family of least Σ_k n_k KL(N(0, Σ_k) ‖ N(0, ·)).

        Parameters
        ----------
        weight : (K,), n_k, positive.
        covariances : Σ_k, in the structure's form; given back if that is all that is asked of them.
        """
        if isinstance(self.form, Loadings):
            return self.form.levelled(weight, covariances)
        if self.separate or self.form.shared:
            return covariances
        factors = weight.reshape(-1, *[1] * (covariances.ndim - 1))
        if covariances.ndim == 1:  # variances are held where scatters are diagonals
            return self.maximise(weight, (factors * covariances)[:, None])
        return self.maximise(weight, factors * covariances)

    def units(self, variances: Floats) -> Floats:
        """The data's variances (D,) as the units (D,) that the structure's covariances scale with.

        Their mean, for all features, where a factor for each does not keep the structure.
        """
        return variances if self.rescales else np.full_like(variances, variances.mean())

    def check(self, n_features: int) -> None:
        """Refuse a structure of one feature for more.

        Raises
        ------
        ParameterError : it is for one feature, and there are more; or factors are as many as
            features.
        """
        if self.n_factors >= n_features:
            raise ParameterError(
                f"n_factors is {self.n_factors}, expected fewer than there are features, "
                f"{n_features}: as many say no more than full covariances, so ask for those"
            )
        if self.univariate and n_features != 1:
            alike = "EII, EEI or EEE" if self.shared else "VII, VVI or VVV"
            raise ParameterError(
                f"the structure {self.name} is for 1 feature, got {n_features}: ask for one that "
                f"says more, such as {alike}"
            )

    def rows_needed(self, n_components: int, n_features: int) -> tuple[int, int]:
        """How many rows each component, and all together, must exceed to tell the covariances.

        Rows in general position span as many dimensions as there are, less one, up to D. What is a
        component's own, its shape or its axes, is told by its rows alone, and what is equal by all
        rows about their K means; along the features, or without axes, one dimension is enough. So
        with r = D, or 1 for an orientation I, the numbers are r + 1 for an own shape or
        orientation, 2 for an own volume, and K + r for all. At that number there is a density, of
        which nothing is left to judge by; below it the likelihood has no bound, or no maximum.

        Parameters
        ----------
        n_components, n_features : K, D.

        References
        ----------
        Celeux & Govaert 1995, section 3, for the maxima.
        """
        spanned = 1 if self.letters[2] == "I" else n_features
        if self.n_factors:
            spanned = min(self.n_factors + 1, n_features)
        own = spanned + 1 if "V" in self.letters[1:] else 2 if self.letters[0] == "V" else 0
        return own, n_components + spanned

    def n_covariance_parameters(self, n_components: int, n_features: int) -> int:
        """How many free parameters the covariances have.

        Volume: 1 or K. Shape: D − 1 for each distinct one. Orientation: D(D − 1)/2 for each
        distinct one. An identity has none. Factor analysers have D·H − H(H − 1)/2 loadings each,
        since A_k Q is the same for every rotation Q, and D variances for each Ψ; but no component
        has more than a matrix has.
        """
        if self.n_factors:
            return self._n_factor_parameters(n_components, n_features)
        copies = {"I": 0, "E": 1, "V": n_components}
        volume, shape, orientation = (copies[letter] for letter in self.letters)
        d = n_features
        return volume + shape * (d - 1) + orientation * d * (d - 1) // 2

    def _n_factor_parameters(self, n_components: int, n_features: int) -> int:
        h, d = self.n_factors, n_features
        loadings, most = d * h - h * (h - 1) // 2, d * (d + 1) // 2
        if self.separate:
            return n_components * min(loadings + d, most)
        return min(n_components * loadings + d, n_components * most)
