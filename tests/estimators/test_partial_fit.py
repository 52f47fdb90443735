"""`partial_fit` learns a stream batch by batch, and ends where a fit to all of it does."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import mixtura
from mixtura import GaussianMixture
from mixtura.errors import DataError, ParameterError
from mixtura.model.structures import NAMES

RANDOM = np.random.default_rng(0)


def drawn(n: int, k: int, d: int, apart: float, seed: int) -> np.ndarray:
    """Rows of K clusters in no order."""
    random = np.random.default_rng(seed)
    factors = random.normal(0, 1, (k, d, d)) / np.sqrt(d)
    truth = mixtura.Mixture(
        random.dirichlet(np.full(k, 5.0)),
        random.normal(0, apart, (k, d)),
        factors @ factors.transpose(0, 2, 1) + 0.2 * np.eye(d),
    )
    return random.permutation(truth.sample(n, seed)[0])


def taught(model: GaussianMixture, rows: np.ndarray, size: int, weights=None) -> GaussianMixture:
    for at in range(0, len(rows), size):
        part = slice(at, at + size)
        model.partial_fit(rows[part], sample_weight=None if weights is None else weights[part])
    return model


@pytest.mark.parametrize(("k", "d", "apart"), [(8, 4, 2.0), (16, 8, 2.0), (5, 2, 1.0)])
def test_a_shuffled_stream_ends_within_half_a_percent_of_the_fit_to_all(k, d, apart):
    rows = drawn(100_000, k, d, apart, seed=1)
    whole = mixtura.fit(rows, k, max_iter=200)
    streamed = taught(GaussianMixture(k, init_params="auto", random_state=0), rows, 1_000)
    lost = whole.mean_log_likelihood - streamed.score(rows)
    assert lost < 0.005 * abs(whole.mean_log_likelihood)
    assert streamed.n_samples_seen_ == 100_000


def test_one_component_s_moments_are_those_of_the_stated_step_sizes():
    rows = RANDOM.normal(1e6, 3.0, (2_000, 2))
    model = taught(GaussianMixture(1, reg_covar=0.0), rows, 100)
    # 19 batches after the first, which a start is fitted to
    each = np.ones(20)
    for t in range(1, 20):
        gamma = (t + 2.0) ** -0.6
        each[:t] *= 1.0 - gamma
        each[t] = gamma
    weights = np.repeat(each, 100)
    np.testing.assert_allclose(model.means_[0], np.average(rows, axis=0, weights=weights), 1e-14)
    expected = np.cov(rows.T, aweights=weights, ddof=0)
    np.testing.assert_allclose(model.covariances_[0], expected, rtol=1e-9)


def test_after_a_fit_a_batch_counts_as_much_as_its_share_of_the_rows_says():
    rows = RANDOM.normal(0.0, 1.0, (5_000, 1))
    model = GaussianMixture(1).fit(rows)
    model.partial_fit(np.full((50, 1), 10.0))
    gamma = (5_000 / 50 + 2.0) ** -0.6
    expected = (1.0 - gamma) * rows.mean() + gamma * 10.0
    assert model.means_[0, 0] == pytest.approx(expected, rel=1e-12)
    assert model.n_samples_seen_ == 5_050
    assert not hasattr(model, "fit_")


def test_small_batches_wait_until_a_start_is_possible():
    rows = drawn(200, 3, 2, 2.0, seed=0)
    model = GaussianMixture(3, random_state=0)
    for at in range(0, 85, 17):  # 10 K (D + 1) = 90 rows
        model.partial_fit(rows[at : at + 17])
        assert (model.n_samples_seen_, model.n_features_in_) == (at + 17, 2)
        with pytest.raises(NotFittedError, match=rf"seen {at + 17} rows, and starts from 90"):
            model.predict(rows)
    model.partial_fit(rows[85:102])
    begun = GaussianMixture(3, random_state=0).fit(rows[:102])
    np.testing.assert_array_equal(model.means_, begun.means_)
    np.testing.assert_array_equal(model.covariances_, begun.covariances_)
    assert model.lower_bound_ == begun.lower_bound_
    assert (model.partial_trace_, model.n_samples_seen_) == ([], 102)
    model.partial_fit(rows[102:103])  # a single row
    assert model.partial_trace_ == [pytest.approx(begun.score(rows[102:103]), rel=1e-12)]


def test_each_batch_is_scored_before_it_is_learnt_from():
    rows = drawn(3_000, 2, 2, 2.0, seed=2)
    model = taught(GaussianMixture(2, random_state=0), rows[:1_000], 500)
    before = model.score(rows[1_000:])
    model.partial_fit(rows[1_000:])
    assert model.partial_trace_[-1] == pytest.approx(before, rel=1e-12)
    assert model.lower_bound_ == model.partial_trace_[-1]


def test_a_drift_shows_in_the_trace_and_is_followed():
    rows = drawn(20_000, 3, 2, 2.0, seed=3)
    model = taught(GaussianMixture(3, random_state=0), rows, 200)
    steady = np.array(model.partial_trace_)
    taught(model, rows + 4.0, 200)
    after = np.array(model.partial_trace_[len(steady) :])
    assert after[0] < steady.min() - 1.0  # nats a row, at once
    assert after[-20:].mean() > after[0] + 1.0
    assert abs(model.mixture_.mean() - rows.mean(axis=0) - 4.0).max() < 0.5


@pytest.mark.parametrize("structure", NAMES)
def test_every_structure_learns(structure):
    rows = drawn(4_000, 3, 2, 3.0, seed=4)
    model = GaussianMixture(3, covariance_type=structure, init_params="auto", reg_covar="auto")
    model.set_params(random_state=0)
    if structure in ("E", "V"):
        rows = rows[:, :1]
    streamed = taught(clone(model), rows, 400)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = model.set_params(max_iter=200).fit(rows)
    assert streamed.mixture_.structure is whole.mixture_.structure
    assert streamed.score(rows) > whole.score(rows) - 0.05


@pytest.mark.parametrize("waits", [False, True])
def test_a_whole_number_of_weight_is_so_many_rows_and_a_factor_changes_nothing(waits):
    rows = drawn(1_200, 2, 2, 3.0, seed=5)
    weights = RANDOM.integers(0, 4, len(rows)).astype(float)
    size = 30 if waits else 300
    model = GaussianMixture(1, random_state=0)  # a start that nothing is drawn for
    weighted = taught(clone(model), rows, size, weights)
    scaled = taught(clone(model), rows, size, 1e3 * weights)
    repeated = clone(model)
    for at in range(0, len(rows), size):
        part = slice(at, at + size)
        repeated.partial_fit(np.repeat(rows[part], weights[part].astype(int), axis=0))
    for name in ("means_", "covariances_", "partial_trace_"):
        expected = getattr(repeated, name)
        np.testing.assert_allclose(getattr(scaled, name), getattr(weighted, name), rtol=1e-12)
        if not waits:  # else the start comes after another number of rows
            np.testing.assert_allclose(getattr(weighted, name), expected, rtol=1e-9)
    assert weighted.n_samples_seen_ == np.count_nonzero(weights)


def test_an_offset_costs_no_digits():
    rows = drawn(3_000, 3, 2, 3.0, seed=6)
    rows = np.round(rows * 2**10) / 2**10  # so that a shift is exact
    near = taught(GaussianMixture(3, random_state=0), rows, 200)
    far = taught(GaussianMixture(3, random_state=0), rows + 2.0**20, 200)
    np.testing.assert_allclose(far.means_ - 2.0**20, near.means_, atol=1e-8)
    np.testing.assert_allclose(far.covariances_, near.covariances_, rtol=1e-6)


def test_the_bits_are_those_of_any_number_of_threads(monkeypatch):
    rows = drawn(40_000, 4, 8, 2.0, seed=7)
    ends = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("MIXTURA_NUM_THREADS", threads)
        model = taught(GaussianMixture(4, random_state=0), rows, 20_000)
        ends.append(model.covariances_.tobytes() + model.means_.tobytes())
    assert len(set(ends)) == 1


def test_a_stored_estimator_goes_on_as_if_it_never_was():
    rows = drawn(2_000, 2, 2, 3.0, seed=8)
    for first in (20, 1_000):  # it waits; it has learnt
        model = GaussianMixture(2, random_state=0).partial_fit(rows[:first])
        other = pickle.loads(pickle.dumps(model))
        for each in (model, other):
            taught(each, rows[first:], 300)
        np.testing.assert_array_equal(model.covariances_, other.covariances_)
        assert model.partial_trace_ == other.partial_trace_
    blank = clone(model)
    assert not hasattr(blank, "n_samples_seen_")
    assert blank.get_params() == model.get_params()


def test_a_fit_begins_anew():
    rows = drawn(2_000, 2, 2, 3.0, seed=9)
    model = taught(GaussianMixture(2, random_state=0), rows, 200).fit(rows[:500])
    fresh = GaussianMixture(2, random_state=0).fit(rows[:500])
    np.testing.assert_array_equal(model.means_, fresh.means_)
    assert model.n_samples_seen_ == 500
    assert not hasattr(model, "partial_trace_")
    assert model.converged_


def test_columns_are_those_of_the_first_batch():
    rows = pd.DataFrame(drawn(300, 2, 2, 3.0, seed=9), columns=["a", "b"])
    model = GaussianMixture(2, random_state=0).partial_fit(rows[:30])
    with pytest.raises(ValueError, match="feature names should match"):
        model.partial_fit(rows.rename(columns={"b": "c"}))
    unnamed = GaussianMixture(2).partial_fit(rows.to_numpy())
    with pytest.raises(ValueError, match="X has 1 features, but GaussianMixture is expecting 2"):
        unnamed.partial_fit(rows[["a"]].to_numpy())
    assert model.partial_fit(rows[30:]).mixture_.feature_names == ("a", "b")


def test_what_cannot_be_learnt_is_refused_and_nothing_is_lost():
    rows = drawn(300, 2, 2, 3.0, seed=9)
    model = GaussianMixture(2, random_state=0).partial_fit(rows)
    means = model.means_
    for wrong in (np.nan, np.inf):
        with pytest.raises(ValueError, match="contains"):
            model.partial_fit([[1.0, wrong]])
    with pytest.raises(DataError, match="its variance overflows"):
        model.partial_fit([[1.0, 1e200]])
    with pytest.raises(DataError, match="every weight in sample_weight is zero"):
        model.partial_fit(rows, sample_weight=np.zeros(300))
    with pytest.raises(ParameterError, match="n_components is 3, what was learnt so far has 2"):
        model.set_params(n_components=3).partial_fit(rows)
    model.set_params(n_components=2, covariance_type="diag")
    with pytest.raises(ParameterError, match="to be diag, what was learnt so far has full ones"):
        model.partial_fit(rows)
    assert model.means_ is means
    assert (model.n_samples_seen_, model.partial_trace_) == (300, [])


@pytest.mark.parametrize("reg_covar", [1e-6, "auto"])
def test_rows_that_are_all_alike_leave_a_finite_mixture(reg_covar):
    model = GaussianMixture(3, reg_covar=reg_covar, init_params="random_from_data")
    model.set_params(random_state=0)
    taught(model, np.full((500, 2), 7.0), 50)
    for name in ("weights_", "means_", "covariances_"):
        assert np.isfinite(getattr(model, name)).all()
    np.testing.assert_allclose(model.mixture_.mean(), 7.0)


def test_a_component_that_the_stream_leaves_is_set_anew():
    rows = np.concatenate([RANDOM.normal(0, 1, (500, 1)), RANDOM.normal(1e3, 1, (500, 1))])
    model = GaussianMixture(2, random_state=0).partial_fit(RANDOM.permutation(rows))
    both = RANDOM.normal(0, 1, (60_000, 1)) + RANDOM.choice([-9.0, 9.0], (60_000, 1))
    taught(model, both, 50)
    assert sorted(model.means_.ravel()) == pytest.approx([-9.0, 9.0], abs=0.2)


def test_threads_that_share_an_estimator_lose_no_row():
    rows = drawn(80_000, 2, 2, 3.0, seed=1)
    model = GaussianMixture(2, random_state=0)
    began = threading.Barrier(8)

    def teach(batches):
        began.wait()
        for batch in batches:
            model.partial_fit(batch)

    batches = np.array_split(rows, 80)
    threads = [threading.Thread(target=teach, args=(batches[i::8],)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (model.n_samples_seen_, len(model.partial_trace_)) == (80_000, 79)
    again = pickle.loads(pickle.dumps(model)).partial_fit(batches[0])
    assert (again.n_samples_seen_, model.n_samples_seen_) == (81_000, 80_000)


def test_a_batch_within_a_batch_is_refused_and_the_outer_one_is_learnt_later():
    rows = drawn(300, 2, 2, 3.0, seed=9)
    model = GaussianMixture(2, random_state=0).partial_fit(rows)

    class Asking:
        """Rows for which the estimator is asked while it reads them."""

        def __array__(self, dtype=None, copy=None):
            model.partial_fit(rows)

    with pytest.raises(ParameterError, match="while this thread is in partial_fit of the same"):
        model.partial_fit(Asking())
    assert model.n_samples_seen_ == 300
    assert model.partial_fit(rows).n_samples_seen_ == 600


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_learns_though_a_thread_of_its_parent_was_learning():
    rows = drawn(300, 2, 2, 3.0, seed=9)
    model = GaussianMixture(2, random_state=0).partial_fit(rows)
    reading, go_on = threading.Event(), threading.Event()

    class Slow:
        """Rows that are read once they may be."""

        def __array__(self, dtype=None, copy=None):
            reading.set()
            go_on.wait()
            return rows

    thread = threading.Thread(target=model.partial_fit, args=(Slow(),))
    thread.start()
    reading.wait()
    child = os.fork()
    if not child:
        signal.alarm(600)  # it hangs
        os._exit(model.partial_fit(rows).n_samples_seen_ != 600)
    assert os.waitpid(child, 0) == (child, 0)
    go_on.set()
    thread.join()
    assert model.n_samples_seen_ == 600
