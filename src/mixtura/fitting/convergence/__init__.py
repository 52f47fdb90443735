"""Where EM goes next, and when it stops."""

from __future__ import annotations

from mixtura.fitting.convergence.rules import Outcome, Remaining, Rule, remaining_gain

__all__ = ["Outcome", "Remaining", "Rule", "remaining_gain"]
