"""Stepwise EM: a mixture that learns from rows as they come, and holds none of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Rows
from mixtura.engine.executors import Executor
from mixtura.engine.sources import ArraySource
from mixtura.engine.statistics import Statistics
from mixtura.fitting.m_step.estimate import maximise
from mixtura.fitting.m_step.health import Health, Repair
from mixtura.fitting.settings import Settings
from mixtura.model.mixture import Mixture
from mixtura.rows.in_memory import lacks_any
from mixtura.rows.spread import Spread

#: γ_t = (t + 2)^−0.6: between ½ and 1, so that what was learnt early is forgotten, and noise too
_EXPONENT, _DELAY = 0.6, 2.0


def rows_to_start(n_components: int, n_features: int) -> int:
    """How many rows a start is found on: ten for each mean and each of a component's axes."""
    return 10 * n_components * (n_features + 1)


@dataclass(frozen=True, eq=False)
class Stepwise:
    """What has been learnt of a stream.

    With s the statistics, divided by the weight of their rows, and ŝ(batch; θ) those of a batch
    under the parameters θ, also divided::

        s ← (1 − γ_t) s + γ_t ŝ(batch; θ),      θ ← the M-step of s,      γ_t = (t + 2)^−0.6

    where t is the weight that was seen before, in batches of this one's weight. So t counts
    batches where all are alike; and after a fit to N rows a batch of m has t = N / m, and moves
    little.

    Parameters
    ----------
    settings : how to fit; of them, the structure and the regularisation.
    statistics : s, about the mixture's means; of total weight 1.
    mixture : θ.
    n_rows : how many rows were learnt from.
    total_weight : their weight.
    effective_rows : so many rows, each counting as much as the others, would be as noisy as s.
    repairs : what was done to components that collapsed; the number of a step is that of rows.
    score : the mean log-likelihood of the last batch under the parameters before it, nats a row.

    References
    ----------
    Cappé & Moulines 2009, "On-line expectation-maximization algorithm for latent data models",
    section 2.3; Liang & Klein 2009, "Online EM for unsupervised models", for batches.

    Examples
    --------
    >>> import numpy as np, mixtura
    >>> from mixtura.engine.executors import Serial
    >>> from mixtura.fitting import Settings
    >>> from mixtura.model.structures import structure
    >>> mixture = mixtura.Mixture([1.0], [[0.0]], [[[1.0]]])
    >>> learnt = Stepwise.starting(mixture, Settings(1, structure("full")), 10, 10.0)
    >>> learnt = learnt.learning(np.full((10, 1), 2.0), None, Serial())
    >>> float(learnt.mixture.means[0, 0].round(12)) == round(2.0 * 3.0**-0.6, 12)
    True
    """

    settings: Settings
    statistics: Statistics
    mixture: Mixture
    n_rows: int
    total_weight: float
    effective_rows: float
    repairs: tuple[Repair, ...] = ()
    score: float = np.nan

    @classmethod
    def starting(
        cls, mixture: Mixture, settings: Settings, n_rows: int, total_weight: float
    ) -> Stepwise:
        """From a mixture that was fitted to rows of that number and weight."""
        return cls(settings, _of(mixture), mixture, n_rows, total_weight, float(n_rows))

    def learning(self, rows: Rows, weights: Floats | None, executor: Executor) -> Stepwise:
        """What is known after one more batch of rows.

        Parameters
        ----------
        rows : (m, D), finite; NaN where a value is missing.
        weights : (m,), positive; None weighs each row 1.
        executor : who carries the pass out.

        Raises
        ------
        CollapseError : a covariance became singular and reg_covar is 0.

        Notes
        -----
        One pass over the batch, and one M-step; memory for two sets of statistics.
        """
        mixture, settings = self.mixture, self.settings
        diagonal = settings.structure.form.diagonal
        step = partial(kernel.accumulate, components=mixture.components, diagonal=diagonal)
        found = executor.run(ArraySource(rows, weights, holes=lacks_any(rows)), step)
        size = found.total_weight
        gamma = (self.total_weight / size + _DELAY) ** -_EXPONENT
        now = self.statistics.about(mixture.means).scaled(1.0 - gamma)
        now += found.scaled(gamma / size)
        effective = 1.0 / ((1.0 - gamma) ** 2 / self.effective_rows + gamma**2 / len(rows))
        # The M-step and the repairs count in rows.
        estimate = maximise(
            now.scaled(effective),
            settings.structure,
            settings.regularisation.ridge,
            near=mixture.covariances,
        )
        estimate = replace(estimate, equal=settings.equal_weights)
        n_rows = self.n_rows + len(rows)
        health = Health(
            settings.regularisation,
            partial(_spread, mixture, singles=rows.dtype == np.float32),
            effective,
        )
        estimate, new = health.sound(estimate, n_rows, self.repairs)
        learnt = estimate.mixture(mixture.feature_names)
        if any(repair.action == "reseeded" for repair in new):
            now = _of(learnt)  # else the next step would bring the component back to where it was
        return replace(
            self,
            statistics=now,
            mixture=learnt,
            n_rows=n_rows,
            total_weight=self.total_weight + size,
            effective_rows=effective,
            repairs=(*self.repairs, *new),
            score=found.log_likelihood / size,
        )


def _of(mixture: Mixture) -> Statistics:
    """The statistics, of total weight 1, whose M-step gives the mixture."""
    weight = mixture.weights.copy()
    k, d = mixture.means.shape
    if mixture.structure.form.diagonal:
        second = weight[:, None] * mixture.variances()
    else:
        second = weight[:, None, None] * mixture.covariance_matrices()
    return Statistics(mixture.means, weight, np.zeros((k, d)), second, 0.0, 0, 1.0)


def _spread(mixture: Mixture, *, singles: bool) -> Spread:
    """The spread of the rows so far, as the mixture has it."""
    return Spread.told(np.diagonal(mixture.covariance()), mixture.mean(), singles=singles)
