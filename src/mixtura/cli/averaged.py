"""Averaged: `mixtura fit --bayes`, and what is said of what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

import mixtura
from mixtura.cli import inputs
from mixtura.cli.model_output import ModelOutput

if TYPE_CHECKING:
    from mixtura.bayesian.fitted import BayesianFit

#: components at most, where nothing is said
_MOST = 20
#: arguments of a fit that maximises, what they are where nothing is said, and their options
_OTHERS = {
    "noise": (None, "--noise"),
    "prior": (None, "--prior"),
    "weights": ("free", "--equal-weights"),
    "reg_covar": ("auto", "--reg-covar"),
}


@dataclass(frozen=True, eq=False)
class Averaged:
    """A Bayesian fit, and the rows that it is of.

    Parameters
    ----------
    fit : the fit.
    known : the rows as they were read.
    """

    fit: BayesianFit
    known: inputs.Rows

    def record(self) -> dict[str, Any]:
        """What a model file keeps of it, and what is to be said of it."""
        from mixtura.bayesian.stored import bayes_record

        fit = self.fit
        expected, deviation = fit.spread
        found = fit.n_occupied
        some = "1 component has rows" if found == 1 else f"{found} components have rows"
        return {
            "n_rows": fit.n_rows,
            "total_weight": fit.total_weight,
            "iterations": fit.n_iter,
            "seconds": fit.seconds,
            "outcome": fit.outcome.value,
            "converged": fit.outcome.converged,
            "notes": [
                f"{some}, of at most {fit.belief.posterior.n_components}; expected are "
                f"{expected:.4g} with a standard deviation of {deviation:.2g}",
                f"the evidence bound (ELBO) is {fit.elbo:.10g} nats: the larger, the better the "
                "structure or the prior, for the same rows",
                "weights and means are posterior means, covariances the inverse of the posterior "
                "mean of the precision",
            ],
            **bayes_record(fit),
        }


def fitted(
    asked: inputs.Input, components: int | None, options: dict[str, Any], kept: ModelOutput
) -> Averaged:
    """The Bayesian fit that a command line asks for.

    Raises
    ------
    click.UsageError : an option is given that is for maximum likelihood alone.
    """
    given = [name for key, (usual, name) in _OTHERS.items() if options.get(key, usual) != usual]
    given += ["--label"] if asked.label_column is not None else []
    given += ["--checkpoint"] if kept.checkpoint is not None else []
    given += ["--missing em"] if asked.missing == "em" else []
    known: Any = asked.scan() if asked.is_streamed() else asked.table()
    given += ["--error-columns"] if asked.errors(known) is not None else []
    if given:
        raise click.UsageError(
            f"{given[0]} is given with --bayes, which has priors of its own: leave one of them out"
        )
    start, tol = options["start"], options["tol"]
    fit = mixtura.fit_bayes(
        known,
        _MOST if components is None else components,
        options["structure"],
        start="kmeans" if start == "auto" else start,
        tol=1e-7 if tol == "auto" else tol,
        max_iter=options["max_iter"],
        n_init=options["n_init"],
        random_state=options["random_state"],
        sample_weight=asked.weights(known),
    )
    return Averaged(fit, known)
