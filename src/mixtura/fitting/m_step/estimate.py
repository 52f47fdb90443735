"""Estimate: the parameters that an M-step gives, before they are known to be sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.components import Components
from mixtura.engine.statistics import Statistics
from mixtura.errors import ModelError
from mixtura.filling import filled
from mixtura.fitting.m_step.prior_statistics import PriorStatistics
from mixtura.model.box import Box
from mixtura.model.mixture import Mixture
from mixtura.model.noise import Noise
from mixtura.model.structures import Structure
from mixtura.rows.spread import TotalScatter

#: keeps every weight positive, as scikit-learn does
LEAST_WEIGHT = 10.0 * float(np.finfo(np.float64).eps)
#: the share of noise where components have none; they keep a weight, as a mixture needs
_ALL = 1.0 - 2.0**-50
#: of a component that has no row; it has a logarithm
_LEAST_SHARE = float(np.finfo(np.float64).tiny)
#: up to so many features, and numbers in all covariances, the core is quicker at a start's M-step
_FEW, _NUMBERS = 8, 2**10
#: what is added of the floor, in its multiples, until a covariance has a Cholesky factor
_MORE = (1.0, 1e2, 1e4, 1e6, 1e8, 1e10)


@filled
@dataclass(frozen=True, eq=False)
class Estimate:
    """Parameters of K components that may not be sound yet.

    Parameters
    ----------
    weight : (K,), effective numbers of rows.
    means : (K, D), feature units.
    covariances : in the structure's form, squared feature units.
    structure : of the covariances.
    scatter : the W_k that the covariances were found from, or None for n_k Σ_k.
    counted : (K,) the n_k that they were found from, a prior's among them; None for `weight`.
    background : the effective number of rows that are noise.
    box : where those lie, or None for no noise.
    equal : whether the mixture's weights are to be equal, whatever the numbers of rows.
    """

    weight: Floats
    means: Floats
    covariances: Floats
    structure: Structure
    scatter: Floats | None = None
    counted: Floats | None = None
    background: float = 0.0
    box: Box | None = None
    equal: bool = False

    @classmethod
    def of(cls, mixture: Mixture, total_weight: float) -> Estimate:
        """The parameters of a mixture of rows with that weight in all."""
        weight = mixture.weights * total_weight
        noise = mixture.noise
        estimate = cls(
            weight,
            mixture.means,
            mixture.covariances,
            mixture.structure,
            background=noise.weight * total_weight if noise else 0.0,
            box=noise.box if noise else None,
            equal=mixture.equal_weights,
        )
        vars(estimate)["components"] = mixture.gaussians  # which it would find anew
        return estimate

    def mixture(self, feature_names: tuple[str, ...] | None = None) -> Mixture:
        """The mixture of these parameters, its weights made to sum to 1.

        Raises
        ------
        ModelError : a covariance is not positive definite.
        """
        noise = None
        if self.box is not None:
            noise = Noise(self._of_noise, self.box)
        return Mixture.assembled(
            self.shares,
            self.covariances,
            self.structure,
            feature_names,
            self.components,
            noise=noise,
            equal_weights=self.equal,
        )

    @cached_property
    def shares(self) -> Floats:
        """The weights, which sum to 1 with the noise's, (K,)."""
        if self.equal:
            k = len(self.weight)
            return np.full(k, (1.0 - self._of_noise) / k)
        # An extrapolated weight may underflow beside noise that has all rows.
        return np.maximum(self.weight / self._total, _LEAST_SHARE)

    @property
    def _of_noise(self) -> float:
        return min(self.background / self._total, _ALL)

    @property
    def _total(self) -> float:
        return float(np.add.reduce(self.weight)) + self.background

    @cached_property
    def components(self) -> Components:
        """The same parameters as the kernel takes them.

        Raises
        ------
        ModelError : a covariance is not positive definite.
        """
        factor = self.structure.form.factor(self.covariances)
        return Components(np.log(self.shares), np.ascontiguousarray(self.means), factor)

    @property
    def definite(self) -> bool:
        """Whether every covariance is positive definite, as the kernel takes it."""
        try:
            _ = self.components
        except ModelError:
            return False
        return True

    def clears(self, floor: Floats) -> bool:
        """Whether every covariance is known to lie above `floor` (D,), squared feature units.

        No eigenvalue of F^-½ Σ_k F^-½ is below 1 where tr(F Σ_k⁻¹) < 1: what is asked for here,
        from the inverse factors that the kernel needs anyhow. Where it fails nothing is known.
        """
        try:
            whitening = self.components.whitening(kernel.invert_lower)
        except ModelError:
            return False
        # A trace that leaves the floating-point range is infinite, or NaN, and not below 1.
        with np.errstate(over="ignore", invalid="ignore"):
            return self.structure.form.inverse_trace(whitening, floor) < 1.0

    def floored(self, low: Sequence[int], floor: Floats) -> Estimate:
        """With the eigenvalues of the components `low` raised to 1, in units of `floor` (D,).

        Where components share a part of their covariances, one cannot be raised alone: then the
        eigenvalues of each W_k are raised to n_k, and the M-step is taken again. Its covariances
        are positive definite, if not all above the floor. Should rounding deny it, more is added.
        """
        form = self.structure.form
        if self.structure.separate or self.structure.shared or self.structure.n_factors:
            return replace(self, covariances=form.floored(self.covariances, low, floor))
        counted = self.weight if self.counted is None else self.counted
        scatter = _times(counted, self.covariances) if self.scatter is None else self.scatter
        own = _times(1.0 / counted, scatter)
        own = form.floored(own, range(len(counted)), floor)
        for more in (0.0, *_MORE):
            raised = _times(counted, form.ridged(own, more * floor))
            covariances = self.structure.maximise(counted, raised)
            if not form.unsound(covariances):
                break
        return replace(self, covariances=covariances)

    def ordered(self, order: Integers) -> Estimate:
        """With component order[k] in place k."""
        shared = self.structure.form.shared
        return replace(
            self,
            weight=self.weight[order],
            means=self.means[order],
            covariances=self.covariances if shared else self.covariances[order],
            scatter=None,
            counted=None,
        )

    def split(self, k: int, other: int, units: Floats) -> Estimate:
        """With component k halved, and its other half in place of component `other`.

        The halves lie half a standard deviation to either side, along the axis that is longest
        in units of the data's variances `units` (D,), squared feature units. A component that is
        wider than the data, as a start may leave one, counts as if it were as wide.
        """
        length, axis = self.longest_axis(k, units)
        step = 0.5 * np.sqrt(min(length, 1.0)) * axis
        means = self.means.copy()
        means[k], means[other] = means[k] + step, means[k] - step
        return replace(self.shadowed(k, other, 0.5), means=means)

    def longest_axis(self, k: int, units: Floats) -> tuple[float, Floats]:
        """The largest eigenvalue of component k in units of `units` (D,), and its axis.

        The axis (D,), feature units, has length 1 in units of the square roots.
        """
        scale = np.sqrt(units)
        form, d = self.structure.form, self.means.shape[1]
        own = self.covariances if form.shared else self.covariances[k : k + 1]
        matrix = form.matrices(own, 1, d)[0]
        values, vectors = np.linalg.eigh(matrix / np.outer(scale, scale))
        return float(values[-1]), vectors[:, -1] * scale

    def shadowed(self, k: int, other: int, share: float) -> Estimate:
        """With component `other` a copy of component k that takes `share` of k's weight."""
        weight, means = self.weight.copy(), self.means.copy()
        weight[other] = share * weight[k]
        weight[k] -= weight[other]
        means[other] = means[k]
        covariances = self.covariances
        if not self.structure.form.shared:
            covariances = covariances.copy()
            covariances[other] = covariances[k]
        return replace(
            self, weight=weight, means=means, covariances=covariances, scatter=None, counted=None
        )


def maximise(
    statistics: Statistics,
    structure: Structure,
    reg_covar: float | Floats = 0.0,
    *,
    near: Floats | None = None,
    total: TotalScatter | None = None,
    seen: PriorStatistics | None = None,
) -> Estimate:
    """The M-step: the parameters of largest expected log-likelihood.

    With n_k the weights: μ_k = c_k + first_k / n_k, W_k = second_k − first_k first_kᵀ / n_k, and
    the structure's own formula for (n_k, W_k); then `reg_covar` is added to every variance. Where
    components share a part of their covariances but not all, that would make the parts differ, so
    it is added before: n_k·reg_covar to the diagonal of W_k. For the others this comes to the same.

    Parameters
    ----------
    statistics : sums about c_k, with the second moments that the structure needs.
    structure : of the covariances.
    reg_covar : squared feature units, at least 0; or a matrix (D, D).
    near : covariances near the answer, for a structure whose M-step is iterated; or None.
    total : the scatter of all rows, where a shared covariance is to be had from it; the second
        moments are then not looked at.
    seen : a prior, as rows that count besides; or None.

    References
    ----------
    Dempster, Laird & Rubin 1977; Celeux & Govaert 1995 for the covariances.
    """
    if near is None and total is None and seen is None:
        begun = _begun(statistics, structure, reg_covar)
        if begun is not None:
            return begun
    weight = statistics.weight + LEAST_WEIGHT
    shift = statistics.first / weight[:, None]  # (K, D)
    means = statistics.reference + shift
    if total is not None:
        scatter = total.within(weight, means)
    elif statistics.directions is not None:
        scatter = statistics.about(means).second
    elif statistics.diagonal:
        scatter = statistics.second - statistics.first * shift
    else:
        scatter = _within(statistics, shift)
    if not structure.form.diagonal and statistics.directions is None:
        # Re-centring over a long way leaves rounding that is not the same on both sides.
        for part in _slices(scatter):
            scatter[part] = 0.5 * (scatter[part] + scatter[part].transpose(0, 2, 1))
    form, counted = structure.form, weight
    ridged = isinstance(reg_covar, np.ndarray) or reg_covar > 0.0
    if seen is not None:
        counted, means, scatter = seen.joined(weight, means, scatter)
    if structure.separate or structure.shared or structure.n_factors:
        whole, near = statistics.directions is None, near if structure.n_factors else None
        covariances = structure.maximise(counted, scatter, near, whole=whole)
        if ridged:
            covariances = form.ridged(covariances, reg_covar)
        return Estimate(weight, means, covariances, structure)
    if ridged:
        scatter = _times(counted, form.ridged(_times(1.0 / counted, scatter), reg_covar))
    covariances = structure.maximise(counted, scatter, near)
    return Estimate(weight, means, covariances, structure, scatter, counted)


def _begun(
    statistics: Statistics, structure: Structure, reg_covar: float | Floats
) -> Estimate | None:
    """The M-step of a start of few components, by the core.

    None where it has none, or the scatters are singular.
    """
    (k, d), form = statistics.reference.shape, structure.form
    few = d <= _FEW and k * d * d <= _NUMBERS
    fits = statistics.directions is None and statistics.diagonal == form.diagonal
    if kernel.first_m_step is None or structure.n_factors or not (few and fits):
        return None
    ridge = reg_covar if isinstance(reg_covar, np.ndarray) else None
    if ridge is None and reg_covar > 0.0:
        ridge = reg_covar * np.eye(d)
    found = kernel.first_m_step(statistics, structure.letters, ridge)
    if found is None:
        return None
    weight, means, scatter, covariances = found
    if form.shared:
        covariances = covariances[0]
    elif structure.letters[1] == "I":
        covariances = covariances[:, 0].copy()
    if structure.separate or structure.shared:
        return Estimate(weight, means, covariances, structure)
    return Estimate(weight, means, covariances, structure, scatter, weight)


def _within(statistics: Statistics, shift: Floats) -> Floats:
    """W_k = second_k − first_k shift_kᵀ, (K, D, D), some components at a time."""
    scatter = np.empty_like(statistics.second)
    for part in _slices(scatter):
        cross = statistics.first[part, :, None] * shift[part, None, :]
        np.subtract(statistics.second[part], cross, out=scatter[part])
    return scatter


def _slices(matrices: Floats) -> Iterator[slice]:
    """The components of matrices (K, D, D), as many at a time as half a megabyte holds."""
    step = max(1, 2**16 // matrices[0].size)
    for first in range(0, len(matrices), step):
        yield slice(first, first + step)


def _times(factors: Floats, covariances: Floats) -> Floats:
    """Each component's array times its factor (K,)."""
    return covariances * factors.reshape(-1, *[1] * (covariances.ndim - 1))
