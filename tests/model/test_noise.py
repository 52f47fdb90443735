"""Noise in a mixture: a density, labels, samples, files, and all that follows from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from randomly import STRUCTURES, covariances
from safetensors.numpy import load, save
from scipy.stats import multivariate_normal, uniform

import mixtura
from mixtura import Box, Mixture, Noise, merge_components
from mixtura.errors import ModelError
from mixtura.model.storage import decoded, encoded

LOW, EXTENT = np.array([-9.0, -11.0, 2.0]), np.array([20.0, 18.0, 30.0])
BOX = Box(LOW, EXTENT)


def noisy(structure: str = "full", seed: int = 0) -> Mixture:
    """Two components and noise in a box, all of three features."""
    random = np.random.default_rng(seed)
    means = [[0.0, -3.0, 10.0], [4.0, 1.0, 20.0]]
    held = covariances(random, structure, 2, 3, 10.0)
    return Mixture([0.5, 0.3], means, held, structure, ["a", "b", "c"], noise=Noise(0.2, BOX))


def inside(n: int = 400, seed: int = 1) -> np.ndarray:
    return LOW + EXTENT * np.random.default_rng(seed).uniform(size=(n, 3))


def parts(mixture: Mixture, rows: np.ndarray) -> np.ndarray:
    """The weighted densities of components and noise by SciPy, (N, 3); for rows in the box."""
    normal = [
        weight * multivariate_normal(mean, matrix).pdf(rows)
        for weight, mean, matrix in zip(
            mixture.weights, mixture.means, mixture.covariance_matrices(), strict=True
        )
    ]
    return np.column_stack([*normal, 0.2 * uniform(LOW, EXTENT).pdf(rows).prod(axis=1)])


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_its_density_is_scipy_s(structure: str, dtype: type) -> None:
    mixture, rows = noisy(structure), inside().astype(dtype)
    expected = parts(mixture, rows.astype(np.float64))
    close = {"rtol": 1e-12} if dtype is np.float64 else {"rtol": 1e-5, "atol": 1e-6}
    assert_allclose(mixture.score_samples(rows), np.log(expected.sum(axis=1)), **close)
    shares = expected / expected.sum(axis=1, keepdims=True)
    assert_allclose(mixture.predict_proba(rows), shares, atol=1e-9 if dtype is np.float64 else 1e-5)
    assert_allclose(mixture.predict_proba(rows).sum(axis=1), 1.0, rtol=1e-15)
    assert_allclose(np.exp(mixture.log_responsibilities(rows)), shares, atol=1e-5)
    labels = mixture.predict(rows)
    assert set(labels) >= {-1, 0}
    assert (labels == np.array([0, 1, -1])[shares.argmax(axis=1)]).all()


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("far", [1e4, 1e160, 1e308])
def test_a_row_however_far_is_noise(structure: str, far: float) -> None:
    mixture = noisy(structure)
    rows = [[far, -far, far], [-far, 0.0, 0.0]]
    assert_allclose(mixture.score_samples(rows), np.log(0.2) - np.log(EXTENT).sum(), rtol=1e-12)
    assert mixture.predict(rows).tolist() == [-1, -1]
    assert mixture.predict_proba(rows).tolist() == [[0.0, 0.0, 1.0]] * 2


def test_it_counts_two_parameters_and_equal_weights_none() -> None:
    free = Mixture([0.5, 0.5], [[0.0], [1.0]], [1.0, 2.0], "V")
    assert free.n_parameters == 5
    assert (
        Mixture([0.5, 0.5], [[0.0], [1.0]], [1.0, 2.0], "V", equal_weights=True).n_parameters == 4
    )
    box = Noise(0.2, Box([0.0], [1.0]))
    assert Mixture([0.4, 0.4], [[0.0], [1.0]], [1.0, 2.0], "V", noise=box).n_parameters == 7
    both = Mixture([0.4, 0.4], [[0.0], [1.0]], [1.0, 2.0], "V", noise=box, equal_weights=True)
    assert both.n_parameters == 6


def test_what_is_drawn_has_its_moments_and_labels() -> None:
    mixture = noisy()
    rows, labels = mixture.sample(200_000, 0)
    assert sorted(set(labels)) == [-1, 0, 1]
    assert_allclose((labels == -1).mean(), 0.2, atol=0.005)
    noise = rows[labels == -1]
    assert (noise >= LOW).all()
    assert (noise <= LOW + EXTENT).all()
    assert_allclose(noise.mean(axis=0), LOW + EXTENT / 2.0, atol=0.3)
    assert_allclose(rows.mean(axis=0), mixture.mean(), atol=0.06)
    assert_allclose(np.cov(rows.T), mixture.covariance(), atol=0.6)


def test_a_marginal_and_a_condition_keep_the_noise() -> None:
    mixture, rows = noisy(), inside(50)
    part = mixture.marginal(["c", "a"])
    assert part.noise is not None
    assert part.noise.weight == 0.2
    assert part.noise.box.extent.tolist() == [30.0, 20.0]
    # p(b | a, c) = p(a, b, c) / p(a, c)
    for row in rows[:10]:
        given = mixture.condition({"a": row[0], "c": row[2]})
        joint = mixture.score_samples(row[None])[0] - part.score_samples(row[None, [2, 0]])[0]
        assert_allclose(given.score_samples(row[None, [1]])[0], joint, rtol=1e-9, atol=1e-9)
        assert_allclose(given.shares.sum(), 1.0, rtol=1e-12)
    beyond = mixture.condition({"a": 1e6})
    assert beyond.noise is not None
    assert beyond.noise.weight > 0.999999


def test_an_explanation_recombines() -> None:
    mixture, rows = noisy(), inside(60)
    told = mixture.explain(rows)
    assert told.noise is mixture.noise
    assert told.noise_responsibilities is not None
    together = np.column_stack([told.log_joint, np.full(60, mixture.noise.log_joint)])
    assert_allclose(np.logaddexp.reduce(together, axis=1), told.log_likelihood, rtol=1e-12)
    shares = np.column_stack([told.responsibilities, told.noise_responsibilities])
    assert_allclose(shares, mixture.predict_proba(rows), atol=1e-15)
    record = told.to_dict()
    assert record["noise"]["weight"] == 0.2
    assert record["rows"][3]["noise"]["responsibility"] == told.noise_responsibilities[3]
    text = mixture.explain([[10.0, -10.0, 3.0]]).to_text()
    assert "It most likely is noise: responsibility 1" in text
    assert "noise" in text.splitlines()[-2]


def test_an_explanation_as_a_data_frame_has_noise_as_component_minus_one() -> None:
    pytest.importorskip("pandas")
    mixture, rows = noisy(), inside(5)
    frame = mixture.explain(rows).to_pandas()
    assert frame["component"].tolist() == [0, 1, -1] * 5
    total = frame[["log_weight", "normalisation", "log_determinant", "distance"]].sum(axis=1)
    assert_allclose(total, frame["log_joint"], rtol=1e-12)
    assert_allclose(frame.groupby("row")["responsibility"].sum(), 1.0, rtol=1e-12)


def test_noise_is_no_component_to_be_merged() -> None:
    mixture, rows = noisy(), inside()
    merging = merge_components(mixture, rows)
    assert merging.clusters(1) == ((0, 1),)
    shares = merging.predict_proba(rows, 1)
    assert_allclose(shares[:, 1], mixture.predict_proba(rows)[:, 2], rtol=0)
    assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    assert set(merging.predict(rows, 1)) == {-1, 0}


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_file_keeps_every_bit(structure: str, tmp_path: Path) -> None:
    mixture = noisy(structure)
    mixtura.save(mixture, tmp_path / "m")
    again = mixtura.load(tmp_path / "m")
    assert again.noise is not None
    assert again.noise.weight == 0.2
    assert again.noise.box.low.tobytes() == LOW.tobytes()
    assert again.noise.box.extent.tobytes() == EXTENT.tobytes()
    assert again.score_samples(inside()).tolist() == mixture.score_samples(inside()).tolist()
    equal = Mixture([0.5, 0.5], [[0.0], [1.0]], [1.0, 2.0], "V", equal_weights=True)
    assert decoded(encoded(equal), "it").mixture.n_parameters == 4
    plain = Mixture([0.5, 0.5], [[0.0], [1.0]], [1.0, 2.0], "V")
    assert b"equal_weights" not in encoded(plain)
    assert b'"format\\": 1' in encoded(plain)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "noise_weight",
            np.array([1.5]),
            "weight of the noise is .*1.5.*, expected a number",
        ),
        ("noise_weight", np.array([0.1, 0.1]), r"weight of the noise has shape \(2,\)"),
        ("noise_weight", np.array([0.1]), "weights sum to 0.8, expected 0.9, which is 1 less the"),
        ("noise_extent", np.array([1.0, 0.0, 1.0]), "feature 1 and is 0 long"),
        (
            "noise_extent",
            np.array([1.0, 1.0]),
            r"of shape \(3,\) and sides of shape \(2,\)",
        ),
        ("noise_low", np.array([1.0, np.nan, 1.0]), "begins at nan in feature 1"),
        ("noise_low", np.zeros(3, np.float32), "holds noise_low as float32"),
        ("noise_low", None, "lacks the array 'noise_low'"),
    ],
)
def test_a_file_with_other_noise_is_refused(name: str, value: Any, said: str) -> None:
    data = encoded(noisy())
    size = int.from_bytes(data[:8], "little")
    record = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["mixtura"])
    del record["date"], record["sha256"]
    arrays = load(data)
    if value is None:
        del arrays[name]
    else:
        arrays[name] = value
    with pytest.raises(ModelError, match=said):
        decoded(save(arrays, {"mixtura": json.dumps(record)}), "it")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Noise(0.0, BOX), "the weight of the noise is 0.0, expected a number above 0"),
        (lambda: Noise("much", BOX), "the weight of the noise is 'much'"),
        (lambda: Noise(0.1, 25.0), "the box of the noise is 25.0, expected a mixtura.Box"),
        (lambda: Box([[0.0]], [[1.0]]), r"a corner of shape \(1, 1\)"),
        (lambda: Box(["a"], [1.0]), "is not of numbers"),
        (lambda: Box([0.0], [-1.0]), "is -1 long, expected finite numbers, and a length above 0"),
        (
            lambda: Mixture([0.8], [[0.0]], [1.0], "V", noise=Noise(0.2, BOX)),
            "the box of the noise has 3 features, the means have 1",
        ),
        (
            lambda: Mixture([0.2, 0.8], [[0.0], [1.0]], [1.0, 1.0], "V", equal_weights=True),
            "weights go from 0.2 to 0.8, expected equal ones: 0.5 each",
        ),
    ],
)
def test_noise_that_is_none_is_refused(make: Any, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        make()


def test_a_volume_beyond_a_double_is_no_trouble() -> None:
    box = Box(np.zeros(40), np.full(40, 1e20))
    mixture = Mixture([0.5], np.zeros((1, 40)), [1.0], "spherical", noise=Noise(0.5, box))
    rows = np.full((1, 40), 1e19)
    assert_allclose(mixture.score_samples(rows), np.log(0.5) - 40 * np.log(1e20), rtol=1e-13)
    assert mixture.noise.record()["volume"] == np.inf


def test_validate_proves_it() -> None:
    pytest.importorskip("mpmath")
    from mixtura.testing import validate

    for structure in STRUCTURES:
        proof = validate(noisy(structure), inside(40))
        assert proof.ours_right
        assert [comparison.agrees for comparison in proof.comparisons] == [True] * 3
        assert [answer.right for answer in proof.probe.answers] == [True] * 3
