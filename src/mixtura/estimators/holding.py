"""Holding: the attributes of an estimator that is fitted, and whose turn it is to set them."""

from __future__ import annotations

import os
from _thread import LockType, allocate_lock, get_ident
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from mixtura.engine import kernel
from mixtura.errors import ParameterError
from mixtura.estimators.asked import Asked
from mixtura.fitting import Fit
from mixtura.model.mixture import Mixture, check_mixture

Kind = TypeVar("Kind", bound=Asked)


def hold(model: Asked, fit: Fit) -> None:
    """Set what a fit leads to: copies, which a caller may change without harm."""
    with in_turn(model):
        model.fit_ = fit
        hold_mixture(model, fit.mixture)
        model.converged_ = fit.outcome.converged
        model.n_iter_ = fit.n_iter
        model.lower_bound_ = fit.mean_objective
        model.lower_bounds_ = fit.trace[1:].tolist()
        model.n_samples_seen_ = fit.n_rows
        for name in ("_learner", "partial_trace_"):
            model.__dict__.pop(name, None)


def hold_mixture(model: Asked, mixture: Mixture) -> None:
    """Set the attributes of an estimator that follow from its mixture."""
    form, whitening = mixture.structure.form, mixture.gaussians.whitening(kernel.invert_lower)
    model.mixture_ = mixture
    model.weights_ = mixture.weights.copy()
    model.noise_ = mixture.noise
    model.means_ = mixture.means.copy()
    model.covariances_ = mixture.covariances.copy()
    model.precisions_ = form.precisions(whitening)
    model.precisions_cholesky_ = form.precision_factors(whitening).copy()


def holding(kind: type[Kind], mixture: Mixture, parameters: Mapping[str, Any]) -> Kind:
    """A fitted estimator of a mixture; see `GaussianMixture.from_mixture`."""
    check_mixture(mixture)
    own = {
        "n_components": mixture.n_components,
        "covariance_type": mixture.structure.kind,
        **({"n_factors": mixture.structure.n_factors} if mixture.structure.n_factors else {}),
        "weights": "equal" if mixture.equal_weights else "free",
        "noise": mixture.noise.box if mixture.noise else None,
        "init_params": mixture,
    }
    model = kind(**{**own, **parameters})
    model._validate_params()
    hold_mixture(model, mixture)
    model.n_features_in_ = mixture.n_features
    if mixture.feature_names is not None:
        model.feature_names_in_ = np.asarray(mixture.feature_names, dtype=object)
    return model


class _Turn:
    """The thread that learns with an estimator, and the lock for others."""

    def __init__(self) -> None:
        self.lock: LockType = allocate_lock()
        self.thread = 0


#: kept beside the estimators, so that these can be copied and pickled
_turns: WeakKeyDictionary[Any, _Turn] = WeakKeyDictionary()

if hasattr(os, "register_at_fork"):  # in a child nobody else learns
    os.register_at_fork(after_in_child=_turns.clear)


@contextmanager
def in_turn(model: Any) -> Iterator[None]:
    """Wait until no other thread learns with the estimator, and have the others wait meanwhile.

    Raises
    ------
    ParameterError : it is this thread that does: a callback or a signal's handler asks for more,
        and what it learnt would be lost.
    """
    turn = _turns.get(model) or _turns.setdefault(model, _Turn())
    if turn.thread == get_ident():
        raise ParameterError(
            "partial_fit is called while this thread is in partial_fit of the same estimator, from "
            "a callback or a signal's handler: keep the batch, and learn it when that is over"
        )
    with turn.lock:
        turn.thread = get_ident()
        try:
            yield
        finally:
            turn.thread = 0
