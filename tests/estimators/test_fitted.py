"""What a GaussianMixture says of its fit, and how fits go on, stop and fail."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from classics import COVARIANCE_TYPES, STARTS, rows_of
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Theirs

from mixtura import GaussianMixture
from mixtura.errors import CollapseError, Interrupted
from mixtura.estimators.callbacks import Progress

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("max_iter", [0, 1, 3, 100])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_the_lower_bound_is_that_of_the_parameters(covariance_type: str, max_iter: int) -> None:
    rows = rows_of("wine")
    ours = GaussianMixture(
        3, covariance_type=covariance_type, max_iter=max_iter, random_state=0
    ).fit(rows)
    assert ours.lower_bound_ == pytest.approx(ours.score(rows), rel=1e-12)
    assert ours.lower_bounds_[-1:] == [ours.lower_bound_][: ours.n_iter_]


def test_fitted_attributes_are_the_mixtures_and_may_be_changed_without_harm() -> None:
    rows = rows_of("faithful")
    ours = GaussianMixture(2, random_state=0).fit(rows)
    before = ours.score(rows)
    assert_array_equal(ours.means_, ours.mixture_.means)
    ours.means_ += 1.0
    assert ours.score(rows) == before


def test_labels_of_a_fit_are_those_it_predicts() -> None:
    rows = rows_of("wine")
    estimator = GaussianMixture(3, random_state=0, max_iter=2)
    assert_array_equal(estimator.fit_predict(rows), estimator.predict(rows))


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_steps_of_one_iteration_make_the_longer_fit(covariance_type: str) -> None:
    rows = rows_of("wine")
    options = {"covariance_type": covariance_type, "random_state": 0}
    long = GaussianMixture(3, **options).fit(rows)
    steps = GaussianMixture(3, max_iter=1, warm_start=True, **options)
    taken = 0
    while not taken or not steps.converged_:
        steps.fit(rows)
        taken += 1
        assert taken <= 100
    assert taken == long.n_iter_
    assert_array_equal(steps.means_, long.means_)
    assert_array_equal(steps.covariances_, long.covariances_)


def test_a_warm_start_goes_on_as_in_scikit_learn() -> None:
    rows = rows_of("iris")
    options = {"max_iter": 3, "warm_start": True, "random_state": 0}
    ours, theirs = GaussianMixture(3, **options), Theirs(3, **options)
    for _ in range(7):
        ours.fit(rows)
        theirs.fit(rows)
        assert ours.n_iter_ == theirs.n_iter_
        assert ours.converged_ == theirs.converged_
        assert_allclose(ours.means_, theirs.means_, rtol=1e-9)


def test_a_fit_that_goes_on_with_other_rows_does_not_converge_by_comparing_the_two() -> None:
    random = np.random.RandomState(0)
    rows = random.standard_normal((500, 2))
    ours = GaussianMixture(2, max_iter=3, tol=0.5, warm_start=True, random_state=0).fit(rows)
    # Other rows, of nearly the same likelihood under the mixture: no iteration has been made
    # on them that could be compared with one before.
    ours.set_params(max_iter=1).fit(random.standard_normal((500, 2)))
    assert not ours.converged_
    ours.set_params(max_iter=5).fit(rows)
    assert ours.converged_
    assert ours.n_iter_ >= 2


def test_a_start_alone_is_not_converged() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = GaussianMixture(2, max_iter=0, random_state=0).fit(rows_of("faithful"))
    assert not ours.converged_
    assert ours.n_iter_ == 0
    assert ours.lower_bounds_ == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n_components": 3}, "n_components is 3, the fit to go on from has 2"),
        ({"covariance_type": "diag"}, "are to be diag, those of the fit to go on from are full"),
    ],
)
def test_a_warm_start_of_another_kind_is_refused(change: dict[str, object], sentence: str) -> None:
    rows = rows_of("faithful")
    fitted = GaussianMixture(2, warm_start=True, random_state=0).fit(rows)
    with pytest.raises(ValueError, match=sentence):
        fitted.set_params(**change).fit(rows)


def test_a_warm_start_with_other_columns_is_refused() -> None:
    fitted = GaussianMixture(2, warm_start=True, random_state=0).fit(rows_of("faithful"))
    with pytest.raises(ValueError, match="X has 4 features, the fit to go on from has 2"):
        fitted.fit(rows_of("iris"))


def test_the_warning_says_how_it_ended_and_what_to_do() -> None:
    with pytest.warns(ConvergenceWarning, match="out of iterations at iteration 2: raise max_iter"):
        GaussianMixture(3, max_iter=2, random_state=0).fit(rows_of("iris"))


def test_ctrl_c_leaves_the_fit_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Progress, iteration: int, *_: object) -> None:
        if iteration == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "iterated", interrupted)
    rows = rows_of("iris")
    ours = GaussianMixture(3, random_state=0, verbose=1)
    with pytest.raises(Interrupted):
        ours.fit(rows)
    stopped = GaussianMixture(3, random_state=0, max_iter=3).fit(rows)
    assert_array_equal(ours.means_, stopped.means_)
    assert ours.lower_bound_ == pytest.approx(stopped.lower_bound_, rel=1e-14)
    assert ours.lower_bound_ == pytest.approx(ours.score(rows), rel=1e-12)
    assert not ours.converged_


def test_without_regularisation_a_collapse_names_the_component() -> None:
    rows = np.vstack([np.random.RandomState(0).normal(size=(20, 2)), np.full((5, 2), 50.0)])
    with pytest.raises(CollapseError, match=r"component [01], .* 5 rows around \(50, 50\)"):
        GaussianMixture(2, reg_covar=0.0, random_state=0).fit(rows)


@pytest.mark.parametrize("init_params", STARTS)
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_with_regularisation_repeated_rows_fit(covariance_type: str, init_params: str) -> None:
    rows = np.repeat([[0.0, 0.0], [1.0, 1.0]], 5, axis=0)
    ours = GaussianMixture(
        4, covariance_type=covariance_type, init_params=init_params, random_state=0
    ).fit(rows)
    assert np.isfinite(ours.score_samples(rows)).all()
    assert_allclose(ours.predict_proba(rows).sum(axis=1), 1.0, rtol=1e-15)


def test_verbose_tells_runs_iterations_and_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    GaussianMixture(3, random_state=0, verbose=1, verbose_interval=5, n_init=2).fit(rows_of("iris"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == [
        "run 0",
        "  iteration 5",
        "  iteration 10",
        "  iteration 15",
        "  converged, 17 iterations",
    ]
    assert lines[5] == "run 1"


def test_more_verbose_tells_likelihoods_and_gains(capsys: pytest.CaptureFixture[str]) -> None:
    ours = GaussianMixture(3, random_state=0, verbose=2, verbose_interval=10).fit(rows_of("iris"))
    tenth = capsys.readouterr().out.splitlines()[1]
    trace = ours.fit_.trace
    expected = f"iteration 10: mean log-likelihood {trace[9]:.6f}, gain {trace[9] - trace[8]:.3g}"
    assert expected in tenth
