"""A prior that takes a good part of the variance is told of beside the result."""

from __future__ import annotations

import re

import numpy as np
import pytest

import mixtura
from mixtura.datasets import faithful, iris

GAUSS = np.random.default_rng(5).normal(size=(80, 60))


def told(fit) -> list[float]:
    """The shares, of 1, that the notes tell."""
    said = [note for note in fit.notes if note.startswith("the prior leaves")]
    return [float(share) / 100.0 for note in said for share in re.findall(r"(\d+)(?= %)", note)]


@pytest.mark.parametrize("structure", ["full", "tied", "diag", "spherical", "EVI"])
@pytest.mark.parametrize("d", [2, 10, 30])
def test_the_share_is_that_of_the_variances_with_a_prior_to_those_without(structure, d):
    rows = GAUSS[:40, :d] if structure in ("diag", "spherical", "EVI") else GAUSS[:, :d]
    with_prior = mixtura.fit(rows, 1, structure=structure, prior="conjugate")
    without = mixtura.fit(rows, 1, structure=structure)
    ratio = np.trace(with_prior.mixture.covariance_matrices()[0]) / np.trace(
        without.mixture.covariance_matrices()[0]
    )
    shares = told(with_prior)
    if ratio < 0.9:
        assert shares == pytest.approx([ratio], abs=0.006)
    else:
        assert shares == []


def test_two_components_far_apart_are_told_of_each_by_itself():
    # So far apart that the scale of the prior, the covariance of all rows, is to be given.
    rows = np.vstack([GAUSS[:, :10], 50.0 + GAUSS[:30, 10:20]])
    known = mixtura.Prior(shrinkage=0.0, scale=np.eye(10))
    fits = [mixtura.fit(rows, 2, prior=prior, start=rows[:, 0] > 25) for prior in (known, None)]
    held, free = (fit.mixture.covariances for fit in fits)
    # In the mean over directions, of what is held: D / tr(Σ⁻¹ S).
    ratios = [10.0 / np.trace(np.linalg.solve(a, b)) for a, b in zip(held, free, strict=True)]
    assert told(fits[0]) == pytest.approx(sorted(ratios), abs=0.01)
    assert "the prior leaves every component" in fits[0].notes[0]


def test_weights_are_rows_and_many_rows_are_left_alone():
    rows = GAUSS[:, :10]
    assert told(mixtura.fit(rows, 1, prior="conjugate")) != []
    assert told(mixtura.fit(rows, 1, prior="conjugate", sample_weight=10.0)) == []
    assert told(mixtura.fit(faithful(), 2, prior="conjugate")) == []
    assert mixtura.fit(rows, 1).notes == ()


def test_files_tell_it_too(tmp_path):
    np.save(tmp_path / "rows.npy", GAUSS[:, :10])
    fit = mixtura.fit(tmp_path / "rows.npy", 1, prior="conjugate")
    assert fit.notes == mixtura.fit(GAUSS[:, :10], 1, prior="conjugate").notes != ()


def test_the_default_scale_is_mclust_s():
    # R's mclust 6.0.0: Mclust(iris[, 1:4], G = 3, modelNames = "VVV", prior = priorControl()),
    # tolerance 1e-13, of R's iris: -192.69528386.
    rows = np.array(iris())
    rows[34, 3], rows[37, 1], rows[37, 2] = 0.2, 3.6, 1.4
    fit = mixtura.fit(rows, 3, prior="conjugate", tol=1e-13, max_iter=5000)
    assert fit.log_likelihood == pytest.approx(-192.69528386, abs=2e-6)


@pytest.mark.parametrize("total", [1e-6, 1.0, 1.5])
def test_less_than_two_rows_weight_has_a_prior_too(total):
    fit = mixtura.fit(faithful(), 1, prior="conjugate", sample_weight=np.full(272, total / 272))
    assert np.isfinite(fit.mean_objective)
    # Σ = (W + Λ + …) / (n + a) with Λ = W / (n/2): no more than twice the rows' own.
    ratio = fit.mixture.covariances[0] / np.cov(np.asarray(faithful()).T, bias=True)
    assert (ratio < 2.0).all()
    assert (ratio > 0.0).all()
