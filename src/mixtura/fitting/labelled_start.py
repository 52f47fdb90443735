"""Amid labels: a start when the classes of some rows are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mixtura.engine.labels import UNKNOWN
from mixtura.engine.statistics import Statistics
from mixtura.errors import CollapseError, DataError, Interrupted, ParameterError
from mixtura.fitting.convergence.rules import Remaining
from mixtura.fitting.em import EM
from mixtura.fitting.fit import Fit
from mixtura.fitting.starts.auto import auto
from mixtura.fitting.starts.labelled import Labelled
from mixtura.fitting.starts.request import Request
from mixtura.model.mixture import Mixture

#: rows that starts are told apart on: those of known class, and others
_KNOWN, _OTHERS = 10_000, 10_000
#: EM iterations that tell starts apart, and the log-likelihood, nats a row, that one may lack then
_SHORT, _ENOUGH = 200, 1e-6


def labelled_start(em: EM, request: Request, wish: Labelled) -> Statistics:
    """The statistics that a first M-step with labels is taken from.

    Two starts are made on a sample: clusters that begin with the known rows (`Labelled`), and the
    mixture that a search would find without labels, its components given to the classes that their
    known rows are of. Each is given a short run of EM with the labels; the likelier is taken.

    Parameters
    ----------
    em : the fit that is to begin.
    request : as a start takes it.
    wish : the classes, and how far labels are trusted.

    Raises
    ------
    DataError : a class has no known row, or a label is of no class.
    ParameterError : there are no labels, as where a fit with labels is to be done again.
    """
    if "labels" not in request.source.more:
        raise ParameterError(
            "the fit began with the labels of its rows, which are not kept: fit anew, with labels"
        )
    labels = request.source.more["labels"].astype(np.int64)
    first = em.begin_with(wish(request))[0]
    if wish.settled(labels):
        return em.statistics(first)
    chosen = []
    for which, most in ((labels != UNKNOWN, _KNOWN), (labels == UNKNOWN, _OTHERS)):
        chosen.append(request.random.permutation(np.flatnonzero(which))[:most])
    part = request.source.take(np.sort(np.concatenate(chosen)))
    short = em.shortened(part, _SHORT, tol=Remaining(_ENOUGH))
    found: list[Fit] = []
    alone = _alone(short, replace(request, source=part, counting=None, whole=None), wish)
    for mixture in (first, alone):
        try:
            found.append(short.climb(mixture))
        except (CollapseError, DataError):
            continue
        except Interrupted:  # of a fit to the sample, which is no answer
            raise KeyboardInterrupt from None
    sound = (fit for fit in found if not fit.starved)
    best = max(sound, key=lambda fit: fit.mean_objective, default=None)
    return em.statistics(first if best is None else best.mixture)


def _alone(short: EM, request: Request, wish: Labelled) -> Mixture:
    """What a search finds without labels, its components in the order of the classes' own."""
    mixture, source = short.begin_with(auto(request))[0], request.source
    labels = source.more["labels"].astype(np.int64)
    known = labels != UNKNOWN
    shares = mixture.predict_proba(source.rows[known])[:, : request.n_components]
    return mixture.reordered(wish.order(labels[known], shares).tolist())
