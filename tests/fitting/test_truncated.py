"""Truncated EM: what it raises never falls, and what it leaves out is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import mixtura
from mixtura.engine.cells import Cells, Numbers
from mixtura.errors import Interrupted, ParameterError
from mixtura.fitting.em import EM
from mixtura.fitting.given import Given
from mixtura.fitting.settings import Settings
from mixtura.fitting.truncated.begin import from_mixture, passes_over
from mixtura.fitting.truncated.moves import chosen
from mixtura.fitting.truncated.placing import distinct, led, nearest
from mixtura.fitting.truncated.rounds import Place, Rounds
from mixtura.fitting.truncated.truncation import Breadth, Truncation
from mixtura.fitting.verdict.findings import named
from mixtura.model.mixture import Mixture
from mixtura.model.structures import structure
from mixtura.rows.data import Data

SPACING = 4.0 * np.sqrt(2.0)
STRUCTURES = ["spherical", "diag", "full", "tied", "VVE", "EVI"]


pytestmark = pytest.mark.usefixtures("passes_over_cells")


def grid(side: int, rows: int = 40, seed: int = 0) -> tuple[Any, Any]:
    """Rows of side² unit clusters in the plane, shuffled, and their centres."""
    random = np.random.default_rng(seed)
    lines = SPACING * np.arange(side)
    centres = np.stack(np.meshgrid(lines, lines), axis=-1).reshape(-1, 2)
    X = np.repeat(centres, rows, axis=0) + random.normal(size=(len(centres) * rows, 2))
    return X[random.permutation(len(X))], centres


def some_mixture(X: Any, k: int, kind: str, seed: int = 0) -> Mixture:
    """A mixture of equal wide covariances about rows."""
    random = np.random.default_rng(seed)
    means = X[random.choice(len(X), k, replace=False)]
    form, d = structure(kind).form, X.shape[1]
    covariances = form.gathered(np.broadcast_to(X.var() / k * np.eye(d), (k, d, d)))
    return Mixture(np.full(k, 1.0 / k), means, covariances, structure(kind))


def rounds_of(
    X: Any, mixture: Mixture, breadth: Breadth, weights: Any = None
) -> tuple[Rounds, Place]:
    settings = Settings(mixture.n_components, mixture.structure, reg_covar="auto", max_iter=10**6)
    data = Data.held(X, {} if weights is None else {"weights": weights})
    return from_mixture(EM(data, settings), mixture, breadth, np.random.RandomState(0))


def climbed(rounds: Rounds, place: Place, n: int) -> list[float]:
    """The bounds of so many rounds, nats a row."""
    bounds, total = [], rounds.em.data.source.total_weight
    for at in range(n):
        bounds.append(rounds.expand(place)[0] / total)
        assert rounds.maximise(place, at + 1, ())[1] == []
    return bounds


def joint(X: Any, mixture: Mixture) -> Any:
    """Log w_k N(x | μ_k, Σ_k), (N, K), by scipy."""
    parts = zip(mixture.weights, mixture.means, mixture.covariance_matrices(), strict=True)
    return np.column_stack(
        [np.log(w) + multivariate_normal(mean, matrix).logpdf(X) for w, mean, matrix in parts]
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", STRUCTURES)
def test_rows_that_keep_all_components_make_exact_em(kind: str, weighted: bool) -> None:
    X = np.random.default_rng(1).normal(size=(600, 3)) * [1.0, 3.0, 0.2] + 5.0
    weights = np.random.default_rng(2).uniform(0.5, 2.0, size=600) if weighted else None
    start = some_mixture(X, 9, kind)
    rounds, place = rounds_of(X, start, Breadth(9, 9), weights)
    bounds = climbed(rounds, place, 6)
    exact = mixtura.fit(
        X,
        9,
        structure=kind,
        given=Given(start.weights, start.means, start.structure.form.inverted(start.covariances))
        if kind != "spherical"
        else Given(start.weights, start.means, 1.0 / start.covariances),
        max_iter=6,
        tol=0.0,
        accelerate=False,
        sample_weight=weights,
        search="exact",
    )
    np.testing.assert_allclose(bounds, exact.trace[:6], rtol=1e-10)
    np.testing.assert_allclose(place.mixture.means, exact.mixture.means, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(place.mixture.covariances, exact.mixture.covariances, rtol=1e-9)


def falls(seed: int) -> float:
    """The largest fall of the bound in some rounds of a problem, relative to its size."""
    random = np.random.default_rng(seed)
    n, d, k = int(random.integers(300, 1500)), int(random.integers(1, 7)), 20
    k = int(random.integers(2, min(60, n // (3 * (d + 2)))))
    places = random.normal(
        scale=random.uniform(1.0, 10.0), size=(int(random.integers(1, k + 5)), d)
    )
    X = places[random.integers(len(places), size=n)] + random.normal(size=(n, d))
    kind = STRUCTURES[seed % len(STRUCTURES)]
    weights = random.uniform(0.1, 3.0, size=n) if seed % 3 == 0 else None
    breadth = Breadth(
        int(random.integers(1, min(k, 6) + 1)), int(random.integers(1, min(k, 9) + 1))
    )
    rounds, place = rounds_of(X, some_mixture(X, k, kind, seed), breadth, weights)
    bounds = []
    for at in range(8):
        bounds.append(rounds.expand(place)[0])
        if rounds.maximise(place, at + 1, ())[1]:  # a repair may lower it
            break
    return max([0.0, *(-np.diff(bounds) / np.abs(bounds[1:]))])


def test_the_bound_never_falls() -> None:
    assert max(map(falls, range(40))) <= 1e-10


@pytest.mark.slow
def test_the_bound_never_falls_over_a_thousand_problems() -> None:
    assert max(map(falls, range(1000))) <= 1e-10


@pytest.mark.parametrize("kind", ["spherical", "diag", "full"])
def test_from_one_start_it_ends_no_lower_than_exact_em(kind: str) -> None:
    X, centres = grid(12)
    start = some_mixture(X, len(centres), kind)
    means = centres + np.random.default_rng(3).normal(size=centres.shape)
    start = Mixture(start.weights, means, start.covariances, start.structure)
    rounds, place = rounds_of(X, start, Breadth(3, 5))
    climbed(rounds, place, 20)
    matrices = start.structure.form.inverted(start.covariances)
    exact = mixtura.fit(
        X,
        len(centres),
        structure=kind,
        given=Given(start.weights, start.means, matrices),
        max_iter=20,
        tol=0.0,
        accelerate=False,
        search="exact",
    )
    assert place.mixture.score(X) > exact.mixture.score(X) - 1e-3


def test_the_same_bits_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    X, centres = grid(14, rows=150)

    def fitted(n_threads: int) -> mixtura.Fit:
        monkeypatch.setenv("MIXTURA_NUM_THREADS", str(n_threads))
        return mixtura.fit(X, len(centres), structure="diag", search="truncated", max_iter=6)

    one, *others = (fitted(n) for n in (1, 2, 3))
    for other in others:
        assert (other.trace == one.trace).all()
        assert (other.mixture.means == one.mixture.means).all()
        assert (other.mixture.covariances == one.mixture.covariances).all()


@pytest.mark.parametrize("kind", ["spherical", "diag", "full"])
def test_what_is_left_out_is_told_as_it_is(kind: str) -> None:
    X, centres = grid(7)
    fit = mixtura.fit(X, len(centres), structure=kind, search="truncated")
    told, densities = fit.truncation, joint(X, fit.mixture)
    assert told is not None
    assert fit.mean_log_likelihood == pytest.approx(logsumexp(densities, axis=1).mean(), abs=1e-9)
    best = np.sort(densities, axis=1)[:, -told.breadth.kept :]
    assert told.bound <= logsumexp(best, axis=1).mean() + 1e-9
    assert fit.trace[-2] - 1e-9 <= told.bound <= fit.mean_log_likelihood + 1e-12
    assert told.best_kept == 1.0
    assert told.n_scored == len(X)
    assert str(told.breadth.kept) in fit.notes[-1]
    assert fit.outcome.converged


def test_every_cluster_of_a_grid_is_found_by_one_component() -> None:
    X, centres = grid(10, rows=100)
    fit = mixtura.fit(X, 100, structure="diag", search="truncated", tol=1e-3)
    nearest_centre = ((fit.mixture.means[:, None] - centres) ** 2).sum(-1).argmin(1)
    assert len(set(nearest_centre.tolist())) >= 98
    assert fit.truncation is not None
    assert fit.truncation.n_moves > 0


@pytest.mark.parametrize("kind", ["tied", "EII", "VVE"])
def test_components_that_share_a_covariance_find_every_cluster_too(kind: str) -> None:
    X, centres = grid(10)
    fit = mixtura.fit(X, len(centres), structure=kind, search="truncated", max_iter=100, tol=1e-4)
    nearest_centre = ((fit.mixture.means[:, None] - centres) ** 2).sum(-1).argmin(1)
    assert len(set(nearest_centre.tolist())) >= 97


def test_exact_em_can_go_on_from_there() -> None:
    X, centres = grid(6)
    fit = mixtura.fit(X, len(centres), structure="diag", search="truncated")
    on = mixtura.fit(X, len(centres), structure="diag", start=fit.mixture, search="exact")
    assert on.truncation is None
    assert fit.mean_log_likelihood - 1e-9 < on.mean_log_likelihood < fit.mean_log_likelihood + 0.01


def test_the_record_of_a_fit_tells_what_was_left_out() -> None:
    X, centres = grid(6)
    fit = mixtura.fit(X, len(centres), structure="diag", search="truncated", max_iter=3)
    record = fit.summary()
    assert record["settings"]["search"] == "truncated"
    again = Truncation.of_record(record["truncation"])
    assert again.record() == record["truncation"]
    assert record["truncation"]["kept"] == 3


def test_rows_of_weight_two_are_as_two_rows() -> None:
    X, centres = grid(5)
    start, twice = some_mixture(X, len(centres), "diag"), np.repeat(X, 2, axis=0)
    one = climbed(*rounds_of(X, start, Breadth(3, 25), np.full(len(X), 2.0)), 5)
    two = climbed(*rounds_of(twice, start, Breadth(3, 25)), 5)
    np.testing.assert_allclose(one, two, rtol=1e-9)


def test_a_saved_fit_tells_it_still(tmp_path: Path) -> None:
    X, _ = grid(4)
    fit = mixtura.fit(X, 16, structure="diag", search="truncated", max_iter=3)
    mixtura.save(fit, tmp_path / "fit.safetensors")
    again = mixtura.load_fit(tmp_path / "fit.safetensors")
    assert fit.truncation is not None
    assert again.truncation is not None
    assert again.truncation.record() == fit.truncation.record()
    assert again.settings.search == "truncated"


def test_the_estimator_takes_it_too() -> None:
    X, _ = grid(4)
    more = {"covariance_type": "diag", "init_params": "auto", "random_state": 0}
    model = mixtura.GaussianMixture(16, search="truncated", **more).fit(X)
    assert model.fit_.truncation is not None
    assert model.lower_bound_ == pytest.approx(model.score(X), abs=1e-9)


class Stopping:
    """An observer at whose word the user presses Ctrl-C."""

    def begun(self, run: int) -> None:
        pass

    def iterated(self, iteration: int, trace: Any, mixture: Mixture) -> None:
        if iteration == 4:
            raise KeyboardInterrupt

    def ended(self, fit: mixtura.Fit) -> None:
        pass


@pytest.mark.parametrize("start", ["auto", "random_from_data"])
def test_an_interrupted_fit_carries_what_is_known(start: str) -> None:
    X, _ = grid(6)
    with pytest.raises(Interrupted) as caught:
        mixtura.fit(
            X, 36, structure="diag", start=start, search="truncated", observer=Stopping(), tol=0.0
        )
    fit = caught.value.fit
    assert fit.truncation is None
    assert len(fit.trace) == 4
    assert (np.diff(fit.trace) >= 0.0).all()
    assert fit.mean_log_likelihood <= fit.mixture.score(X) + 1e-12


# -- what was met on the way --------------------------------------------------------------------


def test_a_component_whose_cell_is_empty_keeps_its_neighbours() -> None:
    X, _ = grid(4)
    start = some_mixture(X, 16, "diag")
    means = start.means.copy()
    means[3] = 1e3  # no row is nearest to it
    far = Mixture(start.weights, means, start.covariances, start.structure)
    rounds, place = rounds_of(X, far, Breadth(3, 5))
    before = place.graph[3].copy()
    rounds.expand(place)
    assert (place.graph[3] == before).all()
    assert (place.graph[:, 0] == np.arange(16)).all()


def test_rows_of_one_tile_are_shown_what_any_of_them_asks_for() -> None:
    X, centres = grid(3, rows=7)
    mixture = Mixture(np.full(9, 1 / 9), centres, np.ones((9, 2)), structure("diag"))
    rounds, place = rounds_of(X, mixture, Breadth(2, 2))
    passes, n = rounds.passes, len(X)
    lists = np.arange(9, dtype=np.int32)[:, None]
    asked = (np.arange(n, dtype=np.int32) % 9)[:, None].copy()
    passes.expand(mixture.gaussians, Cells.even(n, 64), lists, asked, place.sets)
    densities = joint(passes.rows, mixture)
    for at in range(0, n, 8):  # so many rows ask together
        shown = np.unique(asked[at : at + 8])
        assert 1 < len(shown) < 9
        best = shown[densities[at : at + 8, shown].argsort(axis=1)[:, ::-1][:, :2]]
        assert (place.sets.ids[at : at + 8] == best).all()


def test_means_are_found_through_pivots() -> None:
    X, centres = grid(20, rows=5)
    passes = passes_over(Data.held(X).sample, Data.held(X).executor)
    found = nearest(passes, centres, 3, np.ones(2), np.random.RandomState(0))
    exact = ((X[:, None] - centres) ** 2).sum(-1).argmin(1)
    assert (found[:, 0] == exact).mean() > 0.99


def test_a_batch_of_moves_touches_no_neighbourhood_twice() -> None:
    random = np.random.default_rng(0)
    graph: Numbers = led(random.integers(60, size=(60, 5)).astype(np.int32))
    partner = graph[:, 1].astype(int)
    batch = chosen(random.uniform(size=60), partner, 1.0 + random.uniform(size=60), graph, 20)
    assert 1 < len(batch) <= 20
    touched = [
        {*graph[[a, b, c], :4].ravel().tolist()} - {-1}
        for a, b, c in zip(batch.removed, batch.into, batch.split, strict=True)
    ]
    for at, those in enumerate(touched):
        assert not any(those & others for others in touched[:at])


def test_a_batch_of_moves_leaves_none_that_would_gain_and_is_near_no_other() -> None:
    random, k = np.random.default_rng(1), 400
    graph = np.array([[c, (c + 1) % k, (c - 1) % k, (c + 2) % k] for c in range(k)], np.int32)
    loss, gain = random.uniform(size=k), random.uniform(size=k)
    batch = chosen(loss, graph[:, 1].astype(int), gain, graph, k)
    touched = {int(c) for those in (batch.removed, batch.into, batch.split) for c in those}
    taken = {int(c) for c in graph[sorted(touched)].ravel()}
    free = [c for c in range(k) if taken.isdisjoint(graph[c].tolist())]
    cheap = [c for c in free if (c + 1) % k in free]
    assert len(batch) > 10
    assert not [
        (one, two)
        for one in cheap
        for two in free
        if gain[two] > loss[one] and two not in {one, (one + 1) % k}
    ]


def test_a_component_that_is_gone_is_none_behind_the_others() -> None:
    ids = np.array([[4, 2, 4], [1, 1, 1], [-1, 3, 2], [0, -1, -1]], np.int32)
    wanted = [[4, 2, -1], [1, -1, -1], [3, 2, -1], [0, -1, -1]]
    assert distinct(ids).tolist() == wanted


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"errors": np.ones((49, 2))}, "errors"),
        ({"labels": np.arange(49) % 4}, "labels"),
        ({"missing": "em"}, "lack features"),
        ({"accelerate": True}, "accelerate=True"),
    ],
)
def test_what_it_cannot_do_is_refused_by_name(more: Any, named: str) -> None:
    X, _ = grid(7, rows=1)
    if "missing" in more:
        X[0, 0] = np.nan
    with pytest.raises(ParameterError, match=named):
        mixtura.fit(X, 4, structure="diag", search="truncated", **more)


def test_a_search_that_there_is_not_is_refused() -> None:
    with pytest.raises(ParameterError, match="'auto', 'exact' or 'truncated'"):
        mixtura.fit(np.eye(3), 2, search="quick")


def test_few_rows_and_components_are_left_to_exact_em() -> None:
    X, _ = grid(4)
    assert mixtura.fit(X, 16, structure="diag").truncation is None


@pytest.mark.parametrize("case", ["alike", "alike far out", "one component", "unseen"])
def test_rows_alike_are_fitted_as_exact_em_fits_them(case: str) -> None:
    X, k, weights = np.ones((300, 2)), 20, None
    if case == "alike far out":
        X = np.full((300, 2), 1e8)
    elif case == "one component":
        k = 1
    elif case == "unseen":  # rows of weight 0 alone differ
        X[:9], weights = np.arange(18.0).reshape(9, 2), np.repeat([0.0, 1.0], [9, 291])
    ours, exact = (
        mixtura.fit(X, k, search=search, sample_weight=weights) for search in ("truncated", "exact")
    )
    assert ours.log_likelihood == exact.log_likelihood
    assert ours.truncation is None
    assert [str(each) for each in ours.notes] == [str(each) for each in exact.notes]


def test_a_constant_column_and_few_different_rows_are_sown() -> None:
    X = np.column_stack([np.repeat(np.arange(30.0), 40), np.full(1200, 1e8)])
    fit = mixtura.fit(X, 20, search="truncated")
    assert fit.truncation is not None
    assert np.isfinite(fit.log_likelihood)


@pytest.mark.parametrize("k", [1, 2])
def test_a_bound_of_all_components_is_the_likelihood(k: int) -> None:
    X, _ = grid(4)
    fit = mixtura.fit(X, k, structure="diag", search="truncated", max_iter=3)
    assert fit.truncation is not None
    assert fit.truncation.gap >= 0.0
    assert fit.truncation.breadth.kept == k
    assert "bound" not in fit.notes[-1]
    assert f"{k} component" in fit.notes[-1]


def test_very_many_components_on_few_rows_are_counted_and_not_listed_one_by_one() -> None:
    X = np.random.default_rng(0).normal(size=(360, 8))
    fit = mixtura.fit(X, 39, structure="full", search="truncated", max_iter=20)
    said = next(note for note in fit.notes if "rest on" in note)
    assert len(said) < 300
    least, most = (
        f"{fit.n_rows * end:.3g}"
        for end in (
            fit.mixture.weights[[*fit.starved]].min(),
            fit.mixture.weights[[*fit.starved]].max(),
        )
    )
    assert f"rest on {least} to {most} rows, fewer than the 9" in said


@pytest.mark.parametrize("most", [1, 7, 9])
def test_batches_of_moves_are_iterations_of_which_there_are_as_many_as_asked(most: int) -> None:
    X, centres = grid(8)
    fit = mixtura.fit(X, len(centres), structure="diag", search="truncated", max_iter=most)
    assert len(fit.trace) == most + 1
    assert not fit.outcome.converged


@pytest.mark.parametrize("reg_covar", ["auto", 1e-6])
@pytest.mark.parametrize("kind", ["spherical", "diag", "full"])
def test_no_component_is_moved_to_rows_that_are_rounded_alike(kind: str, reg_covar: Any) -> None:
    X, centres = grid(8)
    more = {"structure": kind, "reg_covar": reg_covar, "max_iter": 60}
    fit = mixtura.fit(np.round(X), len(centres), search="truncated", **more)
    assert fit.truncation is not None
    assert fit.truncation.n_moves > 0
    assert fit.floored == ()


def test_of_very_many_components_five_are_named_and_the_others_counted() -> None:
    assert named(range(20)).endswith(", 17, 18 and 19")
    assert named(range(3000)) == "components 0, 1, 2, 3, 4 and 2995 more"


@pytest.mark.parametrize("noise", [None, True])
@pytest.mark.parametrize("kind", ["spherical", "diag", "full"])
def test_exact_em_of_many_components_begins_no_lower_than_k_means(kind: str, noise: Any) -> None:
    X, centres = grid(10, rows=30)
    if noise:
        X[::15] = np.random.default_rng(1).uniform(-10.0, 65.0, size=X[::15].shape)
    more: Any = {"structure": kind, "noise": noise, "search": "exact", "tol": 1e-3}
    ours, clusters = (mixtura.fit(X, 100, start=start, **more) for start in ("auto", "kmeans"))
    assert ours.truncation is None
    assert ours.mean_log_likelihood > clusters.mean_log_likelihood - 1e-9
    nearest_centre = ((ours.mixture.means[:, None] - centres) ** 2).sum(-1).argmin(1)
    assert len(set(nearest_centre.tolist())) >= 97


def test_means_that_are_given_are_where_truncated_em_begins() -> None:
    X, centres = grid(5)
    more: Any = {"structure": "diag", "search": "truncated", "max_iter": 0}
    fit = mixtura.fit(X, 25, given=Given(means=centres), **more)
    np.testing.assert_allclose(fit.mixture.means, centres)


def test_the_bound_stays_where_it_is_when_components_without_rows_give_way() -> None:
    # Of 400 components more than eighty end without rows, as copies of the heaviest.
    random = np.random.default_rng(16)
    centres = random.uniform(0, 30, size=(400, 16))
    rows = centres[random.integers(400, size=20_000)] + 0.3 * random.normal(size=(20_000, 16))
    start = mixtura.Mixture(np.full(400, 1 / 400), rows[:400], 4.0 * np.eye(16), structure="tied")
    fit = mixtura.fit(
        rows, 400, structure="tied", start=start, search="truncated", max_iter=12, tol=0.0
    )
    assert sum(repair.action == "pruned" for repair in fit.repairs) > 50
    settled = np.asarray(fit.trace[6:-1])  # none is set anew from there on
    assert (np.diff(settled) >= -1e-10 * np.abs(settled[1:])).all()
    assert fit.truncation.bound == pytest.approx(fit.mixture.score(rows), abs=1e-4)
