"""Steps: EM's two halves by themselves, for those who bring an engine of their own."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.executors import Serial
from mixtura.engine.sources import ArraySource
from mixtura.engine.statistics import Statistics
from mixtura.errors import DataError
from mixtura.fitting.assumptions import MStep
from mixtura.fitting.m_step.health import Health
from mixtura.fitting.m_step.regularisation import regularisation
from mixtura.model.mixture import Mixture, check_mixture
from mixtura.rows.spread import Spread
from mixtura.rows.weights import row_weights


def statistics(batch: Any, mixture: Mixture, sample_weight: Any = None) -> Statistics:
    """The E-step of some rows: what they add to the next mixture, as sums.

    With r_ik the responsibilities under `mixture`, v_i the rows' weights and μ_k its means:
    Σ_i v_i r_ik, Σ_i v_i r_ik (x_i − μ_k), Σ_i v_i r_ik (x_i − μ_k)(x_i − μ_k)ᵀ or its diagonal,
    and Σ_i v_i log p(x_i).

    Parameters
    ----------
    batch : (m, D) array-like, or a table with the mixture's columns: pandas, polars, a pyarrow
        Table or RecordBatch. It may have no rows.
    mixture : under which the responsibilities are taken.
    sample_weight : (m,) how much each row counts, at least 0; or None for 1 each.

    Returns
    -------
    `Statistics`, which add up: those of two batches are those of their rows together.

    Raises
    ------
    DataError : wrong columns, NaN or infinity, in the rows or the weights.

    Notes
    -----
    The time of an EM iteration over the rows, on the calling thread alone: who has many batches
    has the threads for them.

    References
    ----------
    Dempster, Laird & Rubin 1977, "Maximum likelihood from incomplete data via the EM algorithm".

    Examples
    --------
    >>> import mixtura
    >>> mixture = mixtura.Mixture([0.5, 0.5], [[0.0], [4.0]], [[[1.0]], [[1.0]]])
    >>> parts = [[[0.1], [4.2]], [[-0.3], [3.9], [4.4]]]
    >>> for _ in range(5):
    ...     total = mixtura.Statistics.merge(mixtura.statistics(p, mixture) for p in parts)
    ...     mixture = mixtura.maximise(total, mixture)
    >>> mixture.means.ravel().round(4).tolist(), total.n_rows
    ([-0.1, 4.1667], 5)
    """
    check_mixture(mixture)
    rows = mixture.rows(batch)
    diagonal = mixture.structure.form.seconds
    if len(rows) == 0:
        along = mixture.components.factor.directions
        return Statistics.zero(mixture.components.means, diagonal=bool(diagonal), directions=along)
    weights = row_weights(sample_weight, len(rows), some=False)
    source = ArraySource(rows, weights)
    return Serial().run(
        source, partial(kernel.accumulate, components=mixture.components, diagonal=diagonal)
    )


def maximise(
    statistics: Statistics, mixture: Mixture, *, reg_covar: float | str = "auto"
) -> Mixture:
    """The M-step: the mixture of largest expected log-likelihood, from the sums over all rows.

    With n_k the weights and c_k the reference of the sums: w_k = n_k / Σ_l n_l,
    μ_k = c_k + first_k / n_k, and covariances by the formula of the structure.

    Parameters
    ----------
    statistics : of all rows.
    mixture : under which they were taken; its structure and its features' names are kept.
    reg_covar : as for `mixtura.fit`: ``"auto"`` lets no variance below 1e-8 of the rows' own, a
        number is added to every variance, 0 asks for the exact maximum.

    Raises
    ------
    DataError : the statistics are of no rows, or of another shape than the mixture.
    CollapseError : a covariance is singular and reg_covar is 0.

    Notes
    -----
    One step of `mixtura.fit` without extrapolation, K·D³ operations.

    References
    ----------
    Dempster, Laird & Rubin 1977; Celeux & Govaert 1995 for the covariances.
    """
    check_mixture(mixture)
    if not isinstance(statistics, Statistics):
        raise DataError(f"statistics is a {type(statistics).__name__}, expected mixtura.Statistics")
    structure = mixture.structure
    if statistics.reference.shape != mixture.components.means.shape:
        raise DataError(
            f"the statistics are of {statistics.reference.shape} components and features, the "
            f"mixture has {mixture.components.means.shape}: take those that were found under it"
        )
    _check_directions(statistics, mixture)
    if statistics.diagonal != structure.form.diagonal:
        has, needs = ("diagonals", "all") if statistics.diagonal else ("all", "diagonals")
        raise DataError(
            f"the statistics hold {has} of the second moments, a mixture of {structure.name} "
            f"covariances takes {needs}: find them under this mixture"
        )
    if not statistics.total_weight > 0.0:
        raise DataError("the statistics are of no rows that count, expected at least one")
    kept = regularisation(reg_covar)
    box = None if mixture.noise is None else mixture.noise.box
    m_step = MStep(
        mixture.n_components, structure, kept.ridge, mixture.equal_weights, seen=None, box=box
    )
    estimate = m_step(statistics, near=mixture.covariances)
    health = Health(kept, lambda: _spread(statistics), statistics.n_rows)
    sound, _ = health.sound(estimate, 1, ())
    return sound.mixture(mixture.feature_names)


def _check_directions(statistics: Statistics, mixture: Mixture) -> None:
    """Refuse sums of factor analysers under another mixture, and others for factor analysers.

    Raises
    ------
    DataError : they are so.
    """
    own, theirs = mixture.components.factor.directions, statistics.directions
    if own is not theirs and (own is None or theirs is None or not np.array_equal(own, theirs)):
        raise DataError(
            "the statistics are not of the directions of this mixture's factors, along which alone "
            "factor analysers sum second moments up: find them under this mixture"
        )


def _spread(statistics: Statistics) -> Spread:
    """The spread of all rows, from the sums of each component."""
    total = statistics.total_weight
    shares = statistics.weight[:, None] / total  # (K, 1)
    centre = (shares * statistics.reference + statistics.first / total).sum(axis=0)
    about = statistics.about(np.repeat(centre[None], len(statistics.weight), axis=0))
    if about.directions is not None:
        second = about.second[:, :, -1]
    else:
        second = about.second if about.diagonal else np.einsum("kdd->kd", about.second)
    return Spread.told(second.sum(axis=0) / total, centre, singles=False)
