"""End: how EM ended, and what that asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator

from mixtura.fitting.convergence.rules import Outcome
from mixtura.fitting.ended import Ended
from mixtura.fitting.starts.ground import is_searched
from mixtura.fitting.verdict.findings import named
from mixtura.textual import counted

#: a gain of the log-likelihood of all rows that is worth further iterations, nats
_WORTH = 1e-2
#: so many starts are worth asking for
_STARTS = 5


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
    if by_name and not is_searched(*size, fit.mixture.structure):
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
