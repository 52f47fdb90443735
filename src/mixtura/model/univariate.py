"""Univariate: densities of one number, mixtures side by side, and their quantiles."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mixtura.engine.arrays import Floats, Value
from mixtura.model.density import Density
from mixtura.model.terms import Terms

#: each step of a quantile's search halves its bracket, or is Newton's, which needs a few
_STEPS = 400
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Univariate(Value):
    """Mixtures of one number: p_i(y) = Σ_t w_it f_t((y − c_it) / s_t) / s_t, one a row.

    Parameters
    ----------
    families : of the terms, in their order; each gives the standard density f of its own.
    weights : (m, T), w_it; those of a row sum to 1.
    centres : (m, T), c_it.
    deviations : (T,), s_t.
    """

    families: tuple[Terms, ...]
    weights: Floats
    centres: Floats
    deviations: Floats

    @classmethod
    def of(cls, mixture: Density, n_rows: int) -> Univariate:
        """The density of a mixture of one feature, as often as there are rows."""
        parts = [family.regressions([], [0]) for family in mixture.terms]
        centres = np.concatenate([part.outputs[:, 0] for part in parts])
        variances = np.concatenate([part.covariances[:, 0, 0] for part in parts])
        shape = n_rows, len(centres)
        weights = np.broadcast_to(mixture.shares, shape)
        return cls(mixture.terms, weights, np.broadcast_to(centres, shape), np.sqrt(variances))

    def cdf(self, y: Floats) -> Floats:
        """P(Y_i ≤ y_i), (m,)."""
        return self._summed("standard_cdf", y, self.weights)

    def pdf(self, y: Floats) -> Floats:
        """The density at y_i, (m,)."""
        return self._summed("standard_pdf", y, self.weights / self.deviations)

    def quantiles(self, p: float) -> Floats:
        """Where each distribution function is p, (m,).

        By Newton's steps in a bracket that begins at the least and the largest of the terms' own
        quantiles, and is halved where a step leaves it or gains less than half.
        """
        own = self.centres + self.deviations * self._standard_quantiles(p)  # (m, T)
        there = self.weights > 0.0
        low = np.where(there, own, np.inf).min(axis=1)
        high = np.where(there, own, -np.inf).max(axis=1)
        y = np.clip(np.einsum("mt,mt->m", self.weights, own), low, high)
        last, found = high - low, np.empty(len(y))
        at, part = np.arange(len(y)), self
        for _ in range(_STEPS):
            excess, slope = part.cdf(y) - p, part.pdf(y)
            low, high = np.where(excess < 0.0, y, low), np.where(excess < 0.0, high, y)
            with np.errstate(divide="ignore", invalid="ignore"):
                newton = y - excess / slope
            good = (newton >= low) & (newton <= high) & (2.0 * np.abs(newton - y) <= last)
            new = np.where(excess == 0.0, y, np.where(good, newton, 0.5 * low + 0.5 * high))
            last = np.abs(new - y)
            over = last <= 2.0 * _EPS * np.abs(new)
            found[at[over]] = new[over]
            going = ~over
            at, y, low, high, last = (each[going] for each in (at, new, low, high, last))
            if not len(at):
                break
            part = replace(part, weights=part.weights[going], centres=part.centres[going])
        found[at] = y
        return found

    def _standard_quantiles(self, p: float) -> Floats:
        each = [[family.standard_quantile(p)] * len(family.labels) for family in self.families]
        return np.concatenate(each)

    def _summed(self, function: str, y: Floats, factors: Floats) -> Floats:
        """The sum over the terms of a function of each family, times the factors (m, T)."""
        with np.errstate(over="ignore"):
            z = (y[:, None] - self.centres) / self.deviations  # (m, T)
        total, at = np.zeros(len(y)), 0
        for family in self.families:
            own = slice(at, at + len(family.labels))
            values = getattr(family, function)(z[:, own])
            total += np.einsum("mt,mt->m", factors[:, own], values)
            at = own.stop
        return total
