"""The fourteen structures, fitted: published maxima, monotone, sound, and accepted everywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import mixtura
from families import LETTERS, RESCALED, ROTATED, members, obeys
from mixtura import GaussianMixture, Mixture
from mixtura.datasets import faithful, galaxies, iris, iris_species
from mixtura.errors import CollapseError, ParameterError
from mixtura.fitting import Given
from mixtura.model.structures import structure as structure_called

DATA = Path(__file__).parents[1] / "data"
REFERENCE = json.loads((DATA / "structure_fits.json").read_text(encoding="utf-8"))["fits"]
EACH = pytest.mark.parametrize("letters", LETTERS)


def column(file: str, name: str) -> np.ndarray:
    """A column of one of the data sets beside these tests, (N, 1)."""
    path = DATA / f"{file}.csv"
    names = path.read_text(encoding="utf-8").split("\n", 1)[0].split(",")
    rows = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
    return rows[:, [names.index(name)]]


def start_of(reference: dict[str, Any]) -> tuple[Any, np.ndarray]:
    """The rows of a reference fit and its hard labels."""
    if reference["data"].startswith("iris"):
        return iris(), iris_species()
    rows = faithful().rows
    ranks = np.argsort(np.argsort(rows[:, 0], kind="stable"), kind="stable")
    return rows, ranks * reference["G"] // len(rows)


def sampled(k: int = 3, d: int = 3, n: int = 150, seed: int = 0) -> np.ndarray:
    """Rows of K clusters that overlap somewhat, (N, D)."""
    random = np.random.default_rng(seed)
    centres = 3.0 * random.normal(size=(k, d))
    roots = np.exp(0.5 * random.normal(size=(k, 1, d))) * random.normal(size=(k, d, d))
    label = random.integers(k, size=n)
    return centres[label] + np.einsum("nd,nde->ne", random.normal(size=(n, d)), roots[label])


@pytest.mark.parametrize(
    "reference", REFERENCE, ids=lambda r: f"{r['data'].split()[0]}-{r['model']}-{r['G']}"
)
def test_a_fit_from_the_stated_start_is_the_reference_s(reference: dict[str, Any]) -> None:
    rows, start = start_of(reference)
    fit = mixtura.fit(
        rows,
        reference["G"],
        structure=reference["model"],
        start=start,
        tol=1e-15,
        reg_covar=0.0,
        accelerate=False,
        max_iter=5000,
    )
    assert fit.mixture.n_parameters == reference["npar"]
    assert_allclose(fit.log_likelihood, reference["loglik"], rtol=0, atol=1e-6)
    assert_allclose(-fit.bic, reference["bic"], rtol=0, atol=2e-6)
    assert_allclose(-fit.mixture.icl(rows), reference["icl"], rtol=0, atol=1e-4)
    assert_allclose(fit.mixture.weights, reference["pi"], atol=1e-4)
    assert np.diff(fit.trace).min() > -1e-13
    assert obeys(reference["model"], fit.mixture.covariance_matrices())


PUBLISHED = {
    "faithful EEE": (faithful, "EEE", 3, -1126.3159, -2314.2957),
    "iris VVV": (iris, "VVV", 3, -180.1855, -580.8389),
    "iris VEV": (iris, "VEV", 2, -215.7260, -561.7285),
    "galaxies V": (galaxies, "V", 3, -203.1792, None),
    "acidity E": (lambda: column("acidity", "log_acidity"), "E", 2, -185.9493, None),
    "precip V": (lambda: column("precip", "inches"), "V", 2, -275.4721, None),
    "banknote E": (lambda: column("banknote", "diagonal"), "E", 2, -274.1367, None),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_maximum_is_reached(name: str) -> None:
    rows, letters, k, log_likelihood, bic = PUBLISHED[name]
    fit = mixtura.fit(
        rows(), k, structure=letters, start="auto", tol="auto", reg_covar="auto", max_iter=2000
    )
    assert fit.log_likelihood >= log_likelihood - 1e-3
    if bic is not None:
        assert -fit.bic >= bic - 2e-3


@EACH
def test_the_likelihood_never_falls(letters: str) -> None:
    for seed in range(3):
        fit = mixtura.fit(
            sampled(seed=seed),
            3,
            structure=letters,
            start="kmeans",
            tol=0.0,
            reg_covar=0.0,
            accelerate=False,
            max_iter=60,
        )
        assert np.diff(fit.trace).min() > -1e-12


@EACH
@pytest.mark.parametrize("reg_covar", [0.0, 0.3, "auto"])
def test_what_is_fitted_has_the_letters(letters: str, reg_covar: float | str) -> None:
    fit = mixtura.fit(sampled(), 3, structure=letters, start="kmeans", reg_covar=reg_covar)
    assert obeys(letters, fit.mixture.covariance_matrices())


COLLAPSING = {
    "a repeated row": lambda rows: np.concatenate([rows, np.repeat([[30.0] * 3], 12, axis=0)]),
    "a constant column": lambda rows: np.c_[rows, np.full(len(rows), 7.0)],
    "a dependent column": lambda rows: np.c_[rows, rows @ [1.0, 2.0, -1.0]],
    "three distinct rows": lambda rows: np.repeat(rows[:3], 20, axis=0),
}


@EACH
@pytest.mark.parametrize("name", COLLAPSING)
@pytest.mark.parametrize("reg_covar", [1e-9, "auto"])
def test_a_collapse_is_repaired_within_the_letters(
    letters: str, name: str, reg_covar: float | str
) -> None:
    rows = COLLAPSING[name](sampled(n=60))
    fit = mixtura.fit(rows, 4, structure=letters, start="kmeans", reg_covar=reg_covar, max_iter=30)
    assert np.isfinite(fit.trace).all()
    assert np.isfinite(fit.mixture.score_samples(rows)).all()
    if name == "a repeated row":
        assert obeys(letters, fit.mixture.covariance_matrices(), 1e-2)


@EACH
def test_the_exact_maximum_of_a_flat_cloud_is_a_collapse_unless_it_is_round(letters: str) -> None:
    rows = COLLAPSING["a constant column"](sampled(n=60))
    if letters in ("EII", "VII"):
        fit = mixtura.fit(rows, 2, structure=letters, start="kmeans", reg_covar=0.0)
        assert np.isfinite(fit.trace).all()
    else:
        with pytest.raises(CollapseError, match="is singular"):
            mixtura.fit(rows, 2, structure=letters, start="kmeans", reg_covar=0.0)


@EACH
def test_in_one_dimension_the_letters_come_to_e_and_v(letters: str) -> None:
    options = {"start": "kmeans", "tol": 1e-9, "reg_covar": 0.0, "accelerate": False}
    both = [
        mixtura.fit(galaxies(), 3, structure=name, max_iter=400, **options)
        for name in (letters, letters[0])
    ]
    assert_allclose(both[0].log_likelihood, both[1].log_likelihood, rtol=1e-11)
    assert both[0].mixture.n_parameters == both[1].mixture.n_parameters
    assert both[1].mixture.structure.name == letters[0]


@pytest.mark.parametrize("name", ["E", "V"])
def test_one_letter_for_several_features_is_refused(name: str) -> None:
    words = f"the structure {name} is for 1 feature, got 2: ask for one"
    with pytest.raises(ParameterError, match=words):
        mixtura.fit(faithful(), 2, structure=name)
    with pytest.raises(ParameterError, match=words):
        GaussianMixture(2, covariance_type=name).fit(faithful().rows)
    with pytest.raises(ParameterError, match=words):
        Mixture([1.0], [[0.0, 0.0]], [1.0], name)


@EACH
@pytest.mark.parametrize("kind", ["rotation", "scales"])
def test_another_coordinate_system_changes_the_likelihood_by_its_jacobian(
    letters: str, kind: str
) -> None:
    rows = sampled()
    random = np.random.default_rng(3)
    linear = {
        "rotation": 5.0 * np.linalg.qr(random.normal(size=(3, 3)))[0],
        "scales": np.diag([1e-3, 1.0, 1e2]),
    }[kind]
    labels = mixtura.fit(rows, 3, start="kmeans").mixture.predict(rows)
    here, there = (
        mixtura.fit(
            cloud,
            3,
            structure=letters,
            start=labels,
            tol=0.0,
            reg_covar=0.0,
            accelerate=False,
            max_iter=20,
        ).mean_log_likelihood
        for cloud in (rows, rows @ linear.T)
    )
    allowed = letters in {"rotation": ROTATED, "scales": RESCALED}[kind]
    jacobian = np.linalg.slogdet(linear)[1]
    assert (abs(here - jacobian - there) < 1e-6) == allowed


@EACH
def test_the_estimator_fits_what_the_function_fits(letters: str) -> None:
    rows = sampled()
    model = GaussianMixture(3, covariance_type=letters, random_state=0).fit(rows)
    fit = mixtura.fit(rows, 3, structure=letters, random_state=0, **_plain())
    assert_allclose(model.covariances_, fit.mixture.covariances, rtol=1e-12)
    assert model.covariances_.shape == model.precisions_.shape
    assert model.icl(rows) == fit.mixture.icl(rows)


def _plain() -> dict[str, Any]:
    """The estimator's settings for the function."""
    return {
        "start": "kmeans",
        "tol": 1e-3,
        "reg_covar": 1e-6,
        "max_iter": 100,
        "n_init": 1,
        "accelerate": False,
    }


def test_a_covariance_type_that_there_is_not_is_refused_with_all_that_there_are() -> None:
    with pytest.raises(ValueError, match="covariance_type") as caught:
        GaussianMixture(2, covariance_type="VVX").fit(sampled())
    for letters in LETTERS:
        assert f"'{letters}'" in str(caught.value)


@EACH
def test_weights_are_repetitions(letters: str) -> None:
    rows = sampled(n=80)
    counts = np.random.default_rng(1).integers(0, 4, len(rows))
    start = (rows[:, 0] > 0.0).astype(int)
    options = {"structure": letters, "tol": 0.0, "max_iter": 10, "reg_covar": 1e-6}
    weighted = mixtura.fit(rows, 2, start=start, sample_weight=counts, accelerate=False, **options)
    repeated = mixtura.fit(
        np.repeat(rows, counts, axis=0),
        2,
        start=np.repeat(start, counts),
        accelerate=False,
        **options,
    )
    assert_allclose(weighted.log_likelihood, repeated.log_likelihood, rtol=1e-9)


@EACH
def test_a_stored_mixture_comes_back(letters: str, tmp_path: Path) -> None:
    mixture = mixtura.fit(sampled(), 2, structure=letters, start="kmeans").mixture
    mixtura.save(mixture, tmp_path / "model.safetensors")
    loaded = mixtura.load(tmp_path / "model.safetensors")
    assert loaded.structure is mixture.structure
    np.testing.assert_array_equal(loaded.covariances, mixture.covariances)


@EACH
def test_a_part_of_a_mixture_has_the_letters_that_it_claims(letters: str) -> None:
    matrices = members(np.random.default_rng(4), letters, 1, 3, 4, 0.6)[0]
    model = structure_called(letters)
    means = np.random.default_rng(5).normal(size=(3, 4))
    mixture = Mixture([0.2, 0.3, 0.5], means, model.form.gathered(matrices), letters)
    for part in (mixture.marginal([2, 0]), mixture.condition({1: 0.3})):
        kept = part.covariance_matrices()
        assert obeys(part.structure.letters, kept)
        unsaid = {"EVI": "VVI"}.get(letters, "VVV")
        stays = letters in ("EII", "VII", "EEI", "VEI", "VVI", "EEE", "VEE", "VVV")
        assert part.structure.letters == (letters if stays else unsaid)
    assert_allclose(
        mixture.marginal([2, 0]).covariance_matrices(), matrices[:, [2, 0]][:, :, [2, 0]]
    )


@EACH
def test_given_precisions_outside_the_family_start_inside_it(letters: str) -> None:
    rows = sampled(d=2)
    form = structure_called(letters).form
    drawn = members(np.random.default_rng(6), "VVV", 1, 3, 2, 0.5)[0]
    own = np.exp(np.random.default_rng(7).normal(size=form.shape(3, 2)))
    given = Given([0.2, 0.3, 0.5], rows[:3], own if form.diagonal else form.gathered(drawn))
    fit = mixtura.fit(rows, 3, structure=letters, given=given, max_iter=0, reg_covar=0.0)
    assert obeys(letters, fit.mixture.covariance_matrices())


@EACH
def test_acceleration_ends_where_em_does_and_within_the_letters(letters: str) -> None:
    rows = sampled(n=200)
    labels = mixtura.fit(rows, 3, start="kmeans").mixture.predict(rows)
    plain, fast = (
        mixtura.fit(
            rows, 3, structure=letters, start=labels, tol="auto", max_iter=3000, accelerate=wish
        )
        for wish in (False, True)
    )
    assert obeys(letters, fast.mixture.covariance_matrices())
    assert fast.log_likelihood >= plain.log_likelihood - 1e-4
    if letters in ("EVE", "VVE", "EEV", "VEV"):  # whose orientations have no straight coordinates
        assert fast.accelerated == ()


@EACH
def test_the_density_is_that_of_the_matrices(letters: str) -> None:
    from scipy.special import logsumexp
    from scipy.stats import multivariate_normal

    rows = sampled(n=60)
    mixture = mixtura.fit(rows, 3, structure=letters, start="kmeans").mixture
    joint = [
        np.log(w) + multivariate_normal(mean, matrix).logpdf(rows)
        for w, mean, matrix in zip(
            mixture.weights, mixture.means, mixture.covariance_matrices(), strict=True
        )
    ]
    assert_allclose(mixture.score_samples(rows), logsumexp(joint, axis=0), rtol=1e-10)
    weights = np.exp(joint - logsumexp(joint, axis=0)).max(axis=0)
    assert_allclose(mixture.icl(rows), mixture.bic(rows) - 2.0 * np.log(weights).sum(), rtol=1e-12)
