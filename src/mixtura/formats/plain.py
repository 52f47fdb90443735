"""Plain JSON: a mixture as numbers that any program reads, and back."""

from __future__ import annotations

import json
from typing import Any

from mixtura.errors import ModelError
from mixtura.formats.imported import Imported, Model, numbers_of, told, told_apart
from mixtura.formats.opencv_text import loaded_json
from mixtura.model.storage import StoredModel

TITLE = "mixtura's JSON"
_KEY = "gaussian_mixture"


def knows(data: bytes) -> bool:
    """Whether bytes are JSON that names a mixture as mixtura does."""
    return data[:400].lstrip().startswith(b"{") and b'"gaussian_mixture"' in data[:400]


def models(data: bytes) -> dict[str, Model]:
    """The mixture in plain JSON.

    Raises
    ------
    ModelError : it is damaged.
    """
    record = loaded_json(data)[_KEY]
    names = record.get("feature_names")
    if not (names is None or (isinstance(names, list) and all(isinstance(n, str) for n in names))):
        raise ModelError("is damaged: its feature_names are no list of texts")
    training = record.get("training", {})
    if not isinstance(training, dict):
        raise ModelError("is damaged: its training is no record")
    return {
        "": Imported(
            "mixtura",
            "JSON",
            numbers_of(record["weights"]),
            numbers_of(record["means"]),
            numbers_of(record["covariances"]),
            str(record["structure"]),
            names,
            told_apart(record),
            training,
            equal_weights=record.get("equal_weights") is True,
        )
    }


def written(stored: StoredModel, _: str) -> bytes:
    """A mixture as JSON: weights (K,), means (K, D), covariances (K, D, D), and its record."""
    m = stored.mixture
    record: dict[str, Any] = {
        "structure": m.structure.name,
        "feature_names": None if m.feature_names is None else list(m.feature_names),
        "weights": m.weights.tolist(),
        "means": m.means.tolist(),
        "covariances": m.covariance_matrices().tolist(),
        **told(m),
        "equal_weights": m.equal_weights,
        "training": dict(stored.training),
    }
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(v)}" for key, v in record.items())
    return f'{{"{_KEY}": {{\n{lines}\n}}}}\n'.encode()
