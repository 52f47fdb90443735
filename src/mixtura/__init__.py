"""Gaussian mixtures that are fast, exact, and show their work."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mixtura.version import __version__

if TYPE_CHECKING:
    from mixtura.estimators import GaussianMixture
    from mixtura.fitting import Fit, Given, Outcome, fit
    from mixtura.model.explain import Explanation
    from mixtura.model.mixture import Mixture
    from mixtura.model.storage import load, save

__all__ = [
    "Explanation",
    "Fit",
    "GaussianMixture",
    "Given",
    "Mixture",
    "Outcome",
    "__version__",
    "fit",
    "load",
    "save",
]

_HOMES = {
    "Explanation": "mixtura.model.explain",
    "Fit": "mixtura.fitting",
    "GaussianMixture": "mixtura.estimators",
    "Given": "mixtura.fitting",
    "Mixture": "mixtura.model.mixture",
    "Outcome": "mixtura.fitting",
    "fit": "mixtura.fitting",
    "load": "mixtura.model.storage",
    "save": "mixtura.model.storage",
}


def __getattr__(name: str) -> Any:
    """Each public name is imported when it is first asked for, so that the import stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
