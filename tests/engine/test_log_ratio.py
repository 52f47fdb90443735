"""Likelihood ratios in the kernel: those of races and searches one after the other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import norm

from families import LETTERS
from mixtura import Mixture
from mixtura.engine import kernel
from mixtura.model.structures import structure
from mixtura.selection.replicates import Replicates

if not kernel.native_is_installed():
    pytest.skip("this installation has no native kernel", allow_module_level=True)


@pytest.fixture(autouse=True)
def on_the_native_kernel() -> None:
    if kernel.log_ratio is None:
        pytest.skip("the reference kernel has no ratio of its own")


def replicates(letters: str, k: int, d: int = 2) -> Replicates:
    kind, means = structure(letters), 4.0 * np.arange(k)[:, None] * np.eye(d)[0]
    covariances = kind.form.gathered(np.tile(np.eye(d), (k, 1, 1)))
    return Replicates(Mixture(np.full(k, 1.0 / k), means, covariances, kind), 80, 5)


@pytest.mark.parametrize("letters", LETTERS)
@pytest.mark.parametrize("k", [1, 3])
def test_a_ratio_in_one_call_is_that_of_its_steps(
    letters: str, k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = replicates(letters, k)
    found = [of.ratio(number) for number in range(2)]
    monkeypatch.setattr(kernel, "log_ratio", None)
    expected = [of.ratio(number) for number in range(2)]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("letters", ["EII", "EEE", "VVI"])
def test_more_components_are_never_less_likely(letters: str) -> None:
    of = replicates(letters, 2)
    ratios = np.array([of.ratio(number) for number in range(10)])
    assert (ratios[np.isfinite(ratios)] >= 0.0).all()
    assert np.isfinite(ratios).sum() >= 8


def test_the_ratio_of_one_against_two_is_that_of_an_optimiser() -> None:
    of = replicates("E", 1, 1)
    rows = of._drawn(of._random(1))[:, 0]

    def loss(at: np.ndarray) -> float:
        shares = np.array([[0.0], [at[0]]])
        log_parts = shares + norm.logpdf(rows, at[1:3, None], np.exp(at[3]))
        return float((np.logaddexp(0.0, at[0]) - logsumexp(log_parts, axis=0)).sum())

    random = np.random.default_rng(0)
    starts = [[random.normal(), *random.choice(rows, 2), -0.5] for _ in range(20)]
    least = min(minimize(loss, start).fun for start in starts)
    one = -norm.logpdf(rows, rows.mean(), rows.std()).sum()
    assert of.ratio(0) == pytest.approx(2.0 * (one - least), abs=1e-3)
