"""Replay arguments: how a fit can be done again, by what its record says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mixtura.errors import ModelError, ParameterError
from mixtura.fitting.m_step.prior import Prior
from mixtura.fitting.settings import RECORDED, Settings
from mixtura.fitting.starts.start import STARTS
from mixtura.model.box import Box
from mixtura.model.random import random_state_of
from mixtura.model.structures import structure

#: what a record tells of only where it is not as by default, and what it is then
_ASSUMED: dict[str, Callable[..., Any]] = {
    "weights": str,
    "prior": Prior,
    "noise": Box,
    "search": str,
}


def replay_arguments(training: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `mixtura.fit` that lead a recorded fit along the same path again.

    Parameters
    ----------
    training : as `Fit.summary` gives it, or as a model file holds it, which anyone may have
        written.

    Returns
    -------
    start, tol, reg_covar, max_iter, n_init, accelerate and random_state, and weights, prior, noise
    and search where they are not as by default; nothing at all where the record does not say how
    the fit began, or names what `fit` does not take.

    Examples
    --------
    >>> import mixtura
    >>> from mixtura.datasets import faithful
    >>> from mixtura.fitting.replay_arguments import replay_arguments
    >>> fit = mixtura.fit(faithful(), 2, start="random", random_state=7)
    >>> again = mixtura.fit(faithful(), 2, **replay_arguments(fit.summary()))
    >>> bool((again.trace == fit.trace).all()), replay_arguments({})
    (True, {})
    """
    said = training.get("settings")
    if not isinstance(said, Mapping) or not all(_is_plain(said.get(name)) for name in RECORDED):
        return {}
    settings: dict[str, Any] = {name: said[name] for name in RECORDED}
    seed = said.get("seed")
    if not isinstance(seed, int) or isinstance(seed, bool) or settings["start"] not in STARTS:
        return {}
    try:
        settings |= assumptions_of(said)
        if any(value is None for value in settings.values()):
            return {}  # one is not on record
        Settings(1, structure("full"), **settings)
        random_state_of(seed)
    except (ParameterError, ModelError, TypeError):
        return {}
    return {**settings, "random_state": seed}


def assumptions_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """What a record of settings tells of weights, prior, noise and search, as for `mixtura.fit`.

    Raises
    ------
    MixturaError, TypeError : it holds something else.
    """
    return {
        name: kind(**said[name]) if isinstance(said[name], Mapping) else said[name]
        for name, kind in _ASSUMED.items()
        if name in said
    }


def _is_plain(value: object) -> bool:
    return isinstance(value, (str, int, float))
