"""Conjugate prior: what is known of each component's mean and precision before the rows are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.bayesian.family import Family, family_of
from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Value, frozen
from mixtura.engine.statistics import Statistics
from mixtura.errors import ParameterError
from mixtura.model.structures import Structure, structure as structure_called


@dataclass(frozen=True, eq=False)
class ConjugatePrior(Value):
    """A normal law of each mean beside a Wishart's, or Gammas', law of its precision.

        μ_k | Λ_k ~ N(m₀, (β₀ Λ_k)⁻¹),        Λ_k ~ family(ν₀, S₀)

    Conjugate: given which rows are a component's, the `Posterior` is of the same kind, and sums
    over rows tell it.

    Parameters
    ----------
    family : of the precisions.
    mean : (D,), m₀, feature units.
    mean_precision : β₀ > 0, in rows: how many the mean is worth.
    degrees : ν₀, in rows: how many the scale is worth; above D − 1 for a Wishart, above 0 for
        Gammas.
    scale : S₀, the sum of squares of so many rows, squared feature units: (D, D), (D,) or (), as
        the family holds it.

    References
    ----------
    Bishop 2006, Pattern Recognition and Machine Learning, section 10.2; Fraley & Raftery 2007,
    table 1, for the structures.

    Examples
    --------
    >>> from mixtura.bayesian.posterior import Posterior
    >>> from mixtura.bayesian.prior import ConjugatePrior
    >>> prior = ConjugatePrior.of("VII", [0.0], 1.0, 2.0, 2.0)
    >>> Posterior.of(prior, prior.statistics([[3.0], [5.0], [4.0]])).means.tolist()
    [[3.0]]
    """

    family: Family
    mean: Floats
    mean_precision: float
    degrees: float
    scale: Floats

    @classmethod
    def of(
        cls,
        structure: str | Structure | Family,
        mean: object,
        mean_precision: float,
        degrees: float,
        scale: object,
    ) -> ConjugatePrior:
        """The prior of these parameters, checked.

        Raises
        ------
        ParameterError : the structure has no conjugate prior, or a parameter is none.
        """
        family = structure
        if not isinstance(family, Family):
            family = family_of(structure_called(family))
        centre, matrix = frozen(mean), frozen(scale)
        d = len(centre)
        shape = () if family.form.name == "spherical" else (d,) if family.form.diagonal else (d, d)
        if matrix.shape != shape:
            raise ParameterError(f"the prior's scale has shape {matrix.shape}, expected {shape}")
        if not mean_precision > 0.0:
            raise ParameterError(
                f"the prior's mean_precision is {mean_precision!r}, expected more than 0 rows"
            )
        least = family.least_degrees(d)
        if not degrees > least:
            raise ParameterError(
                f"the prior's degrees of freedom are {degrees!r}, expected more than {least:g}"
            )
        return cls(family, centre, float(mean_precision), float(degrees), matrix)

    @property
    def n_features(self) -> int:
        """The number D of features."""
        return len(self.mean)

    def statistics(self, rows: object, weights: Floats | None = None) -> Statistics:
        """The sums over rows (N, D) that one component has, about the prior's mean."""
        deviations = np.asarray(rows, np.float64) - self.mean
        shares = np.ones(len(deviations)) if weights is None else weights
        weighted = shares[:, None] * deviations
        second = weighted.T @ deviations
        second = np.diag(second).copy() if self.family.form.diagonal else second
        total = float(shares.sum())
        return Statistics(
            self.mean[None].copy(),
            np.array([total]),
            weighted.sum(axis=0)[None],
            second[None],
            0.0,
            len(deviations),
            total,
        )

    @cached_property
    def root(self) -> Floats:
        """The Cholesky factor of S₀, where that is a matrix, (D, D)."""
        return np.linalg.cholesky(self.scale)

    @cached_property
    def log_normaliser(self) -> float:
        """Log Z(ν₀, S₀) of the precisions' law, but for what D alone decides."""
        d = self.n_features
        log_determinant = self.family.log_determinant(self.scale[None], d)
        return float(self.family.log_normaliser(np.array([self.degrees]), log_determinant, d)[0])
