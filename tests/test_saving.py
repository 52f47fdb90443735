"""What a person has in hand is saved as a model file, and comes back as the mixture and the fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file
from scipy.integrate import trapezoid
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture as TheirMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

import mixtura
from mixtura import Box, GaussianMixture, Mixture, Prior
from mixtura.errors import ModelError, ParameterError

RANDOM = np.random.default_rng(5)
ROWS = np.concatenate([RANDOM.normal(c, 1.0, (60, 3)) for c in (0.0, 4.0)]) * [1e3, 1.0, 1e-2]
ROWS += [1e4, -3.0, 0.5]
TABLE = pd.DataFrame(ROWS, columns=["a", "b", "c"])


def labels(rows: Any, n_components: int, random_state: Any) -> Any:
    return np.arange(len(rows)) % n_components


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"structure": "VEE", "tol": 1e-6, "reg_covar": 1e-9, "accelerate": True, "n_init": 2},
        {"noise": True},
        {"noise": Box(ROWS.min(axis=0), np.ptp(ROWS, axis=0))},
        {"prior": "conjugate", "weights": "equal"},
        {"prior": Prior(mean=ROWS.mean(axis=0), shrinkage=0.5)},
        {"start": labels, "random_state": 7},
        {"max_iter": 2},
        {"sample_weight": np.linspace(0.5, 2.0, len(ROWS))},
    ],
    ids=lambda settings: "-".join(settings) or "defaults",
)
def test_a_fit_comes_back_as_it_was(settings: dict[str, Any], tmp_path: Path) -> None:
    fit = mixtura.fit(TABLE, 3, **settings)
    path = tmp_path / "model.safetensors"
    mixtura.save(fit, path)
    again = mixtura.load_fit(path)
    assert again.summary() == fit.summary()
    assert repr(again) == repr(fit)
    assert np.array_equal(again.mixture.score_samples(ROWS), fit.mixture.score_samples(ROWS))
    assert np.array_equal(mixtura.load(path).means, fit.mixture.means)
    assert again.settings.structure is fit.settings.structure
    assert again.verdict == fit.verdict


def test_what_is_odd_about_the_rows_comes_back_too(tmp_path: Path) -> None:
    odd = np.column_stack(
        [ROWS[:, 1], np.ones(len(ROWS)), np.where(ROWS[:, 1] > 0, 0.0, ROWS[:, 2])]
    )
    fit = mixtura.fit(odd, 2)
    mixtura.save(fit, tmp_path / "m")
    assert fit.notes
    assert mixtura.load_fit(tmp_path / "m").notes == fit.notes


def test_a_fit_that_came_back_goes_on(tmp_path: Path) -> None:
    fit = mixtura.fit(ROWS, 2)
    mixtura.save(fit, tmp_path / "m")
    again = mixtura.load_fit(tmp_path / "m")
    errors = again.standard_errors(ROWS, "bootstrap", n_bootstrap=3)
    assert np.array_equal(errors.means, fit.standard_errors(ROWS, "bootstrap", n_bootstrap=3).means)
    mixtura.save(mixtura.fit(ROWS, 2, start=labels), tmp_path / "given")
    forgotten = mixtura.load_fit(tmp_path / "given").settings
    with pytest.raises(ParameterError, match="which a model file does not keep: give start again"):
        mixtura.fit(ROWS, 2, start=forgotten.start)


def test_an_estimator_is_saved_with_its_fit(tmp_path: Path) -> None:
    model = GaussianMixture(2, covariance_type="diag", random_state=0).fit(TABLE)
    mixtura.save(model, tmp_path / "m")
    assert mixtura.load(tmp_path / "m").feature_names == ("a", "b", "c")
    assert mixtura.load_fit(tmp_path / "m").summary() == model.fit_.summary()


def test_an_estimator_that_learnt_from_a_stream_is_saved_without(tmp_path: Path) -> None:
    model = GaussianMixture(2, random_state=0).partial_fit(ROWS)
    model.partial_fit(ROWS)
    mixtura.save(model, tmp_path / "m", {"batches": 2})
    assert np.array_equal(mixtura.load(tmp_path / "m").means, model.means_)
    with pytest.raises(ModelError, match=r"no record of a fit .*: 'settings' is missing"):
        mixtura.load_fit(tmp_path / "m")


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_scikit_learns_own_estimator_is_saved(covariance_type: str, tmp_path: Path) -> None:
    theirs = TheirMixture(2, covariance_type=covariance_type, random_state=0).fit(TABLE)
    mixtura.save(theirs, tmp_path / "m")
    assert mixtura.load(tmp_path / "m").score(TABLE) == pytest.approx(theirs.score(TABLE), rel=1e-9)


SCALERS: dict[str, Any] = {
    "standard": (StandardScaler(),),
    "mean alone": (StandardScaler(with_std=False),),
    "spread alone": (StandardScaler(with_mean=False),),
    "to a range": (MinMaxScaler((-1.0, 3.0)),),
    "largest": (MaxAbsScaler(),),
    "robust": (RobustScaler(),),
    "robust spread": (RobustScaler(with_centering=False, unit_variance=True),),
    "turned": (StandardScaler(), PCA(random_state=0)),
    "whitened": (PCA(whiten=True, random_state=0),),
    "several": (RobustScaler(), "passthrough", FunctionTransformer(), MinMaxScaler()),
    "nested": (make_pipeline(StandardScaler(), PCA()), MinMaxScaler()),
    "none": ("passthrough",),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("structure", ["full", "diag", "spherical", "tied", "VEV"])
@pytest.mark.parametrize("scaler", SCALERS)
def test_a_pipeline_is_one_mixture_of_the_columns_before(
    scaler: str, structure: str, tmp_path: Path
) -> None:
    last = GaussianMixture(2, covariance_type=structure, random_state=0)
    pipeline = make_pipeline(*SCALERS[scaler], last).fit(TABLE)
    mixtura.save(pipeline, tmp_path / "m")
    mixture, fit = mixtura.load(tmp_path / "m"), mixtura.load_fit(tmp_path / "m")
    assert mixture.feature_names == ("a", "b", "c")
    scaled = pipeline.score_samples(TABLE)
    # What is left is the logarithm of one determinant, the same for every row.
    determinant = mixture.score_samples(TABLE) - scaled
    assert np.ptp(determinant) < 1e-7
    assert mixture.predict_proba(TABLE) == pytest.approx(pipeline.predict_proba(TABLE), abs=1e-9)
    assert fit.mean_log_likelihood == pytest.approx(mixture.score(TABLE), rel=1e-9)
    assert fit.settings.structure is last.fit_.settings.structure


def test_the_density_of_a_pipeline_integrates_to_one(tmp_path: Path) -> None:
    column = TABLE[["a"]]
    pipeline = make_pipeline(StandardScaler(), GaussianMixture(2, random_state=0)).fit(column)
    mixtura.save(pipeline, tmp_path / "m")
    at = np.linspace(-1e4, 3e4, 200_001)
    density = np.exp(mixtura.load(tmp_path / "m").score_samples(at[:, None]))
    assert trapezoid(density, at) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("model", "said"),
    [
        (make_pipeline(PolynomialFeatures(2), GaussianMixture(2)), "step 'polynomialfeatures' of"),
        (make_pipeline(PCA(2), GaussianMixture(2)), "step 'pca' of the pipeline, PCA, is no affin"),
        (make_pipeline(MinMaxScaler(clip=True), GaussianMixture(2)), "step 'minmaxscaler' of the"),
        (
            make_pipeline(FunctionTransformer(np.cbrt), GaussianMixture(2)),
            "FunctionTransformer, ",
        ),
    ],
)
def test_a_step_that_cannot_be_undone_is_named(model: Any, said: str, tmp_path: Path) -> None:
    model.fit(ROWS)
    with pytest.raises(ParameterError, match=said):
        mixtura.save(model, tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (GaussianMixture(2), "the GaussianMixture is not fitted"),
        (TheirMixture(2), "the GaussianMixture is not fitted"),
        (StandardScaler(), "the StandardScaler is not fitted, or is no mixture"),
        (ROWS, "a ndarray cannot be saved, expected a Mixture, a Fit, a fitted GaussianMixture"),
        (None, "a NoneType cannot be saved"),
        ("model", "a str cannot be saved"),
        (make_pipeline(StandardScaler(), GaussianMixture(2)), "is not fitted"),
    ],
)
def test_what_is_no_model_is_refused(model: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=said):
        mixtura.save(model, tmp_path / "m")


def test_damage_to_a_record_is_told(tmp_path: Path) -> None:
    fit = mixtura.fit(ROWS, 2)
    from mixtura.fitting.stored import fit_record

    whole = json.loads(json.dumps(fit_record(fit)))
    for name in ("settings", "trace", "outcome", "repairs", "iterations", "seconds"):
        damaged = {key: value for key, value in whole.items() if key != name}
        mixtura.save(fit.mixture, tmp_path / "m", damaged)
        with pytest.raises(ModelError, match=f"no record of a fit.*'{name}' is missing"):
            mixtura.load_fit(tmp_path / "m")
        mixtura.save(fit.mixture, tmp_path / "m", {**whole, name: ["?"]})
        with pytest.raises(ModelError, match="no record of a fit"):
            mixtura.load_fit(tmp_path / "m")


def test_a_mixture_becomes_an_estimator(tmp_path: Path) -> None:
    mixtura.save(mixtura.fit(TABLE, 2, structure="VEE"), tmp_path / "m")
    mixture = mixtura.load(tmp_path / "m")
    model = GaussianMixture.from_mixture(mixture)
    assert (model.n_components, model.covariance_type) == (2, "VEE")
    assert np.array_equal(model.predict(TABLE), mixture.predict(TABLE))
    assert model.score(TABLE) == mixture.score(TABLE)
    assert list(model.feature_names_in_) == ["a", "b", "c"]
    onward = GaussianMixture.from_mixture(mixture, tol="auto", reg_covar="auto").fit(TABLE)
    assert onward.fit_.mean_log_likelihood >= mixture.score(TABLE) - 1e-9
    noisy = mixtura.fit(ROWS, 2, noise=True, weights="equal").mixture
    assert GaussianMixture.from_mixture(noisy).noise is noisy.noise.box
    assert GaussianMixture.from_mixture(noisy).weights == "equal"
    assert GaussianMixture.from_mixture(mixture, tol=1e-9).tol == 1e-9
    with pytest.raises(ParameterError, match=r"mixture is a Fit, expected a Mixture: .*fit\.mixt"):
        GaussianMixture.from_mixture(mixtura.fit(ROWS, 1))  # type: ignore[arg-type]


def test_a_saved_model_is_plain_arrays(tmp_path: Path) -> None:
    mixtura.save(mixtura.fit(ROWS, 2), tmp_path / "m")
    assert sorted(load_file(tmp_path / "m")) == ["covariances", "means", "weights"]
    assert isinstance(mixtura.load(tmp_path / "m"), Mixture)
