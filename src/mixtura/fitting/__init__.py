"""From rows to a mixture."""

from __future__ import annotations

from mixtura.fitting.convergence import Outcome
from mixtura.fitting.em import Observer
from mixtura.fitting.fit import Fit
from mixtura.fitting.fitter import fit, fit_rows
from mixtura.fitting.given import Given
from mixtura.fitting.health import Repair
from mixtura.fitting.settings import Settings

__all__ = [
    "Fit",
    "Given",
    "Observer",
    "Outcome",
    "Repair",
    "Settings",
    "fit",
    "fit_rows",
]
