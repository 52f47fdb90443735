"""Warned: what a person should look at, who fits by scikit-learn's interface."""

from __future__ import annotations

import warnings

from sklearn.exceptions import ConvergenceWarning

from mixtura.estimators.checks import UNCONVERGED
from mixtura.fitting import Fit

__all__ = ["warn_if_void", "warn_of"]


def warn_of(fit: Fit, *, expected: bool) -> None:
    """Warn, where `GaussianMixture.fit` was called, of what is grave about a fit.

    Parameters
    ----------
    fit : the fit.
    expected : whether it was asked to converge.
    """
    for finding in fit.verdict.findings:
        if finding.grave:
            warnings.warn(str(finding), ConvergenceWarning, stacklevel=4)
    if expected and not fit.outcome.converged:
        warnings.warn(
            f"{UNCONVERGED} It ended {fit.outcome.value} at iteration {fit.n_iter}: {fit.remedy}",
            ConvergenceWarning,
            stacklevel=4,
        )


def warn_if_void(fit: Fit | None, criterion: str) -> None:
    """Warn, where a criterion was asked for, that it says nothing: a component is starved.

    Parameters
    ----------
    fit : the fit, or None where there is none to tell.
    criterion : its name.
    """
    if fit is not None and fit.starved:
        warnings.warn(f"{criterion} is void: {fit.void}", ConvergenceWarning, stacklevel=3)
