"""HTML: a fit as a notebook shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mixtura.markup import Html, element, joined, table
from mixtura.model.html import mixture_html
from mixtura.textual import counted

if TYPE_CHECKING:
    from mixtura.fitting.fit import Fit

__all__ = ["fit_html"]


def fit_html(fit: Fit) -> Html:
    """How it ended and what to do about it, its figures, and the mixture."""
    ending = f"{fit.verdict.words}, {counted(fit.n_iter, 'iteration')}: {fit.remedy}"
    void = f"AIC and BIC are void: {fit.void}"
    repairs = [
        f"{'at the start' if repair.iteration == 0 else f'in iteration {repair.iteration}'}, "
        f"component {repair.component} was {repair.action}: {repair.reason}"
        for repair in fit.repairs
    ]
    figures = [
        [
            "rows",
            "log-likelihood, nats",
            "a row",
            *(f"{name}{', void' if fit.void else ''}" for name in ("AIC", "BIC")),
        ],
        [
            f"{fit.n_rows:,}",
            f"{fit.log_likelihood:.8g}",
            f"{fit.mean_log_likelihood:.8g}",
            f"{fit.aic:.8g}",
            f"{fit.bic:.8g}",
        ],
    ]
    said = [*fit.notes, *([void] if fit.void else []), *repairs]
    return joined(
        [
            element("p", [element("strong", "Fit: "), ending]),
            element("ul", [element("li", one) for one in said]) if said else "",
            table("Figures of the fit", figures, heads=0),
            mixture_html(fit.mixture),
        ]
    )
