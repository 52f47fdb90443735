"""From rows to a mixture."""

from __future__ import annotations

from mixtura.fitting.convergence.rules import Outcome
from mixtura.fitting.driver import fit, fit_rows
from mixtura.fitting.em import Observer
from mixtura.fitting.fit import Fit
from mixtura.fitting.given import Given
from mixtura.fitting.m_step.health import Repair
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
