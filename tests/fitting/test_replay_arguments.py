"""What a fit keeps of its beginning leads to the same fit again."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mixtura
from mixtura import Given
from mixtura.datasets import faithful, iris
from mixtura.fitting.replay_arguments import replay_arguments


@pytest.mark.parametrize("start", ["auto", "kmeans", "k-means++", "random", "random_from_data"])
def test_a_fit_by_a_record_s_recipe_has_the_record_s_bits(start):
    fit = mixtura.fit(iris(), 3, start=start, random_state=5, n_init=2, tol=1e-4)
    written = json.loads(json.dumps(fit.summary()))
    again = mixtura.fit(iris(), 3, **replay_arguments(written))
    assert np.array_equal(again.trace, fit.trace)
    assert np.array_equal(again.mixture.covariances, fit.mixture.covariances)


def test_the_estimator_s_fit_has_a_recipe_too():
    model = mixtura.GaussianMixture(2, random_state=7, init_params="random").fit(faithful().rows)
    again = mixtura.fit(faithful(), 2, **replay_arguments(model.fit_.summary()))
    assert np.array_equal(again.trace, model.fit_.trace)
    told = mixtura.GaussianMixture(2, random_state=7, means_init=[[2.0, 55.0], [4.0, 80.0]])
    assert replay_arguments(told.fit(faithful().rows).fit_.summary()) == {}


def test_a_start_that_no_name_and_number_leads_to_has_no_recipe():
    table = faithful()
    labels = np.arange(len(table)) % 2
    given = Given(means=[[2.0, 55.0], [4.0, 80.0]])
    for fit in (
        mixtura.fit(table, 2, start=labels),
        mixtura.fit(table, 2, start="random", random_state=np.random.RandomState(0)),
        mixtura.fit(table, 2, given=given),
    ):
        assert replay_arguments(json.loads(json.dumps(fit.summary()))) == {}


SOUND = mixtura.fit(faithful(), 2, max_iter=1).summary()["settings"]


@pytest.mark.parametrize(
    "settings",
    [
        None,
        3,
        {},
        {**SOUND, "start": "</script>"},
        {**SOUND, "start": ["kmeans"]},
        {**SOUND, "tol": "soon"},
        {**SOUND, "tol": float("nan")},
        {**SOUND, "max_iter": 1.5},
        {**SOUND, "n_init": 0},
        {**SOUND, "reg_covar": -1.0},
        {**SOUND, "accelerate": "perhaps"},
        {**SOUND, "seed": -1},
        {**SOUND, "seed": True},
        {**SOUND, "seed": "0"},
    ],
)
def test_what_a_file_says_amiss_is_no_recipe(settings):
    assert replay_arguments({"settings": settings}) == {}


@pytest.mark.parametrize(
    "assumed",
    [
        {"weights": "equal"},
        {"prior": "conjugate"},
        {"prior": mixtura.Prior(shrinkage=0.5, degrees_of_freedom=7.0)},
        {"prior": mixtura.Prior(mean=[3.5, 70.0], scale=[[0.3, 0.1], [0.1, 20.0]])},
        {"noise": True},
        {"noise": 400.0},
        {"noise": mixtura.Box([0.0, 30.0], [10.0, 100.0])},
        {"weights": "equal", "prior": True, "noise": True},
    ],
    ids=str,
)
def test_assumptions_are_part_of_a_recipe(assumed):
    fit = mixtura.fit(faithful(), 2, start="kmeans", max_iter=30, **assumed)
    found = replay_arguments(json.loads(json.dumps(fit.summary())))
    assert assumed.keys() <= found.keys()
    again = mixtura.fit(faithful(), 2, **found)
    assert np.array_equal(again.trace, fit.trace)


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": "some"},
        {"prior": {"depth": 1.0}},
        {"prior": {"shrinkage": "much"}},
        {"prior": None},
        {"noise": None},
        {"noise": -1.0},
        {"noise": {"low": [0.0], "extent": [-1.0]}},
        {"noise": {"low": [0.0]}},
        {"noise": []},
    ],
)
def test_assumptions_that_a_file_tells_amiss_are_no_recipe(wrong):
    assert replay_arguments({"settings": {**SOUND, **wrong}}) == {}
