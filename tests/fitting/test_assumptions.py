"""Equal weights, a prior and noise: what R's mclust comes to, laws, and that they go together."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import mixtura
from cluttered import background, halves
from families import LETTERS, obeys
from mixtura import Box, Mixture, Noise, Prior
from mixtura.datasets import faithful
from mixtura.errors import DataError, ParameterError
from mixtura.fitting import Fit, Settings
from mixtura.model.structures import structure

MCLUST = json.loads((Path(__file__).parents[1] / "data" / "assumptions.json").read_text("utf-8"))
EACH = pytest.mark.parametrize("letters", LETTERS)
#: EM in small steps to the very end
TIGHT: dict[str, Any] = {"tol": 1e-15, "reg_covar": 0.0, "accelerate": False, "max_iter": 20000}


def few(seed: int = 0) -> np.ndarray:
    """The same with 150 rows, for what has to be fitted often."""
    return background(seed, 150)


@pytest.mark.parametrize("theirs", MCLUST, ids=lambda r: f"{r['assumed']}-{r['model']}")
def test_a_fit_is_mclust_s_from_the_same_start(theirs: dict[str, Any]) -> None:
    rows = faithful().rows
    start, assumed = halves(rows), theirs["assumed"].split()
    if len(theirs["model"]) == 1:
        rows = rows[:, :1]
    scale = None
    if theirs["model"] == "VVI":  # theirs is one number for all features
        scale = rows.var(axis=0, ddof=1).mean() / 2.0
    if "noise" in assumed:
        start[6::13] = -1
    fit = mixtura.fit(
        rows,
        2,
        structure=theirs["model"],
        start=start,
        weights="equal" if "equal" in assumed else "free",
        noise="noise" in assumed,
        prior=Prior(scale=scale) if "prior" in assumed else None,
        **TIGHT,
    )
    assert fit.mixture.n_parameters == theirs["n_parameters"]
    assert_allclose(fit.log_likelihood, theirs["log_likelihood"], rtol=0, atol=2e-6)
    assert_allclose(fit.mixture.shares, theirs["weights"], atol=2e-5)


@EACH
@pytest.mark.parametrize("prior", [None, "conjugate"])
@pytest.mark.parametrize("noise", [False, True])
def test_what_em_maximises_never_falls(letters: str, prior: str | None, noise: bool) -> None:
    start = halves(few())
    if noise:
        start[-30:] = -1
    for weights in ("free", "equal"):
        fit = mixtura.fit(
            few(),
            2,
            structure=letters,
            start=start,
            weights=weights,
            prior=prior,
            noise=noise,
            tol=0.0,
            reg_covar=0.0,
            accelerate=False,
            max_iter=40,
        )
        assert np.diff(fit.trace).min() > -1e-12
        assert obeys(letters, fit.mixture.covariance_matrices())


@EACH
def test_equal_weights_are_equal_and_not_counted(letters: str) -> None:
    free = mixtura.fit(few(), 3, structure=letters, start="kmeans", max_iter=30)
    equal = mixtura.fit(few(), 3, structure=letters, start="kmeans", max_iter=30, weights="equal")
    both = mixtura.fit(
        few(), 3, structure=letters, start="kmeans", max_iter=30, weights="equal", noise=True
    )
    assert equal.mixture.weights.tolist() == [1.0 / 3.0] * 3
    assert equal.mixture.n_parameters == free.mixture.n_parameters - 2
    assert both.mixture.noise is not None
    assert np.ptp(both.mixture.weights) == 0.0
    assert_allclose(both.mixture.shares.sum(), 1.0, rtol=1e-15)
    assert both.mixture.n_parameters == free.mixture.n_parameters


@pytest.mark.parametrize("letters", ["VVV", "EEE", "VVI", "EII", "VEV"])
def test_a_step_of_em_with_a_prior_is_no_worse_than_its_neighbours(letters: str) -> None:
    """The mean and covariance of one component: the posterior's mode, by trying others."""
    rows, random = few()[:40], np.random.default_rng(1)
    fit = mixtura.fit(rows, 1, structure=letters, prior=Prior(shrinkage=2.0), **TIGHT)
    mode = fit.mixture

    def posterior(mixture: Mixture) -> float:
        return log_posterior(mixture, rows, letters, 2.0)

    for scale in (1e-3, 1e-2, 0.1):
        for _ in range(30):
            mean = mode.means + scale * random.normal(size=(1, 2))
            factor = np.eye(2) * np.exp(scale * random.normal())
            if letters in ("VVV", "EEE", "VEV"):
                factor = np.eye(2) + scale * random.normal(size=(2, 2))
            if letters == "VVI":
                factor = np.diag(np.exp(scale * random.normal(size=2)))
            matrices = factor @ mode.covariance_matrices() @ factor.T
            other = Mixture([1.0], mean, matrices, "full")
            assert posterior(other) <= posterior(mode) + 1e-9


def log_posterior(mixture: Mixture, rows: np.ndarray, letters: str, shrinkage: float) -> float:
    """Log-likelihood and log density of the prior of one component, by SciPy's densities."""
    from scipy.stats import invgamma, invwishart, multivariate_normal

    mean, covariance = mixture.means[0], mixture.covariance_matrices()[0]
    centre, scale = rows.mean(axis=0), np.cov(rows.T)
    known = multivariate_normal(centre, covariance / shrinkage).logpdf(mean)
    if letters == "EII":
        variance = covariance[0, 0]
        known += invgamma(2.0, scale=np.trace(scale) / 4.0).logpdf(variance)
    elif letters == "VVI":
        variances = np.diagonal(covariance)
        known += invgamma(2.0, scale=np.diagonal(scale) / 2.0).logpdf(variances).sum()
    else:
        known += invwishart(4, scale).logpdf(covariance)
    return float(known + multivariate_normal(mean, covariance).logpdf(rows).sum())


@EACH
def test_a_prior_keeps_two_rows_from_collapsing(letters: str) -> None:
    rows = np.vstack([few()[:60], [[40.0, 40.0], [40.0, 40.0]]])
    start = np.append(np.zeros(60, int), [1, 1])
    fit = mixtura.fit(rows, 2, structure=letters, start=start, prior="conjugate", reg_covar=0.0)
    assert fit.repairs == ()
    assert fit.outcome.converged
    smallest = np.linalg.eigvalsh(fit.mixture.covariance_matrices()).min()
    assert smallest > 1e-3 * np.linalg.eigvalsh(np.cov(rows[:60].T)).min()


@pytest.mark.parametrize("letters", ["VVV", "EEE", "VEI", "EII"])
def test_a_prior_goes_along_with_units(letters: str) -> None:
    factors = np.array([1e5, 1e5 if letters == "EII" else 1e-4])
    plain = mixtura.fit(few(), 2, structure=letters, prior="conjugate")
    scaled = mixtura.fit(few() * factors, 2, structure=letters, prior="conjugate")
    assert_allclose(scaled.mixture.means, plain.mixture.means * factors, rtol=1e-6)
    assert_allclose(
        scaled.mixture.covariance_matrices(),
        plain.mixture.covariance_matrices() * np.outer(factors, factors),
        rtol=1e-5,
    )


@pytest.mark.parametrize(
    ("letters", "weights"),
    [*product(["VVV", "EEE", "VVI", "EII", "EVE"], ["free", "equal"])],
)
def test_a_weight_is_so_many_equal_rows(letters: str, weights: str) -> None:
    rows = few()
    times = np.random.default_rng(2).integers(0, 4, size=len(rows))
    assumed: dict[str, Any] = {"weights": weights, "prior": "conjugate", "noise": True}
    start = halves(rows)
    start[::9] = -1

    def fitted(data: np.ndarray, labels: np.ndarray, **more: Any) -> Fit:
        return mixtura.fit(data, 2, structure=letters, start=labels, tol=1e-12, **assumed, **more)

    one = fitted(rows, start, sample_weight=times)
    other = fitted(np.repeat(rows, times, axis=0), np.repeat(start, times))
    assert_allclose(one.log_likelihood, other.log_likelihood, rtol=1e-10)
    assert_allclose(one.mean_log_prior, other.mean_log_prior, rtol=1e-6)
    assert_allclose(one.mixture.shares, other.mixture.shares, rtol=1e-5)
    assert_allclose(one.mixture.means, other.mixture.means, rtol=1e-5)


def test_every_row_twice_is_not_the_same_under_a_prior() -> None:
    once = mixtura.fit(few(), 2, prior="conjugate")
    twice = mixtura.fit(few(), 2, prior="conjugate", sample_weight=2.0 * np.ones(150))
    doubled = mixtura.fit(np.repeat(few(), 2, axis=0), 2, prior="conjugate")
    assert_allclose(twice.log_likelihood, doubled.log_likelihood, rtol=1e-9)
    assert twice.mean_log_likelihood > once.mean_log_likelihood + 1e-4


def test_acceleration_comes_to_the_same_end() -> None:
    for assumed in (
        {"noise": True},
        {"weights": "equal"},
        {"prior": "conjugate"},
        {"noise": True, "weights": "equal", "prior": "conjugate"},
    ):
        random = np.random.default_rng(5)
        rows = random.normal(size=(400, 2)) @ [[1.0, 0.3], [0.0, 2.0]]
        rows[:200] += 2.0
        rows[::5] = random.uniform(-9.0, 9.0, size=(80, 2))
        ends = [
            mixtura.fit(rows, 2, start=halves(rows), accelerate=accelerate, **assumed)
            for accelerate in (False, True)
        ]
        assert ends[1].accelerated
        assert_allclose(ends[0].mean_objective, ends[1].mean_objective, atol=1e-6)
        assert np.diff(ends[1].trace).min() >= 0.0


def test_the_box_is_that_of_the_rows_and_a_volume_is_as_given() -> None:
    rows = few()
    noise = mixtura.fit(rows, 2, noise=True).mixture.noise
    assert noise is not None
    assert_allclose(noise.box.low, rows.min(axis=0), rtol=0)
    assert_allclose(noise.box.high, rows.max(axis=0), rtol=1e-15)
    larger = mixtura.fit(rows, 2, noise=1234.5).mixture.noise
    assert larger is not None
    assert_allclose(larger.box.volume, 1234.5, rtol=1e-12)
    assert_allclose(larger.box.centre, noise.box.centre, rtol=1e-12)
    given = Box([-50.0, -50.0], [100.0, 100.0])
    own = mixtura.fit(rows, 2, noise=given).mixture.noise
    assert own is not None
    assert own.box is given


def test_streamed_rows_are_fitted_as_those_in_memory(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", few())
    assumed: dict[str, Any] = {"weights": "equal", "prior": "conjugate", "noise": True}
    memory = mixtura.fit(few(), 2, **assumed)
    stream = mixtura.fit(tmp_path / "rows.npy", 2, **assumed)
    assert stream.trace.tolist() == memory.trace.tolist()


def test_rows_of_single_precision_come_to_the_same() -> None:
    rows = few().astype(np.float32)
    assumed: dict[str, Any] = {"weights": "equal", "prior": "conjugate", "noise": True}
    single = mixtura.fit(rows, 2, **assumed)
    double = mixtura.fit(rows.astype(np.float64), 2, **assumed)
    assert_allclose(single.mixture.shares, double.mixture.shares, atol=1e-4)
    assert_allclose(single.mean_objective, double.mean_objective, atol=1e-5)


def test_an_offset_costs_nothing() -> None:
    start = halves(few())
    start[-30:] = -1
    for letters in ("EEE", "VVI", "EII"):
        near, far = (
            mixtura.fit(
                few() + offset, 2, structure=letters, start=start, noise=True, prior="conjugate"
            )
            for offset in (0.0, 2.0**20)
        )
        assert_allclose(far.mean_objective, near.mean_objective, atol=1e-7)


def test_the_same_seed_gives_the_same_bits() -> None:
    one, other = (mixtura.fit(few(), 2, noise=True, prior=True) for _ in range(2))
    assert one.trace.tolist() == other.trace.tolist()


def test_the_likelihood_that_is_told_is_of_the_rows_alone() -> None:
    rows = few()
    fit = mixtura.fit(rows, 2, prior="conjugate")
    assert_allclose(fit.mean_log_likelihood, fit.mixture.score(rows), rtol=1e-12)
    assert_allclose(fit.bic, fit.mixture.bic(rows), rtol=1e-12)
    assert fit.summary()["mean_log_prior"] == fit.mean_log_prior
    assert "mean_log_prior" not in mixtura.fit(rows, 2).summary()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"weights": "same"}, "weights is 'same', expected 'free' or 'equal'"),
        ({"weights": np.ones(150)}, "how much rows count is sample_weight"),
        ({"prior": "jeffreys"}, "prior is 'jeffreys', expected None, 'conjugate' or a"),
        ({"noise": -1.0}, "noise is -1.0, expected True for the box about the rows, a volume"),
        ({"noise": "box"}, "noise is 'box', expected True"),
        ({"noise": float("nan")}, "noise is nan"),
        ({"noise": Box([0.0], [1.0])}, "the box of the noise has 1 features, X has 2"),
        ({"prior": Prior(mean=[0.0])}, r"mean has shape \(1,\), expected \(2,\)"),
        ({"prior": Prior(scale=np.eye(3))}, r"scale has shape \(3, 3\), expected \(2, 2\)"),
        ({"prior": Prior(scale=[1.0, -1.0])}, "not symmetric and positive definite"),
        ({"prior": Prior(degrees_of_freedom=0.5)}, "degrees_of_freedom are 0.5, expected more"),
    ],
)
def test_what_cannot_be_assumed_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        mixtura.fit(few(), 2, **wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"shrinkage": -1.0}, "shrinkage is -1.0, expected a finite number of at least 0"),
        ({"shrinkage": "x"}, "shrinkage is 'x'"),
        ({"degrees_of_freedom": 0.0}, "degrees_of_freedom is 0.0, expected a finite number above"),
        ({"mean": [np.nan, 0.0]}, "mean is .* expected finite numbers"),
        ({"scale": "wide"}, "scale is 'wide', expected numbers"),
    ],
)
def test_a_prior_that_is_none_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        Prior(**wrong)


def test_a_box_without_volume_is_refused() -> None:
    flat = np.column_stack([few()[:, 0], np.full(150, 3.0)])
    with pytest.raises(DataError, match="column 1 is constant, at 3, so the box about the rows"):
        mixtura.fit(flat, 2, noise=True)
    with pytest.raises(DataError, match="column 1 is constant"):
        _ = mixtura.select(flat, [1, 2], structures=["VVV"], noise=True).best


def test_a_label_beyond_the_components_is_refused() -> None:
    labels = halves(few())
    labels[5] = 2
    with pytest.raises(ParameterError, match="label 2 at row 5, expected 0 to 1"):
        mixtura.fit(few(), 2, noise=True, start=labels)
    with pytest.raises(ParameterError, match="label -1 at row 5"):
        mixtura.fit(few(), 2, start=np.where(labels == 2, -1, labels))


def test_standard_errors_say_what_they_cannot() -> None:
    rows = few()
    for assumed, what in (
        ({"noise": True}, "noise"),
        ({"weights": "equal"}, "equal weights"),
        ({"prior": True}, "a prior"),
    ):
        fit = mixtura.fit(rows, 2, **assumed)
        with pytest.raises(ParameterError, match=f"this one has {what}: use method='bootstrap'"):
            fit.standard_errors(rows)
        errors = fit.standard_errors(rows, "weighted-bootstrap", n_bootstrap=3)
        assert (errors.means > 0.0).all()


def test_noise_by_name() -> None:
    fit = mixtura.fit(few(), 2, noise=True)
    assert isinstance(fit.mixture.noise, Noise)
    assert repr(fit.mixture) == "Mixture(2 components, 2 features, full, noise)"


def test_the_record_tells_noise_anywhere_from_noise_of_a_volume() -> None:
    def recorded(noise: object) -> object:
        return Settings(2, structure("full"), noise=noise).record().get("noise", "none")

    assert [recorded(wish) for wish in (None, False, True, 1.0)] == ["none", "none", True, 1.0]
    assert recorded(True) is True
    assert recorded(1.0) is not True
    assert recorded(Box([0.0], [1.0])) == {"low": [0.0], "extent": [1.0]}
