"""Selection: the whole table, the best of it, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mixtura.caching import cached_property
from mixtura.errors import DataError
from mixtura.fitting.fit import Fit
from mixtura.fitting.verdict.counts import too_little_weight
from mixtura.selection.criteria import CRITERIA, better, criterion_called, written
from mixtura.selection.row import Row
from mixtura.textual import counted

#: a difference above this is not told of: very strong evidence
_TOLD = 10.0
#: of so many components and features modes are found at once
_MODES = 8
#: so many rivals are told of
_RIVALS = 3
#: what the parts are of criteria that are sums of them
_PARTS = {"cv": "folds", "stability": "bootstrap samples"}
#: differences of BIC up to so much, and what they are
_GRADES = ((2.0, "weak"), (6.0, "positive"), (10.0, "strong"), (math.inf, "very strong"))


@dataclass(frozen=True, eq=False)
class Selection:
    """All candidates of a selection with their criteria, and the best.

    Parameters
    ----------
    rows : one for each K and structure, structure after structure.
    by : the criterion that decides: ``bic``, ``icl``, ``aic``, ``cv``, ``stability`` or ``elbo``,
        −2 times the evidence bound. All but the stability are in units of −2·log-likelihood, and
        smaller is better; R's mclust has the other sign.
    n_rows : how many rows of data there were.
    total_weight : the sum of their weights.
    seconds : wall-clock time.
    """

    rows: tuple[Row, ...]
    by: str
    n_rows: int
    total_weight: float
    seconds: float

    def __repr__(self) -> str:
        ranked = self.ranked()
        best = f"best {ranked[0].candidate}" if ranked else "none to choose from"
        return f"Selection({counted(len(self.rows), 'candidate')}, {best} by {CRITERIA[self.by]})"

    def __str__(self) -> str:
        return "\n".join(self.verdict)

    @property
    def best_row(self) -> Row:
        """The row of the best fit.

        Raises
        ------
        DataError : no candidate could be fitted; their reasons are told.
        """
        ranked = self.ranked()
        if ranked:
            return ranked[0]
        reasons = list(dict.fromkeys(row.fault for row in self.rows if row.fault))
        raise DataError(
            f"none of {counted(len(self.rows), 'candidate')} is fit to be chosen: "
            + "; ".join(reasons[:3])
        )

    @property
    def best(self) -> Fit:
        """The best fit; errors as for `best_row`."""
        fit = self.best_row.fit
        assert fit is not None
        return fit

    @property
    def failures(self) -> tuple[Row, ...]:
        """The rows that are not among those to choose from, each with its reason in `fault`."""
        return tuple(row for row in self.rows if not row.sound)

    @property
    def verdict(self) -> tuple[str, ...]:
        """What was chosen, and how sure that is, a sentence each, in scikit-learn's sign."""
        return self.sentences()

    def sentences(self, sign: str = "scikit-learn") -> tuple[str, ...]:
        """What was chosen, and how sure that is, a sentence each.

        Weights that are no counts come first: of them nothing can be chosen by a criterion.

        Parameters
        ----------
        sign : of the criteria: ``"scikit-learn"``, smaller is better; ``"mclust"``, larger is.

        Raises
        ------
        DataError : no candidate could be fitted; their reasons are told.
        ParameterError : another sign.
        """
        best, fit = self.best_row, self.best
        most = max(row.n_components for row in self.rows)
        weights = too_little_weight(self.total_weight, self.n_rows, most, fit.mixture.n_features)
        said = [f"the choice means nothing: {weights}"] if weights else []
        said += [
            f"{best.candidate} is the best of {counted(len(self.rows), 'candidate')} by "
            f"{CRITERIA[self.by]}: {written(best.criterion(self.by, sign), self.by)}, "
            f"{better(sign)} is better"
        ]
        said += [compared(best, row, self.by) for row in self._rivals(best)[:_RIVALS]]
        if not fit.outcome.converged:
            said.append(f"{best.candidate} has not converged ({fit.outcome.value}): {fit.remedy}")
        said += [str(each) for each in fit.verdict.findings if each != weights]
        if self._n_modes != best.n_components:
            said.append(
                f"{counted(best.n_components, 'component')} have {counted(self._n_modes, 'mode')}: "
                "a component is no cluster by itself; mixture.modes() tells where"
            )
        numbers = sorted({row.n_components for row in self.rows})
        if best.n_components == numbers[-1] and len(numbers) > 1:
            said.append(f"{best.n_components} is the largest number of components tried: try more")
        return tuple(said)

    @cached_property
    def _n_modes(self) -> int:
        """How many modes the best mixture has; K where they would take long to find."""
        mixture = self.best.mixture
        k = mixture.n_components
        return len(mixture.modes()) if max(k, mixture.n_features) <= _MODES else k

    def ranked(self, by: str | None = None) -> tuple[Row, ...]:
        """The rows to choose from, the best first; of equals that with fewer parameters.

        Parameters
        ----------
        by : a criterion, or None for the one that decides.

        Raises
        ------
        ParameterError : there is no such criterion.
        """
        name = self.by if by is None else criterion_called(by)
        rows = [row for row in self.rows if row.sound and math.isfinite(row.criterion(name))]
        if not rows:
            return ()
        # Beyond the rounding of a sum, a difference does not count.
        least = min(row.criterion(name) for row in rows)
        grain = 1e-9 * max(1.0, abs(least))

        def key(row: Row) -> tuple[float, int, int]:
            assert row.fit is not None
            return (
                round((row.criterion(name) - least) / grain),
                row.fit.mixture.n_parameters,
                row.n_components,
            )

        return tuple(sorted(rows, key=key))

    def chosen(self, by: str) -> Selection:
        """The same table, with another criterion to decide.

        Raises
        ------
        ParameterError : there is no such criterion.
        """
        return replace(self, by=criterion_called(by))

    def table(self, sign: str = "scikit-learn") -> list[dict[str, Any]]:
        """Every row as plain numbers and texts, for a data frame or JSON.

        Parameters
        ----------
        sign : of the criteria: ``"scikit-learn"``, smaller is better; ``"mclust"``, larger is.

        Raises
        ------
        ParameterError : another sign.
        """
        return [row.record(sign) for row in self.rows]

    def summary(self, sign: str = "scikit-learn") -> dict[str, Any]:
        """The selection as one plain record; parameters and errors as for `table`."""
        ranked = self.ranked()
        best = ranked[0] if ranked else None
        return {
            "by": self.by,
            "sign": sign,
            "best": {"structure": best.structure, "n_components": best.n_components}
            if best
            else None,
            "verdict": list(self.sentences(sign)) if best else [],
            "n_rows": self.n_rows,
            "total_weight": self.total_weight,
            "seconds": self.seconds,
            "candidates": self.table(sign),
        }

    def _rivals(self, best: Row) -> Sequence[Row]:
        """Those near the best that are other models: one component has few different ones."""
        met = {_model(best)}
        rivals = []
        for row in self.ranked()[1:]:
            if row.criterion(self.by) - best.criterion(self.by) > _TOLD:
                break
            if _model(row) not in met:
                met.add(_model(row))
                rivals.append(row)
        return rivals


def _model(row: Row) -> tuple[int, str]:
    """What tells models apart: with one component, an equal and a varying part are one."""
    name = row.structure
    return row.n_components, name.replace("V", "E") if row.n_components == 1 else name


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

    Cross-validation and stability are judged by the differences of the folds, or of the bootstrap
    samples: their mean against its error.
    """
    difference = other.criterion(criterion) - best.criterion(criterion)
    between = f"{best.candidate} and {other.candidate}"
    name = CRITERIA[criterion]
    if difference <= 1e-6 * max(1.0, abs(best.criterion(criterion))) * 1e-3:
        return f"{between} have the same {name}: it does not tell them apart"
    amount = f"{between} differ by {difference:.3g} in {name}"
    if criterion in _PARTS:
        error = _paired_error(best.folds, other.folds)
        if math.isfinite(error):
            weak = difference < 2.0 * error
            verdict = "within two standard errors" if weak else "beyond two standard errors"
            return f"{amount}, {verdict} of the {_PARTS[criterion]} ({error:.2g}): " + (
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
