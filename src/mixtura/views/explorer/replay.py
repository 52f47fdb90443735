"""Replay: a fit, and every mixture on its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from mixtura.fitting import Fit, fit
from mixtura.model.mixture import Mixture


@dataclass(frozen=True, eq=False)
class Replay:
    """A fit together with every mixture on its way.

    Parameters
    ----------
    fit : what came out.
    path : the mixture of each entry of the fit's trace, the start first, the fitted one last.
    """

    fit: Fit
    path: tuple[Mixture, ...]

    def is_of(self, training: Mapping[str, Any]) -> bool:
        """Whether a stored record is of this very run: it has the same trace, to 1e-9."""
        trace = training.get("trace")
        if not isinstance(trace, list) or len(trace) != len(self.fit.trace):
            return False
        if not all(isinstance(value, int | float) for value in trace):
            return False
        return bool(np.allclose(trace, self.fit.trace, rtol=1e-9, atol=0.0))


def replay(X: Any, n_components: int, **settings: Any) -> Replay:
    """Fit, and keep the mixture of every iteration.

    Parameters
    ----------
    X : (N, D) array-like, or a table.
    n_components : K.
    settings : as `mixtura.fit` takes them, all but `observer`.

    Raises
    ------
    As `mixtura.fit`.

    Notes
    -----
    The fit's own cost, and K·D² numbers of memory an iteration and start.

    Examples
    --------
    >>> from mixtura.datasets import galaxies
    >>> from mixtura.views.explorer import replay
    >>> run = replay(galaxies(), 2)
    >>> len(run.path) == len(run.fit.trace), run.path[-1] is run.fit.mixture
    (True, True)
    """
    recorder = _Recorder()
    fitted = fit(X, n_components, observer=recorder, **settings)
    return Replay(fitted, recorder.path_to(fitted))


def replayed(fit: Fit, rows: Any) -> Replay:
    """The same fit once more, of the rows it was made of, with its path."""
    told = {field.name: getattr(fit.settings, field.name) for field in fields(fit.settings)}
    return replay(rows, **told, random_state=fit.seed or 0)


class _Recorder:
    """Keeps the mixtures of every start; an `Observer` of EM."""

    def __init__(self) -> None:
        self._paths: list[list[Mixture]] = []

    def begun(self, run: int) -> None:
        self._paths.append([])

    def iterated(self, iteration: int, trace: Sequence[float], mixture: Mixture) -> None:
        self._paths[-1].append(mixture)

    def ended(self, fit: Fit) -> None:
        self._paths[-1].append(fit.mixture)

    def path_to(self, fitted: Fit) -> tuple[Mixture, ...]:
        """The path that ends with the fit's mixture."""
        return next(tuple(path) for path in self._paths if path[-1] is fitted.mixture)
