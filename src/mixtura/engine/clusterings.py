"""Clusterings: what a kernel is told, and tells, that draws them from their posterior."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from mixtura.engine.arrays import Floats, Integers


class ClusteringProblem(NamedTuple):
    """Rows, and the joint law of them and a clustering, all parameters integrated out.

    With t clusters of n_1 … n_t of the N rows::

        log p(X, C) = log V(t) + Σ_c size(n_c) + Σ_laws [normaliser(n) − ½(ν₀ + e n) log|S|]

    There is a law of precisions for each cluster, or one of all rows where it is pooled; e is D
    where one variance is for all features, else 1. S is the prior's plus β/(β+1) (x − m)(x − m)ᵀ
    for each row in turn, with m the mean and β = β₀ + n before it.

    Parameters
    ----------
    rows : (N, D) float64, less a point near to all.
    mean : (D,), m₀ less the same.
    mean_precision, degrees : β₀ and ν₀, rows.
    scale : S₀ as its form holds it: the Cholesky factor (D, D), or squares (D,) or (1,).
    form : ``"full"``, ``"diag"`` or ``"spherical"``.
    pooled : whether all clusters have one law.
    sizes : (N + 1,), nats, by the rows of a cluster.
    normalisers : (N + 1,), nats, by the rows of a law.
    counts : (N + 2,), log V(t), −inf where there cannot be so many clusters.
    """

    rows: Floats
    mean: Floats
    mean_precision: float
    degrees: float
    scale: Floats
    form: str
    pooled: bool
    sizes: Floats
    normalisers: Floats
    counts: Floats


class ClusteringRule(NamedTuple):
    """How many clusterings are drawn, and what is done between one and the next.

    Parameters
    ----------
    n_sweeps : of Gibbs over all rows; one is drawn after each.
    n_moves : before each, how many times a cluster is to be split or two to be merged.
    n_scans : restricted scans that lead to the place that such a move is proposed from.
    """

    n_sweeps: int
    n_moves: int
    n_scans: int


class DrawnClusterings(NamedTuple):
    """Clusterings, sweep after sweep.

    Parameters
    ----------
    labels : (sweeps, N), a cluster's number is how many begin at earlier rows.
    heights : (sweeps,), log p(X, C), nats.
    accepted : (2,), how many splits, and how many merges, were accepted.
    state : of the numbers at random, after them.
    """

    labels: Integers
    heights: Floats
    accepted: Integers
    state: int


#: of a problem, labels (N,) to begin with, the state of the numbers at random, and the rule
SampleClusterings: TypeAlias = Callable[
    [ClusteringProblem, Integers, int, ClusteringRule], DrawnClusterings
]
