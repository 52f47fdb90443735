"""Standard errors: how far the parameters of a fit may be off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral
from statistics import NormalDist
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Rows, frozen
from mixtura.engine.executors import default_executor
from mixtura.engine.sources import ArraySource
from mixtura.errors import DataError, ParameterError
from mixtura.fitting.fit import Fit
from mixtura.fitting.fitter import fit_rows
from mixtura.fitting.given import Given
from mixtura.fitting.uncertainty.chart import Parameters
from mixtura.fitting.uncertainty.information import parameter_covariance
from mixtura.model.mixture import Mixture
from mixtura.model.random import Seed, random_state_of
from mixtura.model.weights import row_weights

__all__ = ["METHODS", "StandardErrors", "standard_errors"]

#: how standard errors can be had
METHODS = ("information", "bootstrap", "weighted-bootstrap")


@dataclass(frozen=True, eq=False)
class StandardErrors:
    """Standard errors of a mixture's parameters.

    Parameters
    ----------
    mixture : whose they are.
    weights : (K,).
    means : (K, D), feature units.
    covariances : (K, D, D), squared feature units.
    method : how they were had.
    replicates : how many fits they are of; 0 for ``"information"``.
    """

    mixture: Mixture
    weights: Floats
    means: Floats
    covariances: Floats
    method: str
    replicates: int = 0

    def __repr__(self) -> str:
        return f"StandardErrors({self.mixture}, by {self.method})"

    def intervals(self, level: float = 0.95) -> dict[str, tuple[Floats, Floats]]:
        """Confidence intervals: for weights, means and covariances the lower and upper ends.

        An estimate ± z standard errors, of the log-odds for a weight, which so stays between 0
        and 1.

        Parameters
        ----------
        level : of confidence, above 0 and below 1.

        Raises
        ------
        ParameterError : `level` is not.
        """
        if not 0.0 < level < 1.0:
            raise ParameterError(f"level is {level!r}, expected a number above 0 and below 1")
        z = NormalDist().inv_cdf(0.5 + 0.5 * level)
        mixture = self.mixture
        w = mixture.weights
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = np.log(w) - np.log1p(-w)
            reach = np.where(w < 1.0, z * self.weights / (w * (1.0 - w)), 0.0)
        ends: dict[str, tuple[Floats, Floats]] = {
            "weights": (
                1.0 / (1.0 + np.exp(reach - odds)),
                1.0 / (1.0 + np.exp(-reach - odds)),
            )
        }
        for name, at, error in (
            ("means", mixture.means, self.means),
            ("covariances", mixture.covariance_matrices(), self.covariances),
        ):
            ends[name] = (at - z * error, at + z * error)
        return ends

    def summary(self, level: float = 0.95) -> dict[str, Any]:
        """Estimates, standard errors and intervals as plain numbers, ready for JSON.

        Parameters and errors as for `intervals`.
        """
        mixture = self.mixture
        estimates = {
            "weights": (mixture.weights, self.weights),
            "means": (mixture.means, self.means),
            "covariances": (mixture.covariance_matrices(), self.covariances),
        }
        record: dict[str, Any] = {
            "method": self.method,
            "replicates": self.replicates,
            "level": level,
        }
        for name, (low, high) in self.intervals(level).items():
            estimate, error = estimates[name]
            record[name] = {
                "estimate": estimate.tolist(),
                "standard_error": error.tolist(),
                "low": low.tolist(),
                "high": high.tolist(),
            }
        return record


def standard_errors(
    fit: Fit | Mixture,
    X: Any,
    method: str = "information",
    *,
    n_bootstrap: int = 200,
    random_state: Seed = 0,
    sample_weight: Any = None,
) -> StandardErrors:
    """Standard errors of the weights, means and covariances of a fit.

    ``"information"`` inverts the curvature of the log-likelihood at the maximum.
    ``"bootstrap"`` fits again to rows drawn with replacement; ``"weighted-bootstrap"`` to the same
    rows with random weights of mean 1, which leaves no row out and so collapses less. Both go on
    from the fit, so that components keep their numbers.

    Parameters
    ----------
    fit : a fit that has converged; or its mixture alone, as a model file holds it, for
        ``"information"``.
    X : (N, D) array-like, or a table: the rows it was fitted to.
    method : one of these three.
    n_bootstrap : how many fits, at least 2; a standard error is then good to about
        1 / √(2·n_bootstrap) of itself.
    random_state : the seed of the draws.
    sample_weight : (N,), those of the fit: for ``"information"`` and ``"weighted-bootstrap"`` a
        weight of 2 is a row that is there twice.

    Raises
    ------
    ParameterError : there is no such method, too few fits, or nothing but a mixture to fit again.
    DataError : the rows cannot be used; the mixture is no maximum of their likelihood; most of
        the bootstrap's fits failed.

    Notes
    -----
    ``"information"`` makes 2p passes over the rows, for p free parameters. Both say nothing about
    another maximum, nor of bias; a parameter at the edge of what it may be has no normal error.

    References
    ----------
    Louis 1982, "Finding the observed information matrix when using the EM algorithm"; O'Hagan,
    Murphy, Scrucca & Gormley 2019, "Investigation of parameter uncertainty in clustering using a
    Gaussian mixture model via jackknife, bootstrap and weighted likelihood bootstrap".

    Examples
    --------
    >>> import mixtura
    >>> from mixtura.datasets import faithful
    >>> fit = mixtura.fit(faithful(), 2, tol="auto")
    >>> mixtura.standard_errors(fit, faithful()).weights.round(3).tolist()
    [0.029, 0.029]
    """
    if method not in METHODS:
        raise ParameterError(f"unknown method {method!r}, expected one of: {', '.join(METHODS)}")
    mixture = fit if isinstance(fit, Mixture) else fit.mixture
    rows = mixture.rows(X)
    weights = row_weights(sample_weight, len(rows))
    if method == "information":
        _check_plain(fit)
        source, executor = ArraySource(rows, weights), default_executor()
        covariance = parameter_covariance(mixture, source, executor)
        return _of(mixture, np.sqrt(np.maximum(np.diagonal(covariance), 0.0)), method, 0)
    if isinstance(fit, Mixture):
        raise ParameterError(
            f"method {method!r} fits again, as the fit was made, and got a mixture alone: give it "
            "the fit, or use method='information'"
        )
    if not isinstance(n_bootstrap, Integral) or isinstance(n_bootstrap, bool) or n_bootstrap < 2:
        raise ParameterError(
            f"n_bootstrap is {n_bootstrap!r}, expected a whole number of at least 2"
        )
    drawn = _refits(fit, rows, weights, method, int(n_bootstrap), random_state)
    if len(drawn) < max(2, n_bootstrap // 2):
        raise DataError(
            f"{n_bootstrap - len(drawn)} of {n_bootstrap} fits to drawn rows failed: use fewer "
            "components, or method='weighted-bootstrap'"
        )
    return _of(mixture, np.std(drawn, axis=0, ddof=1), method, len(drawn))


def _check_plain(fit: Fit | Mixture) -> None:
    """Refuse the curvature of a likelihood that is not that of a plain mixture."""
    mixture = fit if isinstance(fit, Mixture) else fit.mixture
    wrong = {
        "noise": mixture.noise is not None,
        "equal weights": mixture.equal_weights,
        "a prior": isinstance(fit, Fit) and fit.settings.conjugate is not None,
    }
    for what, there in wrong.items():
        if there:
            raise ParameterError(
                f"method 'information' is for mixtures without noise, equal weights and prior, "
                f"this one has {what}: use method='bootstrap'"
            )


def _refits(
    fit: Fit, rows: Rows, weights: Floats | None, method: str, count: int, seed: Seed
) -> list[Floats]:
    """The flat parameters of fits to rows that were drawn anew."""
    random = random_state_of(seed)
    n = len(rows)
    settings = replace(fit.settings, start=fit.mixture, n_init=1)
    drawn = []
    for _ in range(count):
        if method == "bootstrap":
            times = np.bincount(random.randint(n, size=n), minlength=n).astype(np.float64)
        else:
            times = random.standard_exponential(n)
        counting = times if weights is None else times * weights
        try:
            again = fit_rows(rows, settings, given=Given(), random=random, weights=counting)
        except DataError:
            continue
        mixture = again.mixture
        parts = Parameters(mixture.weights, mixture.means, mixture.covariance_matrices())
        drawn.append(parts.flat())
    return drawn


def _of(mixture: Mixture, flat: Floats, method: str, replicates: int) -> StandardErrors:
    k, d = mixture.means.shape
    weights, means, covariances = np.split(flat, [k, k + k * d])
    return StandardErrors(
        mixture,
        frozen(weights),
        frozen(means.reshape(k, d)),
        frozen(covariances.reshape(k, d, d)),
        method,
        replicates,
    )
