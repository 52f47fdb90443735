"""Verdict: all that is known of how a fit went, in words that do not contradict each other."""

from __future__ import annotations

from dataclasses import dataclass

from mixtura.fitting.convergence.rules import Outcome
from mixtura.fitting.ended import Ended
from mixtura.fitting.verdict.counts import too_few_rows, too_little_weight
from mixtura.fitting.verdict.end import asked
from mixtura.fitting.verdict.findings import (
    Finding,
    component_findings,
    few_distinct,
    made,
    row_findings,
)

#: the remedy where there is nothing to do
NOTHING = "nothing to do"


@dataclass(frozen=True)
class Verdict:
    """How a fit ended, what was found, and what to do.

    Parameters
    ----------
    outcome : how EM ended.
    words : the same, and what else is known of the end, in a phrase.
    ends : what the end asks for, a sentence each.
    findings : of the rows, the weights and the components.
    void : why AIC and BIC say nothing, a sentence; empty where they do.
    """

    outcome: Outcome
    words: str
    ends: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    void: str = ""

    @classmethod
    def of(cls, fit: Ended) -> Verdict:
        """What is to be said of a fit."""
        mixture = fit.mixture
        size = fit.n_rows, mixture.n_components, mixture.n_features
        weights = too_little_weight(fit.total_weight, *size)
        few = None  # of rows that are the same no structure would make a density
        if not few_distinct(fit):
            few = too_few_rows(mixture.structure, *size, fit.settings.conjugate)
        hopeless = few is not None and few.grave
        rows = tuple(row_findings(fit))
        parts = () if hopeless else tuple(component_findings(fit))
        explained = hopeless or bool(rows or parts)
        left_out = Finding(fit.oddities.left_out) if fit.oddities.left_out else None
        assumed = [Finding(each, grave=False) for each in fit.oddities.assumed]
        void = [made(fit)] if fit.floored else []
        void += [weights.said] if weights else []
        return cls(
            fit.outcome,
            f"{fit.outcome.value}, {fit.searches}" if fit.searches else fit.outcome.value,
            tuple(asked(fit, explained=explained, hopeless=hopeless)),
            tuple(each for each in (weights, few, *rows, *parts, *assumed, left_out) if each),
            "; ".join(void),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found, a sentence each."""
        return tuple(map(str, self.findings))

    @property
    def remedy(self) -> str:
        """What to do next, in words; "nothing to do" only where nothing is."""
        advice = [each.advice for each in self.findings if each.advice]
        return "; ".join(dict.fromkeys([*self.ends, *advice])) or NOTHING
