"""Asked: what each group of rows is to be fitted with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any

from mixtura.arguments import is_whole
from mixtura.engine.arrays import Floats
from mixtura.engine.groups import GroupRule
from mixtura.errors import MixturaError, ParameterError
from mixtura.fitting import Fit, Settings, fit
from mixtura.fitting.convergence.rules import Remaining
from mixtura.fitting.m_step.regularisation import Regularisation
from mixtura.fitting.settings import RECORDED, unable
from mixtura.fitting.starts.spurious import FEW, THIN
from mixtura.model.structures import Structure
from mixtura.selection.criteria import DEAR, criterion_called
from mixtura.selection.select import rule_for, select

#: the start that the kernel finds for many groups at once
SMALL_EM = "small-em"
#: the other settings of a fit of groups, with the defaults of `fit`
_DEFAULTS = {
    name: argument.default
    for name, argument in signature(fit).parameters.items()
    if name in {*RECORDED, "weights", "prior"} - {"start", "n_init"}
}
#: nats of all rows of a group that may be still to be gained
_NATS = 1e-3
#: EM steps that tell the starts of a group apart
_SHORT = 3
#: starts for which one swap is tried
_SWAPS_EACH = 2
#: starts of each group, if nothing is said
_STARTS = 10
#: a covariance is held up by a floor that it is so near
_MARGIN = 1.0 + 1e-4


@dataclass(frozen=True)
class Asked:
    """The candidates for every group, and how they are fitted and chosen from.

    Parameters
    ----------
    numbers : of components.
    structures : of the covariances.
    criterion : what decides, or empty where there is one candidate.
    settings : of every fit, but for these.
    quick : whether the start is the kernel's.
    n_starts : how many of those.
    seed : of all draws.

    Raises
    ------
    ParameterError : one of them is out of range, or the criterion is none of a group.
    """

    numbers: Sequence[int]
    structures: Sequence[Structure]
    criterion: str
    settings: Settings
    quick: bool
    n_starts: int
    seed: int

    @classmethod
    def of(
        cls,
        numbers: Sequence[int],
        structures: Sequence[Structure],
        criterion: str,
        *,
        start: Any,
        n_init: int | None,
        random_state: Any,
        **settings: Any,
    ) -> Asked:
        """What the arguments of `fit_groups` come to; errors as for the class."""
        quick = isinstance(start, str) and start == SMALL_EM
        for name in settings:
            if name not in _DEFAULTS:
                known = ", ".join(_DEFAULTS)
                raise ParameterError(f"there is no setting {name!r} of groups, expected {known}")
        if not is_whole(random_state) or not 0 <= random_state < 2**32:
            raise ParameterError(
                f"random_state is {random_state!r}, expected a whole number from 0 to 4294967295: "
                "each group's seed is made of it and of the group's key"
            )
        for each in structures:
            unable(each, "fits of many groups", asked=bool(each.n_factors))
        if criterion and criterion_called(criterion) in DEAR:
            raise ParameterError(
                f"criterion is {criterion!r}, which takes many fits of each group: use 'bic', "
                "'icl' or 'aic'"
            )
        runs = (_STARTS if quick else 1) if n_init is None else n_init
        how = Settings(
            1,
            structures[0],
            start="auto" if quick else start,
            n_init=runs,
            **{**_DEFAULTS, **settings},
        )
        return cls(
            tuple(numbers),
            tuple(structures),
            criterion,
            replace(how, n_init=1) if quick else how,
            quick,
            int(runs),
            int(random_state),
        )

    @property
    def candidates(self) -> list[tuple[int, str]]:
        """Numbers of components and letters, the poorer structures first."""
        return [(k, each.letters) for each in self.structures for k in self.numbers]

    def rule(self, n_features: int) -> GroupRule | None:
        """How the kernel is to do it for so many features; None where it cannot."""
        settings = self.settings
        if not self.quick or settings.conjugate is not None or self.criterion == "icl":
            return None
        tolerance = settings.tol == "auto"
        return GroupRule(
            settings.regularisation.ridge,
            _MARGIN * Regularisation.SHARE,
            settings.equal_weights,
            Remaining().least if tolerance else float(settings.tol),  # type: ignore[arg-type]
            _NATS if tolerance else 0.0,
            not tolerance,
            settings.last_iteration,
            self.n_starts,
            _SHORT,
            self.n_starts // _SWAPS_EACH,
            self.criterion != "aic",
            THIN,
            float(FEW * (n_features + 1)),
        )

    def fitted(self, rows: Any, weights: Floats | None, seed: int) -> Fit | str:
        """The fit to one group by itself, or why there is none.

        Parameters
        ----------
        rows : (N, D), or a table.
        weights : (N,), or None.
        seed : of the group.
        """
        how: dict[str, Any] = self.settings.arguments()
        structure = how.pop("structure")
        try:
            total = float(len(rows) if weights is None else weights.sum())
            how["tol"] = rule_for(self.settings.tol, max(total, 1.0))  # type: ignore[arg-type]
            how |= {"sample_weight": weights, "random_state": seed}
            if not self.criterion:
                return fit(rows, self.numbers[0], structure=structure, **how)
            del how["n_init"]
            found = select(
                rows,
                self.numbers,
                structures=self.structures,
                criterion=self.criterion,
                n_jobs=1,
                **how,
            )
            return found.best
        except MixturaError as error:
            words = str(error)
            return f"its {words}" if words.startswith("row ") else words
