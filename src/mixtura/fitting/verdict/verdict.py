"""Verdict: all that is known of how a fit went, in words that do not contradict each other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from mixtura.filling import filled
from mixtura.fitting.convergence.rules import Outcome
from mixtura.fitting.ended import Ended
from mixtura.fitting.starts.ground import is_searched
from mixtura.fitting.verdict.counts import too_few_rows, too_little_weight
from mixtura.fitting.verdict.findings import (
    Finding,
    component_findings,
    few_distinct,
    made,
    named,
    row_findings,
)
from mixtura.textual import counted

#: the remedy where there is nothing to do
NOTHING = "nothing to do"
#: what is said of a fit to rows with errors
TRUE_VALUES = "the rows have errors, and the mixture is of their true values"
#: a gain of the log-likelihood of all rows that is worth further iterations, nats
_WORTH = 1e-2
#: so many starts are worth asking for
_STARTS = 5


@filled
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
        weights, few, others, left_out = _found(fit)
        hopeless = few is not None and few.grave
        explained = hopeless or bool(others)
        told = (*fit.oddities.assumed, *filter(None, [fit.oddities.missing]))
        assumed = [Finding(each, grave=False) for each in told]
        true = Finding(TRUE_VALUES, grave=False) if fit.oddities.measured else None
        # The density of rows with errors is bounded: no floor makes it.
        singular = bool(fit.floored) and fit.oddities.measured
        void = [made(fit)] if fit.floored and not singular else []
        void += [weights.said] if weights else []
        words = f"{fit.outcome.value}{' to a singular component' if singular else ''}"
        return cls(
            fit.outcome,
            f"{words}, {fit.searches}" if fit.searches else words,
            tuple(asked(fit, explained=explained, hopeless=hopeless)),
            tuple(each for each in (weights, few, *others, *assumed, true, left_out) if each),
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


def grave(fit: Ended) -> list[Finding]:
    """Those of a verdict's findings at which people should look even if they did not ask."""
    weights, few, others, left_out = _found(fit)
    return [each for each in (weights, few, *others, left_out) if each and each.grave]


def _found(
    fit: Ended,
) -> tuple[Finding | None, Finding | None, tuple[Finding, ...], Finding | None]:
    """Of the weights, of how few rows there are, of rows and components, and of what was left out.

    Of rows that are the same no structure would make a density, and of too few of them components
    tell nothing.
    """
    mixture, left_out = fit.mixture, fit.oddities.left_out
    size = fit.n_rows, mixture.n_components, mixture.n_features
    few = None
    if not few_distinct(fit):
        few = too_few_rows(mixture.structure, *size, fit.settings.conjugate)
    rows = tuple(row_findings(fit))
    parts = () if few is not None and few.grave else tuple(component_findings(fit))
    weights = too_little_weight(fit.total_weight, *size)
    return weights, few, rows + parts, Finding(left_out) if left_out else None


def asked(fit: Ended, *, explained: bool, hopeless: bool) -> Iterator[str]:
    """What the end of EM asks for, a sentence each.

    Parameters
    ----------
    fit : the fit.
    explained : whether something else was found that repairs come from.
    hopeless : whether the rows are too few for the structure, so that neither further iterations
        nor other starts help.
    """
    outcome, left = fit.outcome, _left(fit)
    if outcome is Outcome.NOT_RUN:
        yield "max_iter is 0, so the parameters are the start: raise it to fit"
    if outcome is Outcome.CHANGED:
        yield (
            "the log-likelihood fell as it cannot over the same rows, and the rows must be the "
            "same at each pass: give what makes them a seed, persist the collection, or keep "
            "others from writing to them"
        )
    if outcome is Outcome.INTERRUPTED:
        yield f"the parameters are the best so far{left}: fit again from them to go on"
    if hopeless:
        return
    if outcome is Outcome.OUT_OF_ITERATIONS:
        rather = "give tol as a number" if fit.settings.tol == "auto" else "raise tol"
        yield f"raise max_iter{left}, or {rather} if less precision will do"
    if outcome is Outcome.STALLED:
        yield _fallen(fit)
    if outcome.converged and fit.settings.rule.hasty and left:
        yield f"EM stopped early{left}: set tol to 'auto', or lower it"
    more = max(_STARTS, 2 * fit.settings.n_init)
    if fit.repairs and not explained:
        who = sorted({repair.component for repair in fit.repairs})
        yield (
            f"{named(who)} collapsed on the way and {'was' if len(who) == 1 else 'were'} repaired: "
            f"see with n_init={more} whether another start ends higher, or use fewer components"
        )
    size = fit.n_rows, fit.mixture.n_components, fit.mixture.n_features
    by_name = isinstance(fit.settings.start, str) and fit.settings.start == "auto"
    if by_name and fit.truncation is None and not is_searched(*size, fit.mixture.structure):
        yield (
            "so many components, or features, are more than a search for a start can pay for: it "
            f"is that of k-means alone, so see with n_init={more} whether another ends higher"
        )
    if fit.searches and fit.searches.alone:
        others = fit.searches.of - 1
        yield (
            f"{counted(others, 'other end')} {'was' if others == 1 else 'were'} met, the best only "
            f"once: ask for n_init={more}"
        )


def _left(fit: Ended) -> str:
    """What is still to be gained, in words that go on a sentence; empty where it is little."""
    gain = fit.remaining_gain
    if not gain > _WORTH:
        return ""
    if math.isinf(gain):
        return ", with gains that did not shrink yet"
    return f", with about {gain:.2g} nats of log-likelihood still to be gained"


def _fallen(fit: Ended) -> str:
    """Why the log-likelihood fell, as far as it is known, and what to do."""
    if fit.settings.regularisation.ridge > 0.0:
        return (
            "the log-likelihood fell, as what reg_covar adds to the variances can make it: lower "
            "reg_covar, rescale the columns, or use fewer components"
        )
    if fit.floored:
        return (
            "the log-likelihood fell by rounding: beside a covariance on the floor of reg_covar it "
            "has eight digits"
        )
    return "the log-likelihood fell: try another start, or fewer components"
