"""Equal weights, a prior and noise in the estimator."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone

from cluttered import background
from mixtura import Box, GaussianMixture, Prior


def test_its_answers_are_its_mixture_s() -> None:
    rows = background(0, 300)
    model = GaussianMixture(2, weights="equal", prior="conjugate", noise=True, random_state=0)
    labels = model.fit_predict(rows)
    assert set(labels) == {-1, 0, 1}
    assert model.predict_proba(rows).shape == (300, 3)
    assert np.ptp(model.weights_) == 0.0
    assert_allclose(model.weights_.sum() + model.noise_.weight, 1.0, rtol=1e-15)
    assert model.lower_bounds_[-1] == model.lower_bound_ == model.fit_.mean_objective
    assert_allclose(model.score(rows), model.fit_.mean_log_likelihood, rtol=1e-12)
    assert model.precisions_.shape == (2, 2, 2)
    assert_allclose(np.linalg.inv(model.covariances_), model.precisions_, rtol=1e-9)
    assert model.sample(500)[1].min() == -1
    assert model.bic(rows) == pytest.approx(model.fit_.bic)


def test_it_goes_on_from_the_fit_before() -> None:
    rows = background(0, 300)
    model = GaussianMixture(2, noise=True, prior=Prior(), warm_start=True, tol=1e-9, max_iter=500)
    first = model.fit(rows).fit_
    assert model.fit(rows).fit_.n_iter <= 3
    assert_allclose(model.fit_.mean_objective, first.mean_objective, atol=1e-8)
    model.set_params(noise=None)
    with pytest.raises(ValueError, match="the fit to go on from has other assumptions"):
        model.fit(rows)


def test_given_parameters_are_where_it_begins() -> None:
    rows = background(0, 300)
    model = GaussianMixture(
        2,
        noise=True,
        weights_init=[0.5, 0.5],
        means_init=[[-3.0, 0.0], [4.0, 2.0]],
        precisions_init=[np.eye(2), np.eye(2)],
        tol=1e-6,
    )
    assert_allclose(model.fit(rows).noise_.weight, 0.2, atol=0.05)


def test_a_clone_and_a_box() -> None:
    box = Box([-20.0, -20.0], [40.0, 40.0])
    model = clone(GaussianMixture(2, noise=box, prior=Prior(shrinkage=0.1)))
    assert model.fit(background(0, 300)).noise_.box.volume == 1600.0


@pytest.mark.parametrize("wrong", [{"weights": "same"}, {"noise": -1.0}, {"prior": "flat"}])
def test_what_it_does_not_know_is_refused_as_scikit_learn_does(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        GaussianMixture(2, **wrong).fit(background(0, 100))
