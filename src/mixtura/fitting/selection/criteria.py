"""Criteria: what says which of several fits is the best.

All are in units of −2·log-likelihood, in nats, and smaller is better, as in scikit-learn. R's
mclust has them with the other sign, and larger is better: ask for ``sign="mclust"``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mixtura.engine import kernel
from mixtura.engine.executors import Executor
from mixtura.engine.sources import Block, Source
from mixtura.errors import ParameterError
from mixtura.fitting.fit import SIGNS
from mixtura.fitting.selection.row import Row
from mixtura.model.mixture import Mixture

__all__ = [
    "CRITERIA",
    "better",
    "classification_loss",
    "compared",
    "criterion_called",
    "signed",
    "worth",
]

#: the criteria by name, each with how people write it
CRITERIA = {"bic": "BIC", "icl": "ICL", "aic": "AIC", "cv": "CV"}


def criterion_called(name: Any) -> str:
    """`name`, if it is that of a criterion.

    Raises
    ------
    ParameterError : it is not; those that exist are listed.
    """
    if not isinstance(name, str) or name not in CRITERIA:
        known = ", ".join(CRITERIA)
        raise ParameterError(f"unknown criterion {name!r}, expected one of: {known}")
    return name


def better(sign: str) -> str:
    """Which of two criteria is better in that sign: the smaller, or the larger one."""
    return "smaller" if signed(1.0, sign) > 0.0 else "larger"


def signed(value: float, sign: str) -> float:
    """`value` in the sign of ``"scikit-learn"``, smaller is better, or of ``"mclust"``, larger is.

    Raises
    ------
    ParameterError : it is neither.
    """
    if not isinstance(sign, str) or sign not in SIGNS:
        raise ParameterError(
            f"sign is {sign!r}, expected 'scikit-learn', for which smaller is better, or 'mclust', "
            "for which larger is"
        )
    return SIGNS[sign] * value


def classification_loss(
    mixture: Mixture, source: Source, executor: Executor, log_likelihood: float
) -> float:
    """−2·Σ_i v_i log max_k r_ik, what ICL adds to BIC, nats; 0 where every row is certain.

    Parameters
    ----------
    mixture, source, executor : of which rows, and who carries the pass out.
    log_likelihood : Σ_i v_i log p(x_i) under the mixture, nats.

    Notes
    -----
    One pass over the rows.

    References
    ----------
    Biernacki, Celeux & Govaert 2000, "Assessing a mixture model for clustering with the integrated
    completed likelihood", with each row given to its likeliest component.
    """
    if mixture.components.n_components == 1:  # and no noise
        return 0.0

    def likeliest(block: Block) -> float:
        return kernel.assign(block, mixture.components, diagonal=True)[1].log_likelihood

    # Log max_k r_ik is the largest log joint density less that of the row.
    return 2.0 * max(log_likelihood - executor.run(source, likeliest), 0.0)


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
