"""Streamed: what a Bayesian estimator knows between two batches."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from mixtura.bayesian.belief import Belief, Variational
from mixtura.bayesian.runs import fit_opened
from mixtura.engine.arrays import Floats, Rows
from mixtura.engine.statistics import Statistics
from mixtura.errors import ParameterError
from mixtura.estimators.beliefs import hold_belief, hold_bound, hold_fit, wishes_of
from mixtura.estimators.checks import check_numbers, check_parameters
from mixtura.fitting.stepwise import rows_to_start
from mixtura.rows.data import Data
from mixtura.rows.opening import Held, row_fields
from mixtura.rows.weights import row_weights


@dataclass(frozen=True, eq=False)
class Stream:
    """Batches that wait for a start, then the sums over all that were seen.

    Parameters
    ----------
    waiting : rows and weights.
    sums : about the means that they were taken under; None until there is a start.
    n_rows : how many were seen.
    entropy : of the responsibilities that the sums are under, nats; NaN where it is not known.
    """

    waiting: tuple[tuple[Rows, Floats], ...] = ()
    sums: Statistics | None = None
    n_rows: int = 0
    entropy: float = 0.0


def learn_batch(model: Any, X: Any, sample_weight: Any) -> None:
    """Have an estimator learn a batch; see `BayesianGaussianMixture.partial_fit`."""
    check_parameters(model)
    check_numbers(X)
    first = not (hasattr(model, "mixture_") or hasattr(model, "_stream"))
    rows = model._validated(X, reset=first)
    weights = row_weights(sample_weight, len(rows))
    stream: Stream | None = getattr(model, "_stream", None)
    seen = (rows, np.ones(len(rows)) if weights is None else weights)
    if stream is None and not hasattr(model, "mixture_"):
        stream = Stream()
    if stream is not None and stream.sums is None:
        stream = replace(stream, waiting=(*stream.waiting, seen), n_rows=stream.n_rows + len(rows))
        if stream.n_rows >= rows_to_start(model.n_components, rows.shape[1]):
            stream = _started(model, stream)
    else:
        stream = _learnt(model, stream, *seen)
    model._stream = stream
    model.n_samples_seen_ = stream.n_rows


def _started(model: Any, stream: Stream) -> Stream:
    """A fit to all that waits, and the sums under it."""
    rows = np.concatenate([rows for rows, _ in stream.waiting])
    weights = np.concatenate([weights for _, weights in stream.waiting])
    names = getattr(model, "feature_names_in_", None)
    held = Held(
        rows,
        row_fields({"weights": weights}, rows.shape),
        None if names is None else tuple(names),
    )
    fit = fit_opened(held, wishes_of(model), check_random_state(model.random_state))
    hold_fit(model, fit)
    return _added(model, Stream(n_rows=stream.n_rows), fit.belief, rows, weights)


def _learnt(model: Any, stream: Stream | None, rows: Rows, weights: Floats) -> Stream:
    """The sums with those of a batch, and the belief in them held."""
    belief = model.fit_.belief
    if belief.posterior.n_components != model.n_components:
        raise ParameterError(
            f"n_components is {model.n_components}, what was learnt so far has "
            f"{belief.posterior.n_components}: ask for as many, or begin with a clone"
        )
    if stream is None:  # it goes on from a fit, whose laws say what sums led to them
        stream = Stream((), _sums_of(belief), model.fit_.n_rows, entropy=math.nan)
    return _added(model, stream, belief, rows, weights)


def _added(model: Any, stream: Stream, belief: Belief, rows: Rows, weights: Floats) -> Stream:
    wishes = wishes_of(model)
    data = Data.held(rows, row_fields({"weights": weights}, rows.shape))
    engine = Variational(data, belief.posterior.prior, wishes.concentration, wishes.ridge)
    sums, n_rows = engine.looking(belief), stream.n_rows
    entropy = stream.entropy + belief.entropy(sums)
    if stream.sums is not None:
        sums = stream.sums.about(sums.reference) + sums
        n_rows += len(rows)
    after = engine.believing(sums)
    joint = after.expected_joint(sums.about(after.posterior.means))
    hold_belief(model, after)
    hold_bound(model, entropy + joint - after.divergence)
    model.n_iter_ = getattr(model, "n_iter_", 0) + 1
    return Stream((), sums, n_rows, entropy)


def _sums_of(belief: Belief) -> Statistics:
    """Sums about the means that lead to laws, where each component has its own.

    Raises
    ------
    ParameterError : components share a law, from which their own sums cannot be told.
    """
    laws = belief.posterior
    prior, d = laws.prior, laws.n_features
    if prior.family.joint or prior.scale.ndim == 0:
        raise ParameterError(
            "partial_fit after fit needs the sums of each component, which laws that are shared "
            "or of one variance do not tell: begin with partial_fit"
        )
    apart = prior.mean - laws.means
    squares = laws.scale - prior.scale
    if squares.ndim == 3:
        squares = squares - prior.mean_precision * apart[:, :, None] * apart[:, None, :]
    else:
        squares = squares - prior.mean_precision * apart * apart
    first = -prior.mean_precision * apart
    total = float(np.add.reduce(laws.weight))
    assert d == laws.means.shape[1]
    return Statistics(laws.means.copy(), laws.weight.copy(), first, squares, 0.0, 0, total)
