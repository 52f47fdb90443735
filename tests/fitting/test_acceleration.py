"""Extrapolated EM: the same maximum, sooner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings, strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from families import LETTERS, members, obeys
from mixtura import Given, Mixture, Outcome
from mixtura.datasets import faithful, galaxies, iris, iris_species, separated
from mixtura.engine.arrays import Floats, Integers
from mixtura.errors import CollapseError, ParameterError
from mixtura.fitting.convergence.anderson import acceleration
from mixtura.fitting.convergence.coordinates import coordinates_at
from mixtura.model.structures import structure as structure_called
from usual import usual_fit

STRUCTURES = ("full", "tied", "diag", "spherical")
every_structure = pytest.mark.parametrize("structure", STRUCTURES)

ALIASES = {"VVV": "full", "EEE": "tied", "VVI": "diag", "VII": "spherical"}
#: fits made elsewhere; the file says how
PUBLISHED = [
    fit
    for fit in json.loads(
        (Path(__file__).parents[1] / "data" / "structure_fits.json").read_text(encoding="utf-8")
    )["fits"]
    if fit["model"] in ALIASES
]


def _rows_and_labels(fit: dict[str, Any]) -> tuple[Floats, Integers]:
    if fit["data"].startswith("iris"):
        return iris().rows, iris_species()
    rows = faithful().rows
    order = np.argsort(rows[:, 0], kind="stable")
    ranks = np.empty(len(rows), dtype=np.int64)
    ranks[order] = np.arange(len(rows))
    return rows, ranks * fit["G"] // len(rows)


def _given(rows: Floats, labels: Integers, structure: str) -> Given:
    """The weights, means and precisions of labelled rows."""
    groups = [rows[labels == k] for k in np.unique(labels)]
    weights = np.array([len(group) for group in groups]) / len(rows)
    covariances = np.stack([np.cov(group.T, bias=True) for group in groups])
    variances = np.einsum("kdd->kd", covariances)
    precisions = {
        "full": lambda: np.linalg.inv(covariances),
        "tied": lambda: np.linalg.inv(np.tensordot(weights, covariances, 1)),
        "diag": lambda: 1.0 / variances,
        "spherical": lambda: 1.0 / variances.mean(axis=1),
    }[structure]()
    return Given(weights, np.stack([group.mean(axis=0) for group in groups]), precisions)


@pytest.mark.parametrize(
    "published", PUBLISHED, ids=[f"{fit['data'][:5]}-{fit['model']}{fit['G']}" for fit in PUBLISHED]
)
def test_published_maxima_are_reached(published: dict[str, Any]) -> None:
    rows, labels = _rows_and_labels(published)
    structure = ALIASES[published["model"]]
    fit = usual_fit(
        rows,
        published["G"],
        structure=structure,
        given=_given(rows, labels, structure),
        tol="auto",
        accelerate="auto",
        max_iter=1000,
        reg_covar=0.0,
    )
    assert fit.outcome is Outcome.CONVERGED
    assert fit.log_likelihood == pytest.approx(published["loglik"], abs=1e-6)


def test_three_tied_components_of_faithful_take_25_iterations() -> None:
    published = next(
        fit
        for fit in PUBLISHED
        if fit["data"].startswith("faithful") and (fit["model"], fit["G"]) == ("EEE", 3)
    )
    rows, labels = _rows_and_labels(published)
    fit = usual_fit(
        rows,
        3,
        structure="tied",
        given=_given(rows, labels, "tied"),
        tol="auto",
        accelerate="auto",
        reg_covar=0.0,
    )
    assert fit.n_iter <= 25
    assert fit.log_likelihood == pytest.approx(published["loglik"], abs=1e-8)


@pytest.mark.parametrize(("separation", "seed"), [(1.0, 2), (1.5, 1), (2.0, 3)])
def test_overlapping_components_take_a_fifth_of_the_iterations(
    separation: float, seed: int
) -> None:
    table = separated(4000, 4, 4, separation=separation, random_state=seed)[0]
    options = {"reg_covar": 0.0, "random_state": seed}
    fit = usual_fit(table, 4, tol="auto", accelerate="auto", max_iter=500, **options)
    assert fit.outcome is Outcome.CONVERGED
    # Five times as many iterations leave plain EM short of what this one came to.
    plain = usual_fit(table, 4, tol=0.0, max_iter=5 * fit.n_iter, **options)
    assert plain.log_likelihood < fit.log_likelihood - 1e-5


@every_structure
@given(
    seed=st.integers(0, 2**32 - 1),
    k=st.integers(1, 4),
    d=st.integers(1, 3),
    wish=st.sampled_from(["auto", True]),
)
@settings(max_examples=15)
def test_no_kept_point_lowers_the_likelihood(
    structure: str, seed: int, k: int, d: int, wish: bool | str
) -> None:
    table = separated(120, d, 3, separation=1.5, random_state=seed)[0]
    options = {"start": "random", "tol": "auto", "max_iter": 60, "reg_covar": 0.0}
    try:
        fit = usual_fit(
            table, k, structure=structure, random_state=seed, accelerate=wish, **options
        )
    except CollapseError:  # the likelihood has no maximum, and EM was on its way there
        reject()
    assert np.diff(fit.trace).min(initial=0.0) >= -1e-11 * np.abs(fit.trace).max()
    assert fit.n_iter == len(fit.trace) - 1 + fit.rejected <= 60
    # Whatever it ends with, plain EM led to it.
    assert max(fit.accelerated, default=0) < len(fit.trace) - 1
    score = fit.mixture.score(table)
    assert fit.mean_log_likelihood == pytest.approx(score, rel=1e-12)


@every_structure
def test_it_ends_no_lower_than_plain_em(structure: str) -> None:
    for seed in range(8):
        table = separated(200, 2, 3, separation=2.0, random_state=seed)[0]
        options = {"structure": structure, "random_state": seed, "tol": "auto", "max_iter": 5000}
        plain = usual_fit(table, 3, **options)
        fit = usual_fit(table, 3, accelerate="auto", **options)
        assert fit.mean_log_likelihood >= plain.mean_log_likelihood - 1e-9
        assert fit.outcome is plain.outcome


@every_structure
def test_the_units_of_the_features_do_not_count(structure: str) -> None:
    table, labels, _ = separated(300, 3, 3, separation=1.5, random_state=2)
    rows = table.rows
    # One variance for all features allows only one unit for all of them.
    units = np.full(3, 2.0**-20) if structure == "spherical" else 2.0 ** np.array([-20, 0, 13])
    options = {"structure": structure, "reg_covar": 0.0, "tol": "auto", "accelerate": "auto"}
    start = _given(rows, labels, structure)
    scale = {"full": np.outer(units, units), "tied": np.outer(units, units), "diag": units**2}
    moved = Given(
        start.weights, start.means * units, start.precisions / scale.get(structure, units[0] ** 2)
    )
    fit = usual_fit(rows, 3, given=start, max_iter=1000, **options)
    other = usual_fit(rows * units, 3, given=moved, max_iter=1000, **options)
    assert len(fit.accelerated) > 0
    assert other.accelerated == fit.accelerated
    assert_allclose(other.trace + np.log(units).sum(), fit.trace, rtol=0, atol=1e-7)
    assert other.trace[-1] + np.log(units).sum() == pytest.approx(fit.trace[-1], abs=1e-9)
    assert_allclose(other.mixture.means / units, fit.mixture.means, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("max_iter", range(4, 16))
def test_running_out_of_iterations_ends_on_a_step_of_em(max_iter: int) -> None:
    table = separated(200, 2, 3, separation=1.0, random_state=0)[0]
    fit = usual_fit(table, 3, tol="auto", accelerate=True, max_iter=max_iter)
    assert fit.outcome is Outcome.OUT_OF_ITERATIONS
    assert fit.n_iter == max_iter
    assert len(fit.accelerated) > 0
    before = fit.trace[max(fit.accelerated) - 1]
    assert fit.mean_log_likelihood >= before
    assert max(fit.accelerated) < len(fit.trace) - 1


def test_repairs_and_extrapolation_go_together() -> None:
    rows = np.repeat([[0.0], [1.0], [5.0]], 4, axis=0)
    fit = usual_fit(rows, 5, tol="auto", accelerate=True, max_iter=200)
    assert len(fit.repairs) > 0
    assert np.isfinite(fit.trace).all()
    repaired = {repair.iteration for repair in fit.repairs}
    assert repaired.isdisjoint(fit.accelerated)


def _mixture(structure: str, seed: int, size: float = 0.0) -> Mixture:
    """A mixture; `size` away from that of size 0."""
    random, off = np.random.RandomState(seed), np.random.RandomState(seed + 1)
    logits, means = random.standard_normal(3), random.standard_normal((3, 2))
    factors = np.tril(0.3 * random.standard_normal((3, 2, 2)), -1) + np.eye(2)
    logits = logits + size * off.standard_normal(3)
    means = means + size * off.standard_normal((3, 2))
    factors = factors + size * np.tril(off.standard_normal((3, 2, 2)))
    matrices = factors @ factors.transpose(0, 2, 1)
    covariances = {
        "full": matrices,
        "tied": matrices[0],
        "diag": np.einsum("kdd->kd", matrices),
        "spherical": matrices[:, 0, 0],
    }[structure]
    weights = np.exp(logits)
    return Mixture(weights / weights.sum(), means, covariances, structure)


@every_structure
def test_coordinates_go_there_and_back(structure: str) -> None:
    mixture, other = _mixture(structure, 3), _mixture(structure, 7)
    coordinates = coordinates_at(mixture)
    back = coordinates.mixture_of(coordinates.vector(other))
    assert back is not None
    assert coordinates.free
    assert_allclose(back.weights, other.weights, rtol=1e-14)
    assert_array_equal(back.means, other.means)
    assert_allclose(back.covariances, other.covariances, rtol=1e-13, atol=1e-15)


@every_structure
def test_half_a_squared_length_is_the_divergence_of_the_joint_densities(structure: str) -> None:
    mixture, near = _mixture(structure, 3), _mixture(structure, 3, 1e-5)
    coordinates = coordinates_at(mixture)
    step = coordinates.vector(near) - coordinates.vector(mixture)
    length = np.linalg.norm(coordinates.whitened(step[None]))
    # KL(p‖q) of two Gaussians: ½ (tr(S_q⁻¹ S_p) + mᵀ S_q⁻¹ m − D + log|S_q| − log|S_p|)
    divergence = float(mixture.weights @ np.log(mixture.weights / near.weights))
    pairs = zip(
        mixture.weights,
        near.means - mixture.means,
        mixture.covariance_matrices(),
        near.covariance_matrices(),
        strict=True,
    )
    for weight, shift, here, there in pairs:
        inverse = np.linalg.inv(there)
        volume = np.linalg.slogdet(there)[1] - np.linalg.slogdet(here)[1]
        distance = shift @ inverse @ shift
        divergence += weight * 0.5 * (np.trace(inverse @ here) + distance - 2.0 + volume)
    assert 0.5 * length**2 == pytest.approx(divergence, rel=1e-3)


@pytest.mark.parametrize("letters", LETTERS)
def test_what_is_extrapolated_from_members_is_a_member(letters: str) -> None:
    random = np.random.default_rng(0)
    model = structure_called(letters)
    here, there = (
        Mixture(np.full(3, 1 / 3), np.zeros((3, 4)), model.form.gathered(matrices), letters)
        for matrices in members(random, letters, 2, 3, 4, 0.4)
    )
    coordinates = coordinates_at(here)
    first, second = coordinates.vector(here), coordinates.vector(there)
    beyond = coordinates.mixture_of(first + 2.5 * (second - first))
    assert beyond is not None
    straight = letters not in ("EVE", "VVE", "EEV", "VEV")
    assert coordinates.free == straight
    assert obeys(letters, beyond.covariance_matrices()) == straight


@pytest.mark.parametrize("letters", ["EII", "VEI", "VEE", "EVV"])
def test_constrained_structures_are_extrapolated_to_the_same_maximum(letters: str) -> None:
    rows = separated(2000, 3, 3, 1.5, random_state=4)[0].rows
    labels = usual_fit(rows, 3).mixture.predict(rows)
    options = {"structure": letters, "start": labels, "tol": "auto", "max_iter": 5000}
    plain = usual_fit(rows, 3, accelerate=False, **options)
    fast = usual_fit(rows, 3, accelerate="auto", **options)
    assert fast.accelerated
    assert fast.n_iter < 0.7 * plain.n_iter
    assert fast.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-3)
    assert obeys(letters, fast.mixture.covariance_matrices())


def test_coordinates_out_of_range_are_no_mixture() -> None:
    coordinates = coordinates_at(_mixture("full", 0))
    vector = coordinates.vector(coordinates.mixture)
    for value in (1e4, -1e4, np.nan):
        far = vector.copy()
        far[9] = value  # the logarithm of a standard deviation
        assert coordinates.mixture_of(far) is None


@pytest.mark.parametrize("wish", ["always", 1, None])
def test_a_wish_is_one_of_three(wish: object) -> None:
    with pytest.raises(ParameterError, match="expected 'auto', True or False"):
        acceleration(wish)  # type: ignore[arg-type]


def test_fast_fits_are_left_alone() -> None:
    table = separated(500, 2, 3, separation=8.0, random_state=0)[0]
    plain = usual_fit(table, 3, tol="auto")
    fit = usual_fit(table, 3, tol="auto", accelerate="auto")
    assert fit.accelerated == ()
    assert_array_equal(fit.trace, plain.trace)


def test_one_feature_is_accelerated_too() -> None:
    options = {"tol": "auto", "max_iter": 5000, "random_state": 1}
    plain = usual_fit(galaxies(), 3, **options)
    fit = usual_fit(galaxies(), 3, accelerate="auto", **options)
    assert fit.n_iter < plain.n_iter
    assert fit.log_likelihood >= plain.log_likelihood - 1e-9 * 82
