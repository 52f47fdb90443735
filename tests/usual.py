"""Fits with the settings that scikit-learn has by default."""

from __future__ import annotations

from typing import Any

import mixtura
from mixtura import Fit
from mixtura.fitting.settings import SCIKIT_LEARNS

__all__ = ["usual_fit"]


def usual_fit(X: Any, n_components: int, **options: Any) -> Fit:
    """A fit with scikit-learn's settings, but for `options`."""
    return mixtura.fit(X, n_components, **{**SCIKIT_LEARNS, **options})
