"""Averaged: `mixtura fit --bayes`, and what is said of what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

import mixtura
from mixtura.cli import inputs, model_options
from mixtura.cli.model_output import ModelOutput
from mixtura.cli.spelling import spelled

#: components at most, where nothing is said
_MOST = 20
#: what auto is here
_AUTO = {"start": "kmeans", "tol": 1e-7}


@dataclass(frozen=True, eq=False)
class Averaged:
    """A Bayesian fit, and the rows that it is of.

    Parameters
    ----------
    fit : the `mixtura.BayesianFit`.
    known : the rows as they were read.
    """

    fit: Any
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
                *fit.notes,
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
    asked: inputs.Input,
    components: int | None,
    options: dict[str, Any],
    kept: ModelOutput,
    useless: list[str],
) -> Averaged:
    """The Bayesian fit that a command line asks for.

    Raises
    ------
    click.UsageError : an option is given that is for maximum likelihood alone.
    """
    usual, shared = model_options.MAXIMISING, dict(options)
    maximising = {name: shared.pop(name, usual[name]) for name in usual}
    given = [*useless]
    given += [_spelled(k, v) for k, v in maximising.items() if v != usual[k]]
    given += ["--label"] if asked.label_column is not None else []
    given += ["--checkpoint"] if kept.checkpoint is not None else []
    given += ["--missing em"] if asked.missing == "em" else []
    known: Any = asked.scan() if asked.is_streamed() else asked.table()
    given += ["--errors"] if asked.errors(known) is not None else []
    if given:
        raise click.UsageError(
            f"{given[0]} is given with --bayes, which has no use for it: leave one of them out"
        )
    shared |= {name: usual for name, usual in _AUTO.items() if shared[name] == "auto"}
    most = _MOST if components is None else components
    fit = mixtura.fit_bayes(known, most, sample_weight=asked.weights(known), **shared)
    return Averaged(fit, known)


def _spelled(name: str, value: Any) -> str:
    """An argument as an option; one that is switched off by its own."""
    return f"--no-{name}" if value is False else spelled(f"{name}={value!r}")
