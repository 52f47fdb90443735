"""Adaptation: a background mixture drawn towards a few rows, as far as these are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from mixtura.arguments import is_number
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.engine.executors import Executor, default_executor
from mixtura.engine.sources import ArraySource, Block, fields_of
from mixtura.errors import ParameterError
from mixtura.model.density import Density
from mixtura.model.gaussians import Gaussians
from mixtura.rows.out_of_core import is_out_of_core, totals
from mixtura.rows.weights import row_weights

#: what may be adapted
_PARTS = ("weights", "means", "covariances")


def adapted(
    mixture: Density, X: Any, sample_weight: Any, relevance: float, what: str | Sequence[str]
) -> Gaussians:
    """The components after a step towards the rows; see `Mixture.adapted`."""
    if not is_number(relevance) or relevance < 0.0:
        raise ParameterError(f"relevance is {relevance!r}, expected a number of rows, at least 0")
    parts = _parts(what)
    own = mixture._gaussians
    if "weights" in parts and own.equal_weights:
        raise ParameterError("what has weights, and those of this mixture are equal by decree")
    if "covariances" in parts and own.structure.n_factors:
        raise ParameterError(
            f"what has covariances, and those of this mixture are {own.structure.name}, which "
            "cannot be adapted yet: leave them out"
        )
    weight, first, second = _sums(mixture, X, sample_weight)
    share = weight / np.maximum(weight + relevance, np.finfo(np.float64).tiny)  # (K,)
    some = np.maximum(weight, np.finfo(np.float64).tiny)
    moved = first / some[:, None]  # (K, D), from the means
    found = own
    if "weights" in parts:
        counted = share * weight / weight.sum() + (1.0 - share) * own.weights
        found = replace(found, weights=counted).sharing(float(own.weights.sum()))
    steps = share[:, None] * moved if "means" in parts else np.zeros_like(moved)
    found = replace(found, means=own.means + steps)
    if "covariances" in parts:
        wide = share[:, None, None]
        about = wide * (second / some[:, None, None]) + (1.0 - wide) * own.matrices()
        matrices = about - np.einsum("ki,kj->kij", steps, steps)
        form, n = own.structure.form, found.weights
        scatter = np.einsum("kdd->kd", matrices) if form.diagonal else matrices
        scatter = n.reshape(-1, *[1] * (scatter.ndim - 1)) * scatter
        found = replace(found, covariances=own.structure.maximise(n, scatter, own.covariances))
    return found


def _parts(what: str | Sequence[str]) -> tuple[str, ...]:
    """The parameters that a person names, one or several.

    Raises
    ------
    ParameterError : there is none of that name, or none at all.
    """
    named = (what,) if isinstance(what, str) else what
    listed = tuple(named) if isinstance(named, Sequence) else ()
    if not listed or any(each not in _PARTS for each in listed):
        raise ParameterError(
            f"what is {what!r}, expected {', '.join(map(repr, _PARTS[:-1]))} or {_PARTS[-1]!r}, or "
            "a list of them"
        )
    return listed


def _sums(mixture: Density, X: Any, sample_weight: Any) -> tuple[Floats, Floats, Floats]:
    """Σ_i v_i r_ik, and the first (K, D) and second moments (K, D, D) about the means."""
    k, d = mixture.means.shape

    def summed(executor: Executor, block: Block) -> Floats:
        sums = executor.run(
            ArraySource(block.rows, block.weights),
            partial(kernel.accumulate, components=mixture.components, diagonal=False),
        )
        return np.concatenate([sums.weight[:k], sums.first[:k].ravel(), sums.second[:k].ravel()])

    if is_out_of_core(X):
        whole = totals(X, sample_weight, summed, d, mixture.feature_names)
    else:
        rows = mixture.rows(X)
        fields = fields_of(weights=row_weights(sample_weight, len(rows)))
        whole = summed(default_executor(), Block(0, rows, fields))
    weight, first, second = np.split(whole, [k, k + k * d])
    return weight, first.reshape(k, d), second.reshape(k, d, d)
