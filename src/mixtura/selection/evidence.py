"""Evidence: what a difference in a criterion is worth, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mixtura.selection.criteria import CRITERIA
from mixtura.selection.row import Row

__all__ = ["compared", "worth"]

#: differences of BIC up to so much, and what they are
_GRADES = ((2.0, "weak"), (6.0, "positive"), (10.0, "strong"), (math.inf, "very strong"))


def worth(difference: float) -> str:
    """What a difference of BIC is worth: weak, positive, strong or very strong evidence.

    Parameters
    ----------
    difference : at least 0, in units of −2·log-likelihood.

    References
    ----------
    Kass & Raftery 1995, "Bayes factors", section 3.2.

    Examples
    --------
    >>> worth(1.2), worth(12.0)
    ('weak', 'very strong')
    """
    return next(grade for bound, grade in _GRADES if difference <= bound)


def compared(best: Row, other: Row, criterion: str) -> str:
    """One sentence on how much better `best` is than `other`.

    Cross-validation is judged by the differences of the folds: their mean against its error.
    """
    difference = other.criterion(criterion) - best.criterion(criterion)
    between = f"{best.candidate} and {other.candidate}"
    name = CRITERIA[criterion]
    if difference <= 1e-6 * max(1.0, abs(best.criterion(criterion))) * 1e-3:
        return f"{between} have the same {name}: it does not tell them apart"
    amount = f"{between} differ by {difference:.3g} in {name}"
    if criterion == "cv":
        error = _paired_error(best.folds, other.folds)
        if math.isfinite(error):
            weak = difference < 2.0 * error
            verdict = "within two standard errors" if weak else "beyond two standard errors"
            return f"{amount}, {verdict} of the folds ({error:.2g}): " + (
                "that is weak evidence" if weak else "that is clear"
            )
    if criterion == "aic":
        supported = "that is weak evidence" if difference <= 2.0 else "the second has less support"
        return f"{amount}: {supported}"
    return f"{amount}: that is {worth(difference)} evidence"


def _paired_error(first: Sequence[float], second: Sequence[float]) -> float:
    """The standard error of the sum of differences over folds; NaN for fewer than two."""
    n = len(first)
    if n < 2 or n != len(second):
        return math.nan
    differences = [theirs - ours for ours, theirs in zip(first, second, strict=True)]
    mean = sum(differences) / n
    return math.sqrt(n / (n - 1) * sum((each - mean) ** 2 for each in differences))
