"""Regularisation: what keeps a covariance from collapsing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.arguments import is_number
from mixtura.engine.arrays import Floats
from mixtura.errors import ParameterError
from mixtura.rows.spread import Spread

#: squared feature units; its inverse, and the square of a deviation over it, stay in float64
_LEAST = 1e-300


@dataclass(frozen=True)
class Regularisation:
    """How covariances are kept from collapsing.

    With v_j the data's own variances (`Spread`), ``"auto"`` maximises the likelihood over the
    mixtures with

        Σ_k ⪰ F = diag(c·v_j),   c = 1e-8   (1e-6 for float32 rows),

    that is, no eigenvalue of F^-½ Σ_k F^-½ is below 1. Its M-step has a closed form: of the
    scatter F^-½ W_k F^-½ / n_k the eigenvalues below 1 are raised to 1, the others stay. So EM
    stays EM, and its log-likelihood never falls; where no eigenvalue is below 1 the answer is
    that of no regularisation at all, to the last bit; and x_j → s_j x_j takes every Σ_k along.
    A cluster's short axis may be 1e-4 of the data's spread in the same direction: the floor is
    14 times thinner than a cigar of aspect 1000. A smaller c would let rounding decide: an
    eigenvalue that is c times the others has a relative error of 2e-16 / c, and the
    log-likelihood of a component on the floor has that error too. (A kernel may whiten float32
    rows in float32, hence their larger c.) For the same reason c·v_j is at least the
    square of 16 ulp of the column's mean, beside which a component's mean has no digits.

    A spherical covariance has one floor, the mean of F over features, and goes along with a
    common factor only.

    A number is added to every variance, Σ_k = W_k / n_k + reg_covar·I, as in scikit-learn; 0 adds
    nothing, and a collapse raises.

    Parameters
    ----------
    ridge : added to every variance, squared feature units, at least 0.
    relative : whether the floor c·V holds throughout. Otherwise it is what a covariance that is
        singular in spite of the ridge is raised to.

    References
    ----------
    Hathaway 1985, "A constrained formulation of maximum-likelihood estimation for normal mixture
    distributions"; Ingrassia & Rocci 2007, "Constrained monotone EM algorithms for finite mixture
    of multivariate Gaussians", for the M-step.
    """

    ridge: float
    relative: bool

    #: c, the share of the data's variance that no component falls below
    SHARE = 1e-8
    #: the same where deviations are float32, good to 6e-8
    SHARE_OF_SINGLES = 1e-6

    @property
    def exact(self) -> bool:
        """Whether the unregularised maximum is asked for, so that nothing may be repaired."""
        return not self.relative and self.ridge == 0.0

    def floor(self, spread: Spread) -> Floats:
        """The least variance in each feature, (D,), squared feature units."""
        share = self.SHARE_OF_SINGLES if spread.singles else self.SHARE
        least = np.maximum(share * spread.variances, spread.resolution)
        return np.maximum(least, max(self.ridge, _LEAST))


def regularisation(reg_covar: float | str) -> Regularisation:
    """The regularisation that `reg_covar` stands for: a number of at least 0, or ``"auto"``.

    Raises
    ------
    ParameterError : it is neither.
    """
    if isinstance(reg_covar, str) and reg_covar == "auto":
        return Regularisation(0.0, relative=True)
    if not is_number(reg_covar) or reg_covar < 0.0:
        raise ParameterError(
            f"reg_covar is {reg_covar!r}, expected a finite number of at least 0, or 'auto'"
        )
    return Regularisation(float(reg_covar), relative=False)
