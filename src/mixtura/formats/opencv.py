"""OpenCV's EM: the models that `cv::ml::EM` saves, as YAML, XML or JSON, under any key."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ModelError
from mixtura.formats.imported import DOUBLE, SINGLE, Imported, Model, gaussians_alone
from mixtura.formats.opencv_text import entries_of
from mixtura.model.storage import StoredModel

TITLE = "an OpenCV storage"
#: types of covariance -> structures; a diagonal one is written as a matrix like the others
_STRUCTURES = {"spherical": "spherical", "diagonal": "diag", "generic": "full"}
#: keys that are models' own -> what OpenCV calls them
_OTHERS = {
    "svm_type": "an OpenCV SVM",
    "opencv_ml_svm": "an OpenCV SVM",
    "opencv_ml_svmsgd": "an OpenCV SVM",
    "opencv_ml_knn": "an OpenCV nearest-neighbour model",
    "opencv_ml_rtrees": "an OpenCV random forest",
    "opencv_ml_dtree": "an OpenCV decision tree",
    "opencv_ml_boost": "an OpenCV boosted tree",
    "opencv_ml_ann_mlp": "an OpenCV neural network",
    "opencv_ml_lr": "an OpenCV logistic regression",
    "opencv_ml_nbayes": "an OpenCV naive Bayes classifier",
}
_SPHERICAL = (
    "a spherical model's own predict2 counts log v once and not once a feature, so its "
    "log-likelihoods are no Gaussian densities; these are"
)


def knows(data: bytes) -> bool:
    """Whether bytes begin as OpenCV's storage does."""
    start = data[:400].lstrip()
    if start.startswith((b"%YAML", b"<opencv_storage")):
        return True
    if start.startswith(b"<?xml"):
        return b"<opencv_storage" in data[:4000] or b"<!DOCTYPE" in data[:4000]
    return start.startswith(b"{") and (b'"opencv' in data or b'"cov_mat_type"' in data)


def models(data: bytes) -> dict[str, Model]:
    """The EM models in a storage, by the keys that lead to them.

    Raises
    ------
    ModelError : it is damaged, or holds none; what it does hold is named.
    """
    entries = entries_of(data)
    found = dict(_models("", entries))
    if not found:
        other = next(filter(None, map(_OTHERS.get, _keys(entries))), None)
        named = f"is {other}" if other else f"is {TITLE} without a model"
        raise ModelError(f"{named}, expected an EM model: save one with cv2.ml.EM.save")
    return found


def _keys(entries: Any) -> Iterator[str]:
    if isinstance(entries, Mapping):
        for key, value in entries.items():
            yield str(key)
            yield from _keys(value)
    elif isinstance(entries, list):
        for value in entries:
            yield from _keys(value)


def _models(key: str, entries: Any) -> Iterator[tuple[str, Model]]:
    """What is a model: it has weights, means and covariances, wherever it stands."""
    if isinstance(entries, list):
        for place, value in enumerate(entries):
            yield from _models(f"{key}.{place}" if key else str(place), value)
    elif isinstance(entries, Mapping):
        about = entries.get("training_params")
        kind = about.get("cov_mat_type") if isinstance(about, Mapping) else None
        if kind is not None or {"weights", "means", "covs"} <= entries.keys():
            yield key, _model(entries, str(kind or "generic"))
            return
        for name, value in entries.items():
            yield from _models(f"{key}.{name}" if key else str(name), value)


def _model(entries: Mapping[str, Any], kind: str) -> Imported:
    if "weights" not in entries or _size(entries["weights"]) == 0:
        raise ModelError("is an OpenCV EM model that was never trained, expected one that was")
    if kind not in _STRUCTURES:
        raise ModelError(f"has covariances of type {kind!r}, expected {', '.join(_STRUCTURES)}")
    weights, means = _matrix(entries["weights"]), _matrix(entries["means"])
    if not isinstance(entries["covs"], list) or len(entries["covs"]) != len(means):
        raise ModelError(f"is damaged: it has {len(means)} means, and not as many covariances")
    return Imported(
        "OpenCV",
        "EM",
        weights.ravel(),
        means,
        np.stack([_matrix(each) for each in entries["covs"]]),
        _STRUCTURES[kind],
        notes=(_SPHERICAL,) if kind == "spherical" and means.shape[1] > 1 else (),
        rounding=SINGLE if entries["weights"]["dt"] == "f" else DOUBLE,
    )


def _size(matrix: Mapping[str, Any]) -> int:
    return int(matrix["rows"]) * int(matrix["cols"])


def _matrix(matrix: Mapping[str, Any]) -> Floats:
    """A matrix of a storage, row by row; float32 where its ``dt`` is ``f``."""
    data, kind = matrix["data"], str(matrix["dt"])
    if kind not in ("d", "f"):
        raise ModelError(f"holds a matrix of type {kind!r}, expected d or f: numbers")
    words = (m[0] for m in re.finditer(r"[^\s,]+", data)) if isinstance(data, str) else data
    numbers = np.fromiter(map(_number, words), np.float64)
    if kind == "f":
        numbers = numbers.astype(np.float32).astype(np.float64)
    if len(numbers) != _size(matrix):
        raise ModelError(
            f"is damaged: a matrix of {matrix['rows']} × {matrix['cols']} has {len(numbers)} "
            "numbers; write it again"
        )
    return numbers.reshape(int(matrix["rows"]), int(matrix["cols"]))


def _number(word: Any) -> float:
    """A number of a storage, where NaN and infinities have names of their own."""
    if word is None:
        raise ModelError("holds null where numbers are expected")
    text = str(word).strip().lower()
    return float({".nan": "nan", ".inf": "inf", "-.inf": "-inf", "+.inf": "inf"}.get(text, text))


# -- written ---------------------------------------------------------------------------------------

#: what OpenCV fits with where it is told nothing
_TRAINING = {"epsilon": 1e-06, "iterations": 100}


def written(stored: StoredModel, suffix: str) -> bytes:
    """A mixture as `cv2.ml.EM_load` reads it: XML or JSON where the file's name says so, else YAML.

    Raises
    ------
    ParameterError : it has noise.
    """
    m = gaussians_alone(stored, "OpenCV")
    kinds = {form: kind for kind, form in _STRUCTURES.items()}
    entries = {
        "format": 3,
        "training_params": {
            "nclusters": m.n_components,
            "cov_mat_type": kinds.get(m.structure.form.name, "generic"),
            **_TRAINING,
        },
        "weights": m.weights[None],
        "means": m.means,
        "covs": list(m.covariance_matrices()),
    }
    writer = {".xml": _as_xml, ".json": _as_json}.get(suffix, _as_yaml)
    return writer({"opencv_ml_em": entries}).encode()


def _parts(matrix: Floats) -> dict[str, Any]:
    n_rows, n_columns = matrix.shape
    return {"rows": n_rows, "cols": n_columns, "dt": "d", "data": matrix.ravel().tolist()}


def _as_json(entries: Mapping[str, Any]) -> str:
    def plain(value: Any) -> Any:
        return {"type_id": "opencv-matrix", **_parts(value)}

    return json.dumps(entries, indent=4, default=plain) + "\n"


def _as_yaml(entries: Mapping[str, Any]) -> str:
    return "%YAML:1.0\n---\n" + "\n".join(_yaml_lines(entries, "")) + "\n"


def _yaml_lines(entries: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in entries.items():
        if isinstance(value, np.ndarray):
            yield f"{indent}{key}: !!opencv-matrix"
            yield from _yaml_lines(_parts(value), indent + "   ")
        elif key == "data":
            numbers = textwrap.wrap(", ".join(map(repr, value)), 70)
            yield f"{indent}data: [ " + f"\n{indent}    ".join(numbers) + " ]"
        elif isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _yaml_lines(value, indent + "   ")
        elif isinstance(value, list):
            yield f"{indent}{key}:"
            for each in value:
                yield f"{indent}   - !!opencv-matrix"
                yield from _yaml_lines(_parts(each), indent + "      ")
        else:
            yield f"{indent}{key}: {value}"


def _as_xml(entries: Mapping[str, Any]) -> str:
    inside = "\n".join(_xml_lines(entries))
    return f'<?xml version="1.0"?>\n<opencv_storage>\n{inside}\n</opencv_storage>\n'


def _xml_lines(entries: Mapping[str, Any]) -> Iterator[str]:
    for key, value in entries.items():
        if isinstance(value, np.ndarray):
            yield f'<{key} type_id="opencv-matrix">'
            yield from _xml_lines(_parts(value))
            yield f"</{key}>"
        elif isinstance(value, Mapping):
            yield from (f"<{key}>", *_xml_lines(value), f"</{key}>")
        elif key == "data":
            yield from ("<data>", *textwrap.wrap(" ".join(map(repr, value)), 78), "</data>")
        elif isinstance(value, list):
            within = (line for each in value for line in _xml_lines({"_": each}))
            yield from (f"<{key}>", *within, f"</{key}>")
        else:
            yield f"<{key}>{value}</{key}>"
