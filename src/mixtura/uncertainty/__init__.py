"""How sure the parameters of a fit are."""

from __future__ import annotations

from mixtura.uncertainty.estimation import standard_errors
from mixtura.uncertainty.standard_errors import StandardErrors

__all__ = ["StandardErrors", "standard_errors"]
