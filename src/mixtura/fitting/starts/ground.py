"""Ground: the rows that a search looks at, in units of their own spread."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.executors import Executor
from mixtura.engine.sources import ArraySource, Block, Source
from mixtura.engine.statistics import Statistics
from mixtura.filling import filled
from mixtura.fitting.starts.ascent import RIDGE, Ascent
from mixtura.fitting.starts.budget import Budget, cost
from mixtura.fitting.starts.candidate import Candidate, restrained
from mixtura.fitting.starts.units import Units, rounding, units_of
from mixtura.model.box import Box
from mixtura.model.mixture import Mixture
from mixtura.model.structures import Structure
from mixtura.rows.oddities import Repeat, repeats
from mixtura.rows.sampling import sample

#: EM steps that a search may take whatever they cost
STEPS = 100
#: with more components a search would hold too much, and if that cost more, take too long
_TOO_MANY, _TOO_DEAR = 512, 1e11

#: what is known of rows that are searched whole, by the kind of units, for as long as they are
_KEPT: WeakKeyDictionary[ArraySource, dict[tuple[bool, bool], Ground]] = WeakKeyDictionary()


@filled
@dataclass(frozen=True, eq=False)
class Ground:
    """Rows of a sample, and what is known of them before a search.

    Parameters
    ----------
    points : the rows in the units, (m, d).
    scaled : the rows, every column divided by its scale and none turned, (m, D).
    units : which.
    ridge : (d, d), what the rows' rounding leaves unknown, in the units.
    repeated : values that many rows hold exactly, and the values beside do not.
    spikes : the numbers of the rows that hold each, (n,).
    whole : whether they are all rows.
    """

    points: ArraySource
    scaled: ArraySource
    units: Units
    ridge: Floats
    repeated: tuple[Repeat, ...]
    spikes: tuple[Integers, ...]
    whole: bool

    @classmethod
    def of(
        cls, source: ArraySource, n_rows: int, structure: Structure, random: np.random.RandomState
    ) -> Ground:
        """At most `n_rows` of the rows of a source.

        Parameters
        ----------
        source : the rows.
        n_rows : how many at most.
        structure : of the covariances, which says what the units may be.
        random : draws the sample, where they are more.
        """
        if source.n_rows > n_rows:
            return cls._drawn(source, n_rows, structure, random)
        kept = _KEPT.setdefault(source, {})
        kind = structure.rescales, structure.affine
        if kind not in kept:
            kept[kind] = cls._drawn(source, n_rows, structure, random)
        return kept[kind]

    @classmethod
    def _drawn(
        cls, source: ArraySource, n_rows: int, structure: Structure, random: np.random.RandomState
    ) -> Ground:
        rows, weights = sample(source, n_rows, random)
        units = units_of(rows, weights, structure)
        scaled = np.ascontiguousarray(units.scaled(rows))
        points = np.ascontiguousarray(scaled @ units.axes)
        ridge = units.covariance(np.diag(rounding(rows))) + RIDGE * np.eye(points.shape[1])
        whole = len(rows) == source.n_rows
        repeated = repeats(source if whole else ArraySource(rows))
        return cls(
            ArraySource(points, weights),
            ArraySource(scaled, weights),
            units,
            ridge,
            repeated,
            tuple(np.flatnonzero(rows[:, each.feature] == each.value) for each in repeated),
            whole,
        )

    def ascent(
        self, structure: Structure, executor: Executor, budget: Budget, box: Box | None = None
    ) -> Ascent:
        """EM over the rows, amid noise where there is a box."""
        log_volume = np.inf if box is None else self.units.log_volume(box)
        return Ascent(self.points, structure, executor, budget, self.ridge, log_volume)

    def candidate(self, mixture: Mixture, ascent: Ascent) -> Candidate:
        """A mixture's components, without noise, as a candidate of a structure that holds them."""
        structure = ascent.structure
        turned = self.units.axes / self.units.scale[:, None]
        covariances: Floats = turned.T @ mixture.covariance_matrices() @ turned
        weight = mixture.weights * (self.points.total_weight / mixture.weights.sum())
        covariances = restrained(weight, covariances, structure)
        means = self.units.of(mixture.means)
        return Candidate(weight, means, covariances, structure, ascent.units)

    def statistics(
        self, best: Candidate, source: Source, executor: Executor, box: Box | None = None
    ) -> Statistics:
        """The statistics of all rows of a source under a candidate's responsibilities.

        Where there is a box of noise, those of the noise are the last.
        """
        form, units = best.structure.form, self.units
        mapped = units.components(best.estimate)
        if mapped is not None:
            if box is not None:
                mapped = best.over_background(mapped, box.log_volume, box.centre)
            step = partial(kernel.accumulate, components=mapped, diagonal=form.diagonal)
            return executor.run(source, step)
        components, means = best.components, units.rows(best.components.means)

        def shared_out(block: Block) -> Statistics:
            points = np.ascontiguousarray(units.of(block.rows))
            shares = kernel.posterior(points, components)[1]
            return kernel.moments(block, shares, means, diagonal=form.diagonal)

        return executor.run(source, shared_out)


def searched_rows(n_components: int, n_features: int) -> int:
    """How many rows a search looks at."""
    parameters = n_components * (n_features + 1)
    return min(max(30 * parameters, 3000), max(8000, 10 * parameters))


def is_searched(n_rows: int, n_components: int, n_features: int, structure: Structure) -> bool:
    """Whether a search can pay for so many components; else k-means is all there is.

    Parameters
    ----------
    n_rows, n_components, n_features : N, K and D.
    structure : of the covariances.
    """
    looked_at = min(n_rows, searched_rows(n_components, n_features))
    step = cost(looked_at, n_components, n_features, structure)
    return n_components <= _TOO_MANY and STEPS * step <= _TOO_DEAR
