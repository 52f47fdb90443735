"""Prior: what is known of means and covariances before the rows are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mixtura.arguments import is_number
from mixtura.engine.arrays import Floats, Value, frozen
from mixtura.errors import ParameterError
from mixtura.fitting.m_step.prior_statistics import PriorStatistics
from mixtura.model.structures import Structure
from mixtura.rows.data import WIDEST
from mixtura.rows.spread import TotalScatter

#: rows that a prior may be worth
_MOST = 1e15


@dataclass(frozen=True, eq=False)
class Prior(Value):
    """A conjugate prior on means and covariances: normal, and inverse Wishart.

        μ_k | Σ_k ~ N(μ_P, Σ_k / κ),        Σ_k ~ inverse Wishart(ν, Λ)

    so that the mode of the posterior is the M-step of some more rows, see
    `mixtura.fitting.m_step.prior_statistics.PriorStatistics`. Where covariances are diagonal or
    spherical the inverse Wishart is inverse gamma, of ν / 2 and s / 2, with s the diagonal of Λ or
    its mean. It keeps components of few rows from collapsing, and changes those of many little.

    Parameters
    ----------
    mean : (D,), μ_P, feature units; None for the rows' own mean.
    shrinkage : κ, at least 0, in rows: how many the mean is worth.
    degrees_of_freedom : ν, in rows, above D − 1; None for D + 2, the least for which Σ_k has a
        mean.
    scale : Λ, (D, D), or its diagonal (D,), or one number for all of it, squared feature units;
        None for the covariance of the rows, of N − 1 degrees of freedom as R's mclust has it, over
        K^(2/D), so that K components of that covariance have the volume of the rows. None goes
        along with the units of the features. N is the sum of the weights; of less than two rows'
        weight the covariance has half as many degrees of freedom as that.

    Raises
    ------
    ParameterError : one of them is not so.

    References
    ----------
    Fraley & Raftery 2007, "Bayesian regularization for normal mixture estimation and model-based
    clustering", sections 3 and 4.

    Examples
    --------
    >>> import mixtura
    >>> rows = [[0.0], [0.1], [0.2], [0.3], [9.0], [9.0]]
    >>> fit = mixtura.fit(rows, 2, prior=mixtura.Prior())
    >>> fit.repairs, bool(fit.mixture.covariances.min() > 0.1)
    ((), True)
    """

    mean: Floats | None
    shrinkage: float
    degrees_of_freedom: float | None
    scale: Floats | None

    def __init__(
        self,
        mean: ArrayLike | None = None,
        shrinkage: float = 0.01,
        degrees_of_freedom: float | None = None,
        scale: ArrayLike | None = None,
    ) -> None:
        if degrees_of_freedom is not None:
            _number("degrees_of_freedom", degrees_of_freedom, above=0.0)
        for name, value in (
            ("mean", None if mean is None else _array("mean", mean, WIDEST)),
            ("shrinkage", _number("shrinkage", shrinkage)),
            ("degrees_of_freedom", degrees_of_freedom),
            ("scale", None if scale is None else _array("scale", scale, WIDEST**2)),
        ):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        mean = "the rows'" if self.mean is None else self.mean.tolist()
        dof = "D + 2" if self.degrees_of_freedom is None else f"{self.degrees_of_freedom:g}"
        scale = "the rows'" if self.scale is None else "given"
        return f"Prior(mean {mean}, shrinkage {self.shrinkage:g}, {dof} d.o.f., scale {scale})"

    def record(self) -> str | dict[str, Any]:
        """``"conjugate"`` where all is as by default, else its parameters, ready for JSON."""
        told = {
            "mean": None if self.mean is None else self.mean.tolist(),
            "shrinkage": float(self.shrinkage),
            "degrees_of_freedom": None
            if self.degrees_of_freedom is None
            else float(self.degrees_of_freedom),
            "scale": None if self.scale is None else self.scale.tolist(),
        }
        usual = {"mean": None, "shrinkage": 0.01, "degrees_of_freedom": None, "scale": None}
        return "conjugate" if told == usual else told

    def known(self, d: int, total: Callable[[], TotalScatter], unit: float = 1.0) -> Known:
        """What it comes to for some rows.

        Parameters
        ----------
        d : how many features they have.
        total : gives their scatter; asked only where they are to say something.
        unit : what a weight of 1 there stands for, in rows.

        Raises
        ------
        ParameterError : its mean or its scale is not for as many features.
        """
        dof = d + 2.0 if self.degrees_of_freedom is None else float(self.degrees_of_freedom)
        if dof <= d - 1.0:
            raise ParameterError(
                f"the prior's degrees_of_freedom are {dof:g}, expected more than {d - 1}, the "
                "number of features less 1"
            )
        if self.mean is not None and self.mean.shape != (d,):
            raise ParameterError(
                f"the prior's mean has shape {self.mean.shape}, expected ({d},): one number a "
                "feature"
            )
        scale = None if self.scale is None else _matrix(self.scale, d)
        mean, covariance = self.mean, frozen(np.eye(d))
        if mean is None or scale is None:
            rows = total()
            mean = rows.centre if mean is None else mean
            covariance = rows.matrix / _degrees(rows.total_weight, unit)
        return Known(mean, self.shrinkage, dof, covariance, scale, unit)


@dataclass(frozen=True, eq=False)
class Known(Value):
    """A prior whose numbers are all there.

    Parameters
    ----------
    mean : (D,), μ_P.
    shrinkage : κ, rows.
    degrees_of_freedom : ν, rows.
    covariance : (D, D), of the data.
    scale : (D, D), Λ, or None for that covariance over K^(2/D).
    unit : what a weight of 1 stands for, in rows.
    """

    mean: Floats
    shrinkage: float
    degrees_of_freedom: float
    covariance: Floats
    scale: Floats | None
    unit: float

    def seen(self, structure: Structure, n_components: int) -> PriorStatistics:
        """The rows that it is worth, for K components of a structure.

        What all components share has one prior, which they share as well.
        """
        k, d = n_components, len(self.mean)
        scale = self.covariance / k ** (2.0 / d) if self.scale is None else self.scale
        if structure.form.name == "spherical":
            rows = (self.degrees_of_freedom + 2.0) / d
            scatter = np.full((k, d), np.diagonal(scale).mean() / d)
        elif structure.form.diagonal:
            rows = self.degrees_of_freedom + 2.0
            scatter = np.tile(np.diagonal(scale), (k, 1))
        else:
            rows = self.degrees_of_freedom + d + 1.0
            scatter = np.tile(scale, (k, 1, 1))
        share = 1.0 / k if structure.shared else 1.0
        around = 1.0 if self.shrinkage > 0.0 else 0.0  # a flat prior on means is worth none
        return PriorStatistics(
            (share * rows + around) / self.unit,
            frozen(share / self.unit * scatter),
            self.mean,
            self.shrinkage / self.unit,
        )


def _degrees(total_weight: float, unit: float) -> float:
    """The degrees of freedom of the rows' covariance, in units of their weights."""
    return max(total_weight - 1.0 / unit, 0.5 * total_weight)


def prior(wish: Any) -> Prior | None:
    """What is meant by None, ``"conjugate"`` or True, or a `Prior`.

    Raises
    ------
    ParameterError : it is none of these.
    """
    if wish is None or wish is False:
        return None
    if isinstance(wish, Prior):
        return wish
    if wish is True or (isinstance(wish, str) and wish == "conjugate"):
        return Prior()
    raise ParameterError(
        f"prior is {wish!r}, expected None, 'conjugate' or a mixtura.Prior, whose parameters have "
        "defaults"
    )


def _matrix(scale: Floats, d: int) -> Floats:
    """Λ (D, D) from a matrix, a diagonal or a number."""
    matrix = scale
    if scale.ndim == 0 or scale.shape == (d,):
        matrix = np.diag(np.broadcast_to(scale, d))
    if matrix.shape != (d, d):
        raise ParameterError(
            f"the prior's scale has shape {scale.shape}, expected ({d}, {d}), ({d},) or one number"
        )
    if not np.allclose(matrix, matrix.T) or np.linalg.eigvalsh(matrix)[0] <= 0.0:
        raise ParameterError(
            "the prior's scale is not symmetric and positive definite: expected squared feature "
            "units, as of a covariance"
        )
    return np.asarray(matrix)


def _array(name: str, value: ArrayLike, bound: float) -> Floats:
    try:
        array = frozen(value)
    except (TypeError, ValueError):
        raise ParameterError(f"the prior's {name} is {value!r}, expected numbers") from None
    if not np.isfinite(array).all() or array.ndim > 2:
        raise ParameterError(f"the prior's {name} is {value!r}, expected finite numbers")
    if array.size and np.abs(array).max() > bound:
        raise ParameterError(
            f"the prior's {name} is {value!r}, expected numbers of at most {bound:g}: a variance "
            "would overflow"
        )
    return array


def _number(name: str, value: object, above: float | None = None) -> float:
    bound = "of at least 0" if above is None else f"above {above:g}"
    if is_number(value) and value > _MOST:
        raise ParameterError(
            f"the prior's {name} is {value!r}, expected at most {_MOST:g}: it is in rows, and no "
            "data have more"
        )
    if not is_number(value) or value < 0.0 or (above is not None and value <= above):
        raise ParameterError(f"the prior's {name} is {value!r}, expected a finite number {bound}")
    return float(value)
