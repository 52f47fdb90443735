"""Structure: volume, shape and orientation of the covariances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mixtura.engine.arrays import Floats
from mixtura.model.structures.form import Form

__all__ = ["Structure"]


@dataclass(frozen=True)
class Structure:
    """A covariance model Σ_k = λ_k O_k A_k O_kᵀ, named by three letters.

    The letters say whether the volume λ, the shape A (a diagonal of determinant 1) and the
    orientation O are Equal over components, Vary, or are the Identity.

    Parameters
    ----------
    letters : for example ``"VVV"``.
    alias : the name that scikit-learn gives it, or None.
    form : how its covariances are held.
    maximise : the M-step, ``(n_k (K,), W_k) -> covariances``, where W_k is the scatter
        Σ_i r_ik (x_i − μ_k)(x_i − μ_k)ᵀ, (K, D, D), or its diagonal (K, D) for a diagonal form.

    References
    ----------
    Celeux & Govaert 1995, "Gaussian parsimonious clustering models", table 1.
    """

    letters: str
    alias: str | None
    form: Form
    maximise: Callable[[Floats, Floats], Floats]

    def __repr__(self) -> str:
        return f"Structure({', '.join(filter(None, (self.letters, self.alias)))})"

    @property
    def name(self) -> str:
        """The alias where there is one, else the letters."""
        return self.alias or self.letters

    def n_covariance_parameters(self, n_components: int, n_features: int) -> int:
        """How many free parameters the covariances have.

        Volume: 1 or K. Shape: D − 1 for each distinct one. Orientation: D(D − 1)/2 for each
        distinct one. An identity has none.
        """
        copies = {"I": 0, "E": 1, "V": n_components}
        volume, shape, orientation = (copies[letter] for letter in self.letters)
        d = n_features
        return volume + shape * (d - 1) + orientation * d * (d - 1) // 2
