"""Standard errors: how far the parameters of a fit may be off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np

from mixtura.arguments import is_number, is_whole
from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Rows, Value, frozen
from mixtura.errors import DataError, ParameterError
from mixtura.fitting.fit import Fit
from mixtura.fitting.fitter import fit_rows
from mixtura.fitting.given import Given
from mixtura.fitting.opening import Held
from mixtura.fitting.uncertainty.chart import Chart, Parameters
from mixtura.fitting.uncertainty.information import information, statistics
from mixtura.fitting.uncertainty.intervals import (
    Ends,
    correlation_ends,
    correlation_errors,
    covariance_ends,
    percentiles,
    plain_ends,
    share_ends,
)
from mixtura.fitting.uncertainty.intervals import (
    correlations as correlations_of,
)
from mixtura.fitting.uncertainty.overlap import overlap_caution
from mixtura.fitting.uncertainty.resting import Resting, resting
from mixtura.fitting.uncertainty.rows import check_drawable, given
from mixtura.model.mixture import Mixture
from mixtura.model.random import Seed, random_state_of
from mixtura.model.weights import row_weights

__all__ = ["METHODS", "StandardErrors", "standard_errors"]

#: how standard errors can be had
METHODS = ("information", "bootstrap", "weighted-bootstrap")


@dataclass(frozen=True, eq=False)
class StandardErrors(Value):
    """Standard errors of a mixture's parameters.

    Those of a component that rests on too few rows are NaN, and so are its intervals: see
    `resting`.

    Parameters
    ----------
    mixture : whose they are.
    weights : (K,).
    means : (K, D), feature units.
    covariances : (K, D, D), squared feature units.
    correlations : (K, D, D); by the delta method, from `joint`, where there are no replicates.
    method : how they were had.
    joint : (K, D, D, D, D), the covariance of each component's σ_ij / √(σ_ii σ_jj) and
        σ_kl / √(σ_kk σ_ll), what is below the fractions being the estimates.
    draws : the parameters of the replicates, (B, …) each; None for ``"information"``.
    resting : the components that have no interval, and why.
    caution : a sentence where intervals of 95 % are likely to hold the truth less than 90 times of
        100, as components overlap so much, or have few rows; else empty.
    counts : a sentence where the weights are no counts of rows; else empty.

    Examples
    --------
    >>> import mixtura
    >>> from mixtura.datasets import faithful
    >>> errors = mixtura.fit(faithful(), 2).standard_errors(faithful())
    >>> errors
    StandardErrors(weights 0.3559 ± 0.0291, 0.6441 ± 0.0291, by information)
    >>> low, high = errors.intervals()["correlations"]
    >>> low[:, 0, 1].round(2).tolist(), high[:, 0, 1].round(2).tolist()
    ([0.09, 0.24], [0.46, 0.5])
    """

    mixture: Mixture
    weights: Floats
    means: Floats
    covariances: Floats
    correlations: Floats
    method: str
    joint: Floats
    draws: Parameters | None = None
    resting: tuple[Resting, ...] = ()
    caution: str = ""
    counts: str = ""

    def __repr__(self) -> str:
        pairs = zip(self.mixture.weights, self.weights, strict=True)
        weights = ", ".join(f"{weight:.4g} ± {error:.3g}" for weight, error in pairs)
        how = f"by {self.method}"
        if self.draws is not None:
            how = f"{self.replicates} replicates {how}"
        return f"StandardErrors({'; '.join([f'weights {weights}, {how}', *self.notes])})"

    def __str__(self) -> str:
        """The intervals of 95 %, as `mixtura show --intervals` prints them."""
        from mixtura.fitting.uncertainty.wording import intervals_text

        mixture = self.mixture
        shared = mixture.structure.form.shared
        return intervals_text(self.summary(), mixture.feature_labels, shared=shared)

    @property
    def replicates(self) -> int:
        """How many fits they are of; 0 for ``"information"``."""
        return 0 if self.draws is None else len(self.draws.weights)

    @property
    def starved(self) -> tuple[int, ...]:
        """The components that have no interval."""
        return tuple(each.component for each in self.resting)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known before the numbers are read, a sentence each."""
        return (*map(str, self.resting), *filter(None, (self.caution, self.counts)))

    def intervals(self, level: float = 0.95) -> dict[str, Ends]:
        """Confidence intervals: the lower and upper ends of each kind of parameter.

        By ``"information"`` an estimate ± z standard errors on the scale where it is nearest to
        normal: means as they are; weights by their log-odds, so that they stay between 0 and 1;
        variances by their logarithm, so that they stay above 0; correlations by Fisher's z; and
        covariances by both, so that each end is that of a positive definite matrix of two features
        (`mixtura.fitting.uncertainty.intervals.covariance_ends`). By a bootstrap: percentiles of
        the replicates.

        Parameters
        ----------
        level : of confidence, above 0 and below 1.

        Returns
        -------
        ``weights`` (K,), ``means`` (K, D), ``covariances`` (K, D, D), whose diagonals are the
        variances, and ``correlations`` (K, D, D), two arrays each; NaN for a component that rests
        on too few rows.

        Raises
        ------
        ParameterError : `level` is not.
        """
        if not is_number(level) or not 0.0 < level < 1.0:
            raise ParameterError(f"level is {level!r}, expected a number above 0 and below 1")
        level = float(level)
        return self._of_draws(level) if self.draws is not None else self._of_errors(level)

    def _of_errors(self, level: float) -> dict[str, Ends]:
        z = NormalDist().inv_cdf(0.5 + 0.5 * level)
        mixture, at = self.mixture, self._covariances
        return {
            "weights": share_ends(mixture.weights, self.weights, z),
            "means": plain_ends(mixture.means, self.means, z),
            "covariances": covariance_ends(at, self.joint, z),
            "correlations": correlation_ends(correlations_of(at), self.correlations, z),
        }

    def _of_draws(self, level: float) -> dict[str, Ends]:
        assert self.draws is not None
        ends = {
            "weights": self.draws.weights,
            "means": self.draws.means,
            "covariances": self.draws.covariances,
            "correlations": correlations_of(self.draws.covariances),
        }
        found = {name: percentiles(draws, level) for name, draws in ends.items()}
        for ends_of in found.values():
            for end in ends_of:
                end[list(self.starved)] = np.nan
        return found

    @cached_property
    def _covariances(self) -> Floats:
        return self.mixture.covariance_matrices()

    def summary(self, level: float = 0.95) -> dict[str, Any]:
        """Estimates, standard errors and intervals as plain numbers, ready for JSON.

        Where there is no number it is None. Parameters and errors as for `intervals`.
        """
        mixture = self.mixture
        estimates = {
            "weights": (mixture.weights, self.weights),
            "means": (mixture.means, self.means),
            "covariances": (self._covariances, self.covariances),
            "correlations": (correlations_of(self._covariances), self.correlations),
        }
        record: dict[str, Any] = {
            "method": self.method,
            "replicates": self.replicates,
            "level": level,
            "starved": list(self.starved),
            "caution": self.caution,
            "counts": self.counts,
            "notes": list(self.notes),
        }
        for name, (low, high) in self.intervals(level).items():
            estimate, error = estimates[name]
            record[name] = {
                "estimate": estimate.tolist(),
                "standard_error": _plain(error),
                "low": _plain(low),
                "high": _plain(high),
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
    X : (N, D) array-like, or a table: the rows it was fitted to; for ``"information"`` also a Dask
        array or data frame, whose rows stay where they are.
    method : one of these three.
    n_bootstrap : how many fits, at least 2; a standard error is then good to about
        1 / √(2·n_bootstrap) of itself.
    random_state : the seed of the draws.
    sample_weight : (N,), those of the fit: for ``"information"`` and ``"weighted-bootstrap"`` a
        weight of 2 is a row that is there twice.

    Raises
    ------
    ParameterError : there is no such method, too few fits, or nothing but a mixture to fit again.
    DataError : the rows cannot be used; the mixture is no maximum of their likelihood, or two of
        its components coincide; most of the bootstrap's fits failed.

    Notes
    -----
    ``"information"`` makes 2p passes over the rows, for p free parameters. Both say nothing about
    another maximum, nor of bias. A component of fewer than D + 1 rows' weight, or with a covariance
    on the floor, has no errors. Where components overlap much the likelihood of few rows is not
    quadratic, and the intervals of ``"information"`` are too short: `StandardErrors.caution`.

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
    if not isinstance(method, str) or method not in METHODS:
        raise ParameterError(f"unknown method {method!r}, expected one of: {', '.join(METHODS)}")
    mixture = fit if isinstance(fit, Mixture) else fit.mixture
    if method == "information":
        _check_plain(fit)
    else:
        _check_count(fit, method, n_bootstrap)
        check_drawable(X, method)
    found = given(mixture, X, sample_weight)
    source, executor = found.source, found.executor
    sums = statistics(mixture, source, executor)
    few = resting(fit, sums, source, executor)
    if isinstance(fit, Mixture) or method == "information":
        held = tuple(each.component for each in few)
        known = information(mixture, source, executor, sums, held)
        covariance = known.covariance()
        caution = overlap_caution(known, sums.weight, held)
        errors = _of_information(mixture, covariance, few, caution)
        return replace(errors, counts=found.counts)
    rows = mixture.rows(X)
    weights = row_weights(sample_weight, len(rows))
    drawn = _refits(fit, rows, weights, method, int(n_bootstrap), random_state)
    if len(drawn) < max(2, n_bootstrap // 2):
        raise DataError(
            f"{n_bootstrap - len(drawn)} of {n_bootstrap} fits to drawn rows failed: use fewer "
            "components, or method='weighted-bootstrap'"
        )
    errors = _of_draws(mixture, np.stack(drawn), method, few)
    return replace(errors, counts=found.counts)


def _check_count(fit: Fit | Mixture, method: str, n_bootstrap: object) -> None:
    if isinstance(fit, Mixture):
        raise ParameterError(
            f"method {method!r} fits again, as the fit was made, and got a mixture alone: give it "
            "the fit, or use method='information'"
        )
    if not is_whole(n_bootstrap) or n_bootstrap < 2:
        raise ParameterError(
            f"n_bootstrap is {n_bootstrap!r}, expected a whole number of at least 2"
        )


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
            again = fit_rows(Held(rows, counting), settings, given=Given(), random=random)
        except DataError:
            continue
        mixture = again.mixture
        parts = Parameters(mixture.weights, mixture.means, mixture.covariance_matrices())
        drawn.append(parts.flat())
    return drawn


def _of_information(
    mixture: Mixture, covariance: Floats, few: tuple[Resting, ...], caution: str
) -> StandardErrors:
    """The errors in the asymptotic covariance (M, M) of the flat parameters over their units."""
    k, d = mixture.means.shape
    relative = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    at = Parameters.shaped(relative * Chart.about(mixture).units.flat(), k, d)
    blocks = covariance[k + k * d :, k + k * d :].reshape(k, d * d, k, d * d)
    joint = np.einsum("kakb->kab", blocks).reshape(k, d, d, d, d)
    correlations = correlation_errors(mixture.covariance_matrices(), joint)
    return _without(mixture, at, correlations, "information", joint, None, few, caution)


def _of_draws(
    mixture: Mixture, drawn: Floats, method: str, few: tuple[Resting, ...]
) -> StandardErrors:
    """The spread of the flat parameters (B, M) of replicates."""
    k, d = mixture.means.shape
    draws = Parameters.shaped(frozen(drawn), k, d)
    at = Parameters.shaped(np.std(drawn, axis=0, ddof=1), k, d)
    correlations = np.std(correlations_of(draws.covariances), axis=0, ddof=1)
    relative = draws.covariances / Chart.about(mixture).units.covariances
    apart = relative - relative.mean(axis=0)
    joint = np.einsum("bkij,bkmn->kijmn", apart, apart) / (len(drawn) - 1.0)
    return _without(mixture, at, correlations, method, joint, draws, few, "")


def _without(
    mixture: Mixture,
    at: Parameters,
    correlations: Floats,
    method: str,
    joint: Floats,
    draws: Parameters | None,
    few: tuple[Resting, ...],
    caution: str,
) -> StandardErrors:
    """The errors, NaN for the components that rest on few rows."""
    arrays = [np.array(a) for a in (at.weights, at.means, at.covariances, correlations, joint)]
    for array in arrays:
        array[[each.component for each in few]] = np.nan
    weights, means, covariances, correlations, joint = map(frozen, arrays)
    return StandardErrors(
        mixture, weights, means, covariances, correlations, method, joint, draws, few, caution
    )


def _plain(numbers: Floats) -> list[Any]:
    """Numbers as nested lists, None for NaN: JSON has none."""
    return np.where(np.isnan(numbers), None, numbers).tolist()  # type: ignore[call-overload]
