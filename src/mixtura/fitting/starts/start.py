"""Start: the statistics that the first M-step is taken from."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixtura.errors import ParameterError
from mixtura.fitting.starts import classic
from mixtura.fitting.starts.auto import auto
from mixtura.fitting.starts.labelled import Labelled
from mixtura.fitting.starts.request import Request, Start
from mixtura.fitting.starts.supplied import FromCall, FromMixture, FromShares, StartLike
from mixtura.model.mixture import Mixture

__all__ = ["STARTS", "Request", "Start", "StartLike", "start"]

STARTS: dict[str, Start] = {
    "auto": auto,
    "kmeans": classic.kmeans_clusters,
    "k-means++": classic.far_apart,
    "random": classic.random_shares,
    "random_from_data": classic.random_rows,
}


def start(wish: StartLike) -> Start:
    """The start that is called, or given by, `wish`.

    Parameters
    ----------
    wish : a name; labels (N,) or responsibilities (N, K); a function ``(rows, n_components,
        random_state)`` that returns either; a `Mixture`, whose responsibilities are taken.

    Raises
    ------
    ParameterError : there is none of that name; those that exist are listed. Or it is none of
        these.
    """
    if isinstance(wish, str):
        return _called(wish)
    if isinstance(wish, Labelled):
        return wish
    if isinstance(wish, Mixture):
        return FromMixture(wish)
    if callable(wish):
        return FromCall(wish)
    try:
        given: Any = np.asarray(wish)
    except (ValueError, TypeError):
        raise _unknown(wish) from None
    if given.ndim in (1, 2):
        return FromShares(given)
    raise _unknown(wish)


def _called(name: str) -> Start:
    if name not in STARTS:
        raise _unknown(name)
    return STARTS[name]


def _unknown(wish: object) -> ParameterError:
    known = ", ".join(STARTS)
    return ParameterError(
        f"unknown start {wish!r}, expected one of: {known}; or labels, responsibilities, a "
        "function that returns them, or a mixture"
    )
