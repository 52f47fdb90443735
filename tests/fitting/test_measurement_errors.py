"""Fits to rows with errors are of the true values: published values, laws, and singular ends."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import mixtura
from mixtura import Mixture
from mixtura.errors import DataError, ParameterError

GALAXIES = Path(__file__).parents[2] / "examples" / "tully_fisher.csv"


def galaxies(band: str = "b") -> tuple[np.ndarray, np.ndarray]:
    """Velocity widths and magnitudes of the galaxies that have them, and their errors."""
    with GALAXIES.open() as file:
        found = [row for row in csv.DictReader(file) if row[band]]
    names = ("logw20", band)
    rows = [[float(row[name]) for name in names] for row in found]
    return np.array(rows), np.array([[float(row[f"{n}_err"]) for n in names] for row in found])


def line_through(mixture: Mixture) -> tuple[float, float]:
    """Slope of the longer axis, and its value at 2.5."""
    axis = np.linalg.eigh(mixture.covariances[0])[1][:, 1]
    slope = axis[1] / axis[0]
    return slope, mixture.means[0, 1] + slope * (2.5 - mixture.means[0, 0])


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True values of two clusters, what was measured of them, and the errors."""
    random = np.random.default_rng(1)
    first = random.normal(size=(450, 2)) @ np.array([[1.0, 0.6], [0.0, 0.5]])
    second = random.normal(size=(300, 2)) * 0.4 + [5.0, 1.0]
    true = np.concatenate([first, second])
    errors = random.uniform(0.1, 1.2, size=true.shape)
    return true, true + errors * random.normal(size=true.shape), errors


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_the_tully_fisher_relation_is_the_converged_one(offset: float) -> None:
    rows, errors = galaxies()
    fit = mixtura.fit(rows + offset, 1, errors=errors)
    here = fit.mixture.transformed(1.0, -offset)
    slope, value = line_through(here)
    assert slope == pytest.approx(-8.04742, abs=5e-6)
    assert value == pytest.approx(-19.775240, abs=1e-6)
    assert fit.mean_log_likelihood == pytest.approx(0.24025631, abs=5e-9)
    assert fit.outcome.converged


def test_the_fit_is_of_the_true_values(drawn: tuple[np.ndarray, ...]) -> None:
    true, rows, errors = drawn
    fit = mixtura.fit(rows, 2, errors=errors)
    exact = mixtura.fit(true, 2).mixture
    naive = mixtura.fit(rows, 2).mixture
    order = np.argsort(fit.mixture.means[:, 0])
    wanted = exact.covariances[np.argsort(exact.means[:, 0])]
    found = fit.mixture.covariances[order]
    assert np.abs(found - wanted).max() < 0.15
    assert np.trace(naive.covariances, axis1=1, axis2=2).min() > 1.5 * np.trace(found[1])
    assert (np.diff(fit.trace) > -1e-9).all()


@pytest.mark.parametrize("structure", ["VVV", "EEE", "VVI", "VEI", "EVE", "VII"])
def test_no_error_is_the_fit_without(structure: str, drawn: tuple[np.ndarray, ...]) -> None:
    _, rows, errors = drawn
    plain = mixtura.fit(rows, 2, structure=structure, start="kmeans", max_iter=20)
    none = mixtura.fit(
        rows, 2, structure=structure, start="kmeans", max_iter=20, errors=np.zeros_like(errors)
    )
    np.testing.assert_allclose(none.mixture.means, plain.mixture.means, rtol=1e-9)
    np.testing.assert_allclose(none.mixture.covariances, plain.mixture.covariances, rtol=1e-9)


@pytest.mark.parametrize("structure", ["EII", "VVV", "EEV", "VEE", "VVE", "EEI"])
def test_the_likelihood_never_falls(structure: str, drawn: tuple[np.ndarray, ...]) -> None:
    _, rows, errors = drawn
    for accelerate in (False, "auto"):
        fit = mixtura.fit(
            rows, 2, structure=structure, errors=errors, accelerate=accelerate, max_iter=30
        )
        assert (np.diff(fit.trace) > -1e-10).all()
        assert fit.mean_log_likelihood == pytest.approx(
            fit.mixture.score(rows, errors=errors), abs=1e-9
        )


def test_weights_are_repeats(drawn: tuple[np.ndarray, ...]) -> None:
    _, rows, errors = drawn
    counts = np.arange(len(rows)) % 3
    begun = mixtura.fit(rows, 2).mixture
    weighted = mixtura.fit(rows, 2, errors=errors, sample_weight=counts, start=begun, max_iter=10)
    repeated = mixtura.fit(
        rows.repeat(counts, axis=0),
        2,
        errors=errors.repeat(counts, axis=0),
        start=begun,
        max_iter=10,
    )
    np.testing.assert_allclose(weighted.mixture.means, repeated.mixture.means, rtol=1e-9)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-10)


def test_the_gradient_is_zero_at_the_end(drawn: tuple[np.ndarray, ...]) -> None:
    _, rows, errors = drawn
    mixture = mixtura.fit(rows, 2, errors=errors).mixture

    def score(**changed: np.ndarray) -> float:
        parts = {name: getattr(mixture, name) for name in ("weights", "means", "covariances")}
        return Mixture(**(parts | changed)).score(rows, errors=errors)

    for name in ("means", "covariances"):
        value = getattr(mixture, name)
        for place in np.ndindex(value.shape):
            if name == "covariances" and place[1] < place[2]:
                continue
            step = np.zeros_like(value)
            step[place] = 1e-4
            if name == "covariances":
                step[place[0], place[2], place[1]] = 1e-4
            slope = (score(**{name: value + step}) - score(**{name: value - step})) / 2e-4
            assert abs(slope) < 1e-4, (name, place)


def test_a_huge_variance_is_a_value_that_is_missing(drawn: tuple[np.ndarray, ...]) -> None:
    _, rows, errors = drawn
    mixture = mixtura.fit(rows, 2, errors=errors).mixture
    unknown = errors.copy()
    unknown[:, 1] = 1e5  # a variance of 1e10
    scores = mixture.score_samples(rows, errors=unknown) + np.log(1e5) + 0.5 * np.log(2.0 * np.pi)
    marginal = mixture.marginal([0])
    np.testing.assert_allclose(
        scores, marginal.score_samples(rows[:, :1], errors=errors[:, :1]), atol=1e-6
    )
    shares = mixture.predict_proba(rows, errors=unknown)
    there = marginal.predict_proba(rows[:, :1], errors=errors[:, :1])
    np.testing.assert_allclose(shares, there, atol=1e-6)


def test_files_have_the_bits_of_memory(tmp_path: Path, drawn: tuple[np.ndarray, ...]) -> None:
    _, rows, errors = drawn
    path = tmp_path / "measured.csv"
    table = np.column_stack([rows, errors]).tolist()
    lines = ["x,y,x_err,y_err", *(",".join(map(repr, line)) for line in table)]
    path.write_text("\n".join(lines) + "\n")
    held = mixtura.fit(rows, 2, errors=errors, random_state=0)
    read = mixtura.fit(path, 2, errors=["x_err", "y_err"], random_state=0)
    assert np.array_equal(held.mixture.covariances, read.mixture.covariances)
    assert read.mixture.feature_names == ("x", "y")
    named = {"x": rows[:, 0], "y": rows[:, 1], "x_err": errors[:, 0], "y_err": errors[:, 1]}
    framed = mixtura.fit(named, 2, errors=["x_err", "y_err"], random_state=0)
    assert np.array_equal(framed.mixture.covariances, read.mixture.covariances)
    assert framed.mixture.score(path, errors=["x_err", "y_err"]) == pytest.approx(
        held.mean_log_likelihood, rel=1e-12
    )


def test_a_singular_end_is_told_and_reached() -> None:
    rows, errors = galaxies("r")
    fit = mixtura.fit(rows, 1, errors=errors)
    assert fit.outcome.converged
    assert fit.n_iter < 800
    assert fit.floored == (0,)
    assert "singular" in fit.verdict.words
    assert "component 0 goes to a singular end" in fit.notes[0]
    assert not fit.void
    plain = mixtura.fit(rows, 1, errors=errors, accelerate=False, reg_covar=0.0, max_iter=500)
    assert fit.mean_log_likelihood > plain.mean_log_likelihood - 1e-6
    assert (np.diff(fit.trace) > -1e-9).all()


def test_select_takes_errors_for_every_candidate(drawn: tuple[np.ndarray, ...]) -> None:
    _, rows, errors = drawn
    found = mixtura.select(rows, [1, 2], structures=["full"], errors=errors, criterion="icl")
    best = found.best
    assert best.mixture.n_components == 2
    icl = best.mixture.icl(rows, errors=errors)
    assert found.best_row.criteria["icl"] == pytest.approx(icl, rel=1e-9)


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        (np.full((3, 2), -1.0), r"errors\[0, 0\] is -1, expected a standard deviation"),
        (np.full((3, 2), np.nan), r"errors\[0, 0\] is nan"),
        (np.ones((4, 2)), r"errors has shape \(4, 2\), expected \(3, 2\) standard deviations"),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), r"errors\[0\] is no covariance"),
        (np.array([[1.0, 0.5], [0.0, 1.0]]), r"errors\[0\] is no covariance"),
    ],
)
def test_what_is_no_error_is_refused(errors: np.ndarray, said: str) -> None:
    with pytest.raises(DataError, match=said):
        mixtura.fit([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]], 1, errors=errors)


def test_deviations_of_as_many_rows_as_features_are_asked_about() -> None:
    mixture = Mixture([1.0], [[0.0, 0.0]], [np.eye(2)])
    both = np.full((2, 2), 0.5)
    with pytest.raises(DataError, match=r"errors\[None\] for one covariance"):
        mixture.score_samples(np.zeros((2, 2)), errors=both)
    one = mixture.score_samples(np.zeros((2, 2)), errors=both[None])
    each = mixture.score_samples(np.zeros((2, 2)), errors=np.eye(2) * both[:, :, None] ** 2)
    assert one[0] != each[0]


def test_columns_of_errors_are_one_for_each_feature(tmp_path: Path) -> None:
    table = {"x": [0.0, 1.0], "y": [1.0, 3.0], "e": [1.0, 1.0]}
    with pytest.raises(ParameterError, match="errors names 1 column"):
        mixtura.fit(table, 1, errors=["e"])
    with pytest.raises(DataError, match="has no column 'f' to take errors from"):
        mixtura.fit(table, 1, errors=["e", "f"])
    path = tmp_path / "rows.csv"
    path.write_text("x,e\n0.0,-1\n1.0,1\n")
    with pytest.raises(DataError, match="error -1, expected a finite number of at least 0"):
        mixtura.fit(path, 1, errors="e")


def test_standard_errors_are_those_of_rows_with_errors(drawn: tuple[np.ndarray, ...]) -> None:
    _, rows, errors = drawn
    fit = mixtura.fit(rows, 2, errors=errors)
    with pytest.raises(ParameterError, match="give those that it was made with"):
        fit.standard_errors(rows)
    told = fit.standard_errors(rows, errors=errors)
    alone = mixtura.standard_errors(fit.mixture, rows, errors=errors)
    np.testing.assert_allclose(told.means, alone.means)
    exact = np.sqrt(np.einsum("kdd->kd", fit.mixture.covariances) / 375.0)
    assert (told.means > exact).all()  # a row with an error says less


@pytest.mark.slow
def test_the_bootstrap_draws_errors_with_their_rows(drawn: tuple[np.ndarray, ...]) -> None:
    _, rows, errors = drawn
    fit = mixtura.fit(rows, 2, errors=errors)
    told = fit.standard_errors(rows, errors=errors)
    again = fit.standard_errors(rows, "weighted-bootstrap", n_bootstrap=40, errors=errors)
    np.testing.assert_allclose(again.means, told.means, rtol=0.5)


def test_projections_of_half_the_rows_each_find_the_whole(
    drawn: tuple[np.ndarray, ...],
) -> None:
    _, rows, errors = drawn
    begun = mixtura.fit(rows, 2, errors=errors).mixture
    turns = np.random.default_rng(0).uniform(0.0, np.pi, size=len(rows))
    through = np.zeros((len(rows), 2, 2))  # each row is seen along one line
    through[:, 0] = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    seen = np.einsum("npd,nd->np", through, rows)
    with pytest.raises(ParameterError, match="no start by name knows"):
        mixtura.fit(seen, 2, projections=through)
    fit = mixtura.fit(seen, 2, projections=through, start=begun, reg_covar=0.0, max_iter=100)
    assert (np.diff(fit.trace) > -1e-10).all()
    wanted = mixtura.fit(rows, 2, start=begun).mixture
    np.testing.assert_allclose(fit.mixture.means, wanted.means, atol=0.4)
    score = fit.mixture.score_samples(seen, projections=through).mean()
    assert score == pytest.approx(fit.mean_log_likelihood, rel=1e-12)


def test_projections_are_of_rows_in_memory() -> None:
    for rows in ("rows.csv", lambda: iter(())):
        with pytest.raises(ParameterError, match="the rows are not in memory"):
            mixtura.fit(rows, 1, projections=np.eye(2))
    with pytest.raises(DataError, match=r"projections has shape \(2, 3\)"):
        mixtura.fit(np.zeros((3, 2)), 1, projections=np.ones((2, 3)))
