"""Statistics: what a pass over rows adds up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Value
from mixtura.engine.executors.sums import tree_sum
from mixtura.errors import DataError, MissingExtraError
from mixtura.filling import filled

#: its arrays, by the names of their columns in Arrow
_ARRAYS = ("reference", "weight", "first", "second")


@filled
@dataclass(frozen=True, eq=False)
class Statistics(Value):
    """Sums over rows, weighted by responsibilities, about a stated reference.

    With responsibilities r_ik, row weights v_i and reference points c_k::

        weight_k = Σ_i v_i r_ik
        first_k  = Σ_i v_i r_ik (x_i − c_k)
        second_k = Σ_i v_i r_ik (x_i − c_k)(x_i − c_k)ᵀ        (or its diagonal)

    Where H directions U_k are stated, it is [S_k U_k, diag S_k] of that matrix S_k: all that the
    M-step of factor analysers asks for.

    They form a commutative monoid under ``+``: the sum of the statistics of two blocks is the
    statistics of the rows together. The reference is the current means, so no digit is lost to
    a large offset, as it would be in E[x²] − E[x]².

    Its arrays are those it is given, not copies of them, and read-only from then on.

    Parameters
    ----------
    reference : (K, D), the points c_k.
    weight : (K,).
    first : (K, D).
    second : (K, D, D); (K, D) where only the diagonals are kept; (K, D, H + 1) of directions.
    log_likelihood : Σ_i v_i log p(x_i) under the density that gave the responsibilities, nats.
    n_rows : how many rows were seen.
    total_weight : Σ_i v_i.
    directions : (K, D, H), the U_k, or None.

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
    directions: Floats | None = None

    def __post_init__(self) -> None:
        for sums in (self.reference, self.weight, self.first, self.second):
            sums.setflags(write=False)

    @classmethod
    def zero(
        cls, reference: Floats, *, diagonal: bool, directions: Floats | None = None
    ) -> Statistics:
        """The statistics of no rows about `reference` (K, D)."""
        sums = zeros(reference, diagonal=diagonal, directions=directions)
        return cls(reference, *sums, 0.0, 0, 0.0, directions)

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
        if self.directions is not other.directions and not np.array_equal(
            np.asarray(self.directions), np.asarray(other.directions)
        ):
            raise ValueError(
                "statistics along different directions cannot be added: they are of passes under "
                "different mixtures"
            )
        return Statistics(
            self.reference,
            self.weight + other.weight,
            self.first + other.first,
            self.second + other.second,
            self.log_likelihood + other.log_likelihood,
            self.n_rows + other.n_rows,
            self.total_weight + other.total_weight,
            self.directions,
        )

    @classmethod
    def merge(cls, parts: Iterable[Statistics]) -> Statistics:
        """The sum of one or more, as a tree over their order: the same order, the same bits.

        Raises
        ------
        ValueError : there are none, or they are about different reference points.
        """
        return tree_sum(parts)

    def to_arrow(self) -> Any:
        """A `pyarrow.RecordBatch` of one row, to send where objects of Python cannot go.

        Its columns: ``n_components`` and ``n_features``, int64, K and D; ``diagonal``, bool,
        whether the second moments are diagonals; ``reference``, ``weight``, ``first`` and
        ``second``, lists of float64, the arrays row after row; ``log_likelihood``, float64;
        ``n_rows``, int64; ``total_weight``, float64. No digit is lost.

        Raises
        ------
        DataError : they are of factor analysers.
        MissingExtraError : pyarrow is not installed.
        """
        if self.directions is not None:
            raise DataError(
                "statistics of factor analysers have no columns in Arrow yet: send them pickled, "
                "or add them up where they are"
            )
        arrow = _pyarrow("Statistics.to_arrow")
        k, d = self.reference.shape
        values: dict[str, Any] = {
            "n_components": k,
            "n_features": d,
            "diagonal": self.diagonal,
            **{name: getattr(self, name).ravel() for name in _ARRAYS},
            "log_likelihood": self.log_likelihood,
            "n_rows": self.n_rows,
            "total_weight": self.total_weight,
        }
        schema = _schema(arrow)
        columns = [arrow.array([values[field.name]], field.type) for field in schema]
        return arrow.record_batch(columns, schema=schema)

    @classmethod
    def from_arrow(cls, data: Any) -> Statistics:
        """The statistics in a `pyarrow.RecordBatch` or `pyarrow.Table` of one row.

        Raises
        ------
        DataError : it has another number of rows, or not the columns of `to_arrow`.
        MissingExtraError : pyarrow is not installed.
        """
        arrow = _pyarrow("Statistics.from_arrow")
        values = _row_values(arrow, data)
        k, d = values["n_components"].as_py(), values["n_features"].as_py()
        square = (k, d) if values["diagonal"].as_py() else (k, d, d)
        shapes = dict(zip(_ARRAYS, ((k, d), (k,), (k, d), square), strict=True))
        arrays = {name: _numbers(values[name]) for name in _ARRAYS}
        for name, shape in shapes.items():
            if min(k, d) < 1 or len(arrays[name]) != np.prod(shape):
                raise DataError(
                    f"column {name!r} holds {len(arrays[name])} numbers for {k} components and {d} "
                    "features: these are no statistics of Statistics.to_arrow"
                )
        held: dict[str, Any] = {name: arrays[name].reshape(shapes[name]) for name in _ARRAYS}
        held |= {
            name: values[name].as_py() for name in ("log_likelihood", "n_rows", "total_weight")
        }
        return cls(**held)

    def first_components(self, n: int) -> Statistics:
        """The sums of the first `n` components; those of all rows are as they were."""
        some: dict[str, Any] = {name: getattr(self, name)[:n] for name in _ARRAYS}
        if self.directions is not None:
            some["directions"] = self.directions[:n]
        return replace(self, **some)

    def scaled(self, factor: float) -> Statistics:
        """Every sum times `factor`: forgetting, for streams. The count of rows stays."""
        sums = ("weight", "first", "second", "log_likelihood", "total_weight")
        return replace(self, **{name: getattr(self, name) * factor for name in sums})

    def about(self, reference: Floats) -> Statistics:
        """The same rows' statistics about other points (K, D).

        With δ_k = c_k − c'_k: first' = first + weight·δ and
        second' = second + first·δᵀ + δ·firstᵀ + weight·δδᵀ.
        """
        shift = self.reference - reference  # (K, D)
        moved = self.weight[:, None] * shift  # (K, D)
        along = (2.0 * self.first + moved) * shift  # (K, D), what the diagonals gain
        if self.diagonal:
            second = self.second + along
        elif self.directions is not None:
            of_first = np.einsum("kdh,kd->kh", self.directions, self.first + moved)
            of_shift = np.einsum("kdh,kd->kh", self.directions, shift)
            seen = (
                self.first[:, :, None] * of_shift[:, None] + shift[:, :, None] * of_first[:, None]
            )
            second = self.second + np.concatenate([seen, along[:, :, None]], axis=2)
        else:
            cross = self.first[:, :, None] * shift[:, None, :]  # (K, D, D)
            second = self.second + (
                cross + cross.transpose(0, 2, 1) + moved[:, :, None] * shift[:, None, :]
            )
        return replace(self, reference=reference, first=self.first + moved, second=second)


def zeros(
    reference: Floats, *, diagonal: bool, directions: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    """Room for a kernel to add up in: `weight`, `first` and `second` about `reference` (K, D)."""
    k, d = reference.shape
    width = d if directions is None else directions.shape[2] + 1
    return np.zeros(k), np.zeros((k, d)), np.zeros((k, d) if diagonal else (k, d, width))


def _row_values(arrow: Any, data: Any) -> dict[str, Any]:
    """The scalars of a table of one row, by column, as the schema has them.

    Raises
    ------
    DataError : as for `Statistics.from_arrow`.
    """
    if not isinstance(data, (arrow.RecordBatch, arrow.Table)):
        raise DataError(
            f"statistics cannot be read from a {type(data).__name__}, expected a pyarrow "
            "RecordBatch or Table of one row"
        )
    if data.num_rows != 1:
        raise DataError(
            f"the table has {data.num_rows} rows, expected 1, the statistics of one part: read "
            "each row by itself, as in Statistics.merge(Statistics.from_arrow(row) for row in "
            "table.to_batches(max_chunksize=1))"
        )
    schema = _schema(arrow)
    missing = [field.name for field in schema if field.name not in data.schema.names]
    if missing:
        raise DataError(
            f"the table lacks the column{'s' if len(missing) > 1 else ''} "
            f"{', '.join(map(repr, missing))}, expected those of Statistics.to_arrow"
        )
    try:
        data.validate()  # Arrow itself believes what a table says of its length
        values = {field.name: data.column(field.name).cast(field.type)[0] for field in schema}
    except (arrow.ArrowException, TypeError) as error:
        raise DataError(
            f"the table is not of the types of Statistics.to_arrow: {' '.join(str(error).split())}"
        ) from None
    if any(not value.is_valid for value in values.values()):
        raise DataError("a column of the statistics is missing its value, expected no nulls")
    return values


def _numbers(value: Any) -> Floats:
    return np.array(value.values.to_numpy(zero_copy_only=False), np.float64)


def _schema(arrow: Any) -> Any:
    numbers = arrow.list_(arrow.float64())
    return arrow.schema(
        [
            ("n_components", arrow.int64()),
            ("n_features", arrow.int64()),
            ("diagonal", arrow.bool_()),
            *((name, numbers) for name in _ARRAYS),
            ("log_likelihood", arrow.float64()),
            ("n_rows", arrow.int64()),
            ("total_weight", arrow.float64()),
        ]
    )


def _pyarrow(purpose: str) -> Any:
    try:
        import pyarrow
    except ImportError:
        raise MissingExtraError("pyarrow", "parquet", purpose) from None
    return pyarrow
