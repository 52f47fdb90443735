"""Statistics: what a pass over rows adds up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Value

__all__ = ["Statistics", "zeros"]


@dataclass(frozen=True, eq=False)
class Statistics(Value):
    """Sums over rows, weighted by responsibilities, about a stated reference.

    With responsibilities r_ik, row weights v_i and reference points c_k::

        weight_k = Σ_i v_i r_ik
        first_k  = Σ_i v_i r_ik (x_i − c_k)
        second_k = Σ_i v_i r_ik (x_i − c_k)(x_i − c_k)ᵀ        (or its diagonal)

    They form a commutative monoid under ``+``: the sum of the statistics of two blocks is the
    statistics of the rows together. The reference is the current means, so no digit is lost to
    a large offset, as it would be in E[x²] − E[x]².

    Its arrays are those it is given, not copies of them, and read-only from then on.

    Parameters
    ----------
    reference : (K, D), the points c_k.
    weight : (K,).
    first : (K, D).
    second : (K, D, D), or (K, D) where only the diagonals are kept.
    log_likelihood : Σ_i v_i log p(x_i) under the density that gave the responsibilities, nats.
    n_rows : how many rows were seen.
    total_weight : Σ_i v_i.

    References
    ----------
    Chan, Golub & LeVeque 1983, "Algorithms for computing the sample variance".
    """

    reference: Floats
    weight: Floats
    first: Floats
    second: Floats
    log_likelihood: float
    n_rows: int
    total_weight: float

    def __post_init__(self) -> None:
        for sums in (self.reference, self.weight, self.first, self.second):
            sums.setflags(write=False)

    @classmethod
    def zero(cls, reference: Floats, *, diagonal: bool) -> Statistics:
        """The statistics of no rows about `reference` (K, D)."""
        return cls(reference, *zeros(reference, diagonal=diagonal), 0.0, 0, 0.0)

    @property
    def diagonal(self) -> bool:
        """Whether `second` holds the diagonals only."""
        return self.second.ndim == 2

    def __add__(self, other: Statistics) -> Statistics:
        """The statistics of both sets of rows together; both must share their reference."""
        if self.reference is not other.reference and not np.array_equal(
            self.reference, other.reference
        ):
            raise ValueError(
                "statistics about different reference points cannot be added: "
                "re-centre one of them first with about(reference)"
            )
        return Statistics(
            self.reference,
            self.weight + other.weight,
            self.first + other.first,
            self.second + other.second,
            self.log_likelihood + other.log_likelihood,
            self.n_rows + other.n_rows,
            self.total_weight + other.total_weight,
        )

    @classmethod
    def merge(cls, parts: Iterable[Statistics]) -> Statistics:
        """The sum of one or more, as a tree over their order: the same order, the same bits.

        Raises
        ------
        ValueError : there are none, or they are about different reference points.
        """
        from mixtura.engine.executors.base import tree_sum  # which knows the blocks

        return tree_sum(parts)

    def to_arrow(self) -> Any:
        """A `pyarrow.RecordBatch` of one row, to send where objects of Python cannot go.

        Its columns: ``n_components`` and ``n_features``, int64, K and D; ``diagonal``, bool,
        whether the second moments are diagonals; ``reference``, ``weight``, ``first`` and
        ``second``, lists of float64, the arrays row after row; ``log_likelihood``, float64;
        ``n_rows``, int64; ``total_weight``, float64. No digit is lost.

        Raises
        ------
        MissingExtraError : pyarrow is not installed.
        """
        from mixtura.engine.transport import to_arrow

        return to_arrow(self)

    @classmethod
    def from_arrow(cls, data: Any) -> Statistics:
        """The statistics in a `pyarrow.RecordBatch` or `pyarrow.Table` of one row.

        Raises
        ------
        DataError : it has another number of rows, or not the columns of `to_arrow`.
        MissingExtraError : pyarrow is not installed.
        """
        from mixtura.engine.transport import from_arrow

        return from_arrow(data)

    def first_components(self, n: int) -> Statistics:
        """The sums of the first `n` components; those of all rows are as they were."""
        return Statistics(
            self.reference[:n],
            self.weight[:n],
            self.first[:n],
            self.second[:n],
            self.log_likelihood,
            self.n_rows,
            self.total_weight,
        )

    def scaled(self, factor: float) -> Statistics:
        """Every sum times `factor`: forgetting, for streams. The count of rows stays."""
        return Statistics(
            self.reference,
            self.weight * factor,
            self.first * factor,
            self.second * factor,
            self.log_likelihood * factor,
            self.n_rows,
            self.total_weight * factor,
        )

    def about(self, reference: Floats) -> Statistics:
        """The same rows' statistics about other points (K, D).

        With δ_k = c_k − c'_k: first' = first + weight·δ and
        second' = second + first·δᵀ + δ·firstᵀ + weight·δδᵀ.
        """
        shift = self.reference - reference  # (K, D)
        moved = self.weight[:, None] * shift  # (K, D)
        if self.diagonal:
            second = self.second + (2.0 * self.first + moved) * shift
        else:
            cross = self.first[:, :, None] * shift[:, None, :]  # (K, D, D)
            second = self.second + (
                cross + cross.transpose(0, 2, 1) + moved[:, :, None] * shift[:, None, :]
            )
        return Statistics(
            reference,
            self.weight,
            self.first + moved,
            second,
            self.log_likelihood,
            self.n_rows,
            self.total_weight,
        )


def zeros(reference: Floats, *, diagonal: bool) -> tuple[Floats, Floats, Floats]:
    """Room for a kernel to add up in: `weight`, `first` and `second` about `reference` (K, D)."""
    k, d = reference.shape
    return np.zeros(k), np.zeros((k, d)), np.zeros((k, d) if diagonal else (k, d, d))
