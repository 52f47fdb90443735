"""Begin: where truncated EM starts, and rows put beside those that are near them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, doubles
from mixtura.engine.cells import Sets
from mixtura.engine.executors.dask import Dask
from mixtura.engine.sources import ArraySource
from mixtura.engine.statistics import Statistics
from mixtura.fitting.em import EM
from mixtura.fitting.factor_start import common_factors, looked_at
from mixtura.fitting.m_step.estimate import Estimate
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.truncated.clearing import clear_rows, trimmed
from mixtura.fitting.truncated.placing import distances, nearest, neighbours
from mixtura.fitting.truncated.rounds import Place, Rounds
from mixtura.fitting.truncated.seeds import seeds
from mixtura.fitting.truncated.truncation import Breadth
from mixtura.model.mixture import Mixture

#: steps of Lloyd's iteration from the seeds
_STEPS = 3


def passes_over(source: ArraySource, executor: Any) -> Any:
    """Passes over cells of a source's rows."""
    assert kernel.cell_passes is not None
    if isinstance(executor, Dask):
        executor = executor.here
    weights = None if source.weights is None else doubles(source.weights)
    return kernel.cell_passes(doubles(source.whole.readable().rows), weights, executor)


def scale_of(em: EM) -> Floats:
    """What features are multiplied by before distances are taken, (D,): 1 / deviation."""
    return 1.0 / np.sqrt(em.data.spread.variances)


def begun(
    em: EM, breadth: Breadth, random: np.random.RandomState
) -> tuple[Rounds, Place, list[Repair]]:
    """Seeds far apart, a few steps of Lloyd's iteration, and the first M-step.

    Each step shows a row the neighbours of its nearest means, as a round does. Amid noise seeds are
    rows that do not lie alone, and the first M-step leaves out those that are far from their mean.
    """
    k, scale = em.settings.n_components, scale_of(em)
    passes = passes_over(em.data.sample, em.data.executor)
    among, boxed = passes, em.m_step.box is not None
    if boxed:
        among = clear_rows(passes, k, scale, random)
    centres = doubles(among.rows[seeds(among, k, scale, random)])
    graph = neighbours(passes, centres, breadth.neighbours, scale, random)
    sets = Sets(nearest(passes, centres, breadth.kept, scale, random))
    for step in range(_STEPS):
        components, following = distances(centres, scale), graph.copy()
        best = passes.members(sets, k, best=True)
        how = {"draw": step, "graph": following}
        passes.expand(components, best, graph, sets.ids, sets, **how)
        graph = following
        weight, first, _ = passes.moments(
            passes.members(sets, k, best=True), centres, diagonal=True
        )
        centres = centres + first / np.where(weight > 0.0, weight, 1.0)[:, None]
    best = passes.members(sets, k, best=True)
    rounds = gathered(em, passes, best.order)
    kept = np.ascontiguousarray(sets.ids[best.order])
    best = rounds.passes.members(Sets(kept), k, best=True)
    if boxed:
        best = trimmed(rounds.passes, best, centres * scale, scale)
    diagonal, source = em.settings.structure.form.diagonal, em.data.source
    weight, first, second = rounds.passes.moments(best, centres, diagonal=diagonal)
    rest = 0.0, source.n_rows, source.total_weight
    statistics = Statistics(centres, weight, first, second, *rest)
    mixture, repairs = rounds.em.begin_with(statistics)
    return rounds, Place(mixture, Sets(kept, np.zeros(kept.shape)), graph), repairs


def from_mixture(
    em: EM, mixture: Mixture, breadth: Breadth, random: np.random.RandomState
) -> tuple[Rounds, Place]:
    """The place of a mixture that is at hand."""
    passes = passes_over(em.data.sample, em.data.executor)
    everywhere = np.arange(len(passes.rows), dtype=np.int32)
    rounds = Rounds(em, passes, scale_of(em), everywhere)
    place = rounds.beginning(mixture, breadth, random)
    best = passes.members(place.sets, mixture.n_components, best=True)
    sorted_rounds = gathered(em, passes, best.order)
    ids = np.ascontiguousarray(place.sets.ids[best.order])
    return sorted_rounds, replace(place, sets=Sets(ids, np.zeros(ids.shape)))


def with_factors(rounds: Rounds, place: Place) -> Place:
    """A place of diagonal covariances, with the factors that are common to the cells.

    As exact EM begins: from the principal axes of what rows lie from their likeliest component.
    """
    data, mixture = rounds.em.data, place.mixture
    rows, weights = rounds.passes.rows, rounds.passes.weights
    looked = looked_at(len(rows), mixture.n_features)
    apart = rows[looked] - mixture.means[place.sets.ids[looked, 0]]
    counts = None if weights is None else weights[looked]
    grouped = Estimate.of(mixture, data.source.total_weight)
    loaded = common_factors(apart, counts, grouped, rounds.em)
    return replace(place, mixture=loaded.mixture(data.names))


def gathered(em: EM, passes: Any, order: Any) -> Rounds:
    """Rounds over the rows in another order, in which those of a cell lie side by side."""
    weights = None if passes.weights is None else passes.weights[order]
    rows = type(passes)(np.ascontiguousarray(passes.rows[order]), weights, passes.executor)
    return Rounds(em, rows, scale_of(em), np.array(order))
