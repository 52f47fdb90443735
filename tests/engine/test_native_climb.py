"""The kernel's climb: the steps that the formulas say, and the ends that others publish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import mixtura
from families import LETTERS, members, obeys
from mixtura.datasets import faithful, iris, iris_species
from mixtura.engine import kernel
from mixtura.engine.kernel.reference import climb as no_climb
from mixtura.engine.search import EMProblem, EMState
from mixtura.engine.sources import Block, fields_of
from mixtura.model.structures import structure as structure_called

if not kernel.native_is_installed():
    pytest.skip("this installation has no native kernel", allow_module_level=True)

from mixtura.engine.kernel import native

DATA = Path(__file__).parents[1] / "data"
REFERENCE = json.loads((DATA / "structure_fits.json").read_text(encoding="utf-8"))["fits"]
EACH = pytest.mark.parametrize("letters", LETTERS)
#: those whose M-step seeks an orientation, as far as a step will
SOUGHT = ("EVE", "VVE")
DENSITY = -6.0


class Ended(NamedTuple):
    """Where a climb has come to, and how."""

    weight: np.ndarray
    noise_weight: float
    means: np.ndarray
    covariances: np.ndarray
    log_likelihood: float
    gain: float
    n_steps: int
    sound: bool


def climb(
    block: Block,
    letters: str,
    *place: np.ndarray,
    ridge: float | np.ndarray,
    n_steps: int,
    gain: float = 0.0,
    log_likelihood: float = -np.inf,
    noise_weight: float = 0.0,
    noise_log_density: float = -np.inf,
    equal_weights: bool = False,
) -> Ended:
    """The kernel's climb from weight, means and covariances on."""
    added = ridge if isinstance(ridge, np.ndarray) else ridge * np.eye(block.rows.shape[1])
    problem = EMProblem(block, letters, added, noise_log_density, equal_weights)
    state, *how = native.climb(
        problem, EMState(*place, log_likelihood, noise_weight), n_steps, gain
    )
    weight, means, covariances, reached, background = state
    return Ended(weight, background, means, covariances, reached, *how)


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> None:
    """Only one kernel has it."""


def sampled(d: int = 3, k: int = 3, n: int = 200, seed: int = 0) -> np.ndarray:
    """Rows of K clusters that overlap somewhat, (N, D)."""
    random = np.random.default_rng(seed)
    centres = 2.0 * random.normal(size=(k, d))
    roots = np.exp(0.4 * random.normal(size=(k, 1, d))) * random.normal(size=(k, d, d))
    label = random.integers(k, size=n)
    return centres[label] + np.einsum("nd,nde->ne", random.normal(size=(n, d)), roots[label])


def begun(letters: str, rows: np.ndarray, k: int = 3, seed: int = 5) -> tuple[np.ndarray, ...]:
    """Effective numbers, means and covariances of the family, anywhere among the rows."""
    random = np.random.default_rng(seed)
    covariances = 2.0 * members(random, letters, 1, k, rows.shape[1], 0.4)[0]
    weight = random.uniform(1.0, 2.0, k)
    return weight, rows[random.choice(len(rows), k, replace=False)], covariances


def stepped(
    rows: np.ndarray,
    weights: np.ndarray,
    letters: str,
    place: tuple[np.ndarray, ...],
    ridge: np.ndarray,
    noise: float,
    equal: bool,
) -> tuple[Any, ...]:
    """One step by the formulas: likelihood, n_k, noise, means, and what the M-step is given."""
    weight, means, covariances = place
    share = weight / (weight.sum() + noise)
    if equal:
        share = np.full(len(weight), (1.0 - noise / (weight.sum() + noise)) / len(weight))
    parts = [
        np.log(w) + multivariate_normal(mean, matrix).logpdf(rows)
        for w, mean, matrix in zip(share, means, covariances, strict=True)
    ]
    if noise:
        parts.append(np.full(len(rows), np.log(noise / (weight.sum() + noise)) + DENSITY))
    score = logsumexp(parts, axis=0)
    shares = np.exp(parts - score) * weights  # (K, N)
    counts = shares.sum(axis=1)
    k = len(weight)
    centres = shares[:k] @ rows / counts[:k, None]
    deviations = rows - centres[:, None]  # (K, N, D)
    scatter = np.einsum("kn,knd,kne->kde", shares[:k], deviations, deviations)
    return (
        weights @ score / weights.sum(),
        counts[:k],
        counts[k:].sum(),
        centres,
        scatter,
        members_ridge(letters, ridge),
    )


def members_ridge(letters: str, ridge: np.ndarray) -> np.ndarray:
    """The part of a ridge that the structure has a place for, (D, D)."""
    if letters in ("EII", "VII"):
        return np.trace(ridge) / len(ridge) * np.eye(len(ridge))
    return np.diag(np.diag(ridge)) if letters[2] == "I" else ridge


def expected(weight: np.ndarray, scatter: np.ndarray, covariances: np.ndarray) -> float:
    """Σ_k n_k log|Σ_k| + tr(Σ_k⁻¹ W_k): the less, the likelier."""
    logarithms = np.linalg.slogdet(covariances)[1]
    return float(weight @ logarithms + np.einsum("kij,kji->", np.linalg.inv(covariances), scatter))


VARIANTS = {
    "plain": (False, 0.0, False, 0.0),
    "weights": (True, 0.0, False, 0.0),
    "noise and a ridge": (False, 0.7, False, 0.05),
    "equal weights": (True, 0.0, True, 0.0),
    "all of it": (True, 0.7, True, 0.3),
}


@EACH
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("d", [1, 2, 5])
def test_a_step_is_what_the_formulas_say(letters: str, variant: str, d: int) -> None:
    weighted, noise, equal, size = VARIANTS[variant]
    rows = sampled(d)
    random = np.random.default_rng(1)
    weights = random.uniform(0.0, 2.0, len(rows)) if weighted else None
    root = random.normal(size=(d, d))
    ridge = size * (np.eye(d) + root @ root.T)
    place = begun(letters, rows)
    end = climb(
        Block(0, rows, fields_of(weights)),
        letters,
        *place,
        ridge=ridge,
        n_steps=1,
        noise_weight=noise,
        noise_log_density=DENSITY if noise else -np.inf,
        equal_weights=equal,
    )
    ones = np.ones(len(rows)) if weights is None else weights
    reached, counts, background, centres, scatter, added = stepped(
        rows, ones, letters, place, ridge, noise, equal
    )
    assert end.n_steps == 1
    assert end.sound
    assert_allclose(end.log_likelihood, reached, rtol=1e-12)
    assert_allclose(end.weight, counts, rtol=1e-10)
    assert_allclose(end.noise_weight, background, rtol=1e-10, atol=1e-13)
    assert_allclose(end.means, centres, rtol=1e-10, atol=1e-12)
    structure = structure_called(letters)
    form = structure.form
    after = structure.separate or structure.shared
    if not after:
        scatter = scatter + counts[:, None, None] * added
    diagonals = np.einsum("kdd->kd", scatter)
    found = structure.maximise(
        counts,
        diagonals if form.diagonal else scatter,
        form.gathered(place[2]),
    )
    matrices = form.matrices(found, len(counts), d) + (added if after else 0.0)
    if letters not in SOUGHT:
        assert_allclose(end.covariances, matrices, rtol=1e-9, atol=1e-11)
        return
    # Nearly as likely as the other search for the orientation, and likelier than no step.
    assert obeys(letters, end.covariances)
    best, here = (expected(counts, scatter, each) for each in (matrices, end.covariances))
    assert here - best < 0.02 * (expected(counts, scatter, place[2]) - best)


def start_of(reference: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The rows of a reference fit and its hard labels."""
    if reference["data"].startswith("iris"):
        return iris().rows, iris_species()
    rows = faithful().rows
    ranks = np.argsort(np.argsort(rows[:, 0], kind="stable"), kind="stable")
    return rows, ranks * reference["G"] // len(rows)


@pytest.mark.parametrize(
    "reference", REFERENCE, ids=lambda r: f"{r['data'].split()[0]}-{r['model']}-{r['G']}"
)
def test_a_climb_from_the_stated_start_ends_where_the_reference_does(
    reference: dict[str, Any],
) -> None:
    rows, start = start_of(reference)
    n, d = rows.shape
    options = {"structure": reference["model"], "start": start, "reg_covar": 0.0, "max_iter": 0}
    mixture = mixtura.fit(rows, reference["G"], **options).mixture
    end = climb(
        Block(0, np.ascontiguousarray(rows)),
        reference["model"],
        mixture.weights * n,
        mixture.means,
        mixture.covariance_matrices(),
        ridge=np.zeros((d, d)),
        n_steps=5000,
        gain=1e-14,
    )
    assert end.sound
    assert_allclose(n * end.log_likelihood, reference["loglik"], rtol=0, atol=1e-6)
    assert_allclose(end.weight / n, reference["pi"], atol=1e-4)
    assert obeys(reference["model"], end.covariances)


def climbed(letters: str, rows: np.ndarray, place: Any, n_steps: int, **options: Any) -> Ended:
    """From a place on, without a ridge."""
    return climb(Block(0, rows), letters, *place, **{"ridge": 0.0, "n_steps": n_steps} | options)


@EACH
@pytest.mark.parametrize("d", [1, 2, 4, 9])
def test_no_step_lowers_the_likelihood(letters: str, d: int) -> None:
    for seed in range(3):
        rows = sampled(d, seed=seed, n=100 * (d + 1))
        place, reached = begun(letters, rows, seed=seed), [-np.inf]
        for _ in range(40):
            end = climbed(letters, rows, place, 1, log_likelihood=reached[-1])
            assert end.sound
            assert end.gain == end.log_likelihood - reached[-1]
            reached.append(end.log_likelihood)
            place = end.weight, end.means, end.covariances
        assert np.diff(reached).min() > -1e-12
        assert obeys(letters, end.covariances)


@EACH
def test_the_same_climb_has_the_same_bits(letters: str) -> None:
    rows = sampled()
    place = begun(letters, rows)
    ends = [climbed(letters, rows, place, 30) for _ in range(2)]
    for one, other in zip(*ends, strict=True):
        assert_array_equal(one, other)
    # What is given is not touched.
    assert_array_equal(place[0], begun(letters, rows)[0])


@EACH
def test_it_stops_after_a_step_that_gained_less_than_asked(letters: str) -> None:
    rows = sampled()
    end = climbed(letters, rows, begun(letters, rows), 5000, gain=1e-6)
    assert end.n_steps < 5000
    assert end.gain < 1e-6
    before = climbed(letters, rows, begun(letters, rows), end.n_steps - 1, gain=1e-6)
    assert before.n_steps == end.n_steps - 1
    assert before.gain >= 1e-6


@EACH
def test_the_noise_is_a_component_of_constant_density(letters: str) -> None:
    rows = np.concatenate([sampled(2), np.random.default_rng(3).uniform(-15.0, 15.0, (60, 2))])
    density = -np.log(900.0)
    place = begun(letters, rows)
    end = climbed(
        letters, rows, place, 300, noise_weight=1.0, noise_log_density=density, gain=1e-10
    )
    assert end.sound
    assert_allclose(end.weight.sum() + end.noise_weight, len(rows), rtol=1e-12)
    assert 20.0 < end.noise_weight < 120.0
    without = climbed(letters, rows, place, 300, noise_log_density=-np.inf, noise_weight=50.0)
    assert without.noise_weight == 0.0


@EACH
def test_where_rows_leave_no_maximum_it_stops_at_sound_parameters(letters: str) -> None:
    rows = sampled()
    flat = np.c_[rows, np.full(len(rows), 7.0)]
    place = begun(letters, flat)
    end = climbed(letters, flat, place, 500)
    if letters not in SOUGHT:  # whose turned axes are flat to within rounding only
        assert end.sound == (letters in ("EII", "VII"))
    for values in end[:5]:
        assert np.isfinite(values).all() or end.n_steps == 0
    np.linalg.cholesky(end.covariances)
    ridged = climbed(letters, flat, place, 100, ridge=1e-6)
    assert ridged.sound
    assert np.isfinite(ridged.log_likelihood)


@EACH
def test_a_row_out_of_reach_or_a_flat_start_leaves_all_as_it_was(letters: str) -> None:
    rows = sampled()
    place = begun(letters, rows)
    far = rows.copy()
    far[7, 0] = 1e200
    flat = place[0], place[1], np.zeros_like(place[2])
    for block, start in ((far, place), (rows, flat)):
        end = climbed(letters, block, start, 5)
        assert not end.sound
        assert end.n_steps == 0
        assert end.log_likelihood == -np.inf
        for given, kept in zip(start, (end.weight, end.means, end.covariances), strict=True):
            assert_array_equal(given, kept)


@EACH
def test_more_components_than_rows_and_rows_that_weigh_nothing_are_borne(letters: str) -> None:
    rows = sampled(2, n=5)
    end = climbed(letters, rows, begun(letters, np.repeat(rows, 3, axis=0), k=9), 30, ridge=1e-3)
    assert end.sound
    assert np.isfinite(end.log_likelihood)
    assert np.linalg.eigvalsh(end.covariances).min() > 0.0
    rows = sampled(2)
    weights = np.r_[np.ones(150), np.zeros(50)]
    place = begun(letters, rows)
    some = climb(Block(0, rows, fields_of(weights)), letters, *place, ridge=0.0, n_steps=5)
    first = climbed(letters, rows[:150], place, 5)
    assert_allclose(some.log_likelihood, first.log_likelihood, rtol=1e-12)
    assert_allclose(some.covariances, first.covariances, rtol=1e-8, atol=1e-10)


def test_arrays_that_do_not_fit_and_unknown_letters_are_refused() -> None:
    rows = sampled()
    weight, means, covariances = begun("VVV", rows)
    with pytest.raises(ValueError, match="none of the fourteen"):
        climbed("VVX", rows, (weight, means, covariances), 1)
    with pytest.raises(ValueError, match="means has shape"):
        climbed("VVV", rows, (weight, means[:, :2], covariances), 1, ridge=np.eye(3))
    with pytest.raises(ValueError, match="covariances has shape"):
        climbed("VVV", rows, (weight, means, covariances[:2]), 1)
    with pytest.raises(ValueError, match="ridge has shape"):
        climbed("VVV", rows, (weight, means, covariances), 1, ridge=np.eye(2))
    with pytest.raises(ValueError, match="weights has shape"):
        climb(
            Block(0, rows, fields_of(np.ones(3))),
            "VVV",
            weight,
            means,
            covariances,
            ridge=0.0,
            n_steps=1,
        )


def test_the_reference_has_none() -> None:
    assert no_climb is None
