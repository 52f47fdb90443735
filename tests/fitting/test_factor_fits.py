"""Factor analysers are fitted to their maximum, from every start, and never lose likelihood."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.testing import assert_allclose

import mixtura
from mixtura import GaussianMixture, Mixture
from mixtura.errors import ParameterError
from mixtura.fitting.em import EM
from mixtura.fitting.settings import Settings
from mixtura.model.structures import structure
from mixtura.rows.data import Data

#: number of factors -> f <- factanal(X, factors, control = list(nstart = 4, lower = 1e-4,
#: opt = list(maxit = 1e5, factr = 1, pgtol = 0))); f$criteria[["objective"]], by R 4.2 of the rows
#: of scikit-learn's wine: log|Σ| + tr(Σ⁻¹ R) − log|R| − D of their correlations R
FACTANAL = {2: 1.64036906048291, 3: 0.933553382081838}


def wine() -> np.ndarray:
    from sklearn.datasets import load_wine

    return np.asarray(load_wine().data)


def drawn(seed: int, d: int, h: int, k: int, n: int, apart: float = 4.0) -> np.ndarray:
    """Rows of a random mixture of factor analysers."""
    random = np.random.default_rng(seed)
    loadings = random.normal(size=(k, d, h))
    own = random.uniform(0.1, 1.0, size=(k, d))
    packed = np.concatenate([loadings, own[:, :, None]], axis=2)
    means = apart * random.normal(size=(k, d))
    mixture = Mixture(np.full(k, 1.0 / k), means, packed, f"factor-{h}")
    return random.permutation(mixture.sample(n, seed)[0])


@pytest.mark.parametrize("h", sorted(FACTANAL))
def test_one_component_reaches_the_likelihood_of_r_s_factanal(h: int) -> None:
    rows = wine()
    n, d = rows.shape
    log_determinant = np.linalg.slogdet(np.cov(rows.T, bias=True))[1]
    theirs = -0.5 * (d * np.log(2.0 * np.pi) + log_determinant + FACTANAL[h] + d)
    for scale in (1.0, np.logspace(-6, 6, d)):  # correlations have no units
        fit = mixtura.fit(rows * scale, 1, structure="factor", n_factors=h)
        ours = fit.log_likelihood / n + np.log(np.broadcast_to(scale, d)).sum()
        assert ours == pytest.approx(theirs, abs=1e-9)


def test_one_component_is_scikit_learn_s_factor_analysis() -> None:
    from sklearn.decomposition import FactorAnalysis

    rows = drawn(1, 8, 2, 1, 500)
    theirs = FactorAnalysis(2, tol=1e-10, max_iter=5000).fit(rows)
    ours = mixtura.fit(rows, 1, structure="factor-2").mixture
    assert ours.score(rows) == pytest.approx(theirs.score(rows), abs=1e-8)
    assert_allclose(ours.uniquenesses[0], theirs.noise_variance_, rtol=1e-3)
    assert_allclose(ours.covariance_matrices()[0], theirs.get_covariance(), atol=1e-3)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    d=st.integers(2, 9),
    k=st.integers(1, 4),
    level=st.booleans(),
    data=st.data(),
)
def test_no_step_of_em_loses_likelihood(
    seed: int, d: int, k: int, level: bool, data: st.DataObject
) -> None:
    h = data.draw(st.integers(1, d - 1))
    rows = drawn(seed, d, min(h, d - 1), k, 60, apart=1.0)
    weights = np.random.default_rng(seed).uniform(0.1, 2.0, size=60)
    name = "factor-shared" if level else "factor"
    fit = mixtura.fit(
        rows,
        k,
        structure=name,
        n_factors=h,
        start="kmeans",
        accelerate=False,
        max_iter=25,
        tol=0.0,
        sample_weight=weights,
    )
    if not fit.repairs:
        mixture = fit.mixture
        # Distances are differences of numbers that are larger as little is left by the factors.
        lost = 1e-14 * float((mixture.variances() / mixture.uniquenesses).max())
        assert np.diff(fit.trace).min() >= -1e-10 * np.abs(fit.trace).max() - lost


def test_one_factor_fewer_than_features_reaches_full_covariances() -> None:
    rows = drawn(3, 5, 2, 2, 800)
    full = mixtura.fit(rows, 2, structure="full")
    ours = mixtura.fit(rows, 2, structure="factor-4")
    assert ours.log_likelihood == pytest.approx(full.log_likelihood, rel=1e-8)
    assert ours.mixture.n_parameters == full.mixture.n_parameters


def test_features_may_be_more_than_rows() -> None:
    rows = drawn(4, 200, 2, 2, 180)
    seen, fresh = rows[:90], rows[90:]
    fit = mixtura.fit(seen, 2, structure="factor-2", start="kmeans")
    plain = mixtura.fit(seen, 2, structure="diag", start="kmeans")
    assert not fit.starved
    assert not fit.repairs
    assert fit.mixture.score(fresh) > plain.mixture.score(fresh) + 10.0


def test_a_weight_is_as_good_as_so_many_equal_rows() -> None:
    rows = drawn(5, 6, 2, 2, 400)
    counts = np.random.default_rng(0).integers(0, 4, size=400)
    one = mixtura.fit(rows, 2, structure="factor-2", sample_weight=counts, start="kmeans")
    other = mixtura.fit(np.repeat(rows, counts, axis=0), 2, structure="factor-2", start="kmeans")
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-9)


@pytest.mark.parametrize("start", ["kmeans", "labels", "mixture"])
def test_every_start_leads_to_a_maximum(start: str) -> None:
    rows = drawn(6, 6, 2, 2, 400, apart=6.0)
    best = mixtura.fit(rows, 2, structure="factor-2")
    begin: Any = start
    if start == "labels":
        begin = best.mixture.predict(rows)
    if start == "mixture":
        begin = best.mixture
    fit = mixtura.fit(rows, 2, structure="factor-2", start=begin)
    assert fit.log_likelihood == pytest.approx(best.log_likelihood, rel=1e-6)


def test_rows_that_are_read_anew_at_each_pass_end_where_those_in_memory_do(tmp_path: Path) -> None:
    rows = drawn(7, 6, 2, 2, 5000)
    np.save(tmp_path / "rows.npy", rows)
    streamed = mixtura.fit(tmp_path / "rows.npy", 2, structure="factor-2", start="kmeans")
    held = mixtura.fit(rows, 2, structure="factor-2", start="kmeans")
    assert streamed.log_likelihood == pytest.approx(held.log_likelihood, rel=1e-9)


def test_the_estimator_is_fitted_alike_and_goes_on_from_its_attributes() -> None:
    rows = drawn(8, 5, 1, 2, 300)
    own = GaussianMixture(2, covariance_type="factor", n_factors=1, random_state=0).fit(rows)
    assert own.covariances_.shape == (2, 5, 2)
    whole = own.mixture_.covariance_matrices()
    inverse = np.stack([np.diag(p[:, -1]) - p[:, :-1] @ p[:, :-1].T for p in own.precisions_])
    assert_allclose(inverse @ whole, np.broadcast_to(np.eye(5), (2, 5, 5)), atol=1e-10)
    given = {
        "weights_init": own.weights_,
        "means_init": own.means_,
        "precisions_init": own.precisions_,
    }
    again = GaussianMixture(2, covariance_type="factor", n_factors=1, max_iter=0, **given).fit(rows)
    assert again.score(rows) == pytest.approx(own.score(rows), rel=1e-10)
    taken_up = GaussianMixture.from_mixture(own.mixture_)
    assert (taken_up.covariance_type, taken_up.n_factors) == ("factor", 1)


def test_the_halves_of_an_iteration_make_one() -> None:
    rows = drawn(9, 5, 1, 2, 300)
    mixture = mixtura.fit(rows, 2, structure="factor-1", max_iter=0).mixture
    sums = mixtura.statistics(rows[:100], mixture) + mixtura.statistics(rows[100:], mixture)
    after = mixtura.maximise(sums, mixture)
    assert after.score(rows) > mixture.score(rows)
    other = mixtura.fit(rows, 2, structure="factor-1", max_iter=1, tol=0.0).mixture
    with pytest.raises(mixtura.errors.DataError, match="find them under this mixture"):
        mixtura.maximise(sums, other)


def test_a_selection_finds_how_many_factors_there_are() -> None:
    rows = drawn(10, 8, 2, 2, 1000)
    found = mixtura.select(rows, 2, structures=["diag", "factor"], n_factors=range(1, 4))
    assert str(found.best_row.candidate) == "factor-2,2"
    assert found.best.mixture.structure.n_factors == 2
    ends = {str(row.candidate): row.fit.log_likelihood for row in found.rows if row.fit}
    assert ends["factor-3,2"] >= ends["factor-2,2"] >= ends["factor-1,2"] >= ends["VVI,2"]


@pytest.mark.parametrize(
    ("what", "more"),
    [
        ("noise", {"noise": True}),
        ("a prior", {"prior": True}),
        ("errors of the rows", {"errors": np.ones((40, 3))}),
        ("labels", {"labels": [0, 1, *[None] * 38]}),
        ("rows that lack features", {"missing": "em"}),
    ],
)
def test_what_cannot_be_done_yet_is_said_with_what_can(what: str, more: dict[str, Any]) -> None:
    rows = drawn(11, 3, 1, 2, 40)
    if "missing" in more:
        rows[0, 0] = np.nan
    with pytest.raises(ParameterError, match=f"with {what} yet: leave that out, or ask for the"):
        mixtura.fit(rows, 2, structure="factor-1", **more)


def test_a_constant_column_takes_no_more_iterations() -> None:
    rows = np.column_stack([drawn(12, 5, 1, 2, 200), np.ones(200)])
    fit = mixtura.fit(rows, 2, structure="factor-1")
    assert len(fit.trace) < 50
    assert "column 5 is constant" in fit.notes[0]


def test_blocks_of_a_pass_are_as_large_as_the_sums_along_directions_allow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    rows = drawn(13, 60, 2, 2, 300)
    em = EM(Data.held(rows), Settings(2, structure("factor-2"), "auto", "auto", "auto"))
    source = type(em.data.source)
    kept = source.summing

    def summing(self: Any, n_sums: int) -> Any:
        asked.append(n_sums)
        return kept(self, n_sums)

    monkeypatch.setattr(source, "summing", summing)
    em.statistics(mixtura.fit(rows, 2, structure="factor-2", start="kmeans", max_iter=0).mixture)
    assert asked[-1] == 2 * 60 * 3
