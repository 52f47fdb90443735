"""Intervals lie where their parameters may lie, and are those of the textbook where it has one."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from scipy import stats

import mixtura
from mixtura import Mixture
from mixtura.datasets import faithful, iris
from mixtura.engine.executors import Serial
from mixtura.engine.sources import ArraySource
from mixtura.errors import DataError
from mixtura.uncertainty.information import information, statistics
from mixtura.uncertainty.intervals import covariance_ends

Z = 1.959963984540054  # the 97.5 % point of a normal


def two(n: int, separation: float, seed: int):
    """Rows of two normals of one feature, and their labels."""
    random = np.random.RandomState(seed)
    labels = (random.uniform(size=n) < 0.4).astype(int)
    rows = separation * labels + np.where(labels, 1.25, 1.0) * random.normal(size=n)
    return rows[:, None], labels


def test_of_one_normal_variances_are_by_logarithm_and_correlations_by_fisher_s_z():
    rows = np.asarray(iris())
    errors = mixtura.fit(rows, 1, reg_covar=0).standard_errors(rows)
    n, covariance, r = len(rows), np.cov(rows.T, bias=True), np.corrcoef(rows.T)
    low, high = errors.intervals()["covariances"]
    reach = np.exp(Z * np.sqrt(2.0 / n))
    for end, expected in ((low, np.diag(covariance) / reach), (high, np.diag(covariance) * reach)):
        np.testing.assert_allclose(np.diagonal(end[0]), expected, rtol=1e-6)
    off = ~np.eye(4, dtype=bool)
    # Anderson 2003, theorem 4.2.4: the asymptotic variance of r is (1 − r²)² / n.
    expected = (1.0 - r**2) / np.sqrt(n)
    np.testing.assert_allclose(errors.correlations[0][off], expected[off], rtol=1e-6)
    low, high = errors.intervals()["correlations"]
    for end, sign in ((low, -1.0), (high, 1.0)):
        fisher = np.tanh(np.arctanh(r[off]) + sign * Z / np.sqrt(n))
        np.testing.assert_allclose(end[0][off], fisher, rtol=1e-6)
        np.testing.assert_allclose(np.diagonal(end[0]), 1.0)


def test_correlation_errors_are_the_spread_of_correlations_of_drawn_covariances():
    rows = np.asarray(faithful())
    errors = mixtura.fit(rows, 2, structure="VVE").standard_errors(rows)
    random = np.random.default_rng(0)
    for k in range(2):
        joint = errors.joint[k].reshape(4, 4)
        # A hundredth of the errors, so that a correlation is as good as linear over it.
        drawn = random.multivariate_normal(np.zeros(4), 1e-4 * joint, size=20000)
        at = errors.mixture.covariance_matrices()[k]
        units = np.sqrt(np.outer(np.diagonal(at), np.diagonal(at)))
        near = at + units * drawn.reshape(-1, 2, 2)
        r = near[:, 0, 1] / np.sqrt(near[:, 0, 0] * near[:, 1, 1])
        assert errors.correlations[k, 0, 1] == pytest.approx(100.0 * r.std(), rel=0.02)


@pytest.mark.parametrize("structure", ["VVV", "EEE", "VVI", "EEV", "VVE", "VII"])
def test_every_end_is_a_covariance_that_there_may_be(structure):
    rows = np.asarray(iris())[::3]
    fit = mixtura.fit(rows, 2, structure=structure)
    ends = fit.standard_errors(rows).intervals(0.999)
    at = {
        "weights": fit.mixture.weights,
        "means": fit.mixture.means,
        "covariances": fit.mixture.covariance_matrices(),
    }
    for name, estimate in at.items():
        assert (ends[name][0] <= estimate).all()
        assert (estimate <= ends[name][1]).all()
    for low, high in zip(*ends["covariances"], strict=True):
        assert (np.diagonal(low) > 0.0).all()
        most = np.sqrt(np.outer(np.diagonal(high), np.diagonal(high)))
        assert (np.abs(low) <= most).all()
        assert (np.abs(high) <= most).all()
    low, high = ends["correlations"]
    assert (np.abs(low) <= 1.0).all()
    assert (np.abs(high) <= 1.0).all()
    if structure in ("VVI", "VII"):  # held at 0
        assert low[0, 0, 1] == high[0, 0, 1] == ends["covariances"][1][0, 0, 1] == 0.0


def test_of_many_rows_a_covariance_s_interval_is_the_estimate_and_z_errors():
    rows = np.random.default_rng(3).multivariate_normal([0, 0], [[2, 0.9], [0.9, 1]], 20000)
    errors = mixtura.fit(rows, 1).standard_errors(rows)
    low, high = errors.intervals()["covariances"]
    at, error = errors.mixture.covariances, errors.covariances
    np.testing.assert_allclose(low, at - Z * error, rtol=2e-3)
    np.testing.assert_allclose(high, at + Z * error, rtol=2e-3)


def test_the_intervals_of_a_bootstrap_are_percentiles_of_its_replicates():
    rows = np.asarray(faithful())
    fit = mixtura.fit(rows, 2)
    for method in ("bootstrap", "weighted-bootstrap"):
        errors = fit.standard_errors(rows, method, n_bootstrap=40)
        assert errors.draws.means.shape == (40, 2, 2)
        ends = errors.intervals(0.9)
        for name in ("weights", "means", "covariances"):
            draws = getattr(errors.draws, name)
            for end, share in zip(ends[name], (5, 95), strict=True):
                expected = stats.scoreatpercentile(draws, share, axis=0)
                np.testing.assert_allclose(end, expected, rtol=1e-12)
            spread = np.std(draws, axis=0, ddof=1)
            np.testing.assert_allclose(getattr(errors, name), spread, rtol=1e-12)
        assert (np.linalg.eigvalsh(errors.draws.covariances) > 0.0).all()
        assert "90 % percentile intervals, from 40 fits" in str_at(errors, 0.9)


def str_at(errors, level):
    from mixtura.uncertainty.wording import intervals_text

    return intervals_text(errors.summary(level), errors.mixture.feature_labels, shared=False)


def lonely():
    """Sixty rows of a normal and one far out."""
    return np.append(np.random.default_rng(1).normal(0, 1, 60), 25.0)[:, None]


@pytest.mark.parametrize("reg_covar", ["auto", 1e-6, 1e-3])
@pytest.mark.parametrize("method", ["information", "weighted-bootstrap"])
def test_a_component_of_one_row_has_no_interval(reg_covar, method):
    rows = lonely()
    fit = mixtura.fit(rows, 2, start=(rows[:, 0] > 20).astype(int), reg_covar=reg_covar)
    errors = fit.standard_errors(rows, method, n_bootstrap=20)
    assert errors.starved == (1,)
    said = "component 1 rests on 1 row: no interval"
    assert said in repr(errors)
    assert said in str(errors)
    assert said in errors.summary()["notes"]
    assert json.loads(json.dumps(errors.summary()))["means"]["low"][1] == [None]
    for name in ("weights", "means", "covariances", "correlations"):
        assert np.isnan(getattr(errors, name)[1]).all()
        for end in errors.intervals()[name]:
            assert np.isnan(end[1]).all()
            assert np.isfinite(end[0]).all()
    if method == "information":  # the others' are those of their own rows: σ / √n
        assert errors.means[0, 0] == pytest.approx(rows[:60].std() / np.sqrt(60), rel=1e-3)


@pytest.mark.parametrize("reg_covar", [1e-6, 1e-2])
def test_one_value_many_times_has_no_interval(reg_covar):
    rows = np.append(lonely()[:60], np.full((30, 1), 25.0), axis=0)
    fit = mixtura.fit(rows, 2, start=(rows[:, 0] > 20).astype(int), reg_covar=reg_covar)
    errors = fit.standard_errors(rows)
    said = "component 1 rests on 30 rows without a spread in every direction: no interval"
    assert errors.notes == (said,)


def test_a_mixture_alone_tells_it_too_and_a_shared_covariance_has_intervals():
    rows = lonely()
    start = (rows[:, 0] > 20).astype(int)
    fit = mixtura.fit(rows, 2, start=start)
    assert mixtura.standard_errors(fit.mixture, rows).starved == (1,)
    tied = mixtura.fit(rows, 2, structure="tied", start=start)
    errors = tied.standard_errors(rows)
    assert errors.starved == ()
    # One row of a known variance: its error is the standard deviation.
    deviation = np.sqrt(tied.mixture.covariances[0, 0])
    assert errors.means[1, 0] == pytest.approx(deviation, rel=1e-3)


def test_components_that_coincide_are_named():
    one = mixtura.fit(faithful(), 2).mixture
    weights = one.weights[[0, 0, 1]] * [0.5, 0.5, 1.0]
    for off in (0.0, 1e-3):
        means = one.means[[0, 0, 1]] + [[off, 0.0], [0.0, 0.0], [0.0, 0.0]]
        three = Mixture(weights, means, one.covariances[[0, 0, 1]], feature_names=one.feature_names)
        with pytest.raises(DataError, match="components 0 and 1 coincide, so the rows do not say"):
            mixtura.standard_errors(three, faithful())


def test_rows_of_single_precision_have_the_errors_of_double():
    rows = np.asarray(faithful())
    fit = mixtura.fit(rows, 2)
    single = fit.standard_errors(rows.astype(np.float32))
    np.testing.assert_allclose(single.means, fit.standard_errors(rows).means, rtol=1e-3)


def test_no_warning_escapes_where_the_numbers_end():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for scale in (1e-140, 1e140):
            rows = scale * np.asarray(faithful())
            fit = mixtura.fit(rows, 2)
            try:
                ends = fit.standard_errors(rows).intervals()
            except DataError:
                continue
            assert (ends["covariances"][0][:, 0, 0] > 0.0).all()


def test_a_repr_is_one_line_with_the_weights_and_a_text_has_every_number():
    errors = mixtura.fit(faithful(), 2).standard_errors(faithful())
    assert repr(errors) == (
        "StandardErrors(weights 0.3559 ± 0.0291, 0.6441 ± 0.0291, by information)"
    )
    told = str(errors)
    for name in ("weight", "mean eruptions", "var. waiting", "corr. eruptions, waiting"):
        assert told.count(f"\n  {name} ") == 2


def covered(n_sets: int, n: int, separation: float) -> np.ndarray:
    """The shares of intervals of 95 % that hold the truth: weights, means, variances."""
    hits = []
    for seed in range(n_sets):
        rows, labels = two(n, separation, seed)
        fit = mixtura.fit(rows, 2, start=labels)
        ends = fit.standard_errors(rows).intervals()
        truth = {
            "weights": [0.6, 0.4],
            "means": [[0.0], [separation]],
            "covariances": [[[1.0]], [[1.5625]]],
        }
        hits.append([np.mean((ends[k][0] <= v) & (v <= ends[k][1])) for k, v in truth.items()])
        assert (ends["covariances"][0] > 0.0).all()
    return np.mean(hits, axis=0)


def test_overlap_is_said_and_a_clear_case_is_not():
    said = []
    for seed in range(20):
        rows, labels = two(200, 1.5, seed)
        fit = mixtura.fit(rows, 2, start=labels)
        try:
            said.append(fit.standard_errors(rows).caution)
        except DataError as error:
            said.append(str(error))
    assert sum(bool(words) for words in said) >= 19
    assert any(
        "rows say as much as" in words and "use method='bootstrap'" in words for words in said
    )
    for seed in range(5):
        rows, labels = two(200, 6.0, seed)
        errors = mixtura.fit(rows, 2, start=labels).standard_errors(rows)
        assert errors.caution == ""
        assert errors.notes == ()


def test_a_caution_is_in_the_repr_the_text_and_the_record():
    rows, labels = two(200, 2.0, 3)
    errors = mixtura.fit(rows, 2, start=labels).standard_errors(rows)
    assert errors.caution.startswith("components overlap so much that in one direction 200 rows")
    assert errors.caution in repr(errors)
    assert f"\ncaution: {errors.caution}\n" in str(errors)
    assert errors.summary()["caution"] == errors.caution
    assert errors.caution in errors.summary()["notes"]
    # A bootstrap does not rest on the curvature.
    assert mixtura.fit(rows, 2).standard_errors(rows, "bootstrap", n_bootstrap=5).caution == ""


def test_few_rows_of_a_component_are_said():
    random = np.random.default_rng(0)
    rows = np.append(random.normal(size=100), 30.0 + random.normal(size=6))[:, None]
    errors = mixtura.fit(rows, 2, start=(rows[:, 0] > 15).astype(int)).standard_errors(rows)
    assert errors.caution.startswith("component 1 has 6 rows' weight, and intervals of 95 % may")
    assert errors.starved == ()


def test_what_is_kept_of_the_complete_information_is_1_less_em_s_rate_of_convergence():
    # Dempster, Laird & Rubin 1977, section 3: near the maximum EM's error shrinks at the rate of
    # the largest fraction of missing information.
    rows, labels = two(300, 2.0, 1)
    plain = {"structure": "EEE", "start": labels, "accelerate": False, "tol": 0.0}
    fit = mixtura.fit(rows, 2, **{**plain, "max_iter": 2000})
    source = ArraySource(rows)
    sums = statistics(fit.mixture, source, Serial())
    kept = information(fit.mixture, source, Serial(), sums).kept
    means = [
        mixtura.fit(rows, 2, **{**plain, "max_iter": n}).mixture.means[0, 0] for n in (60, 61, 62)
    ]
    rate = (means[2] - means[1]) / (means[1] - means[0])
    assert kept.max() < 1.0 + 1e-6
    assert 1.0 - kept[0] == pytest.approx(rate, abs=0.003)


def test_intervals_of_components_apart_hold_the_truth_as_often_as_they_say():
    # Of 2 × 80 intervals 95 % hold it, ± 1.7 %.
    shares = covered(80, 200, 6.0)
    assert ((shares > 0.90) & (shares < 0.99)).all()


@pytest.mark.slow
@pytest.mark.parametrize(("n", "separation"), [(200, 1.5), (200, 2.5), (200, 4.0), (500, 3.0)])
def test_coverage_is_right_or_its_lack_is_said(n, separation):
    """`benchmarks/coverage.py` in small: 100 sets, from the default start."""
    hits, said = [], []
    for seed in range(100):
        rows, _ = two(n, separation, seed)
        fit = mixtura.fit(rows, 2, random_state=seed)
        try:
            errors = fit.standard_errors(rows)
        except DataError:
            said.append(True)
            continue
        said.append(bool(errors.notes))
        order = np.argsort(fit.mixture.means[:, 0])
        truth = {"weights": [0.6, 0.4], "means": [[0.0], [separation]]}
        truth["covariances"] = [[[1.0]], [[1.5625]]]
        ends = {name: [end[order] for end in both] for name, both in errors.intervals().items()}
        hits.append([np.mean((ends[k][0] <= v) & (v <= ends[k][1])) for k, v in truth.items()])
        assert (ends["covariances"][0] > 0.0).all()
    # Three standard errors of 200 intervals' coverage are 0.05.
    assert np.mean(hits, axis=0).min() > 0.90 - 0.02 or np.mean(said) >= 0.9


def test_an_error_beyond_all_numbers_leaves_a_variance_open_above():
    joint = np.zeros((1, 1, 1, 1, 1))
    joint[:] = 1e8  # of log σ², as of a component of next to no rows
    low, high = covariance_ends(np.ones((1, 1, 1)), joint, Z)
    assert low[0, 0, 0] >= 0.0
    assert high[0, 0, 0] == np.inf
