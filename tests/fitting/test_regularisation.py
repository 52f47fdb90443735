"""Regularisation without units: nothing where nothing is wrong, and a floor where something is."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal, special_ortho_group
from sklearn.exceptions import ConvergenceWarning

import mixtura
from mixtura import GaussianMixture
from mixtura.datasets import faithful, iris
from mixtura.engine.executors import Serial
from mixtura.engine.kernel.spectrum import floored_matrix
from mixtura.engine.sources import ArraySource
from mixtura.errors import ParameterError
from mixtura.fitting import Fit, Given
from mixtura.fitting.m_step.regularisation import regularisation
from mixtura.rows.spread import Spread
from mixtura.rows.summary import RowSummary

STRUCTURES = ("full", "tied", "diag", "spherical")
FACTORS = 10.0 ** np.arange(-8, 9, 4)
every_structure = pytest.mark.parametrize("structure", STRUCTURES)
#: a spherical covariance has one unit for all features
a_unit_a_feature = pytest.mark.parametrize("structure", STRUCTURES[:3])

CLUSTERS = np.concatenate(
    [
        np.random.RandomState(k).standard_normal((60 + 20 * k, 3)) + centre
        for k, centre in enumerate([(0.0, 0.0, 0.0), (6.0, 0.0, 3.0), (0.0, 7.0, -2.0)])
    ]
)
#: the same beside thirty copies of one row, and a column that another determines
WITH_AN_ATOM = np.concatenate([CLUSTERS, np.repeat([[20.0, 20.0, 20.0]], 30, axis=0)])
COLLINEAR = np.c_[CLUSTERS, CLUSTERS[:, 0] - 2.0 * CLUSTERS[:, 1]]


def smallest_eigenvalue(fit: Fit, rows: np.ndarray) -> float:
    """Of all covariances, in units of the data's variances."""
    scale = rows.std(axis=0)
    return np.linalg.eigvalsh(fit.mixture.covariance_matrices() / np.outer(scale, scale)).min()


def cigars(aspect: float) -> np.ndarray:
    """Two parallel clusters, 8 short axes apart across, turned by 30 degrees."""
    random = np.random.RandomState(1)
    rows = random.standard_normal((600, 2)) * [1.0, 1.0 / aspect]
    rows[300:, 1] += 8.0 / aspect
    turn = np.array([[np.sqrt(0.75), -0.5], [0.5, np.sqrt(0.75)]])
    return rows @ turn.T


# -- where nothing is wrong ------------------------------------------------------------------


@every_structure
def test_healthy_data_have_the_very_maximum_of_the_likelihood(structure: str) -> None:
    for rows, k in ((faithful().rows, 2), (iris().rows, 3), (CLUSTERS, 3)):
        options = {"structure": structure, "tol": 1e-9, "max_iter": 300}
        auto = mixtura.fit(rows, k, reg_covar="auto", **options)
        exact = mixtura.fit(rows, k, reg_covar=0.0, **options)
        assert auto.repairs == ()
        assert_array_equal(auto.mixture.means, exact.mixture.means)
        assert_array_equal(auto.mixture.covariances, exact.mixture.covariances)


@pytest.mark.parametrize("aspect", [20.0, 1000.0, 5000.0])
def test_thin_clusters_keep_their_shape(aspect: float) -> None:
    rows = cigars(aspect)
    halves = np.stack([rows[:300], rows[300:]])
    covariances = np.stack([np.cov(half.T, bias=True) for half in halves])
    truth = Given([0.5, 0.5], halves.mean(axis=1), np.linalg.inv(covariances))
    fit = mixtura.fit(rows, 2, given=truth, reg_covar="auto", tol=1e-10, max_iter=200)
    assert fit.repairs == ()
    assert_array_equal(np.bincount(fit.mixture.predict(rows[:300]), minlength=2), [300, 0])
    # Clusters 8 standard deviations apart share no row, so their own moments are the maximum.
    assert_allclose(fit.mixture.covariances, covariances, rtol=1e-3)


# -- the floor ---------------------------------------------------------------------------------


@every_structure
def test_no_component_is_thinner_than_the_floor(structure: str) -> None:
    for rows in (WITH_AN_ATOM, COLLINEAR, np.repeat(CLUSTERS[:5], 10, axis=0)):
        fit = mixtura.fit(rows, 4, structure=structure, reg_covar="auto")
        # What a spherical covariance is held above is the mean of the features' variances.
        least = 1e-8 * (rows.var(axis=0).mean() / rows.var(axis=0).max())
        assert smallest_eigenvalue(fit, rows) >= (least if structure == "spherical" else 1e-8) * (
            1.0 - 1e-6
        )


@pytest.mark.parametrize("seed", range(5))
def test_the_floored_covariance_is_the_likeliest_above_the_floor(seed: int) -> None:
    random = np.random.RandomState(seed)
    floor = np.array([0.5, 2.0, 1.0])
    rows = random.standard_normal((40, 3)) * [3.0, 0.4, 0.1]
    scatter = rows.T @ rows / len(rows)
    best = floored_matrix(scatter, floor)

    def likelihood(covariance: np.ndarray) -> float:
        return multivariate_normal(np.zeros(3), covariance).logpdf(rows).sum()

    scale = np.sqrt(floor)
    assert np.linalg.eigvalsh(best / np.outer(scale, scale))[0] >= 1.0 - 1e-12
    for size in (1e-3, 1e-2, 0.1, 1.0):
        for _ in range(50):
            turn = special_ortho_group.rvs(3, random_state=random)
            other = best + size * turn @ np.diag(random.standard_normal(3)) @ turn.T
            values, vectors = np.linalg.eigh(other / np.outer(scale, scale))
            allowed = (vectors * np.maximum(values, 1.0)) @ vectors.T * np.outer(scale, scale)
            assert likelihood(allowed) <= likelihood(best) + 1e-9


def test_a_constant_column_has_the_unit_of_its_value() -> None:
    for value, variance in ((7.0, 49e-8), (-0.1, 1e-10), (0.0, 1e-8)):
        rows = np.c_[CLUSTERS, np.full(len(CLUSTERS), value)]
        fit = mixtura.fit(rows, 3, reg_covar="auto")
        assert_allclose(fit.mixture.covariances[:, 3, 3], variance, rtol=1e-6)
        assert_allclose(fit.mixture.means[:, 3], value, rtol=1e-15)
        bare = mixtura.fit(CLUSTERS, 3, reg_covar="auto")
        assert_array_equal(fit.mixture.predict(rows), bare.mixture.predict(CLUSTERS))


def test_columns_beyond_float64s_digits_count_as_constant() -> None:
    for column in (CLUSTERS[:, 0] * 1e-170, np.where(CLUSTERS[:, 0] > 0, 0.3, 0.1 + 0.2)):
        rows = np.c_[CLUSTERS[:, 1:], column]
        fit = mixtura.fit(rows, 3, reg_covar="auto")
        assert np.isfinite(fit.mixture.covariances).all()
        bare = mixtura.fit(CLUSTERS[:, 1:], 3, reg_covar="auto")
        assert_array_equal(fit.mixture.predict(rows), bare.mixture.predict(CLUSTERS[:, 1:]))


# -- units -------------------------------------------------------------------------------------


@every_structure
@pytest.mark.parametrize("rows", [CLUSTERS, WITH_AN_ATOM], ids=["healthy", "with an atom"])
def test_a_common_factor_moves_the_score_and_nothing_else(structure: str, rows: np.ndarray) -> None:
    fit = mixtura.fit(rows, 4, structure=structure, reg_covar="auto", tol="auto", max_iter=1000)
    labels = fit.mixture.predict(rows)
    for factor in FACTORS:
        other = mixtura.fit(
            rows * factor, 4, structure=structure, reg_covar="auto", tol="auto", max_iter=1000
        )
        assert_array_equal(other.mixture.predict(rows * factor), labels)
        moved = other.mean_log_likelihood + rows.shape[1] * np.log(factor)
        # A covariance on the floor has eight digits, so that its likelihood has too.
        digits = 1e-7 if fit.repairs else 1e-9
        assert moved == pytest.approx(fit.mean_log_likelihood, abs=digits)
        assert len(other.repairs) == len(fit.repairs)


@a_unit_a_feature
@pytest.mark.parametrize("rows", [CLUSTERS, WITH_AN_ATOM], ids=["healthy", "with an atom"])
def test_a_factor_for_each_feature_moves_the_score_and_nothing_else(
    structure: str, rows: np.ndarray
) -> None:
    means = rows[[0, 100, 200, -1]]
    spread = rows.var(axis=0)
    fit = _from(rows, means, spread, structure)
    labels = fit.mixture.predict(rows)
    for seed in range(5):
        factors = 10.0 ** np.random.RandomState(seed).uniform(-8, 8, size=rows.shape[1])
        scaled = rows * factors
        other = _from(scaled, means * factors, spread * factors**2, structure)
        assert_array_equal(other.mixture.predict(scaled), labels)
        moved = other.mean_log_likelihood + np.log(factors).sum()
        digits = 1e-7 if fit.repairs else 1e-9
        assert moved == pytest.approx(fit.mean_log_likelihood, abs=digits)


def test_powers_of_two_move_the_floor_and_what_it_makes_to_the_last_bit() -> None:
    # Only the floor can be exact: a density's normalisation is a logarithm, which rounds.
    factors = np.array([2.0**-20, 2.0**25, 4.0])
    rule, scatter = regularisation("auto"), np.cov(COLLINEAR[:, [0, 1, 3]].T)
    floors = [
        rule.floor(Spread.of(RowSummary.of(ArraySource(rows), Serial())))
        for rows in (WITH_AN_ATOM, WITH_AN_ATOM * factors)
    ]
    assert_array_equal(floors[1], floors[0] * factors**2)
    moved = floored_matrix(scatter * np.outer(factors, factors), floors[1])
    assert_array_equal(moved, floored_matrix(scatter, floors[0]) * np.outer(factors, factors))


@a_unit_a_feature
def test_the_automatic_fit_knows_no_units(structure: str) -> None:
    options = {"structure": structure, "start": "auto", "reg_covar": "auto", "tol": "auto"}
    fit = mixtura.fit(CLUSTERS, 3, max_iter=1000, **options)
    labels = fit.mixture.predict(CLUSTERS)
    for seed in range(3):
        factors = 10.0 ** np.random.RandomState(seed).uniform(-8, 8, size=3)
        other = mixtura.fit(CLUSTERS * factors, 3, max_iter=1000, **options)
        assert_array_equal(other.mixture.predict(CLUSTERS * factors), labels)
        moved = other.mean_log_likelihood + np.log(factors).sum()
        assert moved == pytest.approx(fit.mean_log_likelihood, abs=1e-9)


def test_bic_picks_as_many_components_at_any_scale() -> None:
    picked = set()
    for factor in FACTORS:
        scores = [
            mixtura.fit(CLUSTERS * factor, k, reg_covar="auto", tol="auto", max_iter=500).bic
            for k in range(1, 7)
        ]
        picked.add(1 + int(np.argmin(scores)))
    assert picked == {3}


def _from(rows: np.ndarray, means: np.ndarray, spread: np.ndarray, structure: str) -> Fit:
    """A fit from these means, and covariances as wide as the data."""
    precision = {
        "full": np.stack([np.diag(1.0 / spread)] * len(means)),
        "tied": np.diag(1.0 / spread),
        "diag": np.stack([1.0 / spread] * len(means)),
    }[structure]
    return mixtura.fit(
        rows,
        len(means),
        structure=structure,
        given=Given(np.full(len(means), 1.0 / len(means)), means, precision),
        reg_covar="auto",
        tol="auto",
        max_iter=1000,
    )


# -- what cannot be a maximum ------------------------------------------------------------------


def spike(rows: np.ndarray) -> Given:
    """A component on one row alone, as thin as can be, beside one as wide as the data."""
    wide = np.linalg.inv(np.cov(rows.T))
    return Given([0.1, 0.9], [rows[0], rows.mean(axis=0)], [1e9 * wide, wide])


def test_a_component_of_one_row_is_set_anew() -> None:
    rows = faithful().rows + 1e-3 * np.random.RandomState(0).standard_normal((272, 2))
    fit = mixtura.fit(rows, 2, given=spike(rows), reg_covar="auto", tol=1e-9, max_iter=1000)
    assert fit.repairs[0].action == "reseeded"
    assert fit.repairs[0].component == 0
    assert "1 rows were too few; it took half of component 1" in fit.repairs[0].reason
    assert fit.starved == ()
    best = mixtura.fit(rows, 2, tol=1e-9, reg_covar=0.0, max_iter=1000)
    assert fit.log_likelihood == pytest.approx(best.log_likelihood, abs=1e-3)


def test_no_factor_on_the_weights_hides_a_component_of_one_row() -> None:
    rows = faithful().rows + 1e-3 * np.random.RandomState(0).standard_normal((272, 2))
    options = {"given": spike(rows), "reg_covar": "auto"}
    actions = [repair.action for repair in mixtura.fit(rows, 2, **options).repairs]
    assert "reseeded" in actions
    for weight in (5.0, 1e-3):
        weighted = mixtura.fit(rows, 2, sample_weight=np.full(272, weight), **options)
        assert [repair.action for repair in weighted.repairs] == actions


def test_copies_of_all_rows_are_rows_and_make_a_component_of_one_of_them() -> None:
    # Few rows make a component spurious, not few values: D + 1 copies are enough, D are not.
    rows = faithful().rows + 1e-3 * np.random.RandomState(0).standard_normal((272, 2))
    for copies, action in ((2, "reseeded"), (3, "floored"), (5, "floored")):
        many = np.repeat(rows, copies, axis=0)
        fit = mixtura.fit(many, 2, given=spike(rows), reg_covar="auto", max_iter=20)
        assert fit.repairs[0].action == action
        assert fit.starved == ()


@pytest.mark.parametrize(
    "points",
    [[[1, 11, 111], [2, 22, 222], [3, 33, 333], [4, 44, 444]], np.eye(5, 3) * 9.0 + 1.0],
    ids=["on a line", "two of them are one"],
)
def test_each_distinct_row_has_a_component_of_its_own(points: object) -> None:
    distinct = np.unique(np.asarray(points, float), axis=0)
    fit = mixtura.fit(np.tile(distinct, (25, 1)), len(distinct))
    labels = fit.mixture.predict(distinct)
    assert sorted(labels) == list(range(len(distinct)))
    assert_allclose(fit.mixture.weights, 1.0 / len(distinct))
    assert fit.floored == tuple(range(len(distinct)))
    assert fit.starved == ()
    assert any(f"{len(distinct)} distinct rows, as many as components" in n for n in fit.notes)


def test_many_copies_of_a_row_are_a_component_of_their_own() -> None:
    fit = mixtura.fit(WITH_AN_ATOM, 4, start="kmeans", reg_covar="auto", tol=1e-9)
    assert [repair.action for repair in fit.repairs] == ["floored"]
    assert fit.starved == ()
    assert fit.mixture.weights[fit.repairs[0].component] == pytest.approx(30 / len(WITH_AN_ATOM))


def test_components_that_coincide_are_told_apart() -> None:
    rows = faithful().rows
    wide = np.linalg.inv(np.cov(rows.T))
    twins = Given([0.3, 0.7], [rows.mean(axis=0)] * 2, [wide, wide])
    fit = mixtura.fit(rows, 2, given=twins, reg_covar="auto", tol=1e-9, max_iter=2000)
    assert (fit.repairs[0].iteration, fit.repairs[0].action) == (0, "reseeded")
    best = mixtura.fit(rows, 2, tol=1e-9, reg_covar=0.0, max_iter=1000)
    assert fit.log_likelihood == pytest.approx(best.log_likelihood, abs=1e-3)


@every_structure
def test_components_beyond_the_distinct_rows_have_no_weight(structure: str) -> None:
    rows = np.repeat([[0.0, 1.0], [1.0, 3.0], [5.0, -1.0]], 4, axis=0)
    fit = mixtura.fit(rows, 5, structure=structure, reg_covar="auto")
    assert_allclose(np.sort(fit.mixture.weights), [0.0, 0.0, 1 / 3, 1 / 3, 1 / 3], atol=1e-15)
    assert len(np.unique(fit.mixture.predict(rows))) == 3
    pruned = {repair.component for repair in fit.repairs if repair.action == "pruned"}
    assert pruned >= set(np.flatnonzero(fit.mixture.weights < 1e-12).tolist())
    assert fit.notes == (
        "X has 3 distinct rows, fewer than the 5 components: ask for 3 components or fewer",
    )


# -- who says so -------------------------------------------------------------------------------


def test_float32_rows_far_apart_have_the_ridge_for_a_variance() -> None:
    rows = np.array([[9999.0], [0.0]], dtype=np.float32)
    for structure in STRUCTURES:
        fit = mixtura.fit(rows, 2, structure=structure, reg_covar=0.1)
        assert_array_equal(fit.mixture.covariances.ravel(), 0.1)


def test_odd_columns_and_rows_are_noted() -> None:
    table = np.c_[np.arange(10.0), np.full(10, 2.5)]
    fit = mixtura.fit(table, 1, reg_covar="auto")
    assert fit.notes == (
        "column 1 is constant, at 2.5: it tells no components apart; drop column 1",
    )
    assert fit.remedy == "drop column 1"
    assert fit.summary()["notes"] == list(fit.notes)
    assert mixtura.fit(CLUSTERS, 3).notes == ()


def test_the_estimator_warns_of_odd_columns_and_rows() -> None:
    table = np.c_[np.arange(10.0), np.full(10, 2.5)]
    with pytest.warns(ConvergenceWarning, match=r"column 1 is constant, at 2\.5"):
        GaussianMixture(1, reg_covar="auto").fit(table)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GaussianMixture(3, reg_covar="auto", random_state=0).fit(CLUSTERS)


@pytest.mark.parametrize("value", ["automatic", -1.0, float("nan"), float("inf"), None])
def test_other_regularisations_are_refused(value: object) -> None:
    with pytest.raises(ParameterError, match="expected a finite number of at least 0, or 'auto'"):
        mixtura.fit(CLUSTERS, 2, reg_covar=value)
