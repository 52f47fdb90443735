"""Every number, count and place that a person gives is what it says, or is refused in words."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import mixtura
from mixtura import Box, GaussianMixture, Given, Mixture, Noise, Prior
from mixtura.errors import MixturaError, ParameterError

X = np.concatenate([np.random.default_rng(0).normal(c, 1.0, (25, 2)) for c in (0.0, 6.0)])
MIXTURE = mixtura.fit(X, 2).mixture
FIT = mixtura.fit(X, 2)

#: none of these is a number that anybody means
ODD = [
    10**400,
    float("nan"),
    float("inf"),
    1j,
    "1",
    "x",
    [1],
    np.array([1.7]),
    np.datetime64("2020-01-01"),
    np.timedelta64(3, "s"),
    datetime.timedelta(1),
    object(),
]
#: of a whole number neither are these
PARTS = [1.7, np.float64(1.0), True, np.True_, Decimal("0.5"), Fraction(1, 2), None]

NUMBERS: dict[str, Callable[[Any], Any]] = {
    "tol": lambda v: mixtura.fit(X, 2, tol=v),
    "reg_covar": lambda v: mixtura.fit(X, 2, reg_covar=v),
    "noise": lambda v: mixtura.fit(X, 2, noise=v),
    "sample_weight": lambda v: mixtura.fit(X, 2, sample_weight=[v] * len(X)),
    "the prior's mean": lambda v: mixtura.fit(X, 2, prior=Prior(mean=[v, v])),
    "the prior's shrinkage": lambda v: mixtura.fit(X, 2, prior=Prior(shrinkage=v)),
    "the prior's degrees": lambda v: mixtura.fit(X, 2, prior=Prior(degrees_of_freedom=v)),
    "the prior's scale": lambda v: mixtura.fit(X, 2, prior=Prior(scale=v)),
    "a box's corner": lambda v: Box([v, 0.0], [1.0, 1.0]),
    "a box's side": lambda v: Box([0.0, 0.0], [v, 1.0]),
    "the noise's weight": lambda v: Noise(v, Box([0.0], [1.0])),
    "a weight": lambda v: Mixture([v, v], [[0.0], [1.0]], [[[1.0]]] * 2),
    "a mean": lambda v: Mixture([1.0], [[v]], [[[1.0]]]),
    "a covariance": lambda v: Mixture([1.0], [[0.0]], [[[v]]]),
    "a value that is given": lambda v: MIXTURE.condition({0: v}),
    "level": lambda v: FIT.standard_errors(X).intervals(v),
    "weights to start from": lambda v: mixtura.fit(X, 2, given=Given(weights=[v, v])),
    "means to start from": lambda v: mixtura.fit(X, 2, given=Given(means=[[v, 0.0], [1.0, 1.0]])),
    "labels to start from": lambda v: mixtura.fit(X, 2, start=[v] * 25 + [0] * 25),
    "shares to start from": lambda v: mixtura.fit(X, 2, start=[[v, v]] * 50),
    "the estimator's tol": lambda v: GaussianMixture(2, tol=v).fit(X),
    "the estimator's reg_covar": lambda v: GaussianMixture(2, reg_covar=v).fit(X),
    "the estimator's noise": lambda v: GaussianMixture(2, noise=v).fit(X),
}
WHOLE: dict[str, Callable[[Any], Any]] = {
    "n_components": lambda v: mixtura.fit(X, v),
    "max_iter": lambda v: mixtura.fit(X, 2, max_iter=v),
    "n_init": lambda v: mixtura.fit(X, 2, n_init=v),
    "every": lambda v: mixtura.fit(X, 2, checkpoint="never", every=v),
    "n": lambda v: MIXTURE.sample(v),
    "n_bootstrap": lambda v: FIT.standard_errors(X, "bootstrap", n_bootstrap=v),
    "folds": lambda v: mixtura.select(X, [1], criterion="cv", folds=v),
    "the components of a selection": lambda v: mixtura.select(X, [v]),
    "the components of a test": lambda v: mixtura.bootstrap_test(X, [v], n_bootstrap=1),
    "a feature": lambda v: MIXTURE.marginal([v]),
    "the features": lambda v: MIXTURE.marginal(v),
    "rows to explain": lambda v: MIXTURE.explain(X, [v]),
    "the estimator's n_components": lambda v: GaussianMixture(v).fit(X),
    "the estimator's sample": lambda v: GaussianMixture(2, random_state=0).fit(X).sample(v),
}


#: what may be as large as anybody wants, and a list where one is asked for
UNBOUNDED = ("max_iter", "n_init", "n_bootstrap", "every")


def cases() -> list[Any]:
    found = []
    for door in [*NUMBERS, *WHOLE]:
        for value in ODD if door in NUMBERS else [*ODD, *PARTS]:
            huge = isinstance(value, int) and value > 1
            if (huge and door in UNBOUNDED) or (door == "the features" and value == [1]):
                continue
            shown = "10**400" if huge else repr(value).partition(" at 0x")[0][:24]
            found.append(pytest.param(door, value, id=f"{door}-{shown}"))
    return found


@pytest.mark.parametrize(("door", "value"), cases())
def test_what_is_no_number_is_refused_in_words(door: str, value: Any) -> None:
    with pytest.raises(
        (MixturaError, ValueError), match=r"expected|must be|should be|there is no|a mask has"
    ):
        {**NUMBERS, **WHOLE}[door](value)


EXTREME = [1e-320, 1e-300, 1e-8, 1e8, 1e300, 1.7e308]


@pytest.mark.parametrize("value", EXTREME)
@pytest.mark.parametrize("door", NUMBERS)
def test_an_extreme_number_ends_in_an_answer_or_in_words(door: str, value: float) -> None:
    said = ""
    found: Any = None
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            found = NUMBERS[door](value)
        except (MixturaError, ValueError) as error:
            said = str(error)
    assert found is not None or "expected" in said or "should be" in said
    assert {one.category.__name__ for one in told} <= {"ConvergenceWarning"}
    if isinstance(found, mixtura.Fit):
        assert np.isfinite([found.log_likelihood, found.aic, found.bic]).all()


# -- places ----------------------------------------------------------------------------------

FOUR = Mixture(
    [0.5, 0.5],
    [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]],
    np.ones((2, 4)),
    "diag",
    feature_names=list("abcd"),
)


@pytest.mark.parametrize(
    "features",
    [
        [1, 3],
        ["b", "d"],
        (1, "d"),
        np.array([1, 3]),
        np.array([1, 3], dtype=np.uint8),
        [False, True, False, True],
        np.array([False, True, False, True]),
    ],
)
def test_features_are_chosen_by_number_by_name_or_by_a_mask(features: Any) -> None:
    assert FOUR.marginal(features).feature_names == ("b", "d")
    assert FOUR.marginal(features).means.tolist() == [[1.0, 3.0], [5.0, 7.0]]


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ([1.7], r"features holds 1\.7, which is no feature: expected whole numbers from 0 to 3"),
        ([1.0], r"features holds 1\.0, which is no feature"),
        ([True, False], r"a mask has True or False for each of the 4 features, and this has 2"),
        ([True, 1], "a mask has True or False .* and this has other things besides"),
        ("bd", r"features is 'bd', expected a list of features: write \['bd'\]"),
        (1, r"features is 1, expected a list of features: write \[1\]"),
        ([4], "there is no feature 4, this mixture has 4, numbered from 0: a, b, c, d"),
        ([-1], "there is no feature -1"),
        ([False] * 4, "no features given"),
    ],
)
def test_features_that_are_none_are_refused(features: Any, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        FOUR.marginal(features)
    if features not in ([False] * 4,):
        with pytest.raises(ParameterError, match=said):
            FIT_OF_FOUR.explore(ROWS_OF_FOUR, features=features)


ROWS_OF_FOUR = FOUR.sample(60, 0)[0]
FIT_OF_FOUR = mixtura.fit(dict(zip("abcd", ROWS_OF_FOUR.T, strict=True)), 2, structure="diag")


@pytest.mark.parametrize("feature", [True, 1.7, np.float64(1.0), None])
def test_a_condition_is_on_features(feature: Any) -> None:
    with pytest.raises(ParameterError, match=r"given has the feature|features holds"):
        FOUR.condition({feature: 1.0})
    with pytest.raises(ParameterError, match=r"given is \[1\], expected a dict of features"):
        FOUR.condition([1])  # type: ignore[arg-type]


def test_rows_are_chosen_by_number_or_by_a_mask() -> None:
    rows = FOUR.sample(5, 1)[0]
    mask = np.array([False, True, False, False, True])
    assert FOUR.explain(rows, mask).row_numbers.tolist() == [1, 4]
    assert FOUR.explain(rows, [1, 4]).row_numbers.tolist() == [1, 4]
    with pytest.raises(ParameterError, match="a mask has True or False for each of the 5 rows"):
        FOUR.explain(rows, [True, False])
    with pytest.raises(ParameterError, match=r"rows holds 1\.5, which is no row"):
        FOUR.explain(rows, [1.5])  # type: ignore[list-item]
    with pytest.raises(ParameterError, match="rows holds 'a', expected whole numbers from 0"):
        FOUR.explain(rows, ["a"])  # type: ignore[list-item]


# -- weights that nearly sum to 1 ------------------------------------------------------------


@pytest.mark.parametrize("over", [9e-9, -9e-9, 3e-12, 1e-15])
def test_a_mixture_whose_weights_nearly_sum_to_1_can_be_sampled(over: float) -> None:
    mixture = Mixture([0.25, 0.75 + over], [[0.0], [1.0]], [[[1.0]]] * 2)
    assert abs(mixture.weights.sum() - 1.0) <= 1e-13
    assert len(mixture.sample(10, 0)[0]) == 10
    noisy = Mixture([0.2, 0.7 + over], [[0.0], [1.0]], [[[1.0]]] * 2, noise=Noise(0.1, UNIT))
    assert abs(noisy.shares.sum() - 1.0) <= 1e-13
    assert len(noisy.sample(10, 0)[0]) == 10


UNIT = Box([0.0], [1.0])


def test_weights_that_sum_to_1_keep_their_bits() -> None:
    weights = np.full(7, 1.0 / 7.0)
    assert Mixture(weights, np.arange(7.0)[:, None], np.ones(7), "VII").weights.tolist() == (
        weights.tolist()
    )


# -- noise of next to no volume --------------------------------------------------------------


def test_noise_of_next_to_no_volume_is_refused() -> None:
    for volume in (1e-300, 1e-12):
        with pytest.raises(ParameterError, match=r"noise is 1e-\d+, a volume, and the box about"):
            mixtura.fit(X, 2, noise=volume)


def test_noise_that_has_all_rows_is_told_so() -> None:
    model = GaussianMixture(2, noise=0.5, random_state=0)
    with pytest.warns(UserWarning, match="have no rows: give the noise a larger volume"):
        model.fit(X)
    assert np.isfinite(model.fit_.log_likelihood)


# -- words and values of another kind --------------------------------------------------------

STRANGE = [np.zeros(2), {"a": 1}, ["x"], 5, 1.5, b"x", object()]
NAMES: dict[str, Callable[[Any], Any]] = {
    "structure": lambda v: mixtura.fit(X, 2, structure=v),
    "structures": lambda v: mixtura.select(X, [1], structures=v),
    "weights": lambda v: mixtura.fit(X, 2, weights=v),
    "prior": lambda v: mixtura.fit(X, 2, prior=v),
    "given": lambda v: mixtura.fit(X, 2, given=v),
    "client": lambda v: mixtura.fit(X, 2, client=v),
    "criterion": lambda v: mixtura.select(X, [1], criterion=v),
    "method": lambda v: FIT.standard_errors(X, v),
    "sign": lambda v: FIT.criterion("bic", v),
    "a fit's criterion": lambda v: FIT.criterion(v),
    "feature_names": lambda v: Mixture([1.0], [[0.0, 0.0]], [np.eye(2)], feature_names=v),
    "accelerate": lambda v: mixtura.fit(X, 2, accelerate=v),
    "a mixture to merge": lambda v: mixtura.merge_components(v, X),
    "a mixture to take sums under": lambda v: mixtura.statistics(X, v),
    "a mixture to go on from": lambda v: mixtura.maximise(v, FIT.mixture),
    "a fit that may be off": lambda v: mixtura.standard_errors(v, X),
    "random_state": lambda v: mixtura.fit(X, 2, random_state=-5 if isinstance(v, int) else v),
}


@pytest.mark.parametrize("value", [pytest.param(v, id=repr(v)[:20]) for v in STRANGE])
@pytest.mark.parametrize("door", NAMES)
def test_what_is_no_such_word_is_refused_in_words(door: str, value: Any) -> None:
    with pytest.raises(MixturaError, match=r"expected|got|pass a Dask"):
        NAMES[door](value)


@pytest.mark.parametrize("path", ["", ".", "/", 3, b"", ["a"]])
def test_what_names_no_file_is_no_checkpoint(path: Any) -> None:
    with pytest.raises(ParameterError, match="names no file: give its name"):
        mixtura.fit(X, 2, checkpoint=path)
