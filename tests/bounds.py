"""What is so of every fit by truncated EM, wherever its rows are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mixtura


def check_bound(fit: mixtura.Fit, X: Any) -> None:
    """The bound never fell, the likelihood is that of the rows (N, D), and few lack their best."""
    told = fit.truncation
    assert told is not None
    assert (np.diff(fit.trace) >= -1e-10 * np.abs(fit.trace[1:])).all()
    assert fit.mean_log_likelihood == pytest.approx(fit.mixture.score(X), abs=1e-9)
    assert told.bound <= fit.mean_log_likelihood + 1e-12
    assert told.best_kept > 0.995
