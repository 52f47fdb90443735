"""Plain JSON: a mixture as numbers that any program reads, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ModelError
from mixtura.formats.imported import Imported, Model, numbers_of, told, told_apart
from mixtura.formats.opencv_text import loaded_json
from mixtura.model.storage import StoredModel
from mixtura.model.structures import NAMES, structure

TITLE = "mixtura's JSON"
_KEY = "gaussian_mixture"
_PARTS = ("weights", "means", "covariances")
_EXPECTED = "weights (K), means (K × D) and covariances (K × D × D)"
#: what other tools' JSON has beside weights and means
_OTHERS = (b'"covs"', b"opencv", b"cereal_class_version")


def knows(data: bytes) -> bool:
    """Whether bytes are JSON that has what a mixture is made of, or says that it is mixtura's."""
    if not data[:400].lstrip().startswith(b"{"):
        return False
    others = any(word in data for word in _OTHERS)
    return b'"gaussian_mixture"' in data[:400] or (
        not others and sum(f'"{key}"'.encode() in data for key in _PARTS) > 1
    )


def models(data: bytes) -> dict[str, Model]:
    """The mixture in plain JSON, by itself or under the name ``gaussian_mixture``.

    Raises
    ------
    ModelError : it is damaged, or lacks a part; the part is named.
    """
    whole = loaded_json(data)
    record = whole.get(_KEY, whole)
    if not isinstance(record, dict):
        raise ModelError(f"holds a {_KEY} that is no record, expected {_EXPECTED}")
    names = record.get("feature_names")
    if not (names is None or (isinstance(names, list) and all(isinstance(n, str) for n in names))):
        raise ModelError("is damaged: its feature_names are no list of texts")
    training = record.get("training", {})
    if not isinstance(training, dict):
        raise ModelError("is damaged: its training is no record")
    weights, means, covariances = (_part(record, key) for key in _PARTS)
    if weights.ndim != 1 or means.ndim != 2 or len(weights) != len(means) or not means.size:
        raise ModelError(
            f"holds weights of shape {weights.shape} and means of {means.shape}, expected (K) and "
            "(K × D)"
        )
    covariances, kind = _spread(covariances, record.get("structure"), *means.shape)
    return {
        "": Imported(
            "mixtura",
            "JSON",
            weights,
            means,
            covariances,
            kind,
            names,
            told_apart(record),
            training,
            equal_weights=record.get("equal_weights") is True,
        )
    }


def _part(record: Mapping[str, Any], key: str) -> Floats:
    """The numbers that stand under a key."""
    if key not in record:
        raise ModelError(f"lacks {key}, expected {_EXPECTED}")
    try:
        return numbers_of(record[key])
    except ModelError as error:
        raise ModelError(f"{error}, among its {key}") from None
    except (ValueError, TypeError):
        raise ModelError(
            f"holds {key} that are no numbers in lists of equal lengths, expected {_EXPECTED}"
        ) from None


def _spread(given: Floats, kind: Any, k: int, d: int) -> tuple[Floats, str]:
    """Covariances (K, D, D), or variances (K, D), and their structure: by their shape if untold."""
    names = [name for name in NAMES if d == 1 or len(name) > 1]  # E and V are of one feature
    if kind is not None and kind not in names:
        raise ModelError(f"holds structure {kind!r}, expected one of {', '.join(names)}")
    shapes = {"full": (k, d, d), "diag": (k, d), "spherical": (k,), "tied": (d, d)}
    fitting = [name for name, shape in shapes.items() if shape == given.shape]
    if not fitting:
        raise ModelError(
            f"holds covariances of shape {given.shape} beside means of {(k, d)}, expected "
            "(K × D × D), variances (K × D) or (K), or one matrix (D × D) that all share"
        )
    if len(fitting) > 1 and kind is None and d > 1:
        raise ModelError(
            f"holds covariances of shape {given.shape}, which may be one that {k} components share "
            "or the variances of each: say which by structure, 'tied' or 'diag'"
        )
    shape = fitting[-1] if kind is not None and structure(kind).form.shared else fitting[0]
    if shape == "spherical":
        given = given[:, None, None] * np.eye(d)
    elif shape == "tied":
        given = np.broadcast_to(given, (k, d, d))
    elif shape == "diag" and not (kind is None or structure(kind).form.diagonal):
        given = given[:, :, None] * np.eye(d)
    return given, kind or shape


def written(stored: StoredModel, _: str) -> bytes:
    """A mixture as JSON: weights (K,), means (K, D), covariances (K, D, D), and its record."""
    m = stored.mixture
    record: dict[str, Any] = {
        # Factor analysers are written out.
        "structure": "full" if m.structure.n_factors else m.structure.name,
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
