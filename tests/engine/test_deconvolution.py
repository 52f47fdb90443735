"""The pass over rows with errors: its densities and sums are those of Σ_k + S_i, row by row."""

from __future__ import annotations

from functools import partial

import mpmath
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from mixtura import Box, Mixture, Noise
from mixtura.engine import kernel
from mixtura.engine.executors import Serial
from mixtura.engine.executors.threads import Threads
from mixtura.engine.kernel.deconvolution import Deconvolved
from mixtura.engine.sources import ArraySource, Block

STRUCTURES = ("full", "tied", "diag", "spherical")
COUNT = 20


def mixture_of(structure: str, d: int, *, noise: bool = False) -> Mixture:
    """Three components of a structure, in D features."""
    random = np.random.default_rng(d)
    half = random.normal(size=(3, d, d))
    full = half @ half.transpose(0, 2, 1) + 0.3 * np.eye(d)
    covariances = {
        "full": full,
        "tied": full[0],
        "diag": np.einsum("kdd->kd", full),
        "spherical": full[:, 0, 0],
    }[structure]
    weights = np.array([0.2, 0.3, 0.5])
    box = Noise(0.1, Box(np.full(d, -9.0), np.full(d, 18.0))) if noise else None
    shares = 0.9 * weights if noise else weights
    return Mixture(shares, 2.0 * random.normal(size=(3, d)), covariances, structure, noise=box)


def rows_with_errors(d: int, kind: str) -> Block:
    """Rows with standard deviations, with covariances, or with one covariance for all."""
    random = np.random.default_rng(10 + d)
    rows = 3.0 * random.normal(size=(COUNT, d))
    deviations = np.abs(random.normal(size=(COUNT, d)))
    half = random.normal(size=(COUNT, d, d))
    matrices = half @ half.transpose(0, 2, 1)
    errors = {
        "deviations": deviations,
        "covariances": matrices,
        "one": np.broadcast_to(matrices[:1], matrices.shape),
    }[kind]
    return Block(0, rows, {"errors": errors})


def written_out(errors: np.ndarray) -> np.ndarray:
    """The errors as covariances, (m, D, D)."""
    return errors if errors.ndim == 3 else np.stack([np.diag(e**2) for e in errors])


def scipys_log_joint(block: Block, mixture: Mixture) -> np.ndarray:
    """Log w_k + log N(x_i | μ_k, Σ_k + S_i), one SciPy density a row and component."""
    errors, matrices = written_out(block.fields["errors"]), mixture.covariance_matrices()
    return np.array(
        [
            [
                np.log(weight) + multivariate_normal(mean, matrix + error).logpdf(row)
                for weight, mean, matrix in zip(
                    mixture.weights, mixture.means, matrices, strict=True
                )
            ]
            for row, error in zip(block.rows, errors, strict=True)
        ]
    )


@pytest.mark.parametrize("kind", ["deviations", "covariances", "one"])
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("d", [1, 2, 3, 4, 7])
def test_densities_are_scipys_of_the_wider_covariances(structure: str, d: int, kind: str) -> None:
    mixture, block = mixture_of(structure, d), rows_with_errors(d, kind)
    expected = scipys_log_joint(block, mixture)
    np.testing.assert_allclose(kernel.log_joint(block, mixture.components), expected, atol=1e-9)
    total = np.logaddexp.reduce(expected, axis=1)
    found = kernel.log_likelihood(block, mixture.components)
    np.testing.assert_allclose(found, total, atol=1e-9)
    likelihood, shares = kernel.posterior(block, mixture.components)
    np.testing.assert_allclose(likelihood, total, atol=1e-9)
    np.testing.assert_allclose(shares, np.exp(expected - total[:, None]), atol=1e-9)
    labels = kernel.labels(block, mixture.components)
    assert labels.tolist() == expected.argmax(axis=1).tolist()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["deviations", "covariances", "one"])
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("d", [1, 2, 5])
def test_sums_are_those_of_the_true_values_given_the_rows(
    structure: str, d: int, kind: str, weighted: bool
) -> None:
    mixture, block = mixture_of(structure, d), rows_with_errors(d, kind)
    counts = np.arange(COUNT) % 3.0 if weighted else np.ones(COUNT)
    if weighted:
        block = block.weighing(counts)
    joint = scipys_log_joint(block, mixture)
    shares = counts[:, None] * np.exp(joint - np.logaddexp.reduce(joint, axis=1)[:, None])
    first, second = np.zeros((3, d)), np.zeros((3, d, d))
    errors, matrices = written_out(block.fields["errors"]), mixture.covariance_matrices()
    for i, row in enumerate(block.rows):
        for k, matrix in enumerate(matrices):
            gain = np.linalg.solve(matrix + errors[i], matrix).T  # Kalman's
            there = gain @ (row - mixture.means[k])
            first[k] += shares[i, k] * there
            second[k] += shares[i, k] * (np.outer(there, there) + matrix - gain @ matrix)
    for diagonal in (False, True):
        sums = kernel.accumulate(block, mixture.components, diagonal=diagonal)
        np.testing.assert_allclose(sums.weight, shares.sum(axis=0), rtol=1e-9)
        np.testing.assert_allclose(sums.first, first, rtol=1e-8, atol=1e-8)
        wanted = np.einsum("kdd->kd", second) if diagonal else second
        np.testing.assert_allclose(sums.second, wanted, rtol=1e-8, atol=1e-8)
        assert sums.total_weight == counts.sum()
        assert sums.n_rows == COUNT


@pytest.mark.parametrize("kind", ["deviations", "covariances", "one"])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_true_values_follow_the_law_of_total_covariance(structure: str, kind: str) -> None:
    mixture, block = mixture_of(structure, 3), rows_with_errors(3, kind)
    joint = scipys_log_joint(block, mixture)
    shares = np.exp(joint - np.logaddexp.reduce(joint, axis=1)[:, None])
    errors, found = (
        written_out(block.fields["errors"]),
        kernel.true_values(block, mixture.components),
    )
    for i, row in enumerate(block.rows):
        there, within = np.empty((3, 3)), np.zeros((3, 3))
        for k, matrix in enumerate(mixture.covariance_matrices()):
            gain = np.linalg.solve(matrix + errors[i], matrix).T  # Kalman's
            there[k] = mixture.means[k] + gain @ (row - mixture.means[k])
            within += shares[i, k] * (matrix - gain @ matrix)
        mean = shares[i] @ there
        spread = within + (there - mean).T @ (shares[i, :, None] * (there - mean))
        np.testing.assert_allclose(found[i, :, 0], mean, atol=1e-9)
        np.testing.assert_allclose(found[i, :, 1:], spread, atol=1e-9)


def test_one_error_of_all_rows_has_one_gain_a_component() -> None:
    mixture, block = mixture_of("full", 4), rows_with_errors(4, "one")
    seen = Deconvolved.of(block, mixture.components, 0)
    assert seen.kept.shape == (1, 4, 4)
    assert seen.expected.shape == (COUNT, 4)
    assert seen.log_determinants.shape == (COUNT,)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_no_error_is_the_plain_pass(structure: str) -> None:
    mixture, block = mixture_of(structure, 3), rows_with_errors(3, "deviations")
    plain = Block(0, block.rows)
    for zero in (np.zeros((COUNT, 3)), np.zeros((COUNT, 3, 3))):
        none = Block(0, block.rows, {"errors": zero})
        found = kernel.accumulate(none, mixture.components)
        wanted = kernel.accumulate(plain, mixture.components)
        assert np.array_equal(found.second, wanted.second)
        assert found.log_likelihood == wanted.log_likelihood
    nearly = np.zeros((COUNT, 3))
    nearly[0, 0] = 1e-12  # not the same for all, so the other pass is taken
    some = Block(0, block.rows, {"errors": nearly})
    found = kernel.accumulate(some, mixture.components)
    for name in ("weight", "first", "second"):
        np.testing.assert_allclose(
            getattr(found, name), getattr(wanted, name), rtol=1e-12, atol=1e-11
        )


def test_noise_takes_its_share_whatever_the_error() -> None:
    mixture, block = mixture_of("full", 2, noise=True), rows_with_errors(2, "deviations")
    joint = np.logaddexp.reduce(scipys_log_joint(block, mixture), axis=1)
    wanted = np.logaddexp(joint, np.log(0.1) - 2.0 * np.log(18.0))
    found = kernel.log_likelihood(block, mixture.components)
    np.testing.assert_allclose(found, wanted, atol=1e-10)
    sums = kernel.accumulate(block, mixture.components)
    assert sums.weight.sum() == pytest.approx(COUNT)
    assert not sums.first[3].any()
    same = rows_with_errors(2, "one")
    assert kernel.accumulate(same, mixture.components).weight.sum() == pytest.approx(COUNT)


def test_densities_have_the_digits_of_fifty() -> None:
    d = 3
    mixture, block = mixture_of("full", d), rows_with_errors(d, "covariances")
    offset = 1e6
    rows = block.rows[:10] + offset
    means = mixture.means + offset
    far = Mixture(mixture.weights, means, mixture.covariances)
    found = kernel.log_likelihood(
        Block(0, rows, {"errors": block.fields["errors"][:10]}), far.components
    )
    with mpmath.workdps(50):
        for i, row in enumerate(rows):
            total = mpmath.mpf(0)
            for weight, mean, matrix in zip(far.weights, means, far.covariances, strict=True):
                both = mpmath.matrix(matrix.tolist()) + mpmath.matrix(
                    block.fields["errors"][i].tolist()
                )
                apart = mpmath.matrix(row.tolist()) - mpmath.matrix(mean.tolist())
                square = (apart.T * mpmath.lu_solve(both, apart))[0]
                scale = mpmath.sqrt((2 * mpmath.pi) ** d * mpmath.det(both))
                total += mpmath.mpf(float(weight)) * mpmath.exp(-square / 2) / scale
            assert abs(mpmath.log(total) - mpmath.mpf(float(found[i]))) < 1e-12


def test_rows_out_of_reach_belong_to_the_nearest_component() -> None:
    mixture, block = mixture_of("full", 2), rows_with_errors(2, "deviations")
    rows = block.rows.copy()
    rows[7] = 1e200, -1e200
    block = Block(0, rows, block.fields)
    likelihood, shares = kernel.posterior(block, mixture.components)
    assert likelihood[7] == -np.inf
    assert shares[7].max() == 1.0
    with np.errstate(over="ignore", invalid="ignore"):  # its square is
        sums = kernel.accumulate(block, mixture.components)
    assert sums.log_likelihood == -np.inf
    assert sums.n_rows == COUNT
    assert sums.weight.sum() == pytest.approx(COUNT)


@pytest.mark.parametrize("kind", ["deviations", "covariances"])
def test_threads_have_the_same_bits(kind: str) -> None:
    random = np.random.default_rng(5)
    rows = random.normal(size=(40_000, 2))
    errors = np.abs(random.normal(size=rows.shape))
    if kind == "covariances":
        errors = written_out(errors)
    source = ArraySource(rows, more={"errors": errors})
    assert source.n_blocks > 1
    step = partial(kernel.accumulate, components=mixture_of("full", 2).components)
    alone, together = Serial().run(source, step), Threads(3).run(source, step)
    assert np.array_equal(alone.second, together.second)
    assert alone.log_likelihood == together.log_likelihood


def test_one_error_for_all_is_held_once() -> None:
    one = np.broadcast_to(np.eye(3), (1000, 3, 3))
    block = Block(0, np.zeros((1000, 3)), {"errors": one})
    for part in (block.part(5, 900), block.take(np.arange(100)), block.readable()):
        assert part.fields["errors"].strides[0] == 0


def in_part(block: Block, seen: np.ndarray, *, how: str) -> Block:
    """The block with the features alone that were seen (m, D): by projections, or by NaN."""
    if how == "NaN":
        return Block(0, np.where(seen, block.rows, np.nan), block.fields)
    through = seen[:, :, None] * np.eye(seen.shape[1])
    return Block(0, np.where(seen, block.rows, 7.0), {**block.fields, "projections": through})


@pytest.mark.parametrize("how", ["projections", "NaN"])
@pytest.mark.parametrize("kind", ["deviations", "covariances", "one"])
def test_what_was_not_measured_is_left_to_the_rest(kind: str, how: str) -> None:
    d = 3
    mixture, whole = mixture_of("full", d), rows_with_errors(d, kind)
    seen = np.random.default_rng(4).random((COUNT, d)) < 0.6
    seen[0] = False
    block = in_part(whole, seen, how=how)
    errors = written_out(whole.fields["errors"])
    joint, first, second = np.empty((COUNT, 3)), np.zeros((3, d)), np.zeros((3, d, d))
    moments = {}
    for i, row in enumerate(whole.rows):
        at = np.flatnonzero(seen[i])
        for k, (mean, matrix) in enumerate(zip(mixture.means, mixture.covariances, strict=True)):
            density, there, left = 0.0, np.zeros(d), matrix
            if len(at):
                total = matrix[np.ix_(at, at)] + errors[i][np.ix_(at, at)]
                density = multivariate_normal(mean[at], total).logpdf(row[at])
                gain = np.linalg.solve(total, matrix[at]).T
                there, left = gain @ (row - mean)[at], matrix - gain @ matrix[at]
            joint[i, k] = np.log(mixture.weights[k]) + density
            moments[i, k] = there, np.outer(there, there) + left
    np.testing.assert_allclose(kernel.log_joint(block, mixture.components), joint, atol=1e-9)
    shares = np.exp(joint - np.logaddexp.reduce(joint, axis=1)[:, None])
    for (i, k), (there, spread) in moments.items():
        first[k] += shares[i, k] * there
        second[k] += shares[i, k] * spread
    sums = kernel.accumulate(block, mixture.components)
    np.testing.assert_allclose(sums.first, first, atol=1e-9)
    np.testing.assert_allclose(sums.second, second, rtol=1e-9, atol=1e-9)
    means = kernel.true_values(block, mixture.components)[:, :, 0]
    assert means[0] == pytest.approx(mixture.weights @ mixture.means)


def test_a_projection_is_the_density_of_what_it_leaves() -> None:
    mixture, block = mixture_of("full", 3), rows_with_errors(3, "covariances")
    through = np.random.default_rng(8).normal(size=(COUNT, 3, 3))
    block = Block(0, block.rows, {**block.fields, "projections": through})
    found = kernel.log_joint(block, mixture.components)
    for i, (row, turn) in enumerate(zip(block.rows, through, strict=True)):
        for k in range(3):
            total = turn @ mixture.covariances[k] @ turn.T + block.fields["errors"][i]
            wanted = multivariate_normal(turn @ mixture.means[k], total).logpdf(row)
            assert found[i, k] == pytest.approx(wanted + np.log(mixture.weights[k]), abs=1e-9)
