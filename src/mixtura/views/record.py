"""Record: a model, its training and a checkpoint as plain numbers and texts."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from mixtura.errors import ModelError
from mixtura.fitting.checkpoints.record import Record
from mixtura.fitting.convergence.rules import Outcome
from mixtura.model.mixture import Mixture


def model_record(mixture: Mixture, training: Mapping[str, Any]) -> dict[str, Any]:
    """What there is to say about a model, as dictionaries, lists, numbers and texts.

    Parameters
    ----------
    mixture : the density.
    training : as `Fit.summary` gives it, or a model file holds it; empty if unknown.
    """
    return {
        "structure": mixture.structure.name,
        "letters": mixture.structure.letters,
        "form": mixture.structure.form.name,
        "n_components": mixture.n_components,
        "n_features": mixture.n_features,
        "n_parameters": mixture.n_parameters,
        "features": list(mixture.feature_labels),
        "weights": mixture.weights.tolist(),
        "means": mixture.means.tolist(),
        "covariances": mixture.covariances.tolist(),
        **({"noise": mixture.noise.record()} if mixture.noise else {}),
        **({"equal_weights": True} if mixture.equal_weights else {}),
        "training": dict(training),
    }


def checkpoint_record(record: Record) -> dict[str, Any]:
    """What a checkpoint says, as dictionaries, lists, numbers and texts.

    Raises
    ------
    ModelError : the record is not one of a fit.
    """
    try:
        values = record.values
        trace = record.arrays["position.trace"].tolist() if values["position"] else []
        position, best = values["position"], values["best"]
        return {
            "checkpoint": {
                "run": int(values["run"]),
                "iteration": None if position is None else int(position["iteration"]),
                "mean_log_likelihood": trace[-1] if trace else None,
                "best": None if best is None else Outcome[best["outcome"]].value,
                "seconds": float(values["seconds"]),
            },
            "settings": dict(values["settings"]),
            "rows": dict(values["rows"]),
            "made_by": dict(values["made_by"]),
            "file": {
                name: str(values[name])
                for name in ("date", "library_version", "sha256")
                if name in values
            },
        }
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ModelError(f"the checkpoint is damaged ({error}): begin the fit anew") from None


def json_text(record: Any) -> str:
    """A record as JSON, one line to a key at the top.

    JSON has no infinity: such numbers become the texts ``"inf"``, ``"-inf"`` and ``"nan"``.

    Examples
    --------
    >>> print(json_text({"log_likelihood": [-1.5, float("-inf")]}), end="")
    {
      "log_likelihood": [-1.5, "-inf"]
    }
    """
    if not isinstance(record, dict):
        return _line(record) + "\n"
    lines = ",\n".join(f"  {_line(str(key))}: {_line(value)}" for key, value in record.items())
    return f"{{\n{lines}\n}}\n" if lines else "{}\n"


def _line(value: Any) -> str:
    return json.dumps(finite(value), ensure_ascii=False, allow_nan=False)


def finite(value: Any) -> Any:
    """A record whose infinite numbers are texts, as JSON needs it."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value
