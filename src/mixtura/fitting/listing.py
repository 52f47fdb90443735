"""Listing: a fit as `print` and a notebook show it."""

from __future__ import annotations

from mixtura.fitting.ended import Ended
from mixtura.fitting.verdict import Verdict
from mixtura.markup import Html, element, joined, table
from mixtura.model.listing import mixture_html, mixture_text
from mixtura.textual import counted


def fit_text(fit: Ended, verdict: Verdict) -> str:
    """How it ended and what to do about it, its figures, and the parameters."""
    void = " (void)" if verdict.void else ""
    lines = [
        f"Fit: {verdict.words}, {counted(fit.n_iter, 'iteration')}: {verdict.remedy}",
        *verdict.notes,
        *([f"AIC and BIC are void: {verdict.void}"] if verdict.void else []),
        f"{counted(fit.n_rows, 'row')}, log-likelihood {fit.log_likelihood:.8g} nats "
        f"({fit.mean_log_likelihood:.6g} a row), AIC {fit.aic:.8g}{void}, BIC {fit.bic:.8g}{void}",
        "",
        mixture_text(fit.mixture),
    ]
    return "\n".join(lines)


def fit_html(fit: Ended, verdict: Verdict) -> Html:
    """How it ended and what to do about it, its figures, and the mixture."""
    ending = f"{verdict.words}, {counted(fit.n_iter, 'iteration')}: {verdict.remedy}"
    void = f"AIC and BIC are void: {verdict.void}"
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
            *(f"{name}{', void' if verdict.void else ''}" for name in ("AIC", "BIC")),
        ],
        [
            f"{fit.n_rows:,}",
            f"{fit.log_likelihood:.8g}",
            f"{fit.mean_log_likelihood:.8g}",
            f"{fit.aic:.8g}",
            f"{fit.bic:.8g}",
        ],
    ]
    said = [*verdict.notes, *([void] if verdict.void else []), *repairs]
    return joined(
        [
            element("p", [element("strong", "Fit: "), ending]),
            element("ul", [element("li", one) for one in said]) if said else "",
            table("Figures of the fit", figures, heads=0),
            mixture_html(fit.mixture),
        ]
    )
