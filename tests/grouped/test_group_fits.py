"""Fits of groups: each ends at a maximum, and none depends on the others."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

import mixtura
from mixtura.engine import kernel
from mixtura.grouped.keys import seeds_of
from mixtura.model.structures import STRUCTURES

needs_core = pytest.mark.skipif(
    not kernel.native_is_installed(), reason="the reference kernel fits groups one by one"
)
FIELDS = ("n_rows", "outcome", "n_components", "structure", "log_likelihood", "bic", "n_iter",
          "weights", "means", "covariances")  # fmt: skip


@pytest.fixture(scope="module")
def many() -> tuple[np.ndarray, np.ndarray]:
    """Rows of 24 groups of 60 to 120, each of one to three components, and their keys."""
    rng = np.random.default_rng(5)
    rows, keys = [], []
    for group in range(24):
        n, k = int(rng.integers(60, 121)), 1 + group % 3
        means, labels = rng.normal(size=(k, 2)) * 4.0, rng.integers(0, k, n)
        spread = rng.normal(size=(k, 2, 2)) * 0.4 + np.eye(2)
        rows.append(
            means[labels] + np.einsum("nij,nj->ni", spread[labels], rng.normal(size=(n, 2)))
        )
        keys += [f"g{group:02}"] * n
    return np.vstack(rows), np.array(keys)


def same(one: mixtura.GroupFits, other: mixtura.GroupFits) -> None:
    for name in FIELDS:
        assert np.array_equal(
            getattr(one, name), getattr(other, name), equal_nan=name in FIELDS[4:6]
        )


def theirs(mixture: mixtura.Mixture, **more) -> GaussianMixture:
    """scikit-learn's model that begins with the parameters of ours."""
    return GaussianMixture(
        mixture.n_components,
        weights_init=mixture.weights,
        means_init=mixture.means,
        precisions_init=np.linalg.inv(mixture.covariances),
        reg_covar=0.0,
        **more,
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_each_group_ends_where_scikit_learn_gains_next_to_nothing(many):
    rows, keys = many
    found = mixtura.fit_groups(rows, keys, 2)
    assert not found.failed.any()
    for place, key in enumerate(found.keys["group"][:6]):
        part, mixture = rows[keys == key], found.mixture(key)
        own = theirs(mixture, max_iter=200, tol=1e-9).fit(part)
        gain = own.score(part) * len(part) - found.log_likelihood[place]
        assert -1e-6 < gain < 0.02  # 1e-3 are left by Aitken's estimate


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_likelihood_and_bic_are_those_that_scikit_learn_has_of_the_parameters(many):
    rows, keys = many
    found = mixtura.select_groups(rows, keys)
    for place, key in enumerate(found.keys["group"]):
        part, mixture = rows[keys == key], found.mixture(key)
        model = theirs(mixture, max_iter=1, tol=1e9).fit(part)
        model.weights_, model.means_ = mixture.weights, mixture.means
        model.precisions_cholesky_ = np.linalg.cholesky(np.linalg.inv(mixture.covariances))
        assert found.log_likelihood[place] == pytest.approx(model.score(part) * len(part), rel=1e-9)
        assert found.bic[place] == pytest.approx(model.bic(part), rel=1e-9)
        assert found.n_rows[place] == len(part)


def test_the_number_of_components_is_mostly_that_which_the_rows_were_drawn_from(many):
    rows, keys = many
    found = mixtura.select_groups(rows, keys)
    drawn = 1 + np.arange(24) % 3
    assert np.count_nonzero(found.n_components == drawn) >= 20
    assert set(found.outcome) == {"converged"}


@pytest.mark.parametrize("structure", ["full", "diag", "spherical", "tied"])
def test_one_component_has_the_moments_of_its_rows(many, structure):
    rows, keys = many
    found = mixtura.fit_groups(rows, keys, 1, structure=structure)
    for place, key in enumerate(found.keys["group"]):
        part = rows[keys == key]
        moments = np.cov(part.T, bias=True)
        variances = np.diag(moments)
        expected = {
            "diag": np.diag(variances),
            "spherical": np.eye(2) * variances.mean(),
        }.get(structure, moments)
        np.testing.assert_allclose(found.means[place], part.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(found.covariances[place], expected, rtol=1e-12, atol=1e-13)


# -- the same bits -----------------------------------------------------------------------------


def test_a_group_has_the_same_bits_in_whatever_company_and_on_however_many_threads(
    many, monkeypatch
):
    rows, keys = many
    whole = mixtura.select_groups(rows, keys, n_jobs=1)
    monkeypatch.setattr("mixtura.grouped.driver._GROUPS", 5)
    same(whole, mixtura.select_groups(rows, keys, n_jobs=3))
    # Each group's rows keep their order, whatever stands between them.
    moved = np.random.default_rng(0).permutation(24)[np.unique(keys, return_inverse=True)[1]]
    order = np.argsort(moved, kind="stable")
    same(whole, mixtura.select_groups(rows[order], keys[order]))
    mixed = np.random.default_rng(1).permutation(len(rows))
    places = np.empty(len(rows), int)
    for key in np.unique(keys):  # the places of a group, in ascending order
        places[keys == key] = np.sort(mixed[keys == key])
    apart = np.argsort(places)
    same(whole, mixtura.select_groups(rows[apart], keys[apart]))
    some = np.isin(keys, ["g03", "g17"])
    same(whole.taken(np.array([3, 17])), mixtura.select_groups(rows[some], keys[some]))


def test_another_seed_draws_other_starts(many):
    rows, keys = many
    one, other = (mixtura.fit_groups(rows, keys, 3, n_init=1, random_state=s) for s in (0, 1))
    assert not np.array_equal(one.log_likelihood, other.log_likelihood)


@needs_core
def test_more_starts_are_never_far_worse_and_sometimes_better(many):
    rows, keys = many
    few, more = (mixtura.fit_groups(rows, keys, 3, n_init=n).log_likelihood for n in (1, 30))
    assert more.sum() > few.sum()


def test_a_start_of_fit_s_is_that_of_fit_to_the_group_alone(many):
    rows, keys = many
    chosen = np.isin(keys, ["g00", "g04"])
    found = mixtura.fit_groups(rows[chosen], keys[chosen], 2, start="k-means++", tol=1e-6)
    for place, key in enumerate(found.keys["group"]):
        seed = int(seeds_of(found.keys, 0)[place])
        alone = mixtura.fit(rows[keys == key], 2, start="k-means++", tol=1e-6, random_state=seed)
        assert found.log_likelihood[place] == alone.log_likelihood
        assert np.array_equal(found.mixture(key).means, alone.mixture.means)


# -- structures --------------------------------------------------------------------------------


@pytest.mark.parametrize("structure", [each.letters for each in STRUCTURES])
def test_bic_counts_the_parameters_of_every_structure(many, structure):
    rows, keys = many
    chosen = np.isin(keys, ["g01", "g02"])
    found = mixtura.fit_groups(rows[chosen], keys[chosen], 2, structure=structure)
    for place, key in enumerate(found.keys["group"]):
        mixture, n = found.mixture(key), found.n_rows[place]
        part = rows[keys == key]
        assert mixture.structure.letters == structure
        expected = mixture.n_parameters * np.log(n) - 2.0 * mixture.score_samples(part).sum()
        assert found.bic[place] == pytest.approx(expected, rel=1e-10)


def test_the_structure_is_chosen_too(many):
    rng = np.random.default_rng(0)
    rows = np.vstack(
        [rng.normal(size=(200, 2)), rng.normal(size=(200, 2)) @ [[3.0, 2.0], [0, 0.4]]]
    )
    found = mixtura.select_groups(rows, np.repeat([0, 1], 200), [1], structures=["EII", "VVV"])
    assert found.structure.tolist() == ["EII", "VVV"]


def test_equal_weights_are_equal_and_not_counted(many):
    rows, keys = many
    found = mixtura.fit_groups(rows, keys, 2, weights="equal")
    assert set(found.weights) == {0.5}
    assert found.mixture("g01").n_parameters == 10


# -- weights of rows ---------------------------------------------------------------------------


@needs_core
def test_a_whole_weight_is_as_good_as_so_many_rows_and_none_as_no_row(many):
    rows, keys = many
    times = np.random.default_rng(0).integers(0, 3, len(rows))
    weighed = mixtura.fit_groups(rows, keys, 1, sample_weight=times)
    repeated = mixtura.fit_groups(rows.repeat(times, axis=0), keys.repeat(times), 1)
    np.testing.assert_allclose(weighed.log_likelihood, repeated.log_likelihood, rtol=1e-12)
    np.testing.assert_allclose(weighed.bic, repeated.bic, rtol=1e-12)
    np.testing.assert_allclose(weighed.means, repeated.means, rtol=1e-10)
    dropped = mixtura.fit_groups(
        rows[times > 0], keys[times > 0], 2, sample_weight=times[times > 0]
    )
    same(mixtura.fit_groups(rows, keys, 2, sample_weight=times), dropped)


# -- what cannot be fitted -----------------------------------------------------------------------


def test_a_group_that_cannot_be_fitted_is_a_row_with_its_reason(many):
    rows, keys = many
    rows = rows.copy()
    rows[np.flatnonzero(keys == "g03")[7], 1] = np.nan
    rows[np.flatnonzero(keys == "g05")[0], 0] = np.inf
    alone = np.concatenate([keys, ["one", "two", "two"]])
    found = mixtura.fit_groups(np.vstack([rows, rows[:3]]), alone, 2)
    failed = {key: note for key, note in zip(found.keys["group"], found.notes, strict=True) if note}
    assert found.failed.sum() == 3
    assert failed["g03"].startswith("its row 7, column 1 is NaN")
    assert failed["g05"].startswith("its row 0, column 0 is infinity")
    assert "1 row" in failed["one"]
    assert found.n_rows[found.failed].tolist() == [(keys == "g03").sum(), (keys == "g05").sum(), 1]
    sound = ~np.isin(alone, ["g03", "g05", "one", "two"])
    others = mixtura.fit_groups(np.vstack([rows, rows[:3]])[sound], alone[sound], 2)
    kept = np.isin(found.keys["group"], others.keys["group"])
    same(found.taken(np.flatnonzero(kept)), others)
    with pytest.raises(mixtura.errors.ParameterError, match="could not be fitted: its row 7"):
        found.mixture("g03")


def test_rows_that_are_all_the_same_or_in_a_line_raise_nothing():
    rng = np.random.default_rng(0)
    line = np.outer(rng.normal(size=30), [1.0, 2.0])
    rows = np.vstack([np.ones((30, 2)), line, rng.normal(size=(30, 2)), np.full((30, 2), 1e200)])
    found = mixtura.select_groups(rows, np.repeat(["same", "line", "sound", "wide"], 30), [1, 2])
    ended = dict(zip(found.keys["group"], found.n_components, strict=True))
    assert ended["sound"] == 1
    assert all(found.notes[place] for place in np.flatnonzero(found.failed))
    assert np.isfinite(found.covariances).all()


def test_few_rows_leave_the_candidates_that_they_are_enough_for():
    rng = np.random.default_rng(0)
    found = mixtura.select_groups(rng.normal(size=(16, 2)), np.repeat([1, 2], [6, 10]))
    assert found.n_components[0] == 1  # two of the form take more than 6 rows
    assert not found.failed.any()


def test_without_the_core_groups_are_fitted_one_by_one(many, monkeypatch):
    monkeypatch.setattr(kernel, "fit_groups", None)
    rows, keys = many
    chosen = np.isin(keys, ["g00", "g01"])
    found = mixtura.select_groups(rows[chosen], keys[chosen], [1, 2])
    for place, key in enumerate(found.keys["group"]):
        seed = int(seeds_of(found.keys, 0)[place])
        part = rows[keys == key]
        best = mixtura.select(part, [1, 2], structures="full", random_state=seed).best
        assert found.log_likelihood[place] == best.log_likelihood
        assert found.n_components[place] == best.mixture.n_components


def test_who_watches_is_told_of_every_group(many):
    told = []
    mixtura.fit_groups(*many, observer=lambda done, of: told.append((done, of)))
    assert told[-1] == (24, 24)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"n_components": 0}, "n_components"),
        ({"n_components": [1, 2]}, "select_groups chooses"),
        ({"random_state": None}, "random_state is None"),
        ({"n_init": 0}, "n_init is 0"),
        ({"noise": True}, "no setting 'noise'"),
        ({"n_jobs": 0}, "n_jobs is 0"),
        ({"structure": "VVW"}, "VVW"),
    ],
)
def test_a_setting_that_is_none_is_refused(many, more, words):
    with pytest.raises(mixtura.errors.ParameterError, match=words):
        mixtura.fit_groups(*many, **more)
