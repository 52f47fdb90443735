"""Centres: points on their way to the middle of the rows that follow them."""

from __future__ import annotations

from dataclasses import dataclass

from mixtura.engine.arrays import Floats

__all__ = ["Centres"]


@dataclass(frozen=True, eq=False)
class Centres:
    """Where the centres of Lloyd's iteration stand, and what is to be known of their last step.

    Parameters
    ----------
    points : (K, D) float64, C-contiguous, as are all of these.
    reference : (K, D), the points that the sums of the clusters are taken about.
    loss : (K,), how much nearer the second-nearest centre may have come to a row of each cluster,
        compared with its own.
    rounding : of a distance, relative.
    """

    points: Floats
    reference: Floats
    loss: Floats
    rounding: float
