"""Wishes: what a Bayesian fit is asked for, and the priors that it comes to for some rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.bayesian import hyperparameters
from mixtura.bayesian.concentration import Concentration
from mixtura.bayesian.family import Family
from mixtura.bayesian.prior import ConjugatePrior
from mixtura.engine.arrays import Floats
from mixtura.engine.kernel.spectrum import floored_matrix, is_positive_definite
from mixtura.model.structures import Structure
from mixtura.rows.data import Data

#: of the rows' covariance, what is expected of a component's: a third of the extent, squared
SHARE = 0.1
#: of the rows' variances, what a prior's scale is not let below
_LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class Wishes:
    """What a Bayesian fit is asked for.

    Parameters
    ----------
    n_components : K, the most that there can be.
    structure : of the covariances, as mixtures hold them.
    family : of the precisions.
    concentration : the prior of the weights.
    start : as for `mixtura.fit`.
    tol : the gain of the bound below which a run ends, nats; absolute where `theirs`, else a row.
    n_passes : passes at most.
    n_init : how many starts; the end of largest bound is kept.
    moves : whether components are merged, emptied and halved.
    ridge : added to the variance of every row, squared feature units.
    theirs : whether defaults of the prior, and the end of a run, are scikit-learn's.
    mean, mean_precision, degrees, scale : of the `ConjugatePrior`; each may be None.
    """

    n_components: int
    structure: Structure
    family: Family
    concentration: Concentration
    start: Any = "kmeans"
    tol: float = 1e-7
    n_passes: int = 5000
    n_init: int = 1
    moves: bool = True
    ridge: float = 0.0
    theirs: bool = False
    mean: Any = None
    mean_precision: Any = None
    degrees: Any = None
    scale: Any = None

    def prior(self, data: Data) -> ConjugatePrior:
        """The prior of each component, for these rows.

        By default the mean is the rows'. scikit-learn's is worth one row, and its scale the rows'
        covariance, worth D rows. Ours expects of a component a tenth of the rows' covariance,
        worth D rows, or one for each feature that a Gamma is for, and lets means vary as rows do.

        Raises
        ------
        ParameterError : what was given of it is none.
        """
        d, family = data.source.n_features, self.family
        share = 1.0 if self.theirs else SHARE
        usual = float(d if self.theirs or family.wishart else family.copies(d))
        degrees, precision, mean, scale = self._given(d)
        degrees = usual if degrees is None else degrees
        if mean is None or scale is None:
            total = data.total_scatter
            mean = total.centre if mean is None else mean
        if scale is None:
            covariance = total.matrix / max(
                total.total_weight - 1.0 / data.unit, 0.5 * total.total_weight
            )
            factor = share * (1.0 if self.theirs else degrees)
            scale = self._held(_positive(covariance, data, self.ridge) * factor)
        return ConjugatePrior.of(
            family,
            np.asarray(mean, np.float64),
            share if precision is None else precision,
            degrees,
            np.asarray(scale, np.float64),
        )

    def _given(self, d: int) -> tuple[float | None, float | None, Floats | None, Floats | None]:
        """Degrees, mean precision, mean and scale as they were given, checked; None where not."""
        family, given = self.family, hyperparameters
        least = family.least_degrees(d)
        return (
            None
            if self.degrees is None
            else given.rows_of("degrees_of_freedom_prior", self.degrees, least),
            None
            if self.mean_precision is None
            else given.rows_of("mean_precision_prior", self.mean_precision),
            None if self.mean is None else given.mean_of(self.mean, d),
            None if self.scale is None else given.scale_of(self.scale, family, d),
        )

    def _held(self, covariance: Floats) -> Floats:
        """A covariance (D, D) as the family holds scales."""
        if not self.family.form.diagonal:
            return covariance
        variances = np.diag(covariance).copy()
        return variances if self.family.form.name == "diag" else np.asarray(variances.mean())


def _positive(covariance: Floats, data: Data, ridge: float) -> Floats:
    """A covariance that has a Cholesky factor: raised where features hardly vary, or not freely."""
    floor = np.maximum(_LEAST * data.spread.variances, ridge)
    if is_positive_definite(covariance - np.diag(floor)):
        return 0.5 * (covariance + covariance.T)
    return floored_matrix(covariance, floor)
