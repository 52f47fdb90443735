"""Spurious: components whose likelihood is an accident of few rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats
from mixtura.model.structures import Structure

#: the share of the data's own variance below which an axis is thin
THIN = 1e-4
#: times D + 1: the rows that are few for a thin axis
FEW = 5
#: the rows that tell a component's variances, where it has no orientation of its own
_ALIGNED = 5


def least_rows(structure: Structure, n_features: int) -> int:
    """How many rows a component needs that its own volume is no accident.

    D + 1 span a covariance with an orientation of its own; where the orientation is that of all
    components, or of the features, 5 will do. Where the volume is shared, none are needed.
    """
    if structure.letters[0] == "E":
        return 0
    own = structure.letters[2] == "V"
    return n_features + 1 if own else min(n_features + 1, _ALIGNED)


def spurious(
    structure: Structure, n_rows: Floats, thin: Floats, n_features: int
) -> NDArray[np.bool_]:
    """Which components have a likelihood that is an accident, (K,).

    The likelihood of a mixture has no bound where a component may shrink onto a few rows, or onto a
    plane that passes through a few: its largest value is then no estimate. Where all components
    have one volume and one shape it is bounded, and a component of two outliers *is* the maximum.
    Elsewhere a component is spurious that fewer than `least_rows` rows hold, or fewer than
    5 (D + 1) while an axis is below 1e-4 of the data's variance. Rows count, not distinct ones: a
    value that holds many rows is a finding, however thin the component on it is.

    Parameters
    ----------
    structure : of the covariances.
    n_rows : (K,), effective numbers of rows.
    thin : (K,), each covariance's least eigenvalue in units of the data's variances.
    n_features : D.

    References
    ----------
    Day 1969, "Estimating the components of a mixture of normal distributions", on the missing
    bound; McLachlan & Peel 2000, "Finite mixture models", section 3.10, on spurious maxima.
    """
    if structure.bounded:
        return np.zeros(len(n_rows), np.bool_)
    lean = n_rows < least_rows(structure, n_features)
    flat: NDArray[np.bool_] = (thin < THIN) & (n_rows < FEW * (n_features + 1))
    return lean | flat


def thinnest(matrices: Floats, units: Floats) -> Floats:
    """The least eigenvalue of each covariance (K, D, D) in units of `units` (D,), (K,)."""
    scale = np.sqrt(units)
    return np.linalg.eigvalsh(matrices / np.outer(scale, scale))[:, 0]
