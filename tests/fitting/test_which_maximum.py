"""Which of its many maxima a likelihood is reported to have, and how often that was met."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import ortho_group
from sklearn.datasets import load_wine
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture as Theirs

import mixtura
from mixtura.datasets import faithful, galaxies, iris
from mixtura.errors import DataError
from mixtura.fitting.runs import better
from mixtura.fitting.starts.budget import Budget
from mixtura.fitting.starts.met import Met
from mixtura.fitting.starts.units import rounding

WINE = load_wine().data

pytestmark = pytest.mark.usefixtures("native_only")


@pytest.fixture
def native_only(on_each_kernel: str) -> None:
    """Searches of this size are for the compiled kernel; the other's are held to it elsewhere."""
    if on_each_kernel != "native":
        pytest.skip("the search is one, and its steps are compared in tests/engine")


# -- what is spurious ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "structure", "k", "known"),
    [
        # R's mclust 6.0, `me` from its hierarchy to a tolerance of 1e-10
        (WINE, "EII", 9, -5056.0),
        (WINE, "VEV", 3, -2873.71),
        (WINE, "EVE", 4, -2965.12),
        (iris().rows, "EEE", 9, None),
    ],
    ids=["wine EII 9", "wine VEV 3", "wine EVE 4", "iris EEE 9"],
)
def test_a_shared_volume_lets_outliers_be_a_component(
    rows: np.ndarray, structure: str, k: int, known: float | None
) -> None:
    fit = mixtura.fit(rows, k, structure=structure)
    others = [
        mixtura.fit(rows, k, structure=structure, start=start, random_state=seed)
        for start in ("kmeans", "k-means++")
        for seed in range(4)
    ]
    best = max(other.log_likelihood for other in others if not other.repairs)
    assert fit.log_likelihood > best - 0.1
    if structure != "EII" and known is not None:
        assert fit.log_likelihood > known - 0.1


@pytest.mark.parametrize("share", [0.02, 0.05, 0.2, 0.4])
def test_a_spike_is_found_beside_the_bumps(share: float) -> None:
    for seed in (0, 7):
        rows, truth = _spiked(share, seed)
        fit = mixtura.fit(rows, 3, random_state=seed)
        led = mixtura.fit(rows, 3, start=truth)
        assert fit.log_likelihood > led.log_likelihood - 1.0
        assert np.abs(fit.mixture.means).min() < 1e-6
        assert "column 0 is 0" in " ".join(fit.notes)


def test_the_three_colours_of_a_picture_are_its_components() -> None:
    colours = np.array([[200.0, 30.0, 30.0], [30.0, 200.0, 30.0], [30.0, 30.0, 200.0]])
    random = np.random.default_rng(0)
    which = random.integers(3, size=600)
    for noise in (0.0, 0.7, 3.0):
        pixels = np.round(np.clip(colours[which] + noise * random.normal(size=(600, 3)), 0, 255))
        labels = mixtura.fit(pixels, 3).mixture.predict(pixels)
        assert adjusted_rand_score(which, labels) == 1.0


def test_rounded_values_are_no_spikes() -> None:
    """29 of the 150 petals are 0.2 wide: a plane, whose likelihood has no bound."""
    fit = mixtura.fit(iris(), 3)
    assert fit.log_likelihood == pytest.approx(-180.1855, abs=1e-3)  # as R's mclust has it
    assert_allclose(rounding(iris().rows), 0.1**2 / 12.0)


def test_the_rounding_of_a_continuous_column_is_nothing() -> None:
    rows = np.random.default_rng(0).normal(size=(500, 1))
    assert rounding(np.r_[rows, np.zeros((100, 1))])[0] < 1e-10


# -- where it hides -----------------------------------------------------------------------------


def test_clusters_along_one_of_thirty_axes_are_found() -> None:
    random = np.random.default_rng(2)
    truth = random.integers(2, size=1000)
    rows = random.normal(size=(1000, 30))
    rows[:, 0] += 6.0 * truth
    rows = rows @ ortho_group.rvs(30, random_state=1)
    values, vectors = np.linalg.eigh(np.cov(rows.T))
    rows = (rows - rows.mean(axis=0)) @ (vectors / np.sqrt(values))
    theirs = Theirs(2, random_state=0).fit(rows).predict(rows)
    assert adjusted_rand_score(truth, theirs) < 0.1
    assert adjusted_rand_score(truth, mixtura.fit(rows, 2).mixture.predict(rows)) > 0.9


def test_forty_even_peaks_are_all_found() -> None:
    random = np.random.default_rng(0)
    centres = 6.0 * np.arange(40)
    rows = (centres[random.integers(40, size=4000)] + random.normal(size=4000))[:, None]
    means = mixtura.fit(rows, 40).mixture.means.ravel()
    assert np.abs(means[:, None] - centres).min(axis=0).max() < 0.5


def test_as_many_components_as_distinct_rows_are_those() -> None:
    points = np.array([[0, 0, 0], [9, 0, 1], [0, 9, 2], [3, 3, 9], [7, 7, 4]], float)
    labels = mixtura.fit(np.tile(points, (25, 1)), 5).mixture.predict(points)
    assert sorted(labels) == [0, 1, 2, 3, 4]


def test_it_ends_where_the_best_of_many_restarts_ends() -> None:
    """Plain EM from 40 times K rows drawn at random; ends on fewer than D + 1 rows left out."""
    reached = []
    for seed in range(6):
        rows, k = _overlapping(seed)
        best = -np.inf
        for restart in range(40):
            try:
                other = mixtura.fit(rows, k, start="random_from_data", random_state=restart)
            except DataError:
                continue
            if not other.floored and (other.mixture.weights * len(rows)).min() >= 3.0:
                best = max(best, other.log_likelihood)
        reached.append(mixtura.fit(rows, k).log_likelihood > best - 0.1)
    assert all(reached)


# -- how often it was met -----------------------------------------------------------------------


def test_a_plain_maximum_is_met_by_all_searches() -> None:
    fit = mixtura.fit(faithful(), 2)
    assert fit.searches == Met(3, 3)
    assert "met by 3 of 3 searches" in fit.verdict.words


def test_further_starts_are_counted_with_the_first() -> None:
    one, three = (mixtura.fit(faithful(), 2, n_init=n) for n in (1, 3))
    assert three.searches == Met(9, 9)
    assert three.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-5)


def test_a_second_search_begins_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no effort left but for its start, the second ends at another height than the first."""
    monkeypatch.setattr(Budget, "empty", property(lambda self: True))
    rows, k = _overlapping(1)
    ends = [
        mixtura.fit(rows, k, n_init=n, random_state=3, max_iter=0).mean_log_likelihood
        for n in (1, 2, 4)
    ]
    assert ends == sorted(ends)
    assert ends[-1] > ends[0]


def test_more_components_than_a_search_can_pay_for_are_told() -> None:
    rows = np.random.default_rng(0).normal(size=(1500, 1))
    fit = mixtura.fit(rows, 600, max_iter=1)
    assert fit.searches is None
    assert "it is that of k-means alone" in fit.remedy


# -- in a grid ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [iris().rows, galaxies().rows], ids=["iris", "galaxies"])
def test_a_grid_is_not_below_single_fits_nor_falls_with_k(rows: np.ndarray) -> None:
    structures = ["VII", "EVI", "EEE", "VEV"] if rows.shape[1] > 1 else ["E", "V"]
    found = mixtura.select(rows, range(1, 7), structures=structures)
    for structure in structures:
        own = [row for row in found.rows if row.structure == structure and row.sound]
        for row in own:
            fit = mixtura.fit(rows, row.n_components, structure=structure)
            if not fit.floored:
                assert row.fit.log_likelihood > fit.log_likelihood - 0.01
        for less, more in pairwise(own):
            assert more.fit.log_likelihood > less.fit.log_likelihood - 1e-3


def test_too_few_rows_for_a_structure_are_told_before_the_search() -> None:
    rows = np.random.default_rng(0).normal(size=(30, 20))
    found = mixtura.select(rows, [1, 2, 3], structures=["VVV", "VVE", "VII"], n_jobs=1)
    faults = {str(row.candidate): row.fault for row in found.rows}
    assert "spherical" in faults["VVV,2"]
    assert "needs more than" in faults["VVE,3"]
    assert not faults["VII,2"]
    assert found.best_row.structure == "VII"


def test_a_component_of_few_rows_is_not_chosen() -> None:
    for seed in range(4):
        rows = np.random.RandomState(21000 + 4000 + seed).normal(size=(40, 3))
        best = mixtura.select(rows, range(1, 5)).best.mixture
        scale = np.outer(rows.std(axis=0), rows.std(axis=0))
        least = min(np.linalg.eigvalsh(each / scale)[0] for each in best.covariance_matrices())
        assert least > 1e-4


# -- the likelihood ratio -----------------------------------------------------------------------


def test_a_likelihood_ratio_of_nested_models_is_not_negative() -> None:
    rows = galaxies().rows[:60]
    test = mixtura.bootstrap_test(rows, 2, structure="E", n_bootstrap=9)
    assert test.statistic > -1e-6
    assert (test.replicates > -1e-6).all()
    assert test.n_failed == 0
    assert len(test.replicates) == 9


def test_several_numbers_are_tested_in_turn() -> None:
    tests = mixtura.bootstrap_test(faithful(), range(1, 3), structure="EEE", n_bootstrap=9)
    assert [test.null.mixture.n_components for test in tests] == [1, 2]
    alone = mixtura.bootstrap_test(faithful(), 2, structure="EEE", n_bootstrap=9)
    assert tests[1].p_value == alone.p_value
    assert tests.n_components(level=0.5) == 3
    with pytest.raises(mixtura.errors.ParameterError, match="level is 2, expected"):
        tests.n_components(level=2)


def _spiked(share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """1500 rows: a share of zeros, and two bumps."""
    random = np.random.default_rng(seed)
    draws = random.random(1500)
    bumps = np.where(
        random.random(1500) < 0.5, random.normal(5, 1, 1500), random.normal(11, 1.3, 1500)
    )
    rows = np.where(draws < share, 0.0, bumps)[:, None]
    return rows, np.where(draws < share, 0, np.where(rows[:, 0] > 8, 1, 2))


def _overlapping(seed: int) -> tuple[np.ndarray, int]:
    """Some 200 rows of four to six components in the plane, that overlap somewhat."""
    random = np.random.default_rng(100 + seed)
    k = int(random.integers(4, 7))
    means = 3.0 * random.normal(size=(k, 2))
    parts = []
    for mean in means:
        turn = np.linalg.qr(random.normal(size=(2, 2)))[0]
        axes = turn * random.uniform(0.3, 1.2, 2)
        parts.append(mean + random.normal(size=(40, 2)) @ axes.T)
    return np.concatenate(parts), k


def test_of_several_runs_none_wins_by_a_needle_through_few_rows() -> None:
    """Six rows on a line have a likelihood without bound; the rule is written out here."""
    random = np.random.default_rng(0)
    rows = random.standard_normal((60, 2))
    along = np.linspace(-1.0, 1.0, 6)[:, None] * [1.0, 2.0] + 1e-3 * random.standard_normal((6, 2))
    rows = np.vstack([rows, along])
    needle = np.repeat([0, 1], [60, 6])
    halves = (rows[:, 0] > 0.0).astype(int)
    ends = [
        mixtura.fit(rows, 2, structure="full", start=labels, random_state=0)
        for labels in (needle, halves)
    ]
    thin = [np.linalg.eigvalsh(end.mixture.covariance_matrices()).min() for end in ends]
    assert thin[0] < 1e-4 < thin[1]
    assert ends[0].log_likelihood > ends[1].log_likelihood
    for first, second in (ends, ends[::-1]):
        chosen = better(first, second)
        assert chosen.log_likelihood == ends[1].log_likelihood


@pytest.mark.parametrize(("structure", "k"), [("EII", 7), ("VEE", 6), ("EEV", 4), ("VVV", 4)])
def test_a_start_on_rounded_rows_leaves_em_nothing_to_climb(structure: str, k: int) -> None:
    # What the rounding leaves unknown is in the search's covariances, and not in EM's.
    trace = mixtura.fit(iris(), k, structure=structure, random_state=0).trace
    assert trace[-1] - trace[0] < 1e-8
