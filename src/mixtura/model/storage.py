"""Storage: model files that carry numbers and text, never code.

A model file is a safetensors file: the arrays ``weights``, ``means`` and ``covariances`` in
float64, and in its metadata one JSON record under the key ``mixtura``. With noise there are three
more, ``noise_weight`` (1,), ``noise_low`` (D,) and ``noise_extent`` (D,). A score to flag rows
by is in the record as ``threshold``, which earlier versions read over. The record ends with
``sha256``, `mixtura.model.files.sum_of` all arrays and the rest of the record as JSON; it is in the
record because the order of several texts in a safetensors file's metadata is left to chance.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.arguments import is_number
from mixtura.errors import ModelError, ParameterError
from mixtura.model.files import origin, sum_of, written_beside
from mixtura.model.gaussians import Gaussians
from mixtura.model.mixture import Mixture
from mixtura.model.noise import Noise
from mixtura.model.terms import Terms

#: the families of terms in a file of each format: it grows when an older reader could not
#: understand the file, or would take it for something else
_FORMATS: dict[int, tuple[type[Terms], ...]] = {1: (Gaussians,), 2: (Gaussians, Noise)}


@dataclass(frozen=True, eq=False)
class StoredModel:
    """A mixture, and what its model file says of where it came from.

    Parameters
    ----------
    mixture : the density.
    training : the record of the fit that made it, as `Fit.summary` gives it; empty if unknown.
    library_version : the mixtura that wrote it.
    date : when that was, in UTC; empty where an earlier version wrote it.
    sha256 : the sum over its numbers and settings, which it was held to; likewise.
    threshold : to flag rows by, or None: a share ``alpha`` of the mixture's own rows has a score of
        at most ``score``, nats.
    """

    mixture: Mixture
    training: Mapping[str, Any]
    library_version: str
    date: str = ""
    sha256: str = ""
    threshold: Mapping[str, float] | None = None

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """The names of the mixture's features, None where they have none."""
        return self.mixture.feature_names

    @property
    def reading(self) -> Mapping[str, Any]:
        """How the rows were read: see `mixtura.tables.Reading`; empty where as they were."""
        held = self.training.get("reading")
        return held if isinstance(held, dict) else {}

    @property
    def fitted_to(self) -> float | None:
        """How many rows the mixture was fitted to; None where the file does not say."""
        return rows_of(self.training)

    def origin(self) -> dict[str, str]:
        """When the file was written, by which version, and its sum, ready for JSON."""
        known = {"date": self.date, "sha256": self.sha256}
        said = {name: value for name, value in known.items() if value}
        return {"library_version": self.library_version, **said}


def rows_of(training: Mapping[str, Any]) -> float | None:
    """How many rows a record of a fit is of; None where it does not say."""
    n = training.get("n_rows")
    return float(n) if is_number(n) and n > 0 else None


def save(
    mixture: Mixture,
    path: str | os.PathLike[str],
    training: Mapping[str, Any] | None = None,
    alpha: float | None = None,
) -> None:
    """Write a model file, whole or not at all.

    Parameters
    ----------
    mixture : what to store; a round trip gives the same bits.
    path : where; an existing file is replaced once the new one is on disk.
    training : a record that JSON can hold, kept beside the parameters.
    alpha : a share of the mixture's own rows, whose threshold is kept; see `Mixture.threshold`.

    Raises
    ------
    ParameterError : alpha is not above 0 and below 1.
    OSError : the file cannot be written.

    Examples
    --------
    >>> import tempfile, mixtura
    >>> from mixtura.model.storage import save
    >>> path = tempfile.mkdtemp() + "/model.safetensors"
    >>> save(mixtura.Mixture([1.0], [[0.0]], [[[1.0]]]), path)
    >>> mixtura.load(path).means.tolist()
    [[0.0]]
    """
    written_beside(Path(path), encoded(mixture, training, alpha))


def encoded(
    mixture: Mixture, training: Mapping[str, Any] | None = None, alpha: float | None = None
) -> bytes:
    """The bytes of a model file; parameters as for `save`."""
    from safetensors.numpy import save as to_bytes

    record = {
        "format": len(mixture.terms),
        "structure": mixture.structure.name,
        "feature_names": mixture.feature_names,
        **({"equal_weights": True} if mixture.equal_weights else {}),
        "training": dict(training or {}),
        **({} if alpha is None else {"threshold": _kept(mixture, alpha)}),
        **origin(),
    }
    arrays = arrays_of(mixture)
    record = json.loads(json.dumps(record))  # as a reader has it: keys are texts, and once
    record["sha256"] = sum_of(json.dumps(record), arrays)
    return to_bytes(arrays, metadata={"mixtura": json.dumps(record)})


def arrays_of(mixture: Mixture) -> dict[str, NDArray[Any]]:
    """The numbers of a mixture, by the names that they have in a model file."""
    return {name: array for terms in mixture.terms for name, array in terms.arrays().items()}


def load(path: str | os.PathLike[str]) -> Mixture:
    """The mixture of a model file; see `read`."""
    return read(path).mixture


def read(path: str | os.PathLike[str]) -> StoredModel:
    """Read a model file and check everything in it.

    Raises
    ------
    ModelError : it is not a model file, is damaged, was written by a later version, or its
        numbers do not make a mixture.
    OSError : it cannot be read.
    """
    return decoded(Path(path).read_bytes(), str(path))


def decoded(data: bytes, name: str) -> StoredModel:
    """The model in the bytes of a file; `name` begins the messages.

    Raises
    ------
    ModelError : as for `read`.
    """
    record = _record(data, name)
    written = record.get("format")
    families = _FORMATS.get(written) if is_number(written) else None  # type: ignore[call-overload]
    if families is None:
        raise ModelError(
            f"{name} has model format {written!r}, this mixtura reads "
            f"{' and '.join(map(str, _FORMATS))}: upgrade mixtura, or save the model again with "
            "this version"
        )
    arrays = _arrays(data, name)
    expected = _held_to(record, arrays, name)
    _check(arrays, name, [key for family in families for key in family.ARRAYS])
    names, training = record.get("feature_names"), record.get("training", {})
    if not (names is None or _is_text_list(names)) or not isinstance(training, dict):
        raise ModelError(f"{name} has damaged metadata: fit and save the model again")
    try:
        mixture = Mixture(
            arrays["weights"],
            arrays["means"],
            arrays["covariances"],
            str(record.get("structure")),
            names,
            noise=Noise.of_arrays(arrays) if Noise in families else None,
            equal_weights=record.get("equal_weights") is True,
        )
    except (ModelError, ParameterError) as error:
        raise ModelError(f"{name} does not hold a mixture: {error}") from None
    version, date = (str(record.get(key, "")) for key in ("library_version", "date"))
    return StoredModel(mixture, training, version, date, expected, _threshold(record, name))


def _kept(mixture: Mixture, alpha: float) -> list[float | None]:
    """The share and the score of a threshold, None where that is −∞, which JSON has not."""
    score = mixture.threshold(alpha)
    return [float(alpha), score if math.isfinite(score) else None]


def _threshold(record: Mapping[str, Any], name: str) -> dict[str, float] | None:
    """The share and the score of a record that has them."""
    if (held := record.get("threshold")) is None:
        return None
    if not isinstance(held, list) or len(held) != 2 or not is_number(held[0]):
        raise ModelError(f"{name} has a damaged threshold: save the model again")
    alpha, score = held
    return {"alpha": alpha, "score": score if is_number(score) else -math.inf}


def _record(data: bytes, name: str) -> dict[str, Any]:
    """The JSON record in the header, read without trusting it."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > len(data) - 8:
        raise ModelError(f"{name} is not a model file, or it is cut short: expected safetensors")
    try:
        about = json.loads(data[8 : 8 + size])["__metadata__"]
        if "mixtura" not in about and "mixtura-checkpoint" in about:
            raise ModelError(
                f"{name} is the checkpoint of a fit, expected a model file: go on from it with "
                "mixtura fit --checkpoint … --resume -o …, which writes one"
            )
        record = json.loads(about["mixtura"])
    except ModelError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ModelError(
            f"{name} is not a mixtura model file: its header holds no mixtura record"
        ) from None
    if not isinstance(record, dict):
        raise ModelError(f"{name} has damaged metadata: fit and save the model again")
    return record


def _held_to(record: Mapping[str, Any], arrays: Mapping[str, Any], name: str) -> str:
    """The sum that a file's contents have; empty where it is of a version that wrote none.

    Raises
    ------
    ModelError : they have not the sum that was written with them.
    """
    if "sha256" not in record and "date" not in record:
        return ""
    rest = {key: value for key, value in record.items() if key != "sha256"}
    found = sum_of(json.dumps(rest), arrays)
    if record.get("sha256") != found:
        raise ModelError(
            f"{name} is damaged or was changed: its numbers and settings do not have the SHA-256 "
            "sum that was saved with them; fetch it again, or fit and save the model again"
        )
    return found


def _arrays(data: bytes, name: str) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    try:
        return from_bytes(data)
    except (SafetensorError, KeyError, ValueError) as error:
        raise ModelError(f"{name} is damaged: {error}") from None


def _check(arrays: Mapping[str, Any], name: str, keys: Sequence[str]) -> None:
    """Refuse a file without the arrays that are called `keys`, or with them in another type."""
    for key in keys:
        if key not in arrays:
            raise ModelError(f"{name} lacks the array {key!r}: fit and save the model again")
        if arrays[key].dtype != np.float64:
            raise ModelError(
                f"{name} holds {key} as {arrays[key].dtype}, expected float64: "
                "fit and save the model again"
            )


def _is_text_list(value: object) -> bool:
    """Whether it is a list of texts, each of which UTF-8 can write."""
    return isinstance(value, list) and all(
        isinstance(item, str) and not any("\ud800" <= c <= "\udfff" for c in item) for item in value
    )
