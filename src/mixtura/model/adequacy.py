"""Adequacy: whether rows lie where a mixture says, as far as so many rows can tell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.model.calibration import marginal_cdf
from mixtura.model.mixture import Mixture

#: of samples from the mixture, all departures are within the bound in at least so many
_LEVEL = 0.95
#: calls of erfc, about, that the features' probabilities may take
_CALLS = 2_000_000
#: rows that are looked at nevertheless
_LEAST = 1000
#: rows are drawn by this seed
_SEED = 0


@dataclass(frozen=True, eq=False)
class Adequacy:
    """How far the shares of rows below a value are from the mixture's, at most.

    Parameters
    ----------
    n_rows : n, how many rows were looked at.
    bound : what all departures stay below at once, in 95 % of samples of n from the mixture.
    departures : (D,), max over x of |F_n(x) − F(x)| in each feature.
    values : (D,), where that is, feature units.
    observed, expected : (D,), the shares F_n and F there.
    likelihood : the same of the rows' log-likelihoods, against those of n rows drawn from the
        mixture, over √2, so that the bound is one for it, too.
    """

    n_rows: int
    bound: float
    departures: Floats
    values: Floats
    observed: Floats
    expected: Floats
    likelihood: float

    @property
    def largest(self) -> float:
        """The largest departure, of any feature or of the density."""
        return max(float(self.departures.max()), self.likelihood)


def adequacy(mixture: Mixture, X: Any) -> Adequacy:
    """Hold the distribution of rows to the mixture's, in each feature and in their density.

    Of the mixture's own rows F_j(x_ij) is uniform in each feature, and log p(x_i) is distributed as
    that of a sample from it.

    Parameters
    ----------
    mixture : the density.
    X : (N, D) array-like, or a table with the mixture's columns; at least one row.

    Returns
    -------
    The departures. Equal values count half below, half above, so that rounding is no departure.
    Rows that the mixture was fitted to lie nearer than new ones.

    Notes
    -----
    Of very many rows every so many-th is looked at. N·K·D calls of erfc, at most two million or
    those for a thousand rows.

    References
    ----------
    Massart 1990, "The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality", with
    Bonferroni's bound over the D features and the density; for two samples with Smirnov's factor
    √((n + m)/(n·m)).

    Examples
    --------
    >>> from mixtura import Mixture
    >>> from mixtura.model.adequacy import adequacy
    >>> m = Mixture([1.0], [[0.0]], [[[1.0]]])
    >>> own, other = (adequacy(m, m.sample(500, 1)[0] * factor) for factor in (1.0, 1.5))
    >>> own.largest < own.bound, other.largest < other.bound
    (True, False)
    """
    rows = np.asarray(mixture.rows(X), dtype=np.float64)
    most = max(_LEAST, _CALLS // (mixture.n_components * mixture.n_features))
    rows = rows[:: max(1, math.ceil(len(rows) / most))]
    n, d = rows.shape
    order = np.argsort(rows, axis=0, kind="stable")
    values = np.take_along_axis(rows, order, axis=0)
    shares = np.take_along_axis(marginal_cdf(mixture, rows), order, axis=0)
    ranks = np.column_stack([_shares(values[:, j], values[:, j]) for j in range(d)])
    at = np.abs(ranks - shares).argmax(axis=0), np.arange(d)
    drawn, _ = mixture.sample(n, _SEED)
    ours, theirs = mixture.score_samples(rows), mixture.score_samples(drawn)
    every = np.concatenate([ours, theirs])
    apart = np.abs(_shares(np.sort(ours), every) - _shares(np.sort(theirs), every)).max()
    level = math.log(2.0 * (d + 1) / (1.0 - _LEVEL))
    return Adequacy(
        n_rows=n,
        bound=math.sqrt(level / (2.0 * n)),
        departures=np.abs(ranks - shares)[at],
        values=values[at],
        observed=ranks[at],
        expected=shares[at],
        likelihood=float(apart) / math.sqrt(2.0),
    )


def _shares(ordered: Floats, values: Floats) -> Floats:
    """The share of a rising sequence that is below each value, equal ones counted half."""
    sides = [np.searchsorted(ordered, values, side) for side in ("left", "right")]
    return np.asarray(0.5 * (sides[0] + sides[1]) / len(ordered))
