"""Assumptions: what a fit takes for granted besides the structure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mixtura.engine.arrays import Floats
from mixtura.engine.components import Components
from mixtura.engine.statistics import Statistics
from mixtura.filling import filled
from mixtura.fitting.m_step.estimate import LEAST_WEIGHT, Estimate, maximise
from mixtura.fitting.m_step.noise_box import box_of
from mixtura.fitting.m_step.prior import Known
from mixtura.fitting.m_step.prior_statistics import PriorStatistics
from mixtura.fitting.settings import Settings
from mixtura.model.box import Box
from mixtura.model.mixture import Mixture
from mixtura.model.noise import Noise
from mixtura.model.structures import Structure
from mixtura.rows.data import Data
from mixtura.rows.spread import TotalScatter

#: the noise's share where nothing says which rows are noise
_FIRST = 0.05


@dataclass(frozen=True, eq=False)
class Assumptions:
    """Equal weights, a prior and noise, each or none, as they are for some rows.

    Parameters
    ----------
    equal : whether all components have one weight.
    known : the prior, or None.
    box : where noise lies, or None for no noise.
    """

    equal: bool
    known: Known | None
    box: Box | None

    @classmethod
    def of(cls, settings: Settings, data: Data) -> Assumptions:
        """Those of the settings, for some rows; read as often as the assumptions ask for.

        Raises
        ------
        DataError : a column is constant, so that a box about the rows has no volume.
        ParameterError : a prior, or a box, is not for as many features.
        """
        prior = settings.conjugate
        known = None
        if prior is not None:
            known = prior.known(data.source.n_features, lambda: data.total_scatter, data.unit)
        return cls(settings.equal_weights, known, box_of(settings.background, data))

    def m_step(self, settings: Settings) -> MStep:
        """The M-step under them, for the components and the structure of the settings."""
        k, structure = settings.n_components, settings.structure
        seen = None if self.known is None else self.known.seen(structure, k)
        return MStep(k, structure, settings.regularisation.ridge, self.equal, seen, self.box)


@filled
@dataclass(frozen=True, eq=False)
class MStep:
    """The M-step of weights, prior and noise, and for the rest of it the structure's own.

    Parameters
    ----------
    n_components : K.
    structure : of the covariances.
    ridge : added to every variance, squared feature units.
    equal : whether all components have one weight.
    seen : the prior, or None.
    box : where noise lies, or None for no noise.
    """

    n_components: int
    structure: Structure
    ridge: float
    equal: bool
    seen: PriorStatistics | None
    box: Box | None

    def __call__(
        self,
        statistics: Statistics,
        *,
        near: Floats | None = None,
        total: TotalScatter | None = None,
        background: float | None = None,
    ) -> Estimate:
        """The parameters of largest expected log-likelihood, and log prior, under the assumptions.

        Parameters
        ----------
        statistics, near, total : as for `mixtura.fitting.m_step.estimate.maximise`. With noise the
            last of the statistics are the noise's own, of which the weight alone counts; where
            there are none, noise is given a small share.
        background : that weight, where the statistics do not have it; or None.
        """
        k = self.n_components
        if self.box is not None and len(statistics.weight) > k:
            background = float(statistics.weight[k])
            statistics = statistics.first_components(k)
        estimate = maximise(
            statistics, self.structure, self.ridge, near=near, total=total, seen=self.seen
        )
        if background is not None:
            estimate = replace(estimate, background=background + LEAST_WEIGHT)
        return self.assumed(estimate)

    def assumed(self, estimate: Estimate) -> Estimate:
        """The estimate, whose mixture is to keep to the assumptions.

        Noise that has no share yet is given a small one.
        """
        if self.box is None and not self.equal:
            return estimate
        background = estimate.background
        if self.box is not None and not background:
            background = _FIRST / (1.0 - _FIRST) * float(estimate.weight.sum())
        return replace(estimate, background=background, box=self.box, equal=self.equal)

    def assembled(
        self,
        shares: Floats,
        covariances: Floats,
        gaussians: Components,
        feature_names: tuple[str, ...] | None = None,
    ) -> Mixture:
        """The mixture under the assumptions, of parts that belong together.

        Parameters
        ----------
        shares : the weights, and after them that of noise where there is any.
        covariances : in the structure's form, squared feature units.
        gaussians : the same with factors and means, which become the mixture's.
        feature_names : of the mixture.
        """
        k, box = self.n_components, self.box
        return Mixture.assembled(
            shares[:k],
            covariances,
            self.structure,
            feature_names,
            gaussians,
            noise=None if box is None else Noise(float(shares[k]), box),
            equal_weights=self.equal,
        )

    def amid_noise(self, mixture: Mixture) -> Mixture:
        """The mixture, with noise where it has none and there is to be some."""
        if mixture.noise is not None or self.box is None:
            return mixture
        return Mixture(
            (1.0 - _FIRST) * mixture.weights,
            mixture.means,
            mixture.covariances,
            mixture.structure,
            mixture.feature_names,
            noise=Noise(_FIRST, self.box),
            equal_weights=mixture.equal_weights,
        )

    def log_prior(self, mixture: Mixture) -> float:
        """The logarithm of the prior's density at a mixture, but for a constant, nats.

        In units of the weights of the rows, as their log-likelihood is; 0 without a prior.
        """
        return 0.0 if self.seen is None else self.seen.log_density(mixture)
