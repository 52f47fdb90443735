"""Modes: where a density is highest, lowest between, and where its labels change."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from mixtura.engine import kernel
from mixtura.engine.arrays import Floats, Integers, Value, frozen
from mixtura.errors import ParameterError
from mixtura.model.density import Density
from mixtura.model.univariate import Univariate

_STEPS = 10_000
#: a step this short, in standard deviations, ends an ascent; modes as near as the second are one
_STILL, _SAME = 1e-12, 1e-4
#: of so many components ascents begin between each two of them, too
_PAIRED = 12
#: a part of fewer rows than that is no part that anybody sees
_SEEN = 1e-3
#: of each component, how far the density of one feature is looked at, and how finely
_GRID = np.linspace(-5.0, 5.0, 201)


@dataclass(frozen=True, eq=False)
class Modes(Value):
    """The local maxima of a mixture's density, the highest first.

    Parameters
    ----------
    points : (M, D), feature units.
    log_densities : (M,), log p at them, nats.
    labels : (K,), to which of them the ascent from each component's mean leads.
    """

    points: Floats
    log_densities: Floats
    labels: Integers

    def __repr__(self) -> str:
        return f"Modes({len(self.points)} of {len(self.labels)} components)"

    def __len__(self) -> int:
        return len(self.points)


@dataclass(frozen=True, eq=False)
class Cuts(Value):
    """Where the most responsible component changes along one feature.

    Parameters
    ----------
    points : (C,), rising, feature units.
    labels : (C + 1,), of the rows below the first, between two of them, and above the last; −1 for
        noise.
    shares : (C + 1,), the probability of a row to lie in each of those parts.
    """

    points: Floats
    labels: Integers
    shares: Floats

    @property
    def split(self) -> list[int]:
        """The labels of two parts or more, with others between, each of 1 row in 1,000."""
        labels, counts = np.unique(self.labels[self.shares > _SEEN], return_counts=True)
        return labels[counts > 1].tolist()


def modes(mixture: Density) -> Modes:
    """The modes that ascents from every mean lead to; see `Mixture.modes`."""
    means, precisions, deviations = mixture.means, _precisions(mixture), _deviations(mixture)
    starts = means
    if mixture.n_features == 1:  # here none can hide
        grid = _grid(mixture)
        height = mixture.score_samples(grid[:, None])
        peaks = (height[1:-1] >= height[:-2]) & (height[1:-1] >= height[2:])
        starts = np.concatenate([means, grid[1:-1][peaks][:, None]])
    elif len(means) <= _PAIRED:
        starts = np.concatenate([means, _between(means, precisions)])
    ends = np.stack([_ascent(mixture, x, precisions, deviations) for x in starts])
    heights = mixture.score_samples(ends)
    found: list[int] = []
    for at in np.argsort(-heights, kind="stable").tolist():
        if _is_peak(mixture, ends[at], precisions) and not any(
            np.abs((ends[at] - ends[one]) / deviations).max() < _SAME for one in found
        ):
            found.append(at)
    apart = np.linalg.norm((ends[: len(means), None] - ends[found]) / deviations, axis=2)
    return Modes(frozen(ends[found]), frozen(heights[found]), apart.argmin(axis=1))


def antimodes(mixture: Density) -> Floats:
    """The minima of the density of one feature between its modes, rising, (M − 1,)."""
    peaks = np.sort(modes(mixture).points[:, 0])
    grid, low = _grid(mixture), []
    for left, right in pairwise(peaks.tolist()):
        inside = np.concatenate([[left], grid[(grid > left) & (grid < right)], [right]])
        at = int(mixture.score_samples(inside[:, None]).argmin())
        ends = inside[max(at - 1, 0)], inside[min(at + 1, len(inside) - 1)]
        low.append(_lowest(mixture, *ends))
    return frozen(np.array(low))


def cuts(mixture: Density) -> Cuts:
    """Where the labels of one feature change: roots of quadratics; see `Mixture.cuts`.

    Warns
    -----
    UserWarning : the rows of a label lie in two parts.
    """
    terms = mixture.components
    n = terms.n_components
    inverse = np.broadcast_to(terms.whitening(kernel.invert_lower).reshape(-1), n)
    crossings = [
        root
        for j, k in combinations(range(n), 2)
        for root in _crossings(inverse[[j, k]], terms.means[[j, k], 0], terms.constants[[j, k]])
    ]
    points = np.unique(crossings)
    if len(points):
        width = 1.0 + np.ptp(points) + float(_deviations(mixture)[0])
        ends = [points[0] - width, points[-1] + width]
        middles = np.concatenate([ends[:1], 0.5 * points[:-1] + 0.5 * points[1:], ends[1:]])
    else:
        middles = mixture.means[:1, 0]
    places = kernel.labels(np.ascontiguousarray(middles[:, None]), terms)
    changes = places[1:] != places[:-1]
    numbers = np.concatenate([family.labels for family in mixture.terms])
    labels = numbers[places[np.concatenate([[True], changes])]]
    points = points[changes]
    below = np.clip(Univariate.of(mixture, len(points)).cdf(points), 0.0, 1.0)
    shares = np.diff(np.concatenate([[0.0], below, [1.0]]))
    found = Cuts(frozen(points), labels, frozen(shares))
    if found.split:
        warnings.warn(
            f"rows of label {', '.join(map(str, found.split))} lie in two parts, with others "
            "between: a broad component reaches beyond a narrow one on both sides; where that "
            "makes no sense, fit components of one variance (structure='tied')",
            stacklevel=3,
        )
    return found


def one_feature(mixture: Density, what: str) -> None:
    """Refuse a mixture of several features where one is expected.

    Raises
    ------
    ParameterError : there are several.
    """
    if mixture.n_features != 1:
        raise ParameterError(
            f"{what} are of one feature, and this mixture has {mixture.n_features}: name one with "
            "of, or give the coefficients of a linear combination"
        )


def _ascent(mixture: Density, x: Floats, precisions: Floats, deviations: Floats) -> Floats:
    """Where x ← (Σ_k r_k Σ_k⁻¹)⁻¹ Σ_k r_k Σ_k⁻¹ μ_k leads, which never falls, (D,).

    Newton's step is taken instead wherever the density is concave and gains more by it.
    """
    for _ in range(_STEPS):
        shares = _shares(mixture, x)
        pulls = np.einsum("kij,kj->ki", precisions, mixture.means - x)
        gradient = shares @ pulls
        metric = np.einsum("k,kij->ij", shares, precisions)
        new = x + np.linalg.solve(metric, gradient)
        hessian = np.einsum("k,ki,kj->ij", shares, pulls, pulls) - metric
        if np.linalg.eigvalsh(hessian)[-1] < 0.0:
            further = x - np.linalg.solve(hessian, gradient)
            heights = mixture.score_samples(np.stack([new, further]))
            new = further if heights[1] >= heights[0] else new
        still = np.abs((new - x) / deviations).max() < _STILL
        x = new
        if still:
            break
    return x


def _is_peak(mixture: Density, x: Floats, precisions: Floats) -> bool:
    """Whether the density falls in every direction from a place where its slope is 0."""
    shares = _shares(mixture, x)
    pulls = np.einsum("kij,kj->ki", precisions, mixture.means - x)
    hessian = np.einsum("k,ki,kj->ij", shares, pulls, pulls)
    hessian -= np.einsum("k,kij->ij", shares, precisions)
    return bool(np.linalg.eigvalsh(hessian)[-1] < 0.0)


def _between(means: Floats, precisions: Floats) -> Floats:
    """Halfway along the ridgeline of each two components, on which their modes lie, (P, D).

    (Σ_j⁻¹ + Σ_k⁻¹)⁻¹ (Σ_j⁻¹ μ_j + Σ_k⁻¹ μ_k): Ray & Lindsay 2005, "The topography of multivariate
    normal mixtures", theorem 1.
    """
    pulls = np.einsum("kij,kj->ki", precisions, means)
    first, second = np.triu_indices(len(means), 1)
    both = precisions[first] + precisions[second]
    return np.linalg.solve(both, (pulls[first] + pulls[second])[:, :, None])[:, :, 0]


def _shares(mixture: Density, x: Floats) -> Floats:
    """The components' responsibilities for one row, (K,), which sum to 1: what is even has none."""
    return kernel.posterior(x[None], mixture.gaussians)[1][0]


def _precisions(mixture: Density) -> Floats:
    return np.linalg.inv(mixture.covariance_matrices())


def _deviations(mixture: Density) -> Floats:
    """Each feature's least standard deviation, (D,)."""
    return np.sqrt(mixture.variances()).min(axis=0)


def _grid(mixture: Density) -> Floats:
    deviations = np.sqrt(mixture.variances()[:, 0])
    return np.unique(mixture.means[:, :1] + deviations[:, None] * _GRID)


def _lowest(mixture: Density, low: float, high: float) -> float:
    """Where the density of one feature is least: its slope changes sign, by bisection."""
    precisions = 1.0 / mixture.variances()[:, 0]
    for _ in range(200):
        x = 0.5 * low + 0.5 * high
        if not low < x < high:
            break
        shares = _shares(mixture, np.array([x]))
        falls = shares @ (precisions * (mixture.means[:, 0] - x)) < 0.0
        low, high = (x, high) if falls else (low, x)
    return 0.5 * low + 0.5 * high


def _crossings(inverse: Floats, means: Floats, constants: Floats) -> list[float]:
    """Where c_j − ½(x − μ_j)²/s_j² of two terms are equal: up to two places."""
    (h, g), (m, n) = np.square(inverse), means
    # About the first mean: a·d² + 2b·d + c = 0, with d = x − m.
    a, b = h - g, g * (n - m)
    c = -2.0 * (constants[0] - constants[1]) - g * (n - m) ** 2
    if a == 0.0:
        return [m - 0.5 * c / b] if b else []
    root = b * b - a * c
    if root < 0.0:
        return []
    q = -(b + np.copysign(np.sqrt(root), b))
    return [m + q / a, *([m + c / q] if q else [])]
