"""scikit-learn's callbacks are told of a fit's runs and iterations, and may end it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mixtura import GaussianMixture
from mixtura.datasets import iris

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 has callbacks")
ROWS = iris().rows


class Listener:
    """A callback that writes down what it is told."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.scores: list[float] = []
        self.weights: Any = None
        self.lives = [0, 0]
        self._stop_at = stop_at

    def setup(self, estimator, context):
        self.lives[0] += 1

    def teardown(self, estimator, context):
        self.lives[1] += 1

    def on_fit_task_begin(self, estimator, context, *, X=None, metadata=None):
        self.begun.append(context.task_name)
        self.weights = metadata and metadata["sample_weight"]
        assert X.shape == ROWS.shape

    def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
        self.ended.append(context.task_name)
        if context.task_name == "iteration":
            self.scores.append(fitted_estimator.score(X))
        return self._stop_at is not None and len(self.scores) == self._stop_at


def test_tasks_are_the_fit_its_runs_and_their_iterations():
    listener = Listener()
    model = GaussianMixture(3, n_init=2, random_state=0, init_params="random_from_data")
    model.set_callbacks(listener).fit(ROWS)
    assert listener.lives == [1, 1]
    assert sorted(listener.begun) == sorted(listener.ended)
    assert listener.begun[:3] == ["fit", "run", "iteration"]
    assert (listener.begun.count("run"), listener.ended[-2:]) == (2, ["run", "fit"])
    assert listener.weights is None


def test_the_estimator_of_an_iteration_has_the_score_that_the_trace_says():
    listener = Listener()
    model = GaussianMixture(3, random_state=0).set_callbacks(listener).fit(ROWS)
    np.testing.assert_allclose(listener.scores, model.fit_.trace[:-1], rtol=1e-12)
    plain = GaussianMixture(3, random_state=0).fit(ROWS)
    np.testing.assert_array_equal(model.means_, plain.means_)


def test_scikit_learn_s_monitor_follows_the_log_likelihood():
    monitor = callback.ScoringMonitor(scoring={"score": lambda model, X, y: model.score(X)})
    model = GaussianMixture(3, random_state=0).set_callbacks(monitor)
    model.fit(ROWS, np.zeros(len(ROWS)))  # without labels it keeps no scores
    scores = [each["score"] for each in monitor.get_logs().data if each["task_name"] == "iteration"]
    np.testing.assert_allclose(scores, model.fit_.trace[:-1], rtol=1e-12)


def test_a_callback_may_end_the_fit():
    listener = Listener(stop_at=3)
    model = GaussianMixture(3, random_state=0, tol=0.0).set_callbacks(listener)
    model.fit(ROWS)  # and nobody warns: it was asked for
    assert len(listener.scores) == 3
    assert listener.lives == [1, 1]
    assert not model.converged_
    assert model.score(ROWS) == pytest.approx(listener.scores[-1], rel=1e-12)


def test_weights_are_told():
    listener = Listener()
    weights = np.arange(1.0, 151.0)
    GaussianMixture(2, random_state=0).set_callbacks(listener).fit(ROWS, sample_weight=weights)
    np.testing.assert_array_equal(listener.weights, weights)


def test_callbacks_are_told_of_the_end_of_a_fit_that_fails():
    listener = Listener()
    model = GaussianMixture(2, reg_covar=0.0).set_callbacks(listener)
    warnings.simplefilter("ignore")
    with pytest.raises(ValueError, match="ill-defined"):
        model.fit(np.zeros_like(ROWS))
    assert listener.lives == [1, 1]


def test_clones_and_searches_take_callbacks_along():
    class Everywhere(Listener):
        max_propagation_depth = None

        def on_fit_task_begin(self, estimator, context):
            self.begun.append(f"{type(estimator).__name__}: {context.task_name}")

        def on_fit_task_end(self, estimator, context):
            pass

    listener = Everywhere()
    pipe = make_pipeline(StandardScaler(), GaussianMixture(2, random_state=0, tol=0.1))
    pipe.set_callbacks(listener).fit(ROWS)
    assert "GaussianMixture: iteration" in listener.begun
    search = GridSearchCV(GaussianMixture(2, tol=0.1), {"covariance_type": ["full", "diag"]}, cv=2)
    listener = Everywhere()
    search.set_callbacks(listener).fit(ROWS)
    assert listener.begun.count("GaussianMixture: run") == 5
    model = GaussianMixture(2).set_callbacks(listener)
    assert clone(model)._skl_callbacks == [listener]
    assert not hasattr(model.set_callbacks(), "_skl_callbacks")
