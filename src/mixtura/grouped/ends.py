"""Ends: what became of some groups, put together from the kernel's answers and from single fits."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.groups import GroupEnds
from mixtura.fitting.convergence.rules import Outcome
from mixtura.fitting.fit import Fit
from mixtura.grouped.asked import Asked
from mixtura.grouped.ended import FAILED
from mixtura.grouped.fits import GroupFits
from mixtura.grouped.rows import GroupedRows


def assembled(
    rows: GroupedRows, asked: Asked, seeds: Any, first: int, ends: GroupEnds
) -> GroupFits:
    """The groups from `first` on as columns; those that the kernel has not ended are fitted here.

    Parameters
    ----------
    rows, asked : of all groups.
    seeds : (G,), of all groups.
    first : of those groups.
    ends : what the kernel has made of them.
    """
    g = len(ends.chosen)
    left = np.flatnonzero(ends.chosen < 0).tolist()
    alone: dict[int, Fit | str] = {}
    for i in left:
        part, weights = rows.part(first + i)
        alone[i] = asked.fitted(part, weights, int(seeds[first + i]))
    numbers = np.array([k for k, _ in asked.candidates])[ends.chosen]
    structures = np.array([letters for _, letters in asked.candidates])[ends.chosen]
    converged, stopped = Outcome.CONVERGED.value, Outcome.OUT_OF_ITERATIONS.value
    outcome = np.where(ends.converged, converged, stopped).astype("U23")
    notes = np.full(g, "", object)
    log_likelihood, bic = ends.log_likelihood.copy(), ends.bic.copy()
    n_iter, n_rows = ends.n_steps.copy(), ends.n_rows.copy()
    for i, fit in alone.items():
        if isinstance(fit, str):
            grouping = rows.grouping
            numbers[i], structures[i], outcome[i], notes[i] = 0, "", FAILED, fit
            n_rows[i] = n_rows[i] or grouping.stops[first + i] - grouping.starts[first + i]
            continue
        numbers[i], structures[i] = fit.mixture.n_components, fit.mixture.structure.letters
        outcome[i], notes[i] = fit.outcome.value, "; ".join((*filter(None, [fit.void]), *fit.notes))
        log_likelihood[i], bic[i] = fit.log_likelihood, fit.bic
        n_iter[i], n_rows[i] = fit.n_iter, fit.n_rows
    return GroupFits(
        {name: values[first : first + g] for name, values in rows.grouping.keys.items()},
        n_rows,
        outcome,
        numbers,
        structures,
        log_likelihood,
        bic,
        n_iter,
        notes,
        *_in_turn(ends, numbers, alone),
        rows.names,
        asked.settings.equal_weights,
    )


def _in_turn(
    ends: GroupEnds, numbers: Integers, alone: dict[int, Fit | str]
) -> tuple[Floats, Floats, Floats]:
    """Weights, means and covariances of all components, group by group.

    Parameters
    ----------
    ends : of the kernel.
    numbers : (G,), the components of each group.
    alone : the groups that were fitted by themselves.
    """
    by_kernel = np.where(ends.chosen < 0, 0, numbers)
    inside = np.arange(ends.weights.shape[1]) < by_kernel[:, None]
    parts = ends.weights[inside], ends.means[inside], ends.covariances[inside]
    fits = {i: fit for i, fit in alone.items() if isinstance(fit, Fit)}
    if not fits:
        return parts
    of_kernel = np.repeat(ends.chosen >= 0, numbers)
    weights, means, covariances = (np.empty((len(of_kernel), *p.shape[1:])) for p in parts)
    whole = weights, means, covariances
    for to, part in zip(whole, parts, strict=True):
        to[of_kernel] = part
    stops = np.cumsum(numbers)
    for i, fit in fits.items():
        mixture = fit.mixture
        place = slice(int(stops[i] - numbers[i]), int(stops[i]))
        values = mixture.weights, mixture.means, mixture.covariance_matrices()
        for to, value in zip(whole, values, strict=True):
            to[place] = value
    return whole
