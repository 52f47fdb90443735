"""Graphs of ONNX in onnxruntime, one thread, beside skl2onnx's of the same mixtures: time, error.

    python benchmarks/onnx_graphs.py [--quick]

Needs onnxruntime and skl2onnx, as `mixtura[dev]` brings them.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.mixture import GaussianMixture as Theirs

from claim import run, show
from mixtura import Mixture
from table import Column, Table

#: structure, K, D
_SHAPES = (
    ("full", 3, 8),
    ("full", 30, 8),
    ("full", 300, 8),
    ("diag", 30, 8),
    ("diag", 30, 32),
)
_ROWS, _READINGS = 100_000, 5
#: how far the means lie about their middle, deviations; and the offset of all, for the error
_APART, _OFFSETS = 3.0, (0.0, 1e2, 1e4, 1e6)

_WORDS = """\
Milliseconds of processor time for 100,000 rows in onnxruntime with one thread, the least of five
readings, in turns, of `Mixture.to_onnx` and of skl2onnx's graph of the same mixture with its log
densities, all three outputs each. `default` takes rows of float32 and computes in float64, beside
skl2onnx's float32; and the largest error of a log density, nats, for rows at an offset of 0 and,
at most, at 1e2, 1e4 and 1e6, beside `score_samples` of the rows as they were given."""

_COLUMNS = (
    Column("structure", "structure"),
    Column("k", "K", "d"),
    Column("d", "D", "d"),
    Column("dtype", "dtype"),
    Column("nodes", "nodes", "d"),
    Column("theirs_nodes", "skl2onnx nodes", "d"),
    Column("ours", "ms", "short"),
    Column("theirs", "skl2onnx ms", "short"),
    Column("ratio", "ms ÷ skl2onnx ms", ".2f"),
    Column("near", "error", ".0e"),
    Column("far", "error, moved", ".0e"),
    Column("theirs_near", "skl2onnx error", ".0e"),
    Column("theirs_far", "skl2onnx error, moved", ".0e"),
)


def measure(quick: bool) -> list[Table]:
    """The one table."""
    rows: list[dict[str, Any]] = []
    for structure, k, d in _SHAPES:
        show(f"{structure}, K {k}, D {d}")
        rows += [_measured(structure, k, d, dtype, quick) for dtype in (None, "float32", "float64")]
    return [Table("onnx_graphs", "Graphs of ONNX", _WORDS, _COLUMNS, rows)]


def _measured(structure: str, k: int, d: int, dtype: str | None, quick: bool) -> dict[str, Any]:
    given = np.dtype(np.float64 if dtype == "float64" else np.float32)
    errors: dict[str, list[float]] = {"ours": [], "theirs": []}
    for offset in _OFFSETS:
        mixture = _mixture(structure, k, d, offset)
        pair = {"ours": mixture.to_onnx(dtype), "theirs": _theirs(mixture, given)}
        sample = mixture.sample(2000, 1)[0].astype(given)
        exact = mixture.score_samples(sample.astype(np.float64))
        for name, model in pair.items():
            told = _session(model).run(None, {"X": sample})[1 if name == "ours" else 2]
            errors[name].append(float(np.abs(told.ravel() - exact).max()))
        if offset == 0.0:
            models = pair
    sample = _mixture(structure, k, d, 0.0).sample(_ROWS // (10 if quick else 1), 1)[0]
    sessions = {name: _session(model) for name, model in models.items()}
    least = dict.fromkeys(sessions, np.inf)
    for _ in range(1 if quick else _READINGS):
        for name, session in sessions.items():
            began = time.process_time()
            session.run(None, {"X": sample.astype(given)})
            least[name] = min(least[name], 1e3 * (time.process_time() - began))
    return {
        "structure": structure,
        "k": k,
        "d": d,
        "dtype": dtype or "default",
        "nodes": len(models["ours"].graph.node),
        "theirs_nodes": len(models["theirs"].graph.node),
        **least,
        "ratio": least["ours"] / least["theirs"],
        "near": errors["ours"][0],
        "far": max(errors["ours"][1:]),
        "theirs_near": errors["theirs"][0],
        "theirs_far": max(errors["theirs"][1:]),
    }


def _mixture(structure: str, k: int, d: int, offset: float) -> Mixture:
    random = np.random.default_rng(0)
    roots = random.normal(size=(k, d, d)) / np.sqrt(d)
    matrices = roots @ roots.swapaxes(1, 2) + 0.3 * np.eye(d)
    held = matrices if structure == "full" else np.einsum("kdd->kd", matrices)
    weights, means = random.dirichlet(np.full(k, 5.0)), _APART * random.normal(size=(k, d))
    return Mixture(weights, means + offset, held, structure)


def _theirs(mixture: Mixture, given: np.dtype[Any]) -> Any:
    """skl2onnx's graph of scikit-learn's estimator of the same mixture."""
    whitening = {
        "full": np.linalg.inv(np.linalg.cholesky(mixture.covariance_matrices())).swapaxes(1, 2),
        "diag": 1.0 / np.sqrt(mixture.covariances) if mixture.covariances.ndim == 2 else None,
    }[mixture.structure.name]
    model = Theirs(mixture.n_components, covariance_type=mixture.structure.name)
    model.weights_, model.means_ = mixture.weights.copy(), mixture.means.copy()
    model.covariances_, model.precisions_cholesky_ = mixture.covariances.copy(), whitening
    model.n_features_in_ = mixture.n_features
    row = np.zeros((1, mixture.n_features), given)
    return to_onnx(model, row, options={id(model): {"score_samples": True}})


def _session(model: Any) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


if __name__ == "__main__":
    run(measure)
