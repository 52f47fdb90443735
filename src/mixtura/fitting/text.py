"""Text: a fit as `print` shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mixtura.model.listing import mixture_text
from mixtura.textual import counted

if TYPE_CHECKING:
    from mixtura.fitting.fit import Fit

__all__ = ["fit_text"]


def fit_text(fit: Fit) -> str:
    """How it ended and what to do about it, its figures, and the parameters."""
    void = " (void)" if fit.void else ""
    lines = [
        f"Fit: {fit.verdict.words}, {counted(fit.n_iter, 'iteration')}: {fit.remedy}",
        *fit.notes,
        *([f"AIC and BIC are void: {fit.void}"] if fit.void else []),
        f"{counted(fit.n_rows, 'row')}, log-likelihood {fit.log_likelihood:.8g} nats "
        f"({fit.mean_log_likelihood:.6g} a row), AIC {fit.aic:.8g}{void}, BIC {fit.bic:.8g}{void}",
        "",
        mixture_text(fit.mixture),
    ]
    return "\n".join(lines)
