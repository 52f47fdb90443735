"""Information: the curvature of the log-likelihood at its maximum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers
from mixtura.engine.executors import Executor
from mixtura.engine.sources import Source
from mixtura.engine.statistics import Statistics
from mixtura.errors import DataError
from mixtura.model.mixture import Mixture
from mixtura.model.structures import structure
from mixtura.uncertainty.chart import Chart, Parameters
from mixtura.uncertainty.louis import Coordinates, observed_and_complete

#: a step of a coordinate, whose unit is about one: the score is exact, so its rounding, some
#: 1e-12, over the step and the step's square are both small
_STEP = 1e-4
#: an eigenvalue below this share is 0: that is how far differences over the step are off
_SINGULAR = 1e-6
#: components whose means are nearer, in standard deviations, and whose covariances differ by a
#: smaller share, coincide
_COINCIDE = 0.02
#: of matrices that are written out
_FULL = structure("full").form
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


@dataclass(frozen=True, eq=False)
class Information:
    """Second derivatives of a log-likelihood in the coordinates of a `Chart`.

    Parameters
    ----------
    mixture : where they are taken.
    observed : (p, p), −∂²log L/∂θ².
    complete : (p, p), what it would be if it were known which component each row is of.
    jacobian : (M, p), the derivatives of the flat parameters over `Chart.units`, M = K + K·D +
        K·D².
    """

    mixture: Mixture
    observed: Floats
    complete: Floats
    jacobian: Floats

    @cached_property
    def kept(self) -> Floats:
        """What share of the complete information is there, in each direction, (p,), rising.

        The eigenvalues of C^-½ I C^-½, for I observed and C complete: 1 less the fractions of
        missing information, and free of the choice of coordinates. None is above 1 at a maximum
        of the likelihood but for rounding.

        References
        ----------
        Louis 1982, "Finding the observed information matrix when using the EM algorithm".
        """
        scale = np.sqrt(np.abs(np.diagonal(self.complete)))
        scale = np.where(scale > 0.0, scale, 1.0)
        root = np.linalg.cholesky(self.complete / scale / scale[:, None])
        half = np.linalg.solve(root, self.observed / scale / scale[:, None])
        whole = np.linalg.solve(root, half.T)
        return np.linalg.eigvalsh(0.5 * (whole + whole.T))

    def covariance(self) -> Floats:
        """Asymptotic covariance of the flat parameters over `Chart.units`, (M, M): J I⁻¹ Jᵀ.

        Raises
        ------
        DataError : the information is not positive definite, so the mixture is no maximum, or not
            an isolated one.
        """
        try:
            least = self.kept[0] if len(self.kept) else 1.0
        except np.linalg.LinAlgError:
            least = np.nan
        if not least > _SINGULAR:
            raise DataError(self._fault(flat=abs(least) <= _SINGULAR))
        scale = np.sqrt(np.diagonal(self.observed))
        lower = np.linalg.cholesky(self.observed / scale / scale[:, None])
        spread = np.linalg.solve(lower, (self.jacobian / scale).T)
        return spread.T @ spread

    def _fault(self, *, flat: bool) -> str:
        """What is wrong, with what to do."""
        pair = _coinciding(self.mixture)
        if pair is not None:
            return (
                f"components {pair[0]} and {pair[1]} coincide, so the rows do not say how much "
                "weight is either's, and there are no standard errors: use fewer components"
            )
        if flat:
            return (
                "the log-likelihood of these rows is flat in a direction at this mixture, so it "
                "has no standard errors there: use fewer components, or method='bootstrap'"
            )
        return (
            "the log-likelihood of these rows is not curved downwards in every direction at this "
            "mixture, so it has no standard errors there: fit it to these rows with tol='auto', "
            "use fewer components, or method='bootstrap'"
        )


def information(
    mixture: Mixture,
    source: Source,
    executor: Executor,
    sums: Statistics,
    held: tuple[int, ...] = (),
    *,
    measured: bool = False,
) -> Information:
    """The information about a mixture in rows.

    By Louis's identity; where rows have holes or errors, by central differences of the exact score,
    and of the score of rows whose responsibilities stay as they are.

    Parameters
    ----------
    mixture : a maximum of the likelihood.
    source : the rows.
    executor : who carries the passes out.
    sums : of these rows, as `statistics` has them.
    held : components whose means and covariances are taken to be known.
    measured : whether the rows have errors.

    Notes
    -----
    One pass over the rows, of N·p² multiplications for p free parameters; where rows have holes or
    errors, 2p passes.
    """
    chart = Chart.about(mixture)
    free = np.flatnonzero(~np.isin(chart.owners, held))
    with np.errstate(all="ignore"):  # what leaves the floating-point range is no information
        jacobian = Coordinates(chart).jacobian()[:, free]
        if source.holes or measured:
            observed, complete = _by_differences(chart, free, source, executor, sums)
        else:
            both = observed_and_complete(chart, source, executor, sums)
            observed, complete = (0.5 * (part + part.T)[np.ix_(free, free)] for part in both)
    if not (np.isfinite(observed).all() and np.isfinite(complete).all()):
        observed = -np.eye(len(free))
        complete = np.eye(len(free))
    return Information(mixture, observed, complete, jacobian)


def _by_differences(
    chart: Chart, free: Integers, source: Source, executor: Executor, sums: Statistics
) -> tuple[Floats, Floats]:
    """The observed and the complete information, by central differences of the exact score."""
    observed, complete = np.empty((2, len(free), len(free)))
    for row, j in enumerate(free):
        step = np.zeros(chart.n_coordinates)
        step[j] = _STEP
        ahead = _scores(chart, step, source, executor, sums)
        behind = _scores(chart, -step, source, executor, sums)
        observed[row], complete[row] = (ahead - behind)[:, free]
    first, second = (-(part + part.T) / (4.0 * _STEP) for part in (observed, complete))
    return first, second


def statistics(mixture: Mixture, source: Source, executor: Executor) -> Statistics:
    """The sums of rows under a mixture, with whole second moments about the components' means."""
    step = partial(kernel.accumulate, components=mixture.components, diagonal=False)
    return executor.run(source, step)


def score(chart: Chart, theta: Floats, source: Source, executor: Executor) -> Floats:
    """The derivatives of log L at θ, (p,), nats."""
    return chart.jacobian(theta).T @ _slope(chart.parameters(theta), source, executor)


def _scores(
    chart: Chart, theta: Floats, source: Source, executor: Executor, sums: Statistics
) -> Floats:
    """The score at θ, and the derivatives there of what is expected under `sums`, (2, p), nats."""
    at = chart.parameters(theta)
    both = np.stack([_slope(at, source, executor), _expected_slope(at, sums)])
    return both @ chart.jacobian(theta)


def _slope(at: Parameters, source: Source, executor: Executor) -> Floats:
    """The derivatives of log L by the flat parameters, (M,)."""
    mixture = Mixture(at.weights, at.means, at.covariances, "full")
    return _expected_slope(at, statistics(mixture, source, executor))


def _expected_slope(at: Parameters, sums: Statistics) -> Floats:
    """The derivatives by the flat parameters, (M,), of the log-likelihood expected under `sums`.

    With n_k, f_k and S_k the responsibilities' sums about μ_k: ∂/∂w_k = n_k / w_k,
    ∂/∂μ_k = Σ_k⁻¹ f_k and ∂/∂Σ_k = ½ Σ_k⁻¹ (S_k − n_k Σ_k) Σ_k⁻¹.
    """
    about = sums.about(at.means)
    inverse = _FULL.inverted(at.covariances)
    apart = about.second - about.weight[:, None, None] * at.covariances
    return Parameters(
        about.weight / at.weights,
        np.einsum("kde,ke->kd", inverse, about.first),
        0.5 * inverse @ apart @ inverse,
    ).flat()


def _coinciding(mixture: Mixture) -> tuple[int, int] | None:
    """The two components that are nearest to each other, where they are one."""
    matrices, means = mixture.covariance_matrices(), mixture.means
    nearest, least = None, _COINCIDE
    for k in range(mixture.n_components):
        for other in range(k):
            both = 0.5 * (matrices[k] + matrices[other])
            root = np.linalg.cholesky(both)
            step = np.linalg.solve(root, means[k] - means[other])
            change = np.linalg.solve(root, np.linalg.solve(root, matrices[k] - matrices[other]).T)
            apart = max(float(np.linalg.norm(step)), float(np.linalg.norm(change)))
            if apart < least:
                nearest, least = (other, k), apart
    return nearest


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
