"""Write the files beside this one; with a later version they are no longer of 0.1.

python tests/data/of_0_1/write.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mixtura
from mixtura.datasets import faithful
from mixtura.errors import Interrupted

HERE = Path(__file__).parent
STRUCTURES = (
    *("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE"),
    *("VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"),
)
BOX = mixtura.Box([1.0, 40.0], [5.0, 60.0])
WEIGHTS = np.arange(272) % 3 + 1.0
#: checkpoints -> the options of their fits, and after how many iterations of the last run those are
#: stopped
CHECKPOINTS: dict[str, tuple[dict[str, Any], int | None]] = {
    "under_way": ({"start": "kmeans", "accelerate": False}, 3),
    "extrapolating": ({"start": "random", "structure": "EII", "accelerate": True}, 12),
    "second_run": ({"start": "random_from_data", "n_init": 2, "tol": 1e-6}, 3),
    "over": ({"start": "kmeans"}, None),
    "noise": ({"start": "kmeans", "noise": BOX, "structure": "VVE"}, 3),
    "prior": ({"start": "kmeans", "prior": mixtura.Prior(shrinkage=0.1)}, 3),
    "equal": ({"start": "kmeans", "weights": "equal", "structure": "diag"}, 3),
    "given": ({"start": "kmeans", "given": mixtura.Given(means=[[2.0, 55.0], [4.0, 80.0]])}, 2),
    "weighted": ({"start": "kmeans", "sample_weight": WEIGHTS}, 3),
}


class Stopping:
    """An observer that interrupts a fit in its last run, after so many iterations of that."""

    def __init__(self, iterations: int | None, runs: int) -> None:
        self.iterations, self.last, self.run = iterations, runs - 1, 0

    def begun(self, run: int) -> None:
        self.run = run

    def iterated(self, iteration: int, trace: Any, mixture: mixtura.Mixture) -> None:
        if self.run == self.last and iteration == self.iterations:
            raise KeyboardInterrupt

    def ended(self, fit: mixtura.Fit) -> None:
        pass


def told(mixture: mixtura.Mixture, fit: mixtura.Fit | None = None) -> dict[str, Any]:
    """The numbers of a file, for JSON; they come back with the same bits."""
    noise = mixture.noise
    record = {
        "structure": mixture.structure.name,
        "names": mixture.feature_names,
        "equal_weights": mixture.equal_weights,
        "weights": mixture.weights.tolist(),
        "means": mixture.means.tolist(),
        "covariances": mixture.covariance_matrices().tolist(),
        "noise": noise
        and {
            "weight": noise.weight,
            "low": noise.box.low.tolist(),
            "extent": noise.box.extent.tolist(),
        },
    }
    if fit is not None:
        kept = ("log_likelihood", "iterations", "outcome", "trace", "settings", "notes", "floored")
        record["fit"] = {name: value for name, value in fit.summary().items() if name in kept}
    return record


def fits() -> dict[str, mixtura.Fit]:
    """Of every structure, and under every assumption."""
    rows = faithful()
    return {
        **{name: mixtura.fit(rows, 2, structure=name) for name in STRUCTURES},
        "noise": mixtura.fit(rows, 2, structure="VVE", noise=True),
        "prior": mixtura.fit(rows, 2, prior=True),
        "equal": mixtura.fit(rows, 2, structure="EEI", weights="equal"),
        "weighted": mixtura.fit(rows, 2, sample_weight=WEIGHTS),
        "stopped": mixtura.fit(rows, 3, max_iter=2, start="kmeans"),
    }


def main() -> None:
    """Write all of them, and the numbers that they hold."""
    rows = faithful().rows
    record: dict[str, Any] = {"models": {}, "fits": {}, "checkpoints": {}}
    for name, fit in fits().items():
        mixtura.save(fit, HERE / f"fit_{name}.safetensors")
        record["fits"][name] = told(fit.mixture, fit)
    estimator = mixtura.GaussianMixture(2, random_state=0).fit(rows)
    pipeline = make_pipeline(StandardScaler(), mixtura.GaussianMixture(2, random_state=0)).fit(rows)
    for name, model in {"estimator": estimator, "pipeline": pipeline}.items():
        path = HERE / f"fit_{name}.safetensors"
        mixtura.save(model, path)
        record["fits"][name] = told(mixtura.load(path), mixtura.load_fit(path))
    for name in ("VVV", "noise", "equal"):
        mixture = mixtura.load(HERE / f"fit_{name}.safetensors")
        mixtura.save(mixture, HERE / f"model_{name}.safetensors")
        record["models"][name] = told(mixture)
    for name, (options, after) in CHECKPOINTS.items():
        path = HERE / f"{name}.ckpt"
        try:
            watching = Stopping(after, options.get("n_init", 1))
            mixtura.fit(rows, 2, **options, checkpoint=path, observer=watching)
        except Interrupted as stopped:
            print(f"{name}: {stopped}")
        path.with_name(f"{name}.ckpt.before").unlink(missing_ok=True)
        fit = mixtura.fit(rows, 2, **options)
        record["checkpoints"][name] = told(fit.mixture, fit)
    selection = mixtura.select(rows, [1, 2, 3], structures=["EEE", "VVV"])
    (HERE / "selection.json").write_text(json.dumps(selection.summary()) + "\n", "utf-8")
    (HERE / "numbers.json").write_text(in_lines(record), "utf-8")


def in_lines(record: dict[str, dict[str, Any]]) -> str:
    """JSON with a line for each file."""
    parts = [
        f'"{name}": {{\n' + ",\n".join(f'"{key}": {json.dumps(of[key])}' for key in of) + "\n}"
        for name, of in record.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main()
