"""Record: all that a report says, as plain numbers and texts."""

from __future__ import annotations

import math
import platform
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.errors import MissingExtraError
from mixtura.fitting.m_step.prior import Prior
from mixtura.fitting.replay_arguments import replay_arguments
from mixtura.model.adequacy import Adequacy
from mixtura.model.box import Box
from mixtura.model.comparison import Comparison
from mixtura.model.mixture import Mixture
from mixtura.testing import validate
from mixtura.version import __version__
from mixtura.views.record import model_record
from mixtura.views.report.overview import DOUBT, Overview


def report_record(
    mixture: Mixture,
    found: Overview,
    *,
    training: Mapping[str, Any],
    names: tuple[str, str] = ("", ""),
    left_out: str = "",
    command: Sequence[str] = (),
    adequacy: Adequacy,
    drift: Comparison,
    comparison: Mapping[str, Any] | None = None,
    pictures: Sequence[Mapping[str, str]] = (),
) -> dict[str, Any]:
    """What there is to say about a mixture and rows, ready for JSON.

    Parameters
    ----------
    mixture : the density.
    found : what a pass over the rows found.
    training : as `Fit.summary` gives it, or a model file holds it; empty if unknown.
    names : what the model and the rows are called.
    left_out : about rows that were left out, if any were.
    command : the words that made the report.
    adequacy : whether the mixture fits the rows.
    drift : whether the rows are its own.
    comparison : as `compared` gives it, or None.
    pictures : name, title and caption of each.
    """
    return {
        "model": {"name": names[0], **model_record(mixture, training)},
        "data": {
            "name": names[1],
            "n_rows": found.n_rows,
            "digest": found.digest,
            "relation": _relation(found, training),
            "left_out": left_out,
            **({"missing": found.missing} if found.missing else {}),
            "features": _features(mixture, found),
        },
        "scores": _scores(mixture, found),
        **_counts(mixture, found),
        "doubt": DOUBT,
        "adequacy": _adequacy(mixture, adequacy),
        "drift": drift.to_dict(),
        "pictures": [dict(picture) for picture in pictures],
        "unlikely": _unlikely(found),
        "comparison": None if comparison is None else dict(comparison),
        "again": {
            "commands": _commands(training, names, command),
            "python": _call(mixture, training),
            "settings": _settings(training),
            "versions": {
                "mixtura": __version__,
                "kernel": kernel.describe(),
                "python": platform.python_version(),
                "numpy": np.__version__,
            },
        },
    }


def _scores(mixture: Mixture, found: Overview) -> dict[str, float]:
    """The log-likelihood of the rows, and the criteria that follow from it."""
    n, p, log_likelihood = found.n_rows, mixture.n_parameters, found.log_likelihood
    return {
        "log_likelihood": log_likelihood,
        "mean_log_likelihood": log_likelihood / n,
        "aic": 2.0 * p - 2.0 * log_likelihood,
        "bic": p * math.log(n) - 2.0 * log_likelihood,
    }


def _counts(mixture: Mixture, found: Overview) -> dict[str, Any]:
    """The rows of each component, and of the noise where there is any, and those in doubt."""
    counts = [
        {"assigned": assigned, "doubtful": doubtful}
        for assigned, doubtful in zip(found.assigned.tolist(), found.doubtful.tolist(), strict=True)
    ]
    k = mixture.n_components
    return {"components": counts[:k], **({"noise": counts[k]} if mixture.noise else {})}


def _features(mixture: Mixture, found: Overview) -> list[dict[str, Any]]:
    """Each feature's mean and deviation, in the rows and under the mixture."""
    return _by_feature(
        mixture,
        low=found.low,
        high=found.high,
        mean=found.mean,
        standard_deviation=found.standard_deviation,
        fitted_mean=mixture.mean(),
        fitted_deviation=_deviations(mixture),
    )


def _adequacy(mixture: Mixture, found: Adequacy) -> dict[str, Any]:
    """How far the rows' distribution is from the mixture's."""
    features = _by_feature(
        mixture,
        departure=found.departures,
        value=found.values,
        observed=found.observed,
        expected=found.expected,
        scale=_deviations(mixture),
    )
    said = {key: getattr(found, key) for key in ("n_rows", "bound", "largest", "likelihood")}
    return {**said, "features": features}


def _deviations(mixture: Mixture) -> Floats:
    """The standard deviation of each feature under the mixture, (D,)."""
    return np.sqrt(np.diagonal(mixture.covariance()))


def _by_feature(mixture: Mixture, **columns: Floats) -> list[dict[str, Any]]:
    """For each feature its name and its number in each column, (D,)."""
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [
        {"name": name, **dict(zip(columns, numbers, strict=True))}
        for name, numbers in zip(mixture.feature_labels, rows, strict=True)
    ]


def _unlikely(found: Overview) -> dict[str, Any]:
    """The least likely rows, each explained and with what it is called."""
    record = found.unlikely.to_dict()
    for row, ids in zip(record["rows"], found.ids, strict=True):
        row["ids"] = ids
    return record


def _relation(found: Overview, training: Mapping[str, Any]) -> str:
    """Whether these are the rows that the mixture was fitted to: same, other or unknown.

    Where no digest was kept, as many rows of the same log-likelihood are taken for the same.
    """
    data = training.get("data")
    if isinstance(data, Mapping) and isinstance(data.get("digest"), str):
        return "same" if data["digest"] == found.digest else "other"
    mean, n = training.get("mean_log_likelihood"), training.get("n_rows")
    if not isinstance(mean, float) or not isinstance(n, int):
        return "unknown"
    alike = math.isclose(mean, found.log_likelihood / found.n_rows, rel_tol=1e-9)
    return "same" if n == found.n_rows and alike else "other"


def _commands(
    training: Mapping[str, Any], names: tuple[str, str], command: Sequence[str]
) -> list[list[str]]:
    """The words of the commands that lead here: the fit's, if it is known, and the report's."""
    fitted = training.get("command")
    if not isinstance(fitted, list) or not all(isinstance(word, str) for word in fitted):
        fitted = []
    commands = []
    # A model file is anybody's: no other command is handed on for people to type.
    if fitted[:2] in (["mixtura", "fit"], ["mixtura", "select"]):
        where = ["-o", names[0]] if names[0] not in ("", "-") else []
        commands.append([*fitted[:2], *where, *fitted[2:]])
    return [*commands, list(command)] if command else commands


def _call(mixture: Mixture, training: Mapping[str, Any]) -> str:
    """The call of Python that makes the fit, empty where the record does not tell."""
    found = replay_arguments(training)
    if not found:
        return ""
    arguments = {"structure": mixture.structure.name, **found}
    said = ", ".join(f"{name}={_written(value)}" for name, value in arguments.items())
    return f"mixtura.fit(rows, {mixture.n_components}, {said})"


def _written(value: Any) -> str:
    """A value as a call of Python has it."""
    if isinstance(value, Box):
        return f"mixtura.Box({value.low.tolist()}, {value.extent.tolist()})"
    if isinstance(value, Prior):
        told = value.record()
        given = told if isinstance(told, dict) else {}
        return f"mixtura.Prior({', '.join(f'{name}={part}' for name, part in given.items())})"
    return repr(value)


def _settings(training: Mapping[str, Any]) -> dict[str, Any]:
    """What the fit was told, as far as its record holds numbers and short texts."""
    said = training.get("settings")
    if not isinstance(said, Mapping):
        return {}
    return {
        str(name): "of its own" if isinstance(value, Mapping) else value
        for name, value in said.items()
        if value is None or isinstance(value, (str, int, float, Mapping))
    }


def compared(mixture: Mixture, rows: Floats, *, whole: bool, seed: int) -> dict[str, Any]:
    """What scikit-learn says of the same parameters, and of the same rows.

    Parameters
    ----------
    mixture : the density.
    rows : (m, D), those to compare on.
    whole : whether they are all there are; only then scikit-learn fits them, too.
    seed : of scikit-learn's start.

    Returns
    -------
    ``validation``, the record of `mixtura.testing.validate`; and ``fit``, what scikit-learn's
    estimator with its defaults came to, or None where it lacks the structure, noise, equal weights
    or some of the rows.

    Raises
    ------
    MissingExtraError : scikit-learn or mpmath is not installed.
    """
    proof = validate(mixture, rows).to_dict()
    known = mixture.structure.alias and not mixture.structure.n_factors
    theirs = known and not mixture.noise and not mixture.equal_weights
    return {"validation": proof, "fit": _fitted(mixture, rows, seed) if whole and theirs else None}


def _fitted(mixture: Mixture, rows: Floats, seed: int) -> dict[str, Any] | None:
    """scikit-learn's own fit of the rows, scored where it ended."""
    try:
        import sklearn
        from sklearn.mixture import GaussianMixture
    except ImportError:
        purpose = "the comparison with scikit-learn"
        raise MissingExtraError("scikit-learn", "validate", purpose) from None
    estimator = GaussianMixture(
        mixture.n_components, covariance_type=mixture.structure.alias, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            estimator.fit(rows)
        except ValueError as error:
            return {"version": sklearn.__version__, "failed": str(error)}
    return {
        "version": sklearn.__version__,
        "seed": seed,
        "mean_log_likelihood": float(estimator.score(rows)),
        "lower_bound": float(estimator.lower_bound_),
        "iterations": int(estimator.n_iter_),
        "converged": bool(estimator.converged_),
        "ours": mixture.score(rows),
    }
