"""BayesianGaussianMixture: scikit-learn's parameters, and a bound that is one."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import entr
from sklearn.base import clone
from sklearn.mixture import BayesianGaussianMixture as Theirs

import mixtura
from mixtura import BayesianGaussianMixture
from mixtura.errors import ParameterError

KINDS = ["full", "tied", "diag", "spherical"]
PRIORS = ["dirichlet_process", "dirichlet_distribution"]
pytestmark = pytest.mark.filterwarnings("ignore:.*did not converge.*")


def rows_of(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    d = int(random.integers(1, 5))
    centres = random.normal(scale=4.0, size=(3, d))
    n = int(random.integers(20, 200))
    return centres[random.integers(3, size=n)] + random.normal(size=(n, d))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_scikit_learns_parameters(kind: str, prior: str, seed: int) -> None:
    rows = rows_of(seed)
    asked = {
        "n_components": 4,
        "covariance_type": kind,
        "weight_concentration_prior_type": prior,
        "random_state": seed,
    }
    theirs = Theirs(**asked).fit(rows)
    ours = BayesianGaussianMixture(**asked, bound="scikit-learn", predictive="plug-in").fit(rows)
    assert ours.n_iter_ == theirs.n_iter_
    for name in (
        *("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"),
        *("mean_precision_", "degrees_of_freedom_", "lower_bound_", "lower_bounds_"),
        *("covariance_prior_", "mean_prior_", "weight_concentration_prior_"),
    ):
        # Of tied covariances their bound is an array of one number.
        expected = np.reshape(getattr(theirs, name), np.shape(getattr(ours, name)))
        assert_allclose(getattr(ours, name), expected, rtol=1e-6, err_msg=name)
    assert_allclose(ours.predict_proba(rows), theirs.predict_proba(rows), atol=1e-9)
    assert_allclose(ours.score_samples(rows), theirs.score_samples(rows), rtol=1e-9)
    assert_allclose(ours.sample(5)[0], theirs.sample(5)[0], rtol=1e-6)
    assert_array_equal(ours.predict(rows), theirs.predict(rows))


def test_theirs_is_ours_without_the_constants() -> None:
    """Written out from scikit-learn's attributes: with them its bound is that of the evidence."""
    from scipy.special import gammaln

    rows = rows_of(2)
    (n, d), k = rows.shape, 3
    theirs = Theirs(
        n_components=k,
        weight_concentration_prior_type="dirichlet_distribution",
        reg_covar=0.0,
        tol=1e-9,
        max_iter=1000,
        random_state=0,
    ).fit(rows)
    alpha, beta, nu = 1.0 / k, 1.0, float(d)
    log_scale = np.linalg.slogdet(theirs.covariance_prior_)[1]
    each = 0.5 * d * np.log(beta) + 0.5 * nu * log_scale - 0.5 * nu * d * np.log(2.0)
    each -= gammaln(0.5 * (nu - np.arange(d))).sum()
    constant = k * each - 0.5 * n * d * np.log(2.0 * np.pi)
    constant += gammaln(k * alpha) - k * gammaln(alpha)
    ours = BayesianGaussianMixture(
        n_components=k,
        weight_concentration_prior_type="dirichlet_distribution",
        reg_covar=0.0,
        tol=1e-9,
        max_iter=1000,
        random_state=0,
    ).fit(rows)
    assert_allclose(ours.elbo_, theirs.lower_bound_ + constant, rtol=1e-9)
    assert ours.lower_bound_ == ours.elbo_


def test_a_structure_has_a_prior_of_its_own() -> None:
    random = np.random.default_rng(0)
    rows = np.vstack([random.normal(size=(100, 2)), random.normal(8.0, size=(100, 2))])
    bounds = {
        name: BayesianGaussianMixture(
            n_components=4, structure=name, moves=True, max_iter=1000, random_state=0
        )
        .fit(rows)
        .elbo_
        for name in ("EII", "VII", "VVI", "VVV")
    }
    assert max(bounds, key=bounds.__getitem__) == "EII"  # from which the rows were drawn
    with pytest.raises(ParameterError, match="VVE has no conjugate prior"):
        BayesianGaussianMixture(structure="VVE").fit(rows)


def test_scores_and_labels_are_of_the_predictive_density() -> None:
    rows = rows_of(3)
    model = BayesianGaussianMixture(n_components=3, random_state=0).fit(rows)
    assert_array_equal(model.score_samples(rows), model.predictive_.score_samples(rows))
    assert_array_equal(model.predict(rows), model.predict_proba(rows).argmax(axis=1))
    assert_array_equal(model.fit_predict(rows), model.predict(rows))
    drawn, labels = model.sample(100)
    assert drawn.shape == (100, rows.shape[1])
    assert set(labels.tolist()) <= {-1, 0, 1, 2}


def test_a_stream_is_learnt_batch_by_batch() -> None:
    random = np.random.default_rng(0)
    model = BayesianGaussianMixture(n_components=2, random_state=0)
    batches = [random.normal(8.0 * random.integers(2, size=(50, 1))) for _ in range(40)]
    for batch in batches:
        model.partial_fit(batch)
    whole = BayesianGaussianMixture(n_components=2, random_state=0, tol=1e-9).fit(
        np.vstack(batches)
    )
    assert model.n_samples_seen_ == 2000
    assert_allclose(np.sort(model.means_[:, 0]), np.sort(whole.means_[:, 0]), atol=1e-2)
    assert_allclose(sum(model.mean_precision_), 2000 + 2, rtol=1e-9)


def test_after_a_fit_a_stream_goes_on() -> None:
    rows = rows_of(4)
    model = BayesianGaussianMixture(n_components=3, random_state=0, reg_covar=0.0).fit(rows)
    before = model.mean_precision_.sum()
    model.partial_fit(rows[:10])
    assert_allclose(model.mean_precision_.sum(), before + 10)
    assert not hasattr(model, "elbo_")  # of which components the rows were is not known


@pytest.mark.parametrize(
    "wish",
    [
        *({"covariance_type": kind} for kind in KINDS),
        {"structure": "EEE", "moves": True},
        {"structure": "VVI", "moves": True},
        {"structure": "EII", "reg_covar": 0.2},
    ],
)
def test_the_bound_of_a_stream_is_that_of_rows_that_stay_where_they_were(wish: Any) -> None:
    """E log p(X, Z, θ) − E log q, row by row, with each row's shares as they were when it came."""
    random = np.random.default_rng(0)
    rows = random.normal(6.0 * random.integers(2, size=(300, 1)), size=(300, 2))
    asked = {"n_components": 2, "random_state": 0, **wish}
    model = BayesianGaussianMixture(**asked).partial_fit(rows[:100])
    shares = [
        BayesianGaussianMixture(**asked).fit(rows[:100]).fit_.plug_in.predict_proba(rows[:100])
    ]
    for begin in (100, 200):
        batch = rows[begin : begin + 100]
        shares.append(model.fit_.plug_in.predict_proba(batch))
        model.partial_fit(batch)
    each, density = np.concatenate(shares), model.fit_.plug_in
    joint = density.score_samples(rows)[:, None] + np.log(density.predict_proba(rows))
    bound = (each * joint).sum() + entr(each).sum() - model.fit_.belief.divergence
    assert_allclose(model.elbo_, bound, rtol=1e-10)
    assert model.lower_bound_ == model.fit_.elbo == model.elbo_


def test_a_warm_start_goes_on_from_the_fit_before_and_from_no_other_kind() -> None:
    rows = rows_of(8)
    asked = {"n_components": 3, "random_state": 0, "tol": 1e-12}
    model = BayesianGaussianMixture(**asked, warm_start=True, max_iter=5).fit(rows).fit(rows)
    whole = BayesianGaussianMixture(**asked, max_iter=10).fit(rows)
    assert_allclose(model.means_, whole.means_, rtol=1e-10)
    with pytest.raises(ParameterError, match="the fit to go on from has 3 components"):
        model.set_params(n_components=4).fit(rows)


def test_it_is_cloned_pickled_and_saved(tmp_path: Any) -> None:
    rows = rows_of(5)
    model = BayesianGaussianMixture(n_components=3, random_state=0).fit(rows)
    assert_array_equal(clone(model).fit(rows).means_, model.means_)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.score_samples(rows), model.score_samples(rows))
    mixtura.save(model, tmp_path / "m")
    kept = mixtura.load_bayes(tmp_path / "m")
    assert_array_equal(kept.predictive.score_samples(rows), model.score_samples(rows))


def test_rows_in_files_and_on_workers_are_those_in_memory(tmp_path: Any) -> None:
    rows = rows_of(6)
    np.save(tmp_path / "rows.npy", rows)
    asked = {"n_components": 3, "random_state": 0}
    here = BayesianGaussianMixture(**asked).fit(rows)
    there = BayesianGaussianMixture(**asked).fit(str(tmp_path / "rows.npy"))
    assert_allclose(there.means_, here.means_, rtol=1e-9)
    import dask.array as da

    spread = mixtura.fit_bayes(da.from_array(rows, chunks=(30, -1)), 3)
    assert_allclose(spread.elbo, mixtura.fit_bayes(rows, 3).elbo, rtol=1e-9)


def test_callbacks_are_told_of_each_iteration() -> None:
    pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 has callbacks")
    rows, scores = rows_of(7), []

    class Listener:
        def setup(self, estimator, context): ...
        def teardown(self, estimator, context): ...
        def on_fit_task_begin(self, estimator, context, *, X=None): ...
        def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
            if context.task_name == "iteration":
                scores.append(fitted_estimator.score(X))

    model = BayesianGaussianMixture(n_components=2, random_state=0)
    plain = clone(model).fit(rows)
    model.set_callbacks(Listener()).fit(rows)
    assert len(scores) == plain.n_iter_
    assert_allclose(scores[-1], plain.score(rows), rtol=1e-9)
    assert_allclose(model.means_, plain.means_, rtol=1e-9)
