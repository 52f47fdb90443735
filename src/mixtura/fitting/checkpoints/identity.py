"""Identity: what a fit was asked, so that another is not taken for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.fitting.given import Given
from mixtura.fitting.settings import Settings
from mixtura.model.mixture import Mixture
from mixtura.model.random import Seed

__all__ = ["asked", "differences", "made_by"]


def asked(settings: Settings, given: Given, seed: Seed) -> dict[str, Any]:
    """The settings by name, each as a plain value; what is large by its SHA-256 sum."""
    return {
        "n_components": int(settings.n_components),
        **{name: _plain(value) for name, value in settings.arguments().items()},
        "structure": settings.structure.name,
        "random_state": int(seed) if isinstance(seed, (int, np.integer)) else "a generator",
        **{f"given {each.name}": _plain(getattr(given, each.name)) for each in fields(given)},
    }


def made_by() -> dict[str, str]:
    """What decides a result's last bits, beside settings and rows."""
    return {"kernel": kernel.describe(), "numpy": np.__version__}


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What differs, as a list in words; empty where nothing does."""
    names = list(dict.fromkeys([*before, *now]))
    return "; ".join(
        f"{name} was {_shown(before.get(name))} and is {_shown(now.get(name))}"
        for name in names
        if before.get(name) != now.get(name)
    )


def _plain(value: Any) -> Any:
    """A value that JSON can hold, the same for the same value."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Mixture):
        parts = (value.weights, value.means, value.covariances)
        return f"a mixture ({_sum_of(*parts)})"
    if isinstance(value, (np.bool_, np.number)):
        return value.item()
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if callable(value):
        where = getattr(value, "__module__", ""), getattr(value, "__qualname__", repr(value))
        return f"the function {'.'.join(filter(None, where))}"
    array = np.asarray(value)
    return repr(value) if array.dtype.kind == "O" else f"an array ({_sum_of(array)})"


def _sum_of(*arrays: Any) -> str:
    total = hashlib.sha256()
    for array in arrays:
        total.update(f"{array.dtype.str} {array.shape}".encode())
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()[:16]


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)
