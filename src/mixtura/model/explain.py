"""Explanation: where each row's log-likelihood comes from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.arguments import is_whole, places, takes_missing
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers, Value, frozen
from mixtura.engine.factors import Diagonal
from mixtura.engine.sources import Block, fields_of
from mixtura.errors import ParameterError
from mixtura.model.contributions import Parts
from mixtura.model.decisions import Decisions
from mixtura.model.density import Density
from mixtura.model.factors import Factors, factors
from mixtura.model.noise import NOISE, Noise
from mixtura.model.rays import are_affordable
from mixtura.model.wording import explanation_text
from mixtura.rows.collected import Collected, collected
from mixtura.rows.errors import named_errors, row_errors
from mixtura.tables.collections import is_collection
from mixtura.tables.table import pandas_for
from mixtura.textual import counted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Explanation(Value):
    """The parts of each row's log-likelihood, nats.

    For row i and component k::

        log_joint_ik = log_weight_k + normalisation − ½·log|Σ_k| − ½·d²_ik
        d²_ik        = Σ_j (x_i − μ_k)_j · [Σ_k⁻¹ (x_i − μ_k)]_j
        log p(x_i)   = log Σ_k exp(log_joint_ik)

    With noise the last sum has one term more, log w_0 − log V, which is the same for every row.
    Of a row that lacks features all is of those that were observed, D of them: then normalisation
    and determinants are of the row.

    Parameters
    ----------
    feature_labels : D names.
    log_weights : (K,), log w_k.
    normalisation : −D/2·log 2π; (N, 1) where rows lack features.
    log_determinants : (K,), the parts −½·log|Σ_k|; (N, K) where rows lack features, or have errors:
        of those −½·log|Σ_k + S_i|, and so in the other parts.
    squared_distances : (N, K), the squared Mahalanobis distances d²_ik.
    contributions : (N, K, D), each feature's part of the squared distance; negative where the
        feature is nearer to what the others lead one to expect than its own deviation says; 0 of
        one that is missing.
    log_joint : (N, K), the sum of the four parts.
    responsibilities : (N, K), exp(log_joint_ik − log p(x_i)); with noise they and the noise's sum
        to 1.
    log_likelihood : (N,), log p(x_i), the values of `Mixture.score_samples`; of float32 rows, those
        of the same numbers in float64.
    row_numbers : (N,), where each row stands in the data, from 0.
    values : (N, D), the rows themselves, feature units; NaN where a value is missing.
    means : (K, D), μ_k, feature units.
    standard_deviations : (K, D), √Σ_k,jj, feature units.
    noise : the mixture's noise, or None.
    noise_responsibilities : (N,), how surely each row is noise, or None.
    noise_log_volumes : log V of the noise; (N,) where rows lack features, of those observed.
    mixture : the density that is explained; None where it does not say how rare the rows are, as of
        rows with errors, or that lack features, or of thousands of components in many features,
        where finding out takes minutes.
    factors : what the factors of factor analysers have to do with each row, `mixtura.model.factors`
        has it; None for others, and of rows with errors, or that lack features.
    """

    feature_labels: tuple[str, ...]
    log_weights: Floats
    normalisation: float | Floats
    log_determinants: Floats
    squared_distances: Floats
    contributions: Floats
    log_joint: Floats
    responsibilities: Floats
    log_likelihood: Floats
    row_numbers: Integers
    values: Floats
    means: Floats
    standard_deviations: Floats
    noise: Noise | None = None
    noise_responsibilities: Floats | None = None
    noise_log_volumes: float | Floats = 0.0
    mixture: Decisions | None = None
    factors: Factors | None = None

    def __repr__(self) -> str:
        n, k, d = self.contributions.shape
        sizes = f"{counted(n, 'row')}, {counted(k, 'component')}, {counted(d, 'feature')}"
        if not n:
            return f"Explanation({sizes})"
        i = int(self.log_likelihood.argmin())
        least = f"row {self.row_numbers[i]}{', the least likely' if n > 1 else ''}"
        return f"Explanation({sizes}; {least}: {self.log_likelihood[i]:.6g} nats)"

    def __len__(self) -> int:
        return len(self.log_likelihood)

    @property
    def holes(self) -> bool:
        """Whether rows lack features."""
        return isinstance(self.normalisation, np.ndarray)

    @property
    def distance_terms(self) -> Floats:
        """The parts −½·d²_ik, (N, K), nats."""
        return -0.5 * self.squared_distances

    @property
    def tail(self) -> Floats:
        """How rare each row is, (N,): the probabilities of `Mixture.tail`; empty if unknown."""
        if self.mixture is None:
            return np.empty(0)
        return self.mixture.score_tail.probability(self.log_likelihood)

    def to_dict(self) -> dict[str, Any]:
        """A plain record, one entry a row, ready for JSON."""
        rare = [{"tail": tail} for tail in self.tail.tolist()] or [{}] * len(self)
        return {
            "features": list(self.feature_labels),
            **({} if self.holes else {"normalisation": self.normalisation}),
            **({"noise": self.noise.record()} if self.noise else {}),
            "components": [
                {
                    "mean": self._by_feature(self.means[k]),
                    "standard_deviation": self._by_feature(self.standard_deviations[k]),
                }
                for k in range(len(self.log_weights))
            ],
            "rows": [self._row(i, each) for i, each in enumerate(rare)],
        }

    def to_pandas(self) -> pd.DataFrame:
        """A data frame, one line a row and component: the parts, their sum, contributions.

        Noise is component −1: its log_determinant is −log V, and it has no distance.

        Raises
        ------
        MissingExtraError : pandas is not installed.
        """
        pandas = pandas_for("a data frame")
        n, k = self.log_joint.shape
        columns: dict[str, Any] = {
            "row": self.row_numbers[:, None],
            "component": np.arange(k),
            "log_weight": self.log_weights,
            "normalisation": self.normalisation,
            "log_determinant": self.log_determinants,
            "distance": self.distance_terms,
            "log_joint": self.log_joint,
            "responsibility": self.responsibilities,
            "squared_distance": self.squared_distances,
            **{
                f"contribution_{label}": self.contributions[:, :, j]
                for j, label in enumerate(self.feature_labels)
            },
            "log_likelihood": self.log_likelihood[:, None],
        }
        columns = {name: np.broadcast_to(values, (n, k)) for name, values in columns.items()}
        if beside := self._beside:
            for name, values in columns.items():
                last = np.broadcast_to(beside.get(name, 0.0), n)
                columns[name] = np.column_stack([values, last])
        return pandas.DataFrame({name: values.ravel() for name, values in columns.items()})

    def to_text(self) -> str:
        """The same in words and columns, for people."""
        return explanation_text(self.to_dict())

    __str__ = to_text

    def _row(self, i: int, rare: dict[str, float]) -> dict[str, Any]:
        determinants = np.broadcast_to(self.log_determinants, self.log_joint.shape)[i]
        values = self._by_feature(self.values[i])
        own = (
            float(self.normalisation[i, 0]) if isinstance(self.normalisation, np.ndarray) else None
        )
        return {
            "row": int(self.row_numbers[i]),
            "ids": {},
            "values": {n: None if math.isnan(value) else value for n, value in values.items()},
            **({} if own is None else {"normalisation": own}),
            "log_likelihood": float(self.log_likelihood[i]),
            **rare,
            "components": [
                {
                    "log_weight": float(self.log_weights[k]),
                    "log_determinant": float(determinants[k]),
                    "squared_distance": float(self.squared_distances[i, k]),
                    "distance": float(self.distance_terms[i, k]),
                    "log_joint": float(self.log_joint[i, k]),
                    "responsibility": float(self.responsibilities[i, k]),
                    "contributions": self._by_feature(self.contributions[i, k]),
                    **({} if self.factors is None else self.factors.record(i, k)),
                }
                for k in range(len(self.log_weights))
            ],
            **self._of_noise(i),
        }

    def _of_noise(self, i: int) -> dict[str, Any]:
        """What the noise has to do with row i; nothing where there is none."""
        if not (beside := self._beside):
            return {}
        joint = float(np.broadcast_to(beside["log_joint"], len(self))[i])
        return {"noise": {"log_joint": joint, "responsibility": float(beside["responsibility"][i])}}

    @property
    def _beside(self) -> dict[str, Any]:
        """The noise's part of each column of the data frame, beside those of the components."""
        if self.noise is None or self.noise_responsibilities is None:
            return {}
        return {
            "row": self.row_numbers,
            "component": NOISE,
            "log_weight": np.log(self.noise.weight),
            "log_determinant": -self.noise_log_volumes,
            "log_joint": np.log(self.noise.weight) - self.noise_log_volumes,
            "responsibility": self.noise_responsibilities,
            "log_likelihood": self.log_likelihood,
        }

    def _by_feature(self, numbers: Floats) -> dict[str, float]:
        return dict(zip(self.feature_labels, numbers.tolist(), strict=True))


def explain(
    mixture: Decisions,
    X: Any,
    rows: Sequence[int] | None = None,
    errors: Any = None,
    *,
    missing: str = "refuse",
) -> Explanation:
    """Where each row's log-likelihood comes from.

    Parameters
    ----------
    mixture : the density.
    X : (N, D) array-like, or a table with the mixture's columns; or a Dask array or data frame, of
        which the rows to explain alone are brought here.
    rows : the numbers of the rows to explain, from 0, or a mask (N,); all of them by default, but
        of a Dask collection some have to be named.
    errors : what the rows were measured with, as for `mixtura.fit`, or None.
    missing : ``"em"`` where rows may lack features: what is told is of those observed.

    Raises
    ------
    DataError : wrong shape, missing columns, infinity, or NaN where none may be missing.
    ParameterError : there is no row of that number.

    Notes
    -----
    N·K·D² multiply-adds and N·K·D numbers of memory: meant for the rows that matter, not for all
    of a large file.

    Examples
    --------
    >>> from mixtura import Mixture
    >>> e = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.0], [0.0, 4.0]]]).explain([[3.0, 2.0]])
    >>> e.contributions.tolist()
    [[[9.0, 1.0]]]
    """
    numbers, chosen, given = _picked(mixture, X, rows, errors, missing)
    block = Block(0, chosen, fields_of(errors=given))
    components, k = mixture.gaussians, mixture.n_components
    parts = Parts.of(mixture, block)
    likelihood, shares = kernel.posterior(block, mixture.components)
    return Explanation(
        feature_labels=mixture.feature_labels,
        log_weights=frozen(components.log_weights),
        normalisation=parts.normalisation,
        log_determinants=frozen(parts.log_determinants),
        squared_distances=frozen(parts.distances),
        contributions=_read_only(parts.contributions),
        log_joint=frozen(parts.log_joint(block, components)),
        responsibilities=frozen(shares[:, :k]),
        log_likelihood=frozen(likelihood),
        row_numbers=numbers,
        values=frozen(chosen),
        means=mixture.means,
        standard_deviations=_deviations(mixture),
        noise=mixture.noise,
        noise_responsibilities=frozen(shares[:, k]) if mixture.noise else None,
        noise_log_volumes=_log_volumes(mixture.noise, chosen),
        mixture=None if parts.own or not are_affordable(mixture) else mixture,
        factors=factors(mixture, chosen) if mixture.structure.n_factors and not parts.own else None,
    )


def _deviations(mixture: Decisions) -> Floats:
    """The standard deviations, (K, D), as diagonal components hold them anyway."""
    factor = mixture.gaussians.factor
    return (
        factor.scale if isinstance(factor, Diagonal) else _read_only(np.sqrt(mixture.variances()))
    )


def _read_only(own: Floats) -> Floats:
    """An array that nobody else has, and nobody changes from now on."""
    own.setflags(write=False)
    return own


def _log_volumes(noise: Noise | None, rows: Floats) -> float | Floats:
    """Log V of the noise, of the features that rows (N, D) have."""
    if noise is None:
        return 0.0
    there = ~np.isnan(rows)
    return noise.box.log_volume if there.all() else there @ np.log(noise.box.extent)


def least_likely(
    mixture: Density, X: Any, n: int, errors: Any = None, *, missing: str = "refuse"
) -> Integers:
    """The numbers of the n least likely rows, (n,) or fewer, the least likely first.

    Raises
    ------
    ParameterError : n is not a whole number of at least 1.
    DataError : wrong shape, missing columns, infinity, or NaN where none may be missing.
    """
    if not is_whole(n) or n < 1:
        raise ParameterError(f"n is {n!r}, expected a whole number of rows, at least 1")
    if is_collection(X):
        there = _there(mixture, X, missing)
        return there.least(partial(kernel.log_likelihood, components=mixture.components), n)
    scores = mixture.score_samples(X, errors, missing=missing)
    return np.argsort(scores, kind="stable")[:n]


def _there(mixture: Density, X: Any, missing: str) -> Collected:
    """The rows of a Dask collection, where they are."""
    known = mixture.n_features, mixture.feature_names
    return collected(X, None, *known, holes=takes_missing(missing))


def _picked(
    mixture: Density, X: Any, rows: Sequence[int] | None, errors: Any, missing: str
) -> tuple[Integers, Floats, Floats | None]:
    """The numbers of the rows to explain, the rows, (n, D), and their errors."""
    if not is_collection(X):
        everything = mixture.rows(X, missing=missing)
        numbers = _row_numbers(rows, len(everything))
        given = row_errors(named_errors(X, errors), everything.shape)
        chosen = np.ascontiguousarray(everything[numbers], dtype=np.float64)
        return numbers, chosen, None if given is None else given[numbers]
    if errors is not None:
        raise ParameterError(
            "errors are given, but X is a Dask collection: bring the rows to explain here first, "
            "as with X.loc[[17]].compute()"
        )
    if rows is None:
        raise ParameterError(
            "X is a Dask collection, and all rows of it were asked to be explained: name some, as "
            "in explain(X, rows=[17])"
        )
    there = _there(mixture, X, missing)
    numbers = _row_numbers(rows, sum(there.lengths))
    return numbers, there.picked(numbers), None


def _row_numbers(rows: Sequence[int] | None, count: int) -> Integers:
    chosen = range(count) if rows is None else places(rows, count, "rows", "row")
    for number in chosen:
        if isinstance(number, str):
            raise ParameterError(f"rows holds {number!r}, expected whole numbers from 0")
        if not 0 <= number < count:
            raise ParameterError(
                f"there is no row {number}, the data has {count}, numbered from 0 to {count - 1}"
            )
    numbers = np.array(chosen, dtype=np.intp)
    numbers.setflags(write=False)
    return numbers
