"""Rows that lack features: sums and densities by pattern are those of the rows, one by one."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

from mixtura import Box, Mixture, Noise
from mixtura.engine.kernel import native_is_installed, reference
from mixtura.engine.patterns import Patterns
from mixtura.engine.sources import ArraySource, Block, fields_of

KERNELS = [reference]
if native_is_installed():
    from mixtura.engine.kernel import native

    KERNELS.append(native)

STRUCTURES = ["full", "tied", "diag", "spherical"]


def mixture_of(structure: str, d: int, *, noisy: bool = False) -> Mixture:
    random = np.random.default_rng(d)
    lower = np.tril(random.normal(size=(3, d, d))) + 2.0 * np.eye(d)
    full = lower @ lower.transpose(0, 2, 1)
    covariances = {
        "full": full,
        "tied": full[0],
        "diag": np.einsum("kdd->kd", full),
        "spherical": full[:, 0, 0],
    }[structure]
    noise = Noise(0.1, Box(np.full(d, -9.0), 18.0 + np.arange(d))) if noisy else None
    weights = np.array([0.2, 0.3, 0.5]) * (0.9 if noisy else 1.0)
    return Mixture(weights, random.normal(size=(3, d)), covariances, structure, noise=noise)


def rows_with_holes(d: int, n: int = 60) -> NDArray[np.float64]:
    random = np.random.default_rng(1)
    rows = 2.0 * random.normal(size=(n, d))
    rows[random.random((n, d)) < 0.4] = np.nan
    rows[0], rows[1] = np.nan, 0.5
    return rows


def one_by_one(mixture: Mixture, row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log w_k + log p_k of what was observed of a row, by SciPy, the noise's last."""
    there = ~np.isnan(row)
    joint = np.log(mixture.shares)
    for k, matrix in enumerate(mixture.covariance_matrices()):
        if there.any():
            joint[k] += multivariate_normal.logpdf(
                row[there], mixture.means[k][there], matrix[np.ix_(there, there)]
            )
    if mixture.noise:
        joint[-1] -= np.log(mixture.noise.box.extent[there]).sum()
    return joint


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("noisy", [False, True])
def test_densities_are_the_marginal_ones_of_each_row(
    kernel: ModuleType, structure: str, noisy: bool
) -> None:
    mixture, rows = mixture_of(structure, 4, noisy=noisy), rows_with_holes(4)
    expected = np.array([one_by_one(mixture, row) for row in rows])
    np.testing.assert_allclose(kernel.log_joint(rows, mixture.components), expected, rtol=1e-11)
    likelihood = np.logaddexp.reduce(expected, axis=1)
    found, shares = kernel.posterior(rows, mixture.components)
    np.testing.assert_allclose(found, likelihood, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(shares, np.exp(expected - likelihood[:, None]), atol=1e-12)
    np.testing.assert_array_equal(kernel.labels(rows, mixture.components), expected.argmax(axis=1))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("d", [1, 4, 11])
def test_sums_are_those_expected_of_whole_rows(kernel: ModuleType, structure: str, d: int) -> None:
    mixture, rows = mixture_of(structure, d), rows_with_holes(d)
    weights = np.random.default_rng(2).uniform(0.5, 2.0, len(rows))
    weight, first, second = np.zeros(3), np.zeros((3, d)), np.zeros((3, d, d))
    for v, row in zip(weights, rows, strict=True):
        joint = one_by_one(mixture, row)
        shares = v * np.exp(joint - np.logaddexp.reduce(joint))
        there = ~np.isnan(row)
        for k, matrix in enumerate(mixture.covariance_matrices()):
            whole, left = np.where(there, row, 0.0), np.zeros((d, d))
            across = matrix[np.ix_(~there, there)] @ np.linalg.inv(matrix[np.ix_(there, there)])
            whole[~there] = mixture.means[k][~there] + across @ (row - mixture.means[k])[there]
            left[np.ix_(~there, ~there)] = (
                matrix[np.ix_(~there, ~there)] - across @ matrix[np.ix_(there, ~there)]
            )
            apart = whole - mixture.means[k]
            weight[k] += shares[k]
            first[k] += shares[k] * apart
            second[k] += shares[k] * (np.outer(apart, apart) + left)
    block = Block(0, rows, fields_of(weights))
    for told in (block, *ArraySource.of(block, holes=True).blocks()):
        sums = kernel.accumulate(told, mixture.components, diagonal=False)
        np.testing.assert_allclose(sums.weight, weight, rtol=1e-10)
        np.testing.assert_allclose(sums.first, first, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(sums.second, second, rtol=1e-9, atol=1e-9)
        flat = kernel.accumulate(told, mixture.components, diagonal=True)
        np.testing.assert_allclose(flat.second, np.einsum("kdd->kd", second), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kernel", KERNELS)
def test_rows_far_out_are_of_the_nearest_component(kernel: ModuleType) -> None:
    mixture = mixture_of("full", 3)
    rows = np.array([[1e200, np.nan, 0.0], [np.nan, np.nan, np.nan], [0.0, 0.0, np.nan]])
    likelihood, shares = kernel.posterior(rows, mixture.components)
    assert likelihood[0] == -np.inf
    assert np.isfinite(likelihood[1:]).all()
    assert sorted(shares[0].tolist()) == [0.0, 0.0, 1.0]
    with np.errstate(over="ignore"):
        sums = kernel.accumulate(Block(0, rows), mixture.components)
    assert sums.log_likelihood == -np.inf
    assert sums.weight.sum() == pytest.approx(3.0)


def test_patterns_stand_in_the_order_of_their_bits_and_rows_in_their_own() -> None:
    for d in (3, 9, 17, 70):
        rows = rows_with_holes(d, 200)
        rows[::3] = rows[0]
        patterns = Patterns.of(rows)
        lacking = np.isnan(rows)
        ordered = [tuple(~observed) for observed, _ in patterns]
        assert ordered == sorted(set(map(tuple, lacking.tolist())))
        for observed, chosen in patterns:
            assert (np.diff(chosen) > 0).all()
            assert (lacking[chosen] == ~observed).all()
        assert sorted(patterns.order.tolist()) == list(range(200))


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_block_that_may_have_holes_and_has_none_has_the_bits_of_any(kernel: ModuleType) -> None:
    rows = np.random.default_rng(0).normal(size=(500, 4))
    mixture = mixture_of("full", 4)
    plain = kernel.accumulate(Block(0, rows), mixture.components)
    (told,) = ArraySource(rows, holes=True).blocks()
    sums = kernel.accumulate(told, mixture.components)
    np.testing.assert_array_equal(sums.second, plain.second)
    assert sums.log_likelihood == plain.log_likelihood
