"""Fit: the frozen result of a run of EM."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mixtura.caching import cached_property
from mixtura.errors import ParameterError
from mixtura.filling import filled
from mixtura.fitting.ended import Ended
from mixtura.fitting.verdict import Verdict
from mixtura.textual import counted

if TYPE_CHECKING:
    from mixtura.notebook import Frame, StandardErrors

#: what a criterion's sign follows: smaller is better for scikit-learn, larger for R's mclust
SIGNS = {"scikit-learn": 1.0, "mclust": -1.0}


@filled
@dataclass(frozen=True, eq=False)
class Fit(Ended):
    """The mixture that a fit found, and how it came about.

    Parameters
    ----------
    mixture : the fitted density.
    trace : the mean log-likelihood of the start and after each iteration whose end was kept,
        nats a row; the last is that of `mixture`. With a prior, what EM then maximises: that and
        the log density of the prior, a row.
    outcome : how it ended; `verdict` says what to do about it.
    repairs : what was done to components that collapsed, in order.
    settings : what was asked for.
    seconds : wall-clock time, all starts together.
    n_rows : how many rows it saw.
    total_weight : the sum of their weights.
    accelerated : the entries of `trace` that an extrapolation led to, instead of a step of EM.
    rejected : how many extrapolated points were tried and not kept; each took an iteration, and
        has no entry in `trace`.
    floored : the components whose covariance is what the regularisation makes of it, in some
        direction: on the floor of ``reg_covar="auto"``, or within twice the number that was added.
        0 stands for a covariance that all share.
    starved : those of them that fewer than D + 1 rows' weight is in, unless they share it: only
        the regularisation holds them up.
    oddities : what is odd about the rows.
    mean_log_prior : the logarithm of the prior's density at `mixture`, but for a constant, over
        the total weight, nats a row; 0 without a prior. The log-likelihood and the criteria are
        of the rows alone.
    seed : the whole number that the start was drawn with; None where it was another source of
        randomness, or where parameters to start from were given.
    searches : how often the search for a start met the best end; None where nobody counted.
    truncation : what truncated EM left out, and how much that is; None for exact EM. Of a truncated
        run `trace` is of the bound that it raises, and only its last entry the log-likelihood.
    """

    def __repr__(self) -> str:
        return (
            f"Fit({self.outcome.value}, {counted(self.n_iter, 'iteration')}, "
            f"log-likelihood {self.log_likelihood:.7g}, {self.mixture!r})"
        )

    def __str__(self) -> str:
        """How it ended, its figures and its parameters."""
        from mixtura.fitting.listing import fit_text

        return fit_text(self, self.verdict)

    def _repr_html_(self) -> str:
        """How it ended, and the mixture, for a notebook."""
        from mixtura.fitting.listing import fit_html

        return fit_html(self, self.verdict)

    def criterion(self, name: str, sign: str = "scikit-learn") -> float:
        """``"bic"`` or ``"aic"``, in the sign that is wanted.

        Parameters
        ----------
        name : of the criterion; ICL and cross-validation need the rows: `mixtura.select`.
        sign : ``"scikit-learn"``, smaller is better, or ``"mclust"``, larger is, as in R.

        Raises
        ------
        ParameterError : there is no such criterion, or sign.
        """
        known = {"bic": self.bic, "aic": self.aic}
        if not isinstance(name, str) or name not in known:
            raise ParameterError(
                f"a fit has no criterion {name!r}, expected bic or aic: mixtura.select has others"
            )
        if not isinstance(sign, str) or sign not in SIGNS:
            raise ParameterError(
                f"sign is {sign!r}, expected 'scikit-learn', for which smaller is better, or "
                "'mclust', for which larger is"
            )
        return SIGNS[sign] * known[name]

    def standard_errors(self, X: Any, method: str = "information", **more: Any) -> StandardErrors:
        """Standard errors of the parameters; see `mixtura.standard_errors`.

        Parameters
        ----------
        X : the rows that it was fitted to.
        method : ``"information"``, ``"bootstrap"`` or ``"weighted-bootstrap"``.
        more : the other arguments of that function.
        """
        from mixtura.notebook import errors_of

        return errors_of(self, X, method, **more)

    def explore(
        self, X: Any, *, features: Sequence[int | str] | None = None, name: str = ""
    ) -> Frame:
        """A page to replay the fit in, to ask why of a point, and to move components by hand.

        Parameters
        ----------
        X : the rows that it was fitted to, (N, D) array-like or a table.
        features : one or two to show; those that tell most by default.
        name : what the rows are called.

        Returns
        -------
        What a notebook shows in a frame; `save` writes the page to a file.

        Raises
        ------
        DataError : wrong shape, missing columns, NaN or infinity.
        ParameterError : there is no such feature.

        Notes
        -----
        The fit is made again, to keep each iteration; the page says where it is another, as with
        weights or a start that was drawn from a generator.

        Examples
        --------
        >>> import mixtura
        >>> from mixtura.datasets import galaxies
        >>> frame = mixtura.fit(galaxies(), 2).explore(galaxies())
        >>> frame.page[:15]
        '<!DOCTYPE html>'
        """
        from mixtura.notebook import explored

        return explored(self, X, features=features, name=name)

    @cached_property
    def verdict(self) -> Verdict:
        """All that is known of how it went: what its notes, its remedy and the word void are of."""
        return Verdict.of(self)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found out about rows, weights and components, a sentence each."""
        return self.verdict.notes

    @property
    def remedy(self) -> str:
        """What to do next, in words; "nothing to do" only where nothing is."""
        return self.verdict.remedy

    @property
    def void(self) -> str:
        """Why AIC and BIC say nothing, and the likelihood little; empty where they do say it."""
        return self.verdict.void

    def summary(self) -> dict[str, Any]:
        """A plain record of the run, ready for JSON."""
        return {
            "n_rows": self.n_rows,
            **({} if self.total_weight == self.n_rows else {"total_weight": self.total_weight}),
            "log_likelihood": self.log_likelihood,
            "mean_log_likelihood": self.mean_log_likelihood,
            **({} if self.settings.conjugate is None else {"mean_log_prior": self.mean_log_prior}),
            "n_parameters": self.mixture.n_parameters,
            "aic": self.aic,
            "bic": self.bic,
            **({"void": self.void} if self.void else {}),
            "iterations": self.n_iter,
            # JSON has neither infinity nor NaN.
            "remaining_gain": self.remaining_gain if math.isfinite(self.remaining_gain) else None,
            "outcome": self.outcome.value,
            "converged": self.outcome.converged,
            "remedy": self.remedy,
            "repairs": [
                {
                    "iteration": repair.iteration,
                    "component": repair.component,
                    "action": repair.action,
                    "reason": repair.reason,
                }
                for repair in self.repairs
            ],
            "accelerated": list(self.accelerated),
            "floored": list(self.floored),
            "starved": list(self.starved),
            **({"searches": asdict(self.searches)} if self.searches else {}),
            "notes": list(self.notes),
            **({"truncation": self.truncation.record()} if self.truncation else {}),
            "settings": {
                **self.settings.record(),
                **({"search": "truncated"} if self.truncation else {}),
                "seed": self.seed,
            },
            "seconds": self.seconds,
            "trace": self.trace.tolist(),
        }
