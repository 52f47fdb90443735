"""What mixtura 0.1 wrote is read as it was meant: models, fits, checkpoints, selections."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import mixtura
from mixtura.datasets import faithful
from mixtura.errors import DataError, ParameterError
from mixtura.views.plots import candidates

HERE = Path(__file__).parent / "data" / "of_0_1"
NUMBERS = json.loads((HERE / "numbers.json").read_text("utf-8"))
ROWS = faithful().rows
WEIGHTS = np.arange(272) % 3 + 1.0
BOX = mixtura.Box([1.0, 40.0], [5.0, 60.0])
#: what each checkpoint's fit was asked
ASKED: dict[str, dict[str, Any]] = {
    "under_way": {"start": "kmeans", "accelerate": False},
    "extrapolating": {"start": "random", "structure": "EII", "accelerate": True},
    "second_run": {"start": "random_from_data", "n_init": 2, "tol": 1e-6},
    "over": {"start": "kmeans"},
    "noise": {"start": "kmeans", "noise": BOX, "structure": "VVE"},
    "prior": {"start": "kmeans", "prior": mixtura.Prior(shrinkage=0.1)},
    "equal": {"start": "kmeans", "weights": "equal", "structure": "diag"},
    "given": {"start": "kmeans", "given": mixtura.Given(means=[[2.0, 55.0], [4.0, 80.0]])},
    "weighted": {"start": "kmeans", "sample_weight": WEIGHTS},
}


def log_densities(numbers: dict[str, Any]) -> np.ndarray:
    """Log p of each row, by scipy's normal densities and the numbers that were written down."""
    parts = zip(numbers["weights"], numbers["means"], numbers["covariances"], strict=True)
    joint = [np.log(w) + multivariate_normal(mu, sigma).logpdf(ROWS) for w, mu, sigma in parts]
    if noise := numbers["noise"]:
        low, extent = np.array(noise["low"]), np.array(noise["extent"])
        within = ((low <= ROWS) & (low + extent >= ROWS)).all(axis=1)
        even = np.log(noise["weight"]) - np.log(extent).sum()
        joint.append(np.where(within, even, -np.inf))
    return logsumexp(joint, axis=0)


def holds(mixture: mixtura.Mixture, numbers: dict[str, Any]) -> None:
    """The parameters to the bit, and the scores that follow from them."""
    for part in ("weights", "means"):
        np.testing.assert_array_equal(getattr(mixture, part), numbers[part])
    np.testing.assert_allclose(mixture.covariance_matrices(), numbers["covariances"], rtol=1e-14)
    names = numbers["names"]
    assert mixture.structure.name == numbers["structure"]
    assert mixture.feature_names == (names and tuple(names))
    assert mixture.equal_weights == numbers["equal_weights"]
    assert (mixture.noise is None) == (numbers["noise"] is None)
    np.testing.assert_allclose(mixture.score_samples(ROWS), log_densities(numbers), rtol=1e-11)


@pytest.mark.parametrize("name", NUMBERS["models"])
def test_a_model_is_read(name: str) -> None:
    path = HERE / f"model_{name}.safetensors"
    holds(mixtura.load(path), NUMBERS["models"][name])
    with pytest.raises(mixtura.errors.ModelError, match="has no record of a fit"):
        mixtura.load_fit(path)


@pytest.mark.parametrize("name", NUMBERS["fits"])
def test_a_fit_is_read_and_tells_what_it_told(name: str) -> None:
    path, numbers = HERE / f"fit_{name}.safetensors", NUMBERS["fits"][name]
    fit = mixtura.load_fit(path)
    holds(mixtura.load(path), numbers)
    holds(fit.mixture, numbers)
    said = fit.summary()
    for key, value in numbers["fit"].items():
        assert json.loads(json.dumps(said[key])) == value, key
    weights = WEIGHTS if name == "weighted" else np.ones(len(ROWS))
    likelihood = float(weights @ log_densities(numbers))
    assert fit.log_likelihood == pytest.approx(likelihood, rel=1e-9)


class Counting:
    """An observer that counts iterations."""

    def __init__(self) -> None:
        self.iterations = 0

    def begun(self, run: int) -> None:
        pass

    def iterated(self, iteration: int, trace: Any, mixture: mixtura.Mixture) -> None:
        self.iterations += 1

    def ended(self, fit: mixtura.Fit) -> None:
        pass


def gone_on(name: str, folder: Path, **others: Any) -> tuple[mixtura.Fit, int]:
    """The fit of a checkpoint, and how many iterations were still to be done."""
    path = folder / "run.ckpt"
    shutil.copy(HERE / f"{name}.ckpt", path)
    counting = Counting()
    options = {"X": ROWS, **ASKED[name], **others}
    with warnings.catch_warnings():
        # of another kernel or NumPy than that which wrote it
        warnings.filterwarnings("ignore", ".* was made otherwise, so the last bits may differ")
        fit = mixtura.fit(
            n_components=2, **options, checkpoint=path, resume=True, observer=counting
        )
    return fit, counting.iterations


@pytest.mark.parametrize("name", ASKED)
def test_a_checkpoint_goes_on_to_the_end_that_its_fit_had(name: str, tmp_path: Path) -> None:
    numbers = NUMBERS["checkpoints"][name]
    fit, left = gone_on(name, tmp_path)
    for part in ("weights", "means"):
        np.testing.assert_allclose(getattr(fit.mixture, part), numbers[part], rtol=1e-7)
    covariances = fit.mixture.covariance_matrices()
    np.testing.assert_allclose(covariances, numbers["covariances"], rtol=1e-6)
    assert fit.outcome.value == numbers["fit"]["outcome"]
    assert fit.n_iter == numbers["fit"]["iterations"]
    np.testing.assert_allclose(fit.trace, numbers["fit"]["trace"], rtol=1e-9)
    weights = WEIGHTS if name == "weighted" else np.ones(len(ROWS))
    likelihood = float(weights @ log_densities(numbers))
    assert fit.log_likelihood == pytest.approx(likelihood, rel=1e-9)
    # What was done before is not done again.
    whole = Counting()
    mixtura.fit(ROWS, 2, **ASKED[name], observer=whole)
    assert (left > 0) == (name != "over")
    assert left < whole.iterations


@pytest.mark.parametrize("name", ASKED)
def test_a_checkpoint_is_not_taken_for_that_of_another_fit(name: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"max_iter was 1000 and is 77"):
        gone_on(name, tmp_path, max_iter=77)
    with pytest.raises(DataError, match="other rows"):
        gone_on(name, tmp_path, X=ROWS + 1.0)


def test_a_selection_is_drawn_from_its_record() -> None:
    from matplotlib import pyplot

    record = json.loads((HERE / "selection.json").read_text("utf-8"))
    axes = candidates(record)
    drawn = {float(y) for line in axes.get_lines() for y in line.get_ydata()}
    assert {row["bic"] for row in record["candidates"]} <= drawn
    pyplot.close("all")
