"""Candidate: parameters that a search has come to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Integers, frozen
from mixtura.engine.components import Components, with_uniform
from mixtura.engine.search import EMState
from mixtura.filling import filled
from mixtura.fitting.m_step.estimate import Estimate
from mixtura.fitting.starts.spurious import FEW, spurious, thinnest
from mixtura.model.structures import Structure


@filled
@dataclass(frozen=True, eq=False)
class Candidate:
    """Where a search has come to, over rows in units of their own spread.

    Parameters
    ----------
    weight : (K,), effective numbers of rows.
    means : (K, d).
    covariances : (K, d, d), matrices whatever the structure.
    structure : of the covariances.
    units : (d,), the variances of the rows' columns, in which a covariance is thin.
    log_likelihood : the mean log-likelihood of the parameters one step before, nats a row: the
        parameters' own is no smaller.
    background : the effective number of rows that are noise.
    log_volume : log V, of which 1/V is the noise's density, in the units of the rows; infinite for
        no noise.
    """

    weight: Floats
    means: Floats
    covariances: Floats
    structure: Structure
    units: Floats
    log_likelihood: float = -np.inf
    background: float = 0.0
    log_volume: float = np.inf

    def moved(
        self,
        weight: Floats,
        means: Floats,
        covariances: Floats,
        log_likelihood: float = -np.inf,
        background: float | None = None,
    ) -> Candidate:
        """Other parameters over the same rows, amid the same noise.

        Parameters
        ----------
        weight, means, covariances, log_likelihood : as of the class.
        background : the effective number of rows that are noise, or None for as many as now.
        """
        return Candidate(
            weight,
            means,
            covariances,
            self.structure,
            self.units,
            log_likelihood,
            self.background if background is None else background,
            self.log_volume,
        )

    def restrained(self, weight: Floats, means: Floats, covariances: Floats) -> Candidate:
        """Other parameters, the covariances as a pass for the structure can take them."""
        return self.moved(weight, means, restrained(weight, covariances, self.structure))

    @property
    def state(self) -> EMState:
        """The parameters as the kernel's search takes them."""
        return EMState(
            self.weight, self.means, self.covariances, self.log_likelihood, self.background
        )

    @property
    def estimate(self) -> Estimate:
        """The parameters in the structure's form."""
        covariances = self.structure.form.gathered(self.covariances)
        return Estimate(
            self.weight,
            self.means,
            covariances,
            self.structure,
            background=self.background,
        )

    @cached_property
    def components(self) -> Components:
        """As the kernel sees them, the noise after them where there is any."""
        estimate = self.estimate
        factor = self.structure.form.factor(estimate.covariances)
        own = Components(frozen(np.log(estimate.shares)), frozen(estimate.means), factor)
        return self.over_background(own, self.log_volume, estimate.means[0])

    def over_background(
        self, components: Components, log_volume: float, centre: Floats
    ) -> Components:
        """Components of these weights, and the noise after them where there is any.

        Parameters
        ----------
        components : of these weights, in any units.
        log_volume : log V in those.
        centre : (d,), a place in those.
        """
        if np.isinf(self.log_volume):
            return components
        share = self.background / (self.background + float(self.weight.sum()))
        return with_uniform(components, share, log_volume, centre)

    @cached_property
    def n_spurious(self) -> int:
        """How many components have a likelihood that is an accident of few rows."""
        d = self.means.shape[1]
        if self.structure.bounded or self.weight.min() >= FEW * (d + 1):
            return 0
        if self.structure.form.diagonal:
            thin = (np.einsum("kdd->kd", self.covariances) / self.units).min(axis=1)
        else:
            thin = thinnest(self.covariances, self.units)
        return int(np.count_nonzero(spurious(self.structure, self.weight, thin, d)))

    @property
    def rank(self) -> tuple[int, float]:
        """What candidates are sorted by: the fewest spurious components, then the likeliest."""
        likelihood = self.log_likelihood
        return self.n_spurious, -likelihood if np.isfinite(likelihood) else np.inf

    def ordered(self, order: Integers) -> Candidate:
        """With component order[k] in place k."""
        arrays = self.weight[order], self.means[order], self.covariances[order]
        return self.moved(*arrays, self.log_likelihood)


def restrained(weight: Floats, covariances: Floats, structure: Structure) -> Floats:
    """Covariances (K, d, d) that a pass for the structure can take: its form, if not its letters.

    One of all components is the mean of theirs, a diagonal one has no others, and a spherical one
    the mean of its diagonal.

    Parameters
    ----------
    weight : (K,), effective numbers of rows.
    covariances : (K, d, d).
    structure : of the components.
    """
    form, letters = structure.form, structure.letters
    if form.shared or structure.shared:
        mean = np.einsum("k,kde->de", weight / weight.sum(), covariances)
        covariances = np.repeat(mean[None], len(weight), axis=0)
    if not form.diagonal:
        return covariances
    d = covariances.shape[1]
    lengths = np.einsum("kdd->kd", covariances)
    if letters[1] == "I":
        lengths = np.repeat(lengths.mean(axis=1, keepdims=True), d, axis=1)
    return lengths[:, :, None] * np.eye(d)
