"""Gaussian mixtures that are fast, exact, and show their work."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mixtura.version import __version__

if TYPE_CHECKING:
    from mixtura.estimators import GaussianMixture
    from mixtura.fitting import Fit, Given, Outcome, fit
    from mixtura.fitting.selection import BootstrapTest, Selection, bootstrap_test, select
    from mixtura.fitting.uncertainty import StandardErrors, standard_errors
    from mixtura.model.explain import Explanation
    from mixtura.model.merging import Merging, merge_components
    from mixtura.model.mixture import Mixture
    from mixtura.model.storage import load, save
    from mixtura.views.display import MixtureDisplay

__all__ = [
    "BootstrapTest",
    "Explanation",
    "Fit",
    "GaussianMixture",
    "Given",
    "Merging",
    "Mixture",
    "MixtureDisplay",
    "Outcome",
    "Selection",
    "StandardErrors",
    "__version__",
    "bootstrap_test",
    "fit",
    "load",
    "merge_components",
    "save",
    "select",
    "standard_errors",
]

_HOMES = {
    "BootstrapTest": "mixtura.fitting.selection",
    "Explanation": "mixtura.model.explain",
    "Fit": "mixtura.fitting",
    "GaussianMixture": "mixtura.estimators",
    "Given": "mixtura.fitting",
    "Merging": "mixtura.model.merging",
    "Mixture": "mixtura.model.mixture",
    "MixtureDisplay": "mixtura.views.display",
    "Outcome": "mixtura.fitting",
    "Selection": "mixtura.fitting.selection",
    "StandardErrors": "mixtura.fitting.uncertainty",
    "bootstrap_test": "mixtura.fitting.selection",
    "fit": "mixtura.fitting",
    "load": "mixtura.model.storage",
    "merge_components": "mixtura.model.merging",
    "save": "mixtura.model.storage",
    "select": "mixtura.fitting.selection",
    "standard_errors": "mixtura.fitting.uncertainty",
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
