"""Models that other tools wrote, and what those tools say of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import mixtura

MODELS = Path(__file__).parents[1] / "data" / "models"
#: of each model, its file or folder
FILES = sorted(
    MODELS / path.name.removesuffix(".expected.json")
    for path in MODELS.glob("*.expected.json")
    if not path.name.startswith("webrtcvad")
)


def expected_of(path: Path) -> dict[str, Any]:
    """The numbers of the tool that wrote a file."""
    return json.loads((path.parent / f"{path.name}.expected.json").read_text("utf-8"))


def precision_of(path: Path) -> tuple[float, float]:
    """How far parameters, and log densities, may be off, relatively: what the tool rounded."""
    if path.name.startswith("kaldi"):
        text = "text" in path.name or path.name == "kaldi_am_pdfs.mdl"
        return (2e-5, 1e-4) if text else (2e-6, 1e-6)
    return (1e-15 if "ascii" in path.name else 0.0), 1e-12


def check(mixture: mixtura.Mixture, said: dict[str, Any], path: Path) -> None:
    """Hold a mixture to what a tool says of its own.

    Weights that single precision made sum to not quite 1 are divided by their sum, in them and in
    the density.
    """
    parameters, densities = precision_of(path)
    weights = np.array(said["weights"])
    total = weights.sum() + ((said.get("noise") or {}).get("weight") or 0.0)
    if abs(total - 1.0) < 1e-12:
        total = 1.0
    rounding = max(parameters, 0.0 if total == 1.0 else 1e-15)
    shape = mixture.means.shape
    means = np.reshape(said["means"], shape)
    covariances = np.reshape(said["covariances"], (*shape, shape[1]))
    np.testing.assert_allclose(mixture.weights, weights / total, rtol=rounding)
    spread = np.abs(covariances).max(axis=(1, 2))
    for k in range(len(weights)):
        np.testing.assert_allclose(
            mixture.means[k],
            means[k],
            rtol=parameters,
            atol=parameters * float(np.sqrt(spread[k])),
        )
        np.testing.assert_allclose(
            mixture.covariance_matrices()[k],
            covariances[k],
            rtol=parameters,
            atol=parameters * float(spread[k]),
        )
    points = np.reshape(np.array(said["probe_points"], dtype=float), (-1, shape[1]))
    exact = np.array(said["exact_log_density"], dtype=float) - np.log(total)
    np.testing.assert_allclose(mixture.score_samples(points), exact, rtol=densities)
