"""Information: the curvature of the log-likelihood at its maximum."""

from __future__ import annotations

from functools import partial

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats
from mixtura.engine.executors import Executor
from mixtura.engine.sources import Source
from mixtura.errors import DataError
from mixtura.fitting.uncertainty.chart import Chart, Parameters
from mixtura.model.mixture import Mixture

__all__ = ["parameter_covariance", "score"]

#: a step of a coordinate, whose unit is about one: the score is exact, so its rounding, some
#: 1e-12, over the step and the step's square are both small
_STEP = 1e-4


def parameter_covariance(mixture: Mixture, source: Source, executor: Executor) -> Floats:
    """Asymptotic covariance of the flat parameters, (M, M) with M = K + K·D + K·D².

    J I⁻¹ Jᵀ, with I = −∂²log L/∂θ² the observed information in the coordinates of `Chart`, had by
    central differences of the exact score, and J the derivatives of the parameters.

    Raises
    ------
    DataError : the information is not positive definite, so the mixture is no maximum, or not an
        isolated one.

    Notes
    -----
    2p passes over the rows.
    """
    chart = Chart.about(mixture)
    p = chart.n_coordinates
    rows = np.empty((p, p))
    for j in range(p):
        theta = np.zeros(p)
        theta[j] = _STEP
        rows[j] = score(chart, theta, source, executor) - score(chart, -theta, source, executor)
    information = -0.5 * (rows + rows.T) / (2.0 * _STEP)
    scale = np.sqrt(np.abs(np.diagonal(information)))
    try:
        lower = np.linalg.cholesky(information / np.outer(scale, scale))
    except np.linalg.LinAlgError:
        raise DataError(
            "the log-likelihood of these rows is not curved downwards in every direction at this "
            "mixture, so it has no standard errors there: fit it to these rows with tol='auto', "
            "use fewer components, or method='bootstrap'"
        ) from None
    spread = np.linalg.solve(lower, (chart.jacobian(np.zeros(p)) / scale).T)
    return spread.T @ spread


def score(chart: Chart, theta: Floats, source: Source, executor: Executor) -> Floats:
    """The derivatives of log L at θ, (p,), nats.

    With n_k, f_k and S_k the responsibilities' sums about μ_k: ∂/∂w_k = n_k / w_k,
    ∂/∂μ_k = Σ_k⁻¹ f_k and ∂/∂Σ_k = ½ Σ_k⁻¹ (S_k − n_k Σ_k) Σ_k⁻¹.
    """
    at = chart.parameters(theta)
    mixture = Mixture(at.weights, at.means, at.covariances, "full")
    step = partial(kernel.accumulate, components=mixture.components, diagonal=False)
    sums = executor.run(source, step)
    inverse = mixture.structure.form.inverted(at.covariances)
    apart = sums.second - sums.weight[:, None, None] * at.covariances
    gradient = Parameters(
        sums.weight / at.weights,
        np.einsum("kde,ke->kd", inverse, sums.first),
        0.5 * inverse @ apart @ inverse,
    )
    return chart.jacobian(theta).T @ gradient.flat()
