"""Record: what the explorer is told, as plain numbers and texts."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.executors import default_executor
from mixtura.engine.sources import ArraySource
from mixtura.errors import DataError, ParameterError
from mixtura.fitting import Fit
from mixtura.fitting.m_step.regularisation import Regularisation, regularisation
from mixtura.model.algebra import feature_indices
from mixtura.model.mixture import Mixture
from mixtura.rows.spread import Spread
from mixtura.rows.summary import RowSummary
from mixtura.version import __version__
from mixtura.views.explorer.document import document
from mixtura.views.explorer.replay import Replay, replayed
from mixtura.views.plots.palette import COLOURS, style
from mixtura.views.plots.projection import Projection, project

#: rows that the page draws at most
DRAWN = 20_000
#: numbers of the path that the page keeps at most; 8 bytes each
_PATH = 400_000


def explorer_record(
    mixture: Mixture,
    X: Any,
    *,
    run: Replay | None = None,
    same_run: bool = True,
    features: Sequence[int | str] | None = None,
    name: str = "",
    ids: Mapping[str, Sequence[str]] | None = None,
    row_numbers: Integers | None = None,
) -> dict[str, Any]:
    """What the page of a mixture and its rows needs to know.

    Parameters
    ----------
    mixture : the density, of D features.
    X : (N, D) array-like, or a table with the mixture's columns.
    run, same_run : a fit of these rows to replay, or None; whether the mixture came from it.
    features : one or two, indices or names; by default those in which the components differ most.
        Of some features the marginal mixture is shown.
    name : what the rows are called, a file's name.
    ids : name -> N texts that tell the rows apart.
    row_numbers : (N,), where the rows stand in the data; None where none of those was left out.

    Returns
    -------
    A plain record, ready for JSON. Arrays are base64 of little-endian numbers, so that the page
    computes with the same bits. Of more than `DRAWN` rows as many are drawn at random, the same
    ones each time.

    Raises
    ------
    ParameterError : three features or more, or one that does not exist.
    DataError : no row, wrong shape, missing columns, NaN or infinity.

    Notes
    -----
    One pass over the rows for each density asked for; what is kept are the rows drawn and the path.
    """
    shown = _projected(mixture, X, features)
    columns = feature_indices(mixture, shown.names)
    drawn = _drawn(len(shown.rows))
    colours = [style(k).fill for k in range(min(COLOURS, mixture.n_components))]
    return {
        "version": __version__,
        "name": name,
        "features": list(shown.names),
        "other_features": [f for f in mixture.feature_labels if f not in shown.names],
        "structure": {
            "name": shown.marginal.structure.name,
            "letters": shown.marginal.structure.letters,
            "whole": mixture.structure.name,
        },
        "palette": [[round(255 * part) for part in colour] for colour in colours],
        "rows": _rows(shown, drawn, row_numbers),
        "ids": {key: [texts[i] for i in drawn] for key, texts in (ids or {}).items()},
        "fitted": _fitted(mixture, shown, mixture.score(X)),
        "regularisation": _regularisation(run, mixture.rows(X), columns),
        "replay": _replay(run, columns, same_run) if run else None,
    }


def fit_page(fit: Fit, X: Any, features: Sequence[int | str] | None, name: str) -> str:
    """The page of a fit and its rows, in which the fit is made again to be replayed."""
    run = replayed(fit, fit.mixture.rows(X))
    record = explorer_record(
        fit.mixture,
        X,
        run=run,
        same_run=run.is_of(fit.summary()),
        features=features,
        name=name,
        ids=getattr(X, "ids", None),
    )
    return document(record)


def _projected(mixture: Mixture, X: Any, features: Sequence[int | str] | None) -> Projection:
    """The one or two features that are shown, and their rows."""
    if mixture.noise:
        raise ParameterError(
            "the page knows nothing of noise, and this mixture has some: draw it with mixtura plot"
        )
    chosen = feature_indices(mixture, features) if features is not None else None
    count = min(2, mixture.n_features) if chosen is None else max(1, min(2, len(chosen)))
    shown = project(mixture, X, chosen, count)
    if not len(shown.rows):
        raise DataError("X has 0 rows, expected at least 1")
    return shown


def _rows(shown: Projection, drawn: Integers, row_numbers: Integers | None) -> dict[str, Any]:
    """The rows drawn, and where they stand in the data where that is not plain."""
    numbers = drawn if row_numbers is None else row_numbers[drawn].astype("<u4")
    return {
        "total": len(shown.rows),
        "values": _packed(np.ascontiguousarray(shown.rows[drawn])),
        "numbers": _packed(numbers) if int(numbers[-1]) >= len(numbers) else None,
    }


def _fitted(mixture: Mixture, shown: Projection, whole: float) -> dict[str, Any]:
    """The mixture's parameters, and its mean log-likelihoods of all features and of those shown."""
    partial = mixture.n_features > len(shown.names)
    return {
        "parameters": _packed(_parameters(shown.marginal)[None]),
        "n_components": mixture.n_components,
        "mean_log_likelihood": whole,
        "shown_log_likelihood": shown.marginal.score(shown.rows) if partial else whole,
    }


def _drawn(n_rows: int) -> Integers:
    """The numbers of the rows to draw, in their order."""
    if n_rows <= DRAWN:
        return np.arange(n_rows, dtype="<u4")
    chosen = np.random.RandomState(0).choice(n_rows, DRAWN, replace=False)
    return np.sort(chosen).astype("<u4")


def _packed(array: Floats | Integers) -> str:
    """Base64 of little-endian float64, or of the integers as they are."""
    numbers = array.astype("<f8") if array.dtype.kind == "f" else array
    return base64.b64encode(np.ascontiguousarray(numbers).tobytes()).decode("ascii")


def _parameters(mixture: Mixture) -> Floats:
    """Weights, means and covariances written out, (K·(1 + d + d²),)."""
    matrices = mixture.covariance_matrices()
    return np.concatenate([mixture.weights, mixture.means.ravel(), matrices.ravel()])


def _regularisation(run: Replay | None, rows: Any, columns: list[int]) -> dict[str, Any]:
    """What an M-step does to its covariances besides: a ridge, or a floor relative to the data."""
    rule: Regularisation = (
        run.fit.settings.regularisation if run else regularisation(reg_covar="auto")
    )
    spread = Spread.of(RowSummary.of(ArraySource(rows), default_executor()))
    floor = np.asarray(rule.floor(spread))[columns]
    return {"ridge": rule.ridge, "relative": rule.relative, "floor": floor.tolist()}


def _replay(run: Replay, columns: list[int], same_run: bool) -> dict[str, Any]:
    """The path of a fit, and how it ended."""
    fit = run.fit
    entries = _kept(len(run.path), fit.mixture.n_components, len(columns), _marked(run))
    everything = columns == list(range(fit.mixture.n_features))
    path = [run.path[i] if everything else run.path[i].marginal(columns) for i in entries]
    return {
        "same_run": same_run,
        "entries": entries,
        "parameters": _packed(np.stack([_parameters(mixture) for mixture in path])),
        "trace": fit.trace.tolist(),
        "accelerated": list(fit.accelerated),
        "rejected": fit.rejected,
        "repairs": fit.summary()["repairs"],
        "outcome": fit.outcome.value,
        "remedy": fit.remedy,
    }


def _marked(run: Replay) -> set[int]:
    """The entries of the trace at which something other than a step of EM happened."""
    return {*run.fit.accelerated, *(repair.iteration for repair in run.fit.repairs)}


def _kept(length: int, n_components: int, n_features: int, marked: set[int]) -> list[int]:
    """Which entries of a path the page keeps: all, or the first ones, the marked and some others.

    EM moves most in the beginning, so the numbers of those kept grow geometrically.
    """
    room = max(50, _PATH // (n_components * (1 + n_features + n_features**2)))
    if length <= room:
        return list(range(length))
    spread = np.unique(np.geomspace(1, length, room).astype(int) - 1).tolist()
    return sorted({0, *spread, length - 1, *(i for i in sorted(marked)[:room] if i < length)})
