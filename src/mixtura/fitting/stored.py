"""Stored: a fit as the record in a model file, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from mixtura.engine.arrays import frozen
from mixtura.errors import MixturaError, ModelError, ParameterError
from mixtura.fitting.convergence.rules import Outcome, Remaining
from mixtura.fitting.fit import Fit
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.replay_arguments import assumptions_of
from mixtura.fitting.settings import RECORDED, Settings
from mixtura.fitting.starts.met import Met
from mixtura.fitting.truncated.truncation import Truncation
from mixtura.model.mixture import Mixture
from mixtura.model.structures import structure
from mixtura.rows.oddities import NONE, Oddities, Repeat


def fit_record(fit: Fit) -> dict[str, Any]:
    """All that is known of a fit but its mixture, ready for JSON.

    `Fit.summary`, what is odd about the rows where anything is, and the structure that was fitted
    where it is not the mixture's.
    """
    fitted, odd = fit.settings.structure, fit.oddities
    return {
        **fit.summary(),
        **({} if fitted == fit.mixture.structure else {"structure": fitted.name}),
        **({} if odd == NONE else {"oddities": _said(odd)}),
    }


def taken_up(training: Mapping[str, Any], mixture: Mixture, name: str) -> Fit:
    """The fit whose record and mixture these are.

    Labels, responsibilities, a function or a mixture that it began from are not on record, nor is
    a tolerance that was no number: to fit again with its settings asks for them.

    Parameters
    ----------
    training : as `fit_record` gives it, or `Fit.summary`, which anyone may have written.
    mixture : the density.
    name : of the file, for the messages.

    Raises
    ------
    ModelError : it is no record of a fit.
    """
    try:
        return _fit(training, mixture)
    except (KeyError, TypeError, ValueError, MixturaError) as error:
        missing = isinstance(error, KeyError)
        said = f"{error} is missing" if missing else str(error)
        raise ModelError(
            f"{name} has no record of a fit that mixtura made: {said}; load it with mixtura.load, "
            "which gives the mixture alone"
        ) from None


def _fit(training: Mapping[str, Any], mixture: Mixture) -> Fit:
    said = dict(training["settings"])
    seed = said.pop("seed", None)
    trace = frozen(training["trace"])
    if trace.ndim != 1 or not len(trace):
        raise ValueError(f"the trace has shape {trace.shape}, expected one number and more")
    searches, odd = training.get("searches"), training.get("oddities")
    left_out = training.get("truncation")
    return Fit(
        mixture=mixture,
        trace=trace,
        outcome=Outcome(training["outcome"]),
        repairs=tuple(Repair(**repair) for repair in training["repairs"]),
        settings=_settings(said, mixture, training.get("structure")),
        seconds=float(training["seconds"]),
        n_rows=int(training["n_rows"]),
        total_weight=float(training.get("total_weight", training["n_rows"])),
        accelerated=_whole(training["accelerated"]),
        rejected=int(training["iterations"]) - len(trace) + 1,
        floored=_whole(training["floored"]),
        starved=_whole(training["starved"]),
        oddities=NONE if odd is None else _oddities(odd),
        mean_log_prior=float(training.get("mean_log_prior", 0.0)),
        seed=None if seed is None else int(seed),
        searches=None if searches is None else Met(**searches),
        truncation=None if left_out is None else Truncation.of_record(left_out),
    )


def _settings(said: Mapping[str, Any], mixture: Mixture, name: Any) -> Settings:
    arguments = {**{each: said[each] for each in RECORDED}, **assumptions_of(said)}
    arguments["start"] = _forgotten if said["start"] is None else said["start"]
    arguments["tol"] = Remaining() if said["tol"] is None else said["tol"]
    kind = mixture.structure if name is None else structure(name)
    return Settings(mixture.n_components, kind, **arguments)


def _forgotten(rows: Any, n_components: int, random_state: np.random.RandomState) -> Any:
    """The start of a fit whose record does not say what it was."""
    raise ParameterError(
        "the fit began from labels, responsibilities, a function or a mixture, which a model file "
        "does not keep: give start again"
    )


def _oddities(said: Mapping[str, Any]) -> Oddities:
    return Oddities(
        constants=tuple((int(column), float(value)) for column, value in said["constants"]),
        n_distinct=said["n_distinct"],
        repeats=tuple(Repeat(**repeat) for repeat in said["repeats"]),
        left_out=str(said["left_out"]),
        assumed=tuple(map(str, said["assumed"])),
        measured=bool(said.get("measured", False)),
        missing=str(said.get("missing", "")),
    )


def _said(odd: Oddities) -> dict[str, Any]:
    """Oddities as plain values, without what most rows do not have."""
    return {name: value for name, value in asdict(odd).items() if name != "missing" or value}


def _whole(values: Any) -> tuple[int, ...]:
    return tuple(int(value) for value in values)
