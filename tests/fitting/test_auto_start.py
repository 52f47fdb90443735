"""The start `auto`: no units, no accidents, and the best of many."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture as Theirs

import mixtura
from mixtura.datasets import faithful, galaxies, iris
from mixtura.engine.executors import Serial, Threads
from mixtura.engine.sources import ArraySource
from mixtura.fitting import Fit
from mixtura.fitting.starts.start import Request, start
from mixtura.model.structures import structure as structure_called
from mixtura.rows.sampling import sample

pytestmark = pytest.mark.usefixtures("each_kernel")

IRIS = iris().rows


def fitted(rows: np.ndarray, k: int, structure: str = "full", seed: int = 0) -> Fit:
    """A fit from `auto`, far on."""
    return mixtura.fit(
        rows,
        k,
        structure=structure,
        start="auto",
        tol=1e-9,
        reg_covar=0.0,
        max_iter=2000,
        random_state=seed,
    )


def cigars(aspect: float, n_features: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two clusters beside each other, 6 short axes apart, turned at random."""
    random = np.random.default_rng(seed)
    labels = np.repeat([0, 1], 150)
    rows = random.standard_normal((300, n_features))
    rows[:, 0] *= aspect
    rows[:, 1] += 6.0 * labels
    turned, _ = np.linalg.qr(random.standard_normal((n_features, n_features)))
    return rows @ turned, labels


@pytest.mark.parametrize("n_features", [2, 5])
@pytest.mark.parametrize("aspect", [20.0, 100.0, 1000.0])
def test_parallel_cigars_are_told_apart_from_every_seed(aspect: float, n_features: int) -> None:
    found, theirs = [], []
    for seed in range(5):
        rows, labels = cigars(aspect, n_features, seed)
        own = mixtura.fit(rows, 2, start="auto", tol=1e-7, max_iter=500, random_state=seed)
        found.append(adjusted_rand_score(labels, own.mixture.predict(rows)))
        their = Theirs(2, random_state=seed).fit_predict(rows)
        theirs.append(adjusted_rand_score(labels, their))
    assert min(found) > 0.95
    assert np.median(theirs) < 0.95


@pytest.mark.parametrize("structure", ["full", "tied", "diag"])
def test_a_factor_for_each_feature_changes_no_label(structure: str) -> None:
    labels = fitted(IRIS, 3, structure).mixture.predict(IRIS)
    assert len(set(labels.tolist())) == 3
    for factors in ([1e8, 1e-8, 1.0, 1e3], [1e-8] * 4, [1e8] * 4):
        rows = IRIS * factors
        fit = fitted(rows, 3, structure)
        assert_array_equal(fit.mixture.predict(rows), labels)


def test_one_factor_for_all_features_changes_no_label_of_a_sphere() -> None:
    labels = fitted(IRIS, 3, "spherical").mixture.predict(IRIS)
    for factor in (1e-8, 1e8):
        rows = IRIS * factor
        assert_array_equal(fitted(rows, 3, "spherical").mixture.predict(rows), labels)


@pytest.mark.parametrize("structure", ["full", "tied", "diag", "spherical"])
def test_a_shift_changes_no_label(structure: str) -> None:
    labels = fitted(IRIS, 3, structure).mixture.predict(IRIS)
    rows = IRIS + 1e6
    assert_array_equal(fitted(rows, 3, structure).mixture.predict(rows), labels)


@pytest.mark.parametrize("structure", ["full", "tied"])
def test_a_linear_map_changes_the_likelihood_by_its_determinant_alone(structure: str) -> None:
    random = np.random.default_rng(1)
    means = 6.0 * random.standard_normal((4, 3))
    rows = np.repeat(means, 120, axis=0) + random.standard_normal((480, 3))
    end = fitted(rows, 4, structure).mean_log_likelihood
    for seed in range(3):
        matrix = np.random.default_rng(seed).standard_normal((3, 3)) * [1.0, 30.0, 0.01]
        moved = fitted(rows @ matrix, 4, structure).mean_log_likelihood
        assert moved + np.linalg.slogdet(matrix)[1] == pytest.approx(end, abs=1e-6)


def test_the_same_seed_gives_the_same_start() -> None:
    rows = np.random.default_rng(0).normal(size=(9000, 3)) + np.arange(9000)[:, None] % 3 * 4.0
    held = structure_called("full")
    one, other = (
        start("auto")(Request(ArraySource(rows), 3, np.random.RandomState(5), executor, held))
        for executor in (Serial(), Threads(3))
    )
    for name in ("reference", "weight", "first", "second"):
        assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.n_rows == 9000
    assert one.weight.sum() == pytest.approx(9000.0, rel=1e-12)


@pytest.mark.parametrize(
    ("rows", "k", "structure"),
    [
        (faithful().rows, 3, "full"),
        (galaxies().rows, 4, "tied"),
        (IRIS, 3, "full"),
        (IRIS, 4, "tied"),
    ],
)
def test_one_fit_ends_where_the_best_of_many_ends(rows: np.ndarray, k: int, structure: str) -> None:
    """Of scikit-learn's restarts, those that end with a starved or flat component are left out."""
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    n, d = rows.shape
    best = -np.inf
    for seed in range(40):
        random = np.random.default_rng(seed)
        squared = np.square(rows[:, None] - rows[random.choice(n, k, replace=False)]).sum(axis=2)
        near = np.eye(k)[squared.argmin(axis=1)]
        their = Theirs(
            k,
            covariance_type=structure,
            means_init=near.T @ rows / near.sum(axis=0)[:, None],
            tol=1e-7,
            max_iter=1000,
            random_state=seed,
        ).fit(rows)
        flat = np.linalg.eigvalsh(their.covariances_).min() < 1e-5  # regularisation bounds it
        if their.weights_.min() * n >= d + 1 and not flat:
            best = max(best, their.score(rows))
    for seed in range(4):
        fit = mixtura.fit(
            rows, k, structure=structure, start="auto", tol=1e-8, max_iter=2000, random_state=seed
        )
        assert fit.mean_log_likelihood > best - 1e-4
        assert fit.mixture.weights.min() * n >= d + 1


@pytest.mark.parametrize("structure", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize(
    "rows",
    [
        np.ones((6, 2)),
        np.repeat([[0.0, 1.0], [2.0, 3.0]], 3, axis=0),
        np.column_stack([np.arange(9.0), np.full(9, 7.0)]),
        np.column_stack([np.arange(9.0), 2.0 * np.arange(9.0)]),
        np.arange(8.0).reshape(4, 2) * 1e-150,
        np.random.default_rng(0).normal(size=(3, 5)),
        np.random.default_rng(0).standard_cauchy(size=(40, 2)) * 1e100,
    ],
    ids=["one row", "two rows", "constant", "dependent", "tiny", "few", "heavy"],
)
def test_rows_with_nothing_to_tell_components_apart_still_start(
    rows: np.ndarray, structure: str
) -> None:
    held = structure_called(structure)
    request = Request(ArraySource(rows), 3, np.random.RandomState(0), Serial(), held)
    sums = start("auto")(request)
    assert sums.weight.sum() == pytest.approx(len(rows), rel=1e-9)
    for name in ("reference", "weight", "first", "second"):
        assert np.isfinite(getattr(sums, name)).all()


def test_a_sample_is_spread_over_the_rows_and_the_weights() -> None:
    rows = np.arange(10_000.0)[:, None]
    drawn, weights = sample(ArraySource(rows), 500, np.random.RandomState(0))
    assert weights is None
    assert_array_equal(drawn[:, 0] // 20.0, np.arange(500))
    heavy = np.where(rows[:, 0] < 100.0, 99.0, 1.0)
    drawn, _ = sample(ArraySource(rows, heavy), 500, np.random.RandomState(0))
    assert (drawn < 100.0).sum() == pytest.approx(250, abs=1)


def test_a_row_of_weight_two_is_drawn_as_two_rows_are() -> None:
    rows = np.random.default_rng(0).normal(size=(3000, 2))
    times = np.random.default_rng(1).integers(1, 4, 3000)
    weighted, _ = sample(ArraySource(rows, times.astype(float)), 400, np.random.RandomState(0))
    repeated, _ = sample(ArraySource(np.repeat(rows, times, axis=0)), 400, np.random.RandomState(0))
    assert_array_equal(weighted, repeated)


def test_few_rows_keep_their_weights() -> None:
    given = np.array([1.0, 0.0, 3.0])
    drawn, weights = sample(ArraySource(np.eye(3), given), 10, np.random.RandomState(0))
    assert_array_equal(drawn, np.eye(3)[[0, 2]])
    assert_allclose(weights, [0.5, 1.5])
