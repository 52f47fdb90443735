"""Each M-step is the best of its family, for the scatters alone."""

from __future__ import annotations

import pickle
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import ortho_group

from families import LETTERS, NESTED, RESCALED, ROTATED, SHEARED, members, obeys
from mixtura.engine import kernel
from mixtura.engine.statistics import Statistics
from mixtura.fitting.m_step.estimate import Estimate, maximise
from mixtura.model.structures import structure

EACH = pytest.mark.parametrize("letters", LETTERS)
SIZES = pytest.mark.parametrize(
    ("k", "d"), [(1, 1), (3, 1), (1, 4), (2, 2), (3, 4), (5, 3), (6, 10)]
)


def scatters(seed: int, k: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Effective numbers of rows (K,) and scatters (K, D, D), some of them long and thin."""
    random = np.random.default_rng(seed)
    weight = random.uniform(5.0, 50.0, k)
    root = random.normal(size=(k, d, d + 3)) * np.exp(random.normal(size=(k, d, 1)))
    return weight, root @ root.swapaxes(1, 2) * (weight / d)[:, None, None]


def maximised(
    letters: str, weight: np.ndarray, scatter: np.ndarray, before: np.ndarray | None = None
) -> np.ndarray:
    """The M-step's covariances, (K, D, D)."""
    model = structure(letters)
    moments = np.einsum("kdd->kd", scatter) if model.form.diagonal else scatter
    if before is not None:
        before = model.form.gathered(before)
    covariances = model.maximise(weight, moments, before)
    return model.form.matrices(covariances, len(weight), scatter.shape[1])


def expected(weight: np.ndarray, scatter: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """−½ Σ_k (n_k log|Σ_k| + tr(W_k Σ_k⁻¹)) of matrices (..., K, D, D)."""
    repeated = np.broadcast_to(scatter, matrices.shape)  # NumPy 1 would take vectors
    traces = np.trace(np.linalg.solve(matrices, repeated), axis1=-2, axis2=-1)
    return -0.5 * (weight * np.linalg.slogdet(matrices)[1] + traces).sum(axis=-1)


@EACH
@SIZES
def test_the_answer_is_what_the_letters_say(letters: str, k: int, d: int) -> None:
    assert obeys(letters, maximised(letters, *scatters(k, k, d)))


@EACH
@SIZES
def test_no_member_of_the_family_drawn_at_random_is_better(letters: str, k: int, d: int) -> None:
    weight, scatter = scatters(k + d, k, d)
    best = expected(weight, scatter, maximised(letters, weight, scatter))
    typical = np.trace(scatter.sum(axis=0)) / (weight.sum() * d)
    random = np.random.default_rng(0)
    for spread in (0.1, 1.0):
        drawn = typical * members(random, letters, 500, k, d, spread)
        assert expected(weight, scatter, drawn).max() <= best + 1e-9 * abs(best)


@EACH
@SIZES
def test_no_member_of_the_family_nearby_is_better(letters: str, k: int, d: int) -> None:
    weight, scatter = scatters(2 * k + d, k, d)
    found = maximised(letters, weight, scatter)
    best = expected(weight, scatter, found)
    random = np.random.default_rng(1)
    for size in (1e-4, 1e-2):
        for _ in range(20):
            noise = size * random.normal(size=scatter.shape)
            moved = (np.eye(d) + noise) @ scatter @ (np.eye(d) + noise).swapaxes(1, 2)
            other = maximised(letters, weight * np.exp(size * random.normal(size=k)), moved, found)
            assert obeys(letters, other)
            assert expected(weight, scatter, other) <= best + 1e-9 * abs(best)


@pytest.mark.parametrize("letters", ["EVE", "VVE"])
@pytest.mark.parametrize("seed", range(3))
def test_no_orientation_is_better_than_the_common_one(letters: str, seed: int) -> None:
    k, d = 4, 3
    weight, scatter = scatters(seed, k, d)
    best = expected(weight, scatter, maximised(letters, weight, scatter))
    turns = ortho_group.rvs(d, 20000, random_state=seed)
    spread = np.einsum("tji,kjl,tli->tki", turns, scatter, turns, optimize=True)
    logs = np.log(spread)  # with the best volumes and shapes for each orientation
    n = weight.sum()
    if letters == "VVE":
        values = -0.5 * (weight[:, None] * (logs - np.log(weight)[:, None])).sum(axis=(1, 2))
    else:
        values = -0.5 * n * d * np.log(np.exp(logs.mean(axis=2)).sum(axis=1) / n)
    assert (values - 0.5 * n * d).max() <= best + 1e-9 * abs(best)


@pytest.mark.parametrize("letters", ["VEI", "VEE", "EVE", "VVE", "VEV"])
def test_an_iterated_step_never_falls_below_where_it_began(letters: str) -> None:
    for seed in range(20):
        weight, scatter = scatters(seed, 4, 5)
        begun = maximised(letters, *scatters(seed + 100, 4, 5))
        best = expected(weight, scatter, maximised(letters, weight, scatter, begun))
        assert best >= expected(weight, scatter, begun)


@pytest.mark.parametrize("letters", ["VEI", "VEE", "EVE", "VVE", "VEV"])
def test_an_iterated_step_taken_again_stays(letters: str) -> None:
    weight, scatter = scatters(7, 4, 5)
    once = maximised(letters, weight, scatter)
    again = maximised(letters, weight, scatter, once)
    assert_allclose(again, once, rtol=1e-4, atol=1e-4 * np.abs(once).max())
    assert_allclose(expected(weight, scatter, again), expected(weight, scatter, once), rtol=1e-11)


@pytest.mark.parametrize("chain", NESTED, ids="<".join)
@pytest.mark.parametrize("seed", range(3))
def test_a_richer_family_is_as_good_at_least(chain: tuple[str, ...], seed: int) -> None:
    weight, scatter = scatters(seed, 4, 4)
    values = [expected(weight, scatter, maximised(each, weight, scatter)) for each in chain]
    for (poorer, low), (richer, high) in pairwise(zip(chain, values, strict=True)):
        assert high >= low - 1e-10 * abs(low), f"{richer} is below {poorer}"


@EACH
@pytest.mark.parametrize("kind", ["rotation", "scales", "shear"])
def test_a_linear_map_is_followed_where_the_letters_allow_it(letters: str, kind: str) -> None:
    weight, scatter = scatters(11, 3, 4)
    random = np.random.default_rng(5)
    linear = {
        "rotation": 3.0 * ortho_group.rvs(4, random_state=5),
        "scales": np.diag(np.exp(2.0 * random.normal(size=4))),
        "shear": random.normal(size=(4, 4)),
    }[kind]
    allowed = {"rotation": ROTATED, "scales": RESCALED, "shear": SHEARED}[kind]
    there = maximised(letters, weight, linear @ scatter @ linear.T)
    back = linear @ maximised(letters, weight, scatter) @ linear.T
    follows = np.allclose(there, back, rtol=0.0, atol=1e-5 * np.abs(back).max())
    assert follows == (letters in allowed)


@EACH
def test_a_factor_on_all_scatters_is_one_on_the_covariances(letters: str) -> None:
    weight, scatter = scatters(3, 3, 3)
    plain = maximised(letters, weight, scatter)
    for factor in (1e-200, 1e200):
        assert_allclose(maximised(letters, weight, factor * scatter) / factor, plain, rtol=1e-5)


@EACH
def test_in_one_dimension_there_are_two(letters: str) -> None:
    weight, scatter = scatters(1, 4, 1)
    assert_allclose(
        maximised(letters, weight, scatter),
        maximised("EII" if letters[0] == "E" else "VII", weight, scatter),
        rtol=1e-12,
    )
    counted = structure(letters).n_covariance_parameters(4, 1)
    assert counted == (1 if letters[0] == "E" else 4)


@EACH
def test_members_of_the_family_are_their_own_projection(letters: str) -> None:
    model = structure(letters)
    matrices = members(np.random.default_rng(2), letters, 1, 3, 4, 0.7)[0]
    held = model.form.gathered(matrices)
    projected = model.projected(np.array([2.0, 5.0, 9.0]), held)
    assert_allclose(projected, held, rtol=1e-5, atol=1e-6 * np.abs(held).max())


@EACH
def test_a_component_without_rows_leaves_the_others_alone(letters: str) -> None:
    weight, scatter = scatters(9, 3, 3)
    with_it = maximised(
        letters, np.append(weight, 2e-15), np.concatenate([scatter, np.zeros((1, 3, 3))])
    )
    assert np.isfinite(with_it).all()
    assert_allclose(with_it[:3], maximised(letters, weight, scatter), rtol=1e-5, atol=1e-7)


@EACH
def test_a_structure_can_be_pickled(letters: str) -> None:
    copied = pickle.loads(pickle.dumps(structure(letters)))
    weight, scatter = scatters(0, 2, 3)
    moments = np.einsum("kdd->kd", scatter) if copied.form.diagonal else scatter
    matrices = copied.form.matrices(copied.maximise(weight, moments), 2, 3)
    assert_allclose(matrices, maximised(letters, weight, scatter), rtol=0, atol=0)


# -- from sums alone, with nothing to go on from ------------------------------------------------


def sums(letters: str, k: int, d: int) -> Statistics:
    """The sums that `scatters` are of, about points that are no means."""
    weight, scatter = scatters(k + d, k, d)
    random = np.random.default_rng(d)
    shift, points = random.normal(size=(k, d)), random.normal(size=(k, d))
    second = scatter + weight[:, None, None] * shift[:, :, None] * shift[:, None, :]
    second = second if not structure(letters).form.diagonal else np.einsum("kdd->kd", second).copy()
    n = weight.sum()
    return Statistics(points, weight, weight[:, None] * shift, second, 0.0, int(n), n)


def by_the_core(given: Statistics, letters: str) -> Any:
    """What the core makes of sums."""
    if kernel.first_m_step is None:
        pytest.skip("the reference kernel has the formulas alone")
    return kernel.first_m_step(given, letters, None)


def both(letters: str, k: int, d: int, ridge: float) -> tuple[Estimate, Estimate]:
    """The M-step by the core, and by the formulas."""
    given, core, asked = sums(letters, k, d), kernel.first_m_step, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "first_m_step", lambda *of: asked.append(core(*of)) or asked[-1])
        by_core = maximise(given, structure(letters), ridge)
        assert [each is not None for each in asked] == [True]
        patch.setattr(kernel, "first_m_step", None)
        return by_core, maximise(given, structure(letters), ridge)


@EACH
def test_the_core_begins_with_a_member_as_likely_as_the_formulas(letters: str) -> None:
    by_the_core(sums(letters, 1, 1), letters)
    for (k, d), ridge in product([(1, 1), (3, 1), (2, 2), (3, 4), (6, 8)], [0.0, 0.3]):
        by_core, by_formulas = both(letters, k, d, ridge)
        for one, other in (
            (by_core.weight, by_formulas.weight),
            (by_core.means, by_formulas.means),
            *([] if by_formulas.scatter is None else [(by_core.scatter, by_formulas.scatter)]),
        ):
            assert_allclose(one, other, rtol=1e-13, atol=1e-13)
        form = structure(letters).form
        matrices = [form.matrices(each.covariances, k, d) for each in (by_core, by_formulas)]
        assert obeys(letters, matrices[0])
        weight, scatter = scatters(k + d, k, d)
        scatter = scatter + ridge * weight[:, None, None] * np.eye(d)
        likelihoods = [expected(weight, scatter, each) for each in matrices]
        assert likelihoods[0] >= likelihoods[1] - 1e-9 * abs(likelihoods[1])
        if letters not in ("EVE", "VVE"):  # flat about the best orientation
            assert_allclose(*matrices, rtol=1e-9, atol=1e-9 * np.abs(matrices[1]).max())


@EACH
def test_scatters_that_are_singular_are_left_to_the_formulas(letters: str) -> None:
    form = structure(letters).form
    second = np.zeros((2, 3)) if form.diagonal else np.zeros((2, 3, 3))
    given = Statistics(np.zeros((2, 3)), np.ones(2), np.zeros((2, 3)), second, 0.0, 2, 2.0)
    assert by_the_core(given, letters) is None
    assert not maximise(given, structure(letters)).covariances.any()
