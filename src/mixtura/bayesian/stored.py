"""Stored: a Bayesian fit as numbers and text in a model file, and back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from mixtura.bayesian import belief, concentration, family, fitted, posterior, prior
from mixtura.engine.arrays import frozen
from mixtura.errors import ModelError
from mixtura.fitting.convergence.rules import Outcome
from mixtura.model import storage
from mixtura.model.structures import structure

#: the laws of K components
_LAWS = ("weight", "means", "mean_precision", "degrees", "scale")
#: the priors of weights that a file may name
_KINDS = {name: name for name in ("Dirichlet", "DirichletProcess", "UnknownProcess")}
#: what a fit is known by besides
_FIGURES = ("elbo", "n_rows", "total_weight", "seconds", "their_bound", "n_iter")


def bayes_record(fit: fitted.BayesianFit) -> dict[str, Any]:
    """What a model file keeps of a Bayesian fit, ready for JSON: each number to its last bit."""
    laws, before, weights = fit.belief.posterior, fit.belief.posterior.prior, fit.concentration
    restricted = [name for name, law in family.RESTRICTED.items() if law is before.family]
    figures = {name: _number(getattr(fit, name)) for name in _FIGURES}
    return {
        "bayes": {
            **figures,
            "structure": fit.structure.name,
            "restricted": restricted[0] if restricted else None,
            "outcome": fit.outcome.value,
            "trace": fit.trace.tolist(),
            "moves": dict(fit.moves or {}),
            "notes": list(fit.notes),
            "spread": [_number(value) for value in fit.spread],
            "prior": {
                "mean": before.mean.tolist(),
                "mean_precision": before.mean_precision,
                "degrees": before.degrees,
                "scale": before.scale.tolist(),
            },
            "concentration": {"name": type(weights).__name__, **vars(weights)},
            "posterior": {name: getattr(laws, name).tolist() for name in _LAWS},
        }
    }


def load_bayes(path: str | os.PathLike[str]) -> fitted.BayesianFit:
    """The Bayesian fit in a model file: the laws of its parameters, to the last bit.

    Parameters
    ----------
    path : of a file that `mixtura.save` wrote of one, or ``mixtura fit --bayes``.

    Raises
    ------
    ModelError : it is no model file, is damaged, or holds a mixture without such laws.
    OSError : it cannot be read.

    Examples
    --------
    >>> import tempfile, mixtura
    >>> from mixtura.datasets import faithful
    >>> path = tempfile.mkdtemp() + "/model.safetensors"
    >>> fit = mixtura.fit_bayes(faithful())
    >>> mixtura.save(fit, path)
    >>> mixtura.load_bayes(path).elbo == fit.elbo
    True
    """
    found = storage.read(path)
    if "bayes" not in found.training:
        raise ModelError(
            f"{path} holds a mixture, and no laws of its parameters: expected what "
            "mixtura.save wrote of a Bayesian fit; mixtura.load reads the mixture"
        )
    try:
        return _taken_up(found.training["bayes"], found.mixture.feature_names)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path} has a damaged record of a Bayesian fit: {error}") from None


def _taken_up(record: Mapping[str, Any], names: tuple[str, ...] | None) -> fitted.BayesianFit:
    kind, known = structure(record["structure"]), record["prior"]
    name = record["restricted"]
    before = prior.ConjugatePrior.of(
        family.RESTRICTED[name] if name else family.family_of(kind),
        known["mean"],
        known["mean_precision"],
        known["degrees"],
        known["scale"],
    )
    laws = posterior.Posterior(before, *(frozen(record["posterior"][law]) for law in _LAWS))
    kinds = {
        each.__name__: each
        for each in (
            concentration.Dirichlet,
            concentration.DirichletProcess,
            concentration.UnknownProcess,
        )
    }
    given = dict(record["concentration"])
    weights = kinds[given.pop("name")](**given)
    figures: dict[str, Any] = {
        name: np.nan if record[name] is None else record[name] for name in _FIGURES
    }
    expected, deviation = (np.nan if value is None else value for value in record["spread"])
    return fitted.BayesianFit(
        belief.Belief(laws, weights.posterior(laws.weight)),
        kind,
        weights,
        trace=frozen(record["trace"]),
        outcome=Outcome(record["outcome"]),
        moves=record["moves"],
        notes=tuple(record.get("notes", ())),
        spread=(expected, deviation),
        feature_names=names,
        **figures,
    )


def _number(value: float) -> float | None:
    """A number as JSON has it, which has no NaN."""
    return None if np.isnan(value) else value
