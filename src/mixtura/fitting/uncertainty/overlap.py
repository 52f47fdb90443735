"""Overlap: where the rows tell components apart so little that the information says too little."""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.fitting.uncertainty.information import Information

__all__ = ["overlap_caution"]

#: rows whose components are known, that the weakest direction has to be worth
_WORTH = 40.0
#: a share of the complete information from which on components do not overlap much
_APART = 0.5
#: a component has few rows where they are fewer than so many times those of a covariance
_FEW = 5.0

_REMEDY = (
    "intervals of 95 % may hold the truth less than 90 times of 100: use method='bootstrap', or "
    "fewer components"
)


def overlap_caution(information: Information, weight: Floats, held: tuple[int, ...] = ()) -> str:
    """A sentence where intervals by the information are likely to be too short; else empty.

    They rest on a likelihood that is quadratic as far as they reach. In the direction in which
    least of the complete information is left, a share κ, N rows are worth Nκ whose components are
    known. Where that is less than 40, or a component has fewer than 5 (D + 1) rows, its curvature
    at the maximum says too little of it further out, and the maximum itself may be a spurious one.
    Both numbers were found by simulation: `benchmarks/coverage.py` holds them to it.

    Parameters
    ----------
    information : about the mixture.
    weight : (K,), the components' effective numbers of rows.
    held : components that have no interval anyhow.

    References
    ----------
    Basford, Greenway, McLachlan & Peel 1997, "Standard errors of fitted component means of normal
    mixtures", for how many rows it takes; Louis 1982 for κ.
    """
    mixture, total = information.mixture, float(weight.sum())
    share = float(information.kept[0]) if len(information.kept) else 1.0
    if share < _APART and total * share < _WORTH:
        return (
            f"components overlap so much that in one direction {total:.6g} rows say as much as "
            f"{total * share:.2g} of known components, and {_REMEDY}"
        )
    few = np.flatnonzero(weight < _FEW * (mixture.n_features + 1)).tolist()
    few = [k for k in few if k not in held and not mixture.structure.shared]
    if few:
        k = few[0]
        return f"component {k} has {weight[k]:.3g} rows' weight, and {_REMEDY}"
    return ""
