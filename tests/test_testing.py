"""The proof is a proof: the oracle is right, and whoever is wrong is found out."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mpmath
import numpy as np
import pytest
from mpmath import mp
from sklearn.mixture import GaussianMixture

import mixtura
from mixtura import Mixture
from mixtura.cli.main import main
from mixtura.engine import kernel
from mixtura.errors import DataError, MissingExtraError, ModelError, ParameterError
from mixtura.testing import oracle, textbook_log_likelihood, validate, validator
from mixtura.testing.validator import PEERS, far_row

COVARIANCES = {
    "full": [[[2.0, 0.3], [0.3, 1.0]], [[1.0, -0.5], [-0.5, 3.0]]],
    "tied": [[2.0, 0.3], [0.3, 1.0]],
    "diag": [[2.0, 1.0], [0.5, 3.0]],
    "spherical": [2.0, 0.5],
}
STRUCTURES = pytest.mark.parametrize("structure", COVARIANCES)


def made(structure: str = "full", offset: float = 0.0) -> Mixture:
    means = np.array([[0.0, 0.0], [4.0, -1.0]]) + offset
    return Mixture([0.4, 0.6], means, COVARIANCES[structure], structure)


def rows_of(mixture: Mixture, n: int = 60) -> np.ndarray:
    return mixture.sample(n, random_state=1)[0]


# -- the oracle --------------------------------------------------------------------------------


@STRUCTURES
def test_the_oracle_is_the_formula_with_inverse_and_determinant_in_many_digits(
    structure: str,
) -> None:
    mixture = made(structure, offset=1e5)
    rows = np.vstack([rows_of(mixture, 5), far_row(mixture)])
    for row, answer in zip(rows, oracle(mixture, rows), strict=True):
        with mp.workdps(70):
            x, density = mp.matrix(row.tolist()), mpmath.mpf(0)
            for weight, mean, matrix in zip(
                mixture.weights, mixture.means, mixture.covariance_matrices(), strict=True
            ):
                sigma, d = mp.matrix(matrix.tolist()), x - mp.matrix(mean.tolist())
                squared = (d.T * mp.inverse(sigma) * d)[0]
                volume = mp.sqrt((2 * mp.pi) ** 2 * mp.det(sigma))
                density += mpmath.mpf(float(weight)) * mp.exp(-squared / 2) / volume
            truth = mp.log(density)
            assert abs(answer.log_likelihood - truth) < abs(truth) * mpmath.mpf("1e-50")


def test_the_oracle_has_fifty_digits_at_a_condition_of_1e15() -> None:
    # Σ = [[1, 1 − δ], [1 − δ, 1]], δ = 2⁻⁵⁰, has |Σ| = 2δ − δ², and (1, 1) is at d² = 2/(2 − δ).
    delta = 2.0**-50
    matrix = [[1.0, 1.0 - delta], [1.0 - delta, 1.0]]
    (answer,) = oracle(Mixture([1.0], [[0.0, 0.0]], [matrix]), np.array([[1.0, 1.0]]))
    with mp.workdps(80):
        exact = mpmath.mpf(2) ** -50
        truth = -mp.log(2 * mp.pi) - mp.log(2 * exact - exact**2) / 2 - 1 / (2 - exact)
        assert abs(answer.log_likelihood - truth) < mpmath.mpf("1e-49")


def test_the_oracle_works_for_variances_of_any_size() -> None:
    for variance in (1e-300, 1e300):
        mixture = Mixture([1.0], [[0.0, 0.0]], variance * np.array([[[1.0, 0.5], [0.5, 1.0]]]))
        (answer,) = oracle(mixture, np.zeros((1, 2)))
        # −log 2π − ½ log(¾ variance²)
        expected = -np.log(2.0 * np.pi) - 0.5 * np.log(0.75) - np.log(variance)
        assert float(answer.log_likelihood) == pytest.approx(expected, rel=1e-14)


def test_a_covariance_that_is_positive_definite_by_rounding_only_is_refused() -> None:
    # |Σ| is 2·½ − 1² = 0, yet 1 − (1/√2)² comes out above 0 once √2 is rounded.
    singular = [[2.0, 1.0], [1.0, 0.5]]
    assert np.linalg.cholesky(singular)[1, 1] > 0.0
    with pytest.raises(ModelError, match="component 0 is positive definite by rounding only"):
        oracle(Mixture([1.0], [[0.0, 0.0]], [singular]), np.zeros((1, 2)))


# -- the textbook ------------------------------------------------------------------------------


def test_the_textbook_is_right_near_the_means() -> None:
    for mixture in (made(), Mixture([0.3, 0.7], [[0.0], [5.0]], [[[1.0]], [[0.25]]])):
        rows = rows_of(mixture)
        given = (mixture.weights, mixture.means, mixture.covariance_matrices())
        truths = [float(answer.log_likelihood) for answer in oracle(mixture, rows)]
        np.testing.assert_allclose(textbook_log_likelihood(rows, *given), truths, rtol=1e-12)


def test_the_textbook_clamps_where_its_density_underflows() -> None:
    one = np.ones((1, 1, 1))
    scores = textbook_log_likelihood(np.array([[60.0]]), np.ones(1), np.zeros((1, 1)), one)
    assert scores[0] == pytest.approx(-690.7755278982137, rel=1e-15)  # 300·log 10


# -- verdicts ----------------------------------------------------------------------------------


@STRUCTURES
def test_all_agree_on_ordinary_rows(structure: str) -> None:
    mixture = made(structure)
    proof = validate(mixture, rows_of(mixture))
    assert proof.ours_right
    assert proof.n_rows == 60
    assert [c.verdict for c in proof.comparisons] == ["agrees"] * 3
    assert [c.n_apart for c in proof.comparisons] == [0, 0, 0]
    assert max(c.largest_relative for c in proof.comparisons) < 1e-13


@STRUCTURES
def test_sixty_standard_deviations_out_the_textbook_fails_and_mixtura_does_not(
    structure: str,
) -> None:
    mixture = made(structure)
    probe = validate(mixture, rows_of(mixture)).probe
    ours, scikit_learn, textbook = probe.answers
    assert probe.distance == pytest.approx(60.0, rel=1e-12)
    assert (ours.right, scikit_learn.right, textbook.right) == (True, True, False)
    assert ours.value == pytest.approx(probe.truth, rel=1e-13)
    assert textbook.value == pytest.approx(-690.8, abs=0.05)
    assert textbook.verdict == "textbook underflows"
    assert "its density is below the clamp, which answers log 1e-300 = -690.8" in textbook.reason
    assert textbook.error == pytest.approx(-690.7755278982137 - probe.truth, rel=1e-12)


def test_rows_far_from_the_origin_show_where_scikit_learn_loses_digits() -> None:
    mixture = made(offset=1e8)
    ours, scikit_learn, textbook = validate(mixture, rows_of(mixture)).comparisons
    assert ours.agrees
    assert textbook.agrees
    assert scikit_learn.verdict == "scikit-learn is wrong here"
    assert scikit_learn.n_apart > 30
    assert 1e-9 < scikit_learn.largest_absolute < 1e-5


def test_a_singular_looking_determinant_shows_where_the_textbook_breaks_down() -> None:
    # |Σ| = 1e-400 is 0 in double precision.
    mixture = Mixture([1.0], np.zeros((1, 4)), np.full((1, 4), 1e-100), "diag")
    ours, scikit_learn, textbook = validate(mixture, np.zeros((1, 4))).comparisons
    assert ours.agrees
    assert scikit_learn.agrees
    assert textbook.verdict == "textbook breaks down"
    assert textbook.largest_absolute == np.inf


def test_a_row_of_the_data_that_underflows_is_found_among_many() -> None:
    mixture = made()
    rows = np.vstack([rows_of(mixture, 500), far_row(mixture, 45.0), rows_of(mixture, 500)])
    textbook = validate(mixture, rows, n_oracle_rows=1).comparisons[2]
    assert textbook.verdict == "textbook underflows"
    assert textbook.n_apart == 1
    assert "row 500 is off by" in textbook.reason


def off_by(error: float) -> Callable[..., np.ndarray]:
    """The kernel's log-likelihood, wrong by `error`."""
    right = kernel.log_likelihood
    return lambda *arguments: right(*arguments) + error


@pytest.mark.parametrize("error", [1e-6, -1e-6, 1e-12, np.nan, np.inf])
def test_a_kernel_that_is_wrong_is_found_out(error: float, monkeypatch: pytest.MonkeyPatch) -> None:
    mixture = made()
    rows = rows_of(mixture)
    monkeypatch.setattr(kernel, "log_likelihood", off_by(error))
    proof = validate(mixture, rows)
    assert not proof.ours_right
    assert [c.verdict for c in proof.comparisons] == ["mixtura is wrong here"] * 3
    assert all(c.n_apart == c.n_rows for c in proof.comparisons)
    assert "mixtura is WRONG" in proof.to_text()


def test_a_kernel_that_is_wrong_on_one_row_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    mixture = made()
    rows = rows_of(mixture, 800)
    right = kernel.log_likelihood

    def wrong_on_one(*arguments: object) -> np.ndarray:
        values = right(*arguments)
        if len(values) == 800:
            values[613] += 1e-9
        return values

    monkeypatch.setattr(kernel, "log_likelihood", wrong_on_one)
    proof = validate(mixture, rows, n_oracle_rows=1)
    assert not proof.ours_right
    assert "row 613 is off by 1e-09 nats" in proof.comparisons[1].reason
    assert proof.comparisons[1].n_apart == 1


def test_a_kernel_that_is_wrong_far_out_only_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    mixture = made()
    rows = rows_of(mixture)
    right = kernel.log_likelihood
    monkeypatch.setattr(kernel, "log_likelihood", lambda *a: np.maximum(right(*a), -1000.0))
    proof = validate(mixture, rows)
    assert [c.verdict for c in proof.comparisons] == ["agrees"] * 3
    assert proof.probe.answers[0].verdict == "mixtura is wrong here"
    assert not proof.ours_right


def test_two_that_are_wrong_together_do_not_vouch_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mixture = made()
    rows = rows_of(mixture)
    monkeypatch.setattr(kernel, "log_likelihood", off_by(1e-3))
    follower = replace(PEERS[0], log_likelihood=lambda m, x: m.score_samples(x))
    monkeypatch.setattr(validator, "PEERS", (follower, PEERS[1]))
    proof = validate(mixture, rows)
    assert proof.comparisons[1].verdict == "mixtura and scikit-learn are both wrong here"
    assert proof.comparisons[1].largest_absolute == 0.0
    assert not proof.ours_right


def test_a_peer_that_gives_up_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> np.ndarray:
        raise ValueError("ill-defined covariance")

    mixture = made()
    monkeypatch.setattr(validator, "PEERS", (replace(PEERS[0], log_likelihood=refuse), PEERS[1]))
    proof = validate(mixture, rows_of(mixture))
    assert proof.ours_right
    assert proof.comparisons[1].verdict == "scikit-learn gives up"
    assert "ill-defined covariance" in proof.comparisons[1].reason


def test_scikit_learn_s_answer_is_its_own() -> None:
    rows = np.random.default_rng(0).normal(size=(200, 3))
    for kind in COVARIANCES:
        theirs = GaussianMixture(2, covariance_type=kind, random_state=0).fit(rows)
        ours = Mixture(theirs.weights_, theirs.means_, theirs.covariances_, kind)
        answers = PEERS[0].log_likelihood(ours, rows)
        np.testing.assert_array_equal(answers, theirs.score_samples(rows))


# -- the far row -------------------------------------------------------------------------------


@pytest.mark.parametrize("distance", [40.0, 60.0, 1e4])
def test_the_far_row_is_as_far_as_stated_from_the_nearest_component(distance: float) -> None:
    random = np.random.default_rng(0)
    for k, n_features in [(1, 1), (3, 1), (4, 2), (7, 5)]:
        root = random.normal(size=(k, n_features, n_features))
        mixture = Mixture(
            random.dirichlet(np.ones(k)),
            random.normal(size=(k, n_features)) * 200.0,
            root @ root.transpose(0, 2, 1) + 0.1 * np.eye(n_features),
        )
        (answer,) = oracle(mixture, far_row(mixture, distance))
        assert answer.distance == pytest.approx(distance, rel=1e-9)


# -- around it ---------------------------------------------------------------------------------


def test_the_sample_depends_on_its_seed_alone() -> None:
    mixture = made()
    rows = rows_of(mixture)
    assert validate(mixture, rows, random_state=3) == validate(mixture, rows, random_state=3)
    assert validate(mixture, rows, n_oracle_rows=100).n_oracle_rows == 60


@pytest.mark.parametrize("count", [0, -1, 2.5, True])
def test_a_number_of_oracle_rows_that_is_none_is_refused(count: object) -> None:
    with pytest.raises(ParameterError, match=f"n_oracle_rows is {count!r}, expected a whole"):
        validate(made(), [[0.0, 0.0]], n_oracle_rows=count)


def test_no_rows_are_refused() -> None:
    with pytest.raises(DataError, match="X has 0 rows"):
        validate(made(), np.empty((0, 2)))


@pytest.mark.parametrize(
    ("package", "message"),
    [
        ("mpmath", r"the 50-digit oracle needs mpmath.*pip install 'mixtura\[validate\]'"),
        ("sklearn.mixture", r"the comparison with scikit-learn needs scikit-learn"),
    ],
)
def test_a_missing_package_is_named(
    package: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=message):
        validate(made(), [[0.0, 0.0]])


def test_the_text_says_who_is_right() -> None:
    mixture = Mixture([1.0], [[0.0]], [[[1.0]]], feature_names=["height\n"])
    text = validate(mixture, [[0.5]]).to_text()
    assert text.splitlines()[0] == "log-likelihoods of 1 row"
    assert "a row 60 standard deviations from the nearest component (height\\n = 60)" in text
    assert "mpmath at 50 digits  -1800.9189385332" in text
    assert re.search(r"textbook +-690\.7755278982  1\.1e\+03 nats  textbook underflows", text)
    assert text.splitlines()[-1] == (
        "mixtura is right, to rounding, on 1 row that mpmath was asked about and on the far one."
    )


# -- the command -------------------------------------------------------------------------------


def stored(tmp_path: Path, mixture: Mixture) -> list[str]:
    """A model file and a CSV of rows, as the command takes them."""
    model, data = tmp_path / "model.safetensors", tmp_path / "data.csv"
    mixtura.save(mixture, model)
    np.savetxt(data, rows_of(mixture), delimiter=",")
    return [str(model), str(data)]


def test_the_command_ends_well_where_mixtura_is_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", *stored(tmp_path, made()), "--rows", "5"]) == 0
    out, err = capsys.readouterr()
    assert "mixtura is right" in out
    assert err == ""


def test_the_command_ends_with_1_where_mixtura_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = stored(tmp_path, made())
    monkeypatch.setattr(kernel, "log_likelihood", off_by(1e-6))
    assert main(["validate", *arguments]) == 1
    out, err = capsys.readouterr()
    assert "mixtura is wrong here" in out
    assert err == "mixtura: error: mixtura's own log-likelihoods are wrong\n"


def test_the_command_prints_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mixture = made()
    assert main(["validate", *stored(tmp_path, mixture), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["ours_right"] is True
    assert [c["peer"] for c in record["comparisons"]] == [
        "mpmath at 50 digits",
        "scikit-learn",
        "textbook",
    ]
    assert record["probe"]["answers"][2]["verdict"] == "textbook underflows"


def test_the_command_refuses_a_sample_of_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", *stored(tmp_path, made()), "--rows", "0"]) == 2
    assert "--rows" in capsys.readouterr().err
