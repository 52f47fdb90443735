"""Standard errors: how far the parameters of a mixture may be off, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from mixtura.arguments import is_number
from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Value
from mixtura.errors import ParameterError
from mixtura.model.mixture import Mixture
from mixtura.uncertainty import intervals
from mixtura.uncertainty.chart import Parameters
from mixtura.uncertainty.intervals import Ends
from mixtura.uncertainty.resting import Resting


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
        from mixtura.uncertainty.wording import intervals_text

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
        (`mixtura.uncertainty.intervals.covariance_ends`). By a bootstrap: percentiles of
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
            "weights": intervals.share_ends(mixture.weights, self.weights, z),
            "means": intervals.plain_ends(mixture.means, self.means, z),
            "covariances": intervals.covariance_ends(at, self.joint, z),
            "correlations": intervals.correlation_ends(
                intervals.correlations(at), self.correlations, z
            ),
        }

    def _of_draws(self, level: float) -> dict[str, Ends]:
        assert self.draws is not None
        ends = {
            "weights": self.draws.weights,
            "means": self.draws.means,
            "covariances": self.draws.covariances,
            "correlations": intervals.correlations(self.draws.covariances),
        }
        found = {name: intervals.percentiles(draws, level) for name, draws in ends.items()}
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
            "correlations": (intervals.correlations(self._covariances), self.correlations),
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


def _plain(numbers: Floats) -> list[Any]:
    """Numbers as nested lists, None for NaN: JSON has none."""
    return np.where(np.isnan(numbers), None, numbers).tolist()  # type: ignore[call-overload]
