"""The native kernel's draws of clusterings."""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Integers, doubles
from mixtura.engine.clusterings import ClusteringProblem, ClusteringRule, DrawnClusterings
from mixtura.engine.kernel import _native


def sample_clusterings(
    problem: ClusteringProblem, labels: Integers, state: int, rule: ClusteringRule
) -> DrawnClusterings:
    """Clusterings drawn one after the other, as `mixtura.engine.kernel.clusterings` does.

    The same draws for the same labels and state, but where rounding decides.

    Raises
    ------
    ValueError : a shape does not fit the others, or a label is not from 0 to N − 1.

    Notes
    -----
    One thread, the GIL released. A sweep takes a pass over all rows, O(t D²) each, and a split or a
    merge some three over those of one or two clusters, O(D²) each.
    """
    begun, place = np.array(labels, np.int64), np.array([state], np.int64)
    drawn = np.empty((rule.n_sweeps, len(begun)), np.int32)
    heights, accepted = np.empty(rule.n_sweeps), np.zeros(2, np.int64)
    _native.sample_clusterings(
        doubles(problem.rows),
        doubles(problem.mean),
        problem.mean_precision,
        problem.degrees,
        doubles(problem.scale),
        problem.form,
        problem.pooled,
        doubles(problem.sizes),
        doubles(problem.normalisers),
        doubles(problem.counts),
        rule.n_moves,
        rule.n_scans,
        begun,
        place,
        drawn,
        heights,
        accepted,
    )
    return DrawnClusterings(drawn, heights, accepted, int(place[0]))
