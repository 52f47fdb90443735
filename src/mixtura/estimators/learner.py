"""Learner: what `partial_fit` knows between two batches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state

from mixtura.engine.arrays import Floats, Rows
from mixtura.engine.executors import default_executor
from mixtura.errors import CollapseError, ParameterError
from mixtura.estimators.asked import Asked
from mixtura.estimators.checks import check_numbers, check_parameters, collapsed
from mixtura.estimators.holding import hold_mixture
from mixtura.estimators.prepared import given_of
from mixtura.fitting import Fit, Given, Settings, fit_rows
from mixtura.fitting.stepwise import Stepwise, rows_to_start
from mixtura.rows.data import check_extent
from mixtura.rows.in_memory import check_here, lacks_any
from mixtura.rows.opening import Held
from mixtura.rows.weights import row_weights


def learn(model: Asked, X: Any, sample_weight: Any) -> None:
    """Have an estimator learn a batch; see `GaussianMixture.partial_fit`."""
    check_parameters(model)
    for name in ("prior", "noise"):
        if getattr(model, name) not in (None, False):
            raise ParameterError(
                f"{name} is set, which depends on all rows, and partial_fit sees them batch by "
                f"batch: leave {name} out, or call fit"
            )
    if model.n_factors is not None:
        raise ParameterError(
            "partial_fit learns no factor analysers yet: call fit, which takes rows that are read "
            "anew at each pass as well, or leave n_factors out"
        )
    check_here(X)
    first = not (hasattr(model, "mixture_") or hasattr(model, "n_samples_seen_"))
    check_numbers(X, holes=model._holes)
    rows = model._validated(X, reset=first)
    weights = row_weights(sample_weight, len(rows))
    learner = getattr(model, "_learner", None)
    if learner is None:
        learner = Learner.after(model.fit_) if hasattr(model, "fit_") else Learner.empty()
    names = getattr(model, "feature_names_in_", None)
    try:
        learner = learner.after_batch(
            rows,
            weights,
            model._settings(),
            given_of(model),
            check_random_state(model.random_state),
            None if names is None else tuple(names),
        )
    except CollapseError as error:
        raise collapsed(error) from None
    model._learner = learner
    model.n_samples_seen_ = learner.n_rows
    model.partial_trace_ = learner.trace
    if learner.learnt is not None:
        model.__dict__.pop("fit_", None)
        hold_mixture(model, learner.learnt.mixture)
        model.converged_ = False
        model.n_iter_ = len(learner.trace)
        model.lower_bound_ = learner.learnt.score
        model.lower_bounds_ = learner.trace


def check_started(model: Asked) -> None:
    """Say what is missing where all rows still wait for a start.

    Raises
    ------
    NotFittedError : they do.
    """
    if hasattr(model, "n_samples_seen_") and not hasattr(model, "mixture_"):
        least = rows_to_start(model.n_components, model.n_features_in_)
        raise NotFittedError(
            f"partial_fit has seen {model.n_samples_seen_} rows, and starts from {least}: give it "
            "more, or call fit"
        )


@dataclass(frozen=True, eq=False)
class Learner:
    """Batches that wait for a start, then what has been learnt.

    Parameters
    ----------
    waiting : rows and weights, those of weight 0 left out.
    learnt : None until there are rows enough for a start.
    trace : the mean log-likelihood of each batch before it was learnt from, nats a row; a list
        that grows.
    """

    waiting: tuple[tuple[Rows, Floats | None], ...]
    learnt: Stepwise | None
    trace: list[float]

    @classmethod
    def empty(cls) -> Learner:
        """A learner that has seen no row."""
        return cls((), None, [])

    @classmethod
    def after(cls, fit: Fit) -> Learner:
        """A learner that goes on from a fit."""
        learnt = Stepwise.starting(fit.mixture, fit.settings, fit.n_rows, fit.total_weight)
        return cls((), replace(learnt, score=fit.mean_log_likelihood), [])

    @property
    def n_rows(self) -> int:
        """How many rows were seen, those that wait included."""
        if self.learnt is not None:
            return self.learnt.n_rows
        return sum(len(rows) for rows, _ in self.waiting)

    def after_batch(
        self,
        rows: Rows,
        weights: Floats | None,
        settings: Settings,
        given: Given,
        random: np.random.RandomState,
        names: tuple[str, ...] | None,
    ) -> Learner:
        """The learner after one more batch of rows.

        Parameters
        ----------
        rows : (m, D), finite; NaN where a value is missing.
        weights : (m,), at least 0, or None.
        settings, given, random : of the start; the structure and the regularisation hold on.
        names : of the features, or None.

        Raises
        ------
        ParameterError : the settings ask for another kind of mixture than has been learnt.
        DataError : values are too large.
        CollapseError : a covariance became singular and reg_covar is 0.
        """
        low, high = (np.nan_to_num(end.reduce(rows)) for end in (np.fmin, np.fmax))
        check_extent(max(len(rows), 2), low, high, 1, names, rows.dtype)
        if weights is not None:
            counting = weights > 0.0
            rows, weights = rows[counting], weights[counting]
        if self.learnt is None:
            waiting = replace(self, waiting=(*self.waiting, (rows, weights)))
            if waiting.n_rows < rows_to_start(settings.n_components, rows.shape[1]):
                return waiting
            return waiting._started(settings, given, random, names)
        _check(self.learnt, settings)
        learnt = replace(self.learnt, settings=settings)
        learnt = learnt.learning(rows, weights, default_executor())
        self.trace.append(learnt.score)
        return replace(self, learnt=learnt)

    def _started(
        self,
        settings: Settings,
        given: Given,
        random: np.random.RandomState,
        names: tuple[str, ...] | None,
    ) -> Learner:
        """A fit to all that waits."""
        rows = np.concatenate([rows for rows, _ in self.waiting])
        fields = {}
        if any(weights is not None for _, weights in self.waiting):
            shares = [np.ones(len(r)) if v is None else v for r, v in self.waiting]
            fields["weights"] = np.concatenate(shares)
        held = Held(rows, fields, names, lacks_any(rows))
        fit = fit_rows(held, settings, given=given, random=random)
        return replace(Learner.after(fit), trace=self.trace)


def _check(learnt: Stepwise, settings: Settings) -> None:
    mixture = learnt.mixture
    if mixture.n_components != settings.n_components:
        raise ParameterError(
            f"n_components is {settings.n_components}, what was learnt so far has "
            f"{mixture.n_components}: ask for as many, or begin with a clone of the estimator"
        )
    if mixture.structure.letters != settings.structure.letters:
        raise ParameterError(
            f"the covariances are to be {settings.structure.name}, what was learnt so far has "
            f"{mixture.structure.name} ones: ask for the same, or begin with a clone of the "
            "estimator"
        )
