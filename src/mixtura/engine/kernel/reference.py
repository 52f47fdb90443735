"""The reference kernel: the mathematics in NumPy, for ever the specification.

Every function takes one block of rows and the packed components. Deviations are subtracted
first, in float64, then whitened; the maximum is taken out before any exponential; one
exponential is taken a row and component.

NaN is a feature that was not observed. A row is of the density of those that were, and its sums are
those expected of the whole row given them; see `mixtura.engine.marginals`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import reduce
from operator import add

import numpy as np

from mixtura.engine.arrays import Floats, Integers, Rows
from mixtura.engine.components import Centres, Components, spheres
from mixtura.engine.groups import FitGroups
from mixtura.engine.kernel.clusterings import sample_clusterings as sample_clusterings
from mixtura.engine.kernel.leading import leading_by
from mixtura.engine.kernel.spectrum import (
    below_floor as below_floor,
    raised_to_floor as raised_to_floor,
)
from mixtura.engine.kernel.triangular import choleskys as choleskys, invert_lower as invert_lower
from mixtura.engine.marginals import Marginal
from mixtura.engine.patterns import Patterns
from mixtura.engine.search import (
    Ascend,
    CellPassesOf,
    Climb,
    EMRunOf,
    FarApart,
    FirstMStep,
    Lloyd,
    LogRatio,
    RunRace,
    RunSearch,
    Swap,
)
from mixtura.engine.sources import Block
from mixtura.engine.statistics import Statistics, zeros
from mixtura.errors import DataError

#: the specification has none: a loop over `accumulate` and the M-step is what it comes to
climb: Climb | None = None
#: nor this: `mixtura.bayesian.search` is what it comes to
ascend: Ascend | None = None
#: nor this: `mixtura.fitting.em` is what it comes to
em_run: EMRunOf | None = None
#: nor these: sums over cells are those over all rows, where each keeps all components
cell_passes: CellPassesOf | None = None
#: nor these: they are loops over climbs, and over swaps and climbs
log_ratio: LogRatio | None = None
race: RunRace | None = None
search: RunSearch | None = None
swap: Swap | None = None
#: nor these: the seeds of k-means are a loop over `potentials`, its ends one over `hamerly_step`
far_apart: FarApart | None = None
lloyd: Lloyd | None = None
#: nor this: `mixtura.fitting.m_step.estimate` is what it comes to
first_m_step: FirstMStep | None = None
#: nor this: many small fits are a loop over `mixtura.fit`
fit_groups: FitGroups | None = None


def describe() -> str:
    """The name of this kernel, as people are told it."""
    return "reference (NumPy)"


def squared_distances(rows: Rows, components: Components) -> Floats:
    """Squared Mahalanobis distances ‖L_k⁻¹(x_i − μ_k)‖² of rows (m, D); (m, K).

    Of the features that were observed. Infinity where the square overflows, never NaN.
    """
    if np.isnan(rows).any():
        return _by_pattern(squared_distances, rows, components)
    distances = np.empty((len(rows), components.n_components))
    with np.errstate(over="ignore", invalid="ignore"):
        for k, mean in enumerate(components.means):
            whitened = components.factor.whiten(k, (rows - mean).T)  # (D, m)
            distances[:, k] = np.einsum("dm,dm->m", whitened, whitened)
    # ∞ − ∞ and 0·∞ in the solve need an entry of z = L⁻¹d beyond 1e308 / max|L|. No entry of L
    # exceeds √1.8e308, so such a z overflows once it is squared.
    distances[np.isnan(distances)] = np.inf
    return distances


def log_joint(rows: Rows, components: Components) -> Floats:
    """Log w_k + log N(x_i | μ_k, Σ_k) of rows (m, D), or of what was observed; (m, K), nats."""
    if np.isnan(rows).any():
        return _by_pattern(log_joint, rows, components)
    return components.constants - 0.5 * squared_distances(rows, components)


def log_likelihood(rows: Rows, components: Components) -> Floats:
    """Log Σ_k w_k N(x_i | μ_k, Σ_k) of rows (m, D); (m,), nats.

    −inf where the squared distance overflows, never NaN.
    """
    joint = log_joint(rows, components)
    top = joint.max(axis=1)
    scale = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return scale + np.log(np.exp(joint - scale[:, None]).sum(axis=1))


def labels(rows: Rows, components: Components) -> Integers:
    """The component of largest responsibility for rows (m, D); (m,)."""
    return _comparable(rows, components)[0].argmax(axis=1)


def log_posterior(rows: Rows, components: Components) -> Floats:
    """Log responsibilities of rows (m, D), without underflow; (m, K), nats."""
    return log_normalised(_comparable(rows, components)[0])


def log_normalised(joint: Floats) -> Floats:
    """Logs of numbers (m, K) that are proportional to exp(joint) and sum to 1 over K."""
    shifted = joint - joint.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def posterior(rows: Rows, components: Components) -> tuple[Floats, Floats]:
    """Log-likelihoods (m,) and responsibilities (m, K) of rows (m, D).

    r_ik = e_ik / Σ_l e_il with e_ik = exp(log_joint_ik − max): a division, so that they sum to 1
    within a few ulp (Blanchard, Higham & Higham 2021). A row so far out that every density
    underflows belongs to the component that is nearest in Mahalanobis distance.
    """
    joint, far = _comparable(rows, components)
    top = joint.max(axis=1)
    exponentials = np.exp(joint - top[:, None])  # (m, K)
    total = exponentials.sum(axis=1)
    likelihood = top + np.log(total)
    likelihood[far] = -np.inf
    return likelihood, exponentials / total[:, None]


def leading(rows: Rows, components: Components, count: int) -> tuple[Integers, Floats]:
    """The likeliest components of rows (m, D) and their responsibilities, (m, C) each.

    The likeliest first, of equals the first.
    """
    return leading_by(posterior, rows, components, count)


def moments(
    block: Block,
    responsibilities: Floats,
    reference: Floats,
    *,
    diagonal: bool,
    directions: Floats | None = None,
) -> Statistics:
    """Statistics of a block about `reference` (K, D), for given responsibilities (m, K).

    With `directions` (K, D, H) the second moments are those along them, and the diagonals. Its
    log-likelihood is zero: responsibilities alone do not state one.
    """
    weight, first, second = zeros(reference, diagonal=diagonal, directions=directions)
    shares = responsibilities  # (m, K)
    if block.weights is not None:
        shares = shares * block.weights[:, None]
    for k, point in enumerate(reference):
        share = shares[:, k]
        if not share.any():
            continue
        deviations = block.rows - point  # (m, D) float64
        weighted = share[:, None] * deviations
        weight[k] = share.sum()
        first[k] = weighted.sum(axis=0)
        if directions is not None:
            second[k, :, :-1] = weighted.T @ (deviations @ directions[k])
            second[k, :, -1] = np.einsum("md,md->d", weighted, deviations)
        elif diagonal:
            second[k] = np.einsum("md,md->d", weighted, deviations)
        else:
            second[k] = weighted.T @ deviations
    of_all = 0.0, len(block.rows), block.total_weight
    return Statistics(reference, weight, first, second, *of_all, directions)


def accumulate(block: Block, components: Components, *, diagonal: bool | None = None) -> Statistics:
    """Statistics of a block about the components' means: one E-step.

    `diagonal` says whether the diagonals of the second moments will do; by default they do where
    the factor is diagonal, and where it has directions they are along those.
    """
    along = components.factor.directions if diagonal is None else None
    diagonal = components.factor.diagonal if diagonal is None else diagonal
    if np.isnan(block.rows).any():
        if along is not None:
            raise DataError(
                "factor analysers cannot be fitted to rows that lack features: fill what is "
                "missing, or ask for the structure full or diag"
            )
        return _expected(block, components, diagonal=diagonal)
    likelihood, responsibilities = posterior(block.rows, components)
    means = components.means
    sums = moments(block, responsibilities, means, diagonal=diagonal, directions=along)
    return _scored(sums, likelihood, block)


def assign(block: Block, components: Components, *, diagonal: bool) -> tuple[Integers, Statistics]:
    """The same with another posterior: a row belongs wholly to its `labels` component.

    Returns
    -------
    labels : (m,), the component of largest log joint density, the first of equals.
    statistics : about the means, with the diagonals of the second moments or all of them. Their
        log-likelihood is Σ_i v_i max_k log p_k(x_i), the classification likelihood; components
        with log p_k(x) = −½‖x − c_k‖² make this Lloyd's step, and that −½ Σ_i v_i ‖x_i − c‖².

    References
    ----------
    Celeux & Govaert 1992, "A classification EM algorithm for clustering", section 3.
    """
    if np.isnan(block.rows).any():
        return _assigned(block, components, diagonal=diagonal)
    joint, far = _comparable(block.rows, components)
    nearest = joint.argmax(axis=1)
    likelihood = joint.max(axis=1)
    likelihood[far] = -np.inf
    one_hot = (nearest[:, None] == np.arange(components.n_components)).astype(np.float64)
    sums = moments(block, one_hot, components.means, diagonal=diagonal)
    return nearest, _scored(sums, likelihood, block)


def hamerly_step(
    block: Block, centres: Centres, labels: Integers, slack: Floats
) -> tuple[Floats, Floats, int]:
    """One step of Lloyd's iteration: rows go to the nearest centre, the first of equals.

    A row's slack is a lower bound on how much farther the second-nearest centre is than the
    nearest. It shrinks by the loss of the row's cluster; while it is positive the label stands, and
    the row is not read (Hamerly 2010).

    Parameters
    ----------
    labels : (m,) int32, whose each row is, −1 for nobody's yet; brought up to date.
    slack : (m,), brought up to date; NaN where it is not known.

    Returns
    -------
    weight, first : (K,) and (K, D), what Σ v_i and Σ v_i (x_i − c_k) over the rows of each cluster
        gained, about the centres' reference.
    moved : how many rows changed their cluster.
    """
    slack -= centres.loss[np.maximum(labels, 0)]
    doubtful = np.flatnonzero(~(slack > 0.0))
    block = block.take(doubtful)
    joint, far = _comparable(block.rows, spheres(centres.points))  # −½‖x − c‖²
    before, after = labels[doubtful], joint.argmax(axis=1)
    labels[doubtful] = after
    nearest = joint.max(axis=1)
    joint[np.arange(len(joint)), after] = -np.inf
    apart = (1.0 - centres.rounding) * np.sqrt(-2.0 * joint.max(axis=1))
    apart -= (1.0 + centres.rounding) * np.sqrt(-2.0 * nearest)
    apart[far] = np.nan
    slack[doubtful] = apart
    each = np.arange(len(centres.points))
    gained = (after[:, None] == each).astype(np.float64) - (before[:, None] == each)  # (m, K)
    sums = moments(block, gained, centres.reference, diagonal=True)
    return sums.weight, sums.first, int(np.count_nonzero(after != before))


def potentials(
    block: Block, components: Components, nearest: Floats, *, update: bool = False
) -> Floats:
    """Σ_i v_i min(nearest_i, d_ik²) over the block's rows for each component, (K,).

    `nearest` (m,) holds squared distances, and d_ik is the Mahalanobis distance: what k-means++
    weighs its candidates by. With `update`, the least of all takes the place of `nearest`.
    """
    distances = squared_distances(block.rows, components)
    least = np.minimum(distances, nearest[:, None])  # (m, K)
    if block.weights is not None:
        counting = block.weights != 0.0
        least = block.weights[counting, None] * least[counting]
    sums: Floats = least.sum(axis=0)
    if update:
        np.minimum(nearest, distances.min(axis=1), out=nearest)
    return sums


def _scored(statistics: Statistics, likelihood: Floats, block: Block) -> Statistics:
    """Statistics of a block with its rows' log-likelihoods (m,) added up.

    A row that weighs nothing adds nothing, not even where its log-likelihood is −inf.
    """
    if block.weights is not None:
        counting = block.weights != 0.0
        likelihood = likelihood[counting] * block.weights[counting]
    return replace(statistics, log_likelihood=float(likelihood.sum()))


def _comparable(rows: Rows, components: Components) -> tuple[Floats, Integers]:
    """Log joint densities (m, K) with a finite maximum in each row, and the rows beyond reach.

    Where every squared distance overflows, the nearest component gets 0 and the others −inf.
    """
    joint = log_joint(rows, components)
    far = np.flatnonzero(joint.max(axis=1) == -np.inf)
    if far.size:
        nearest = _nearest(rows[far], components)
        joint[far] = np.where(nearest[:, None] == np.arange(components.n_components), 0.0, -np.inf)
    return joint, far


def _nearest(rows: Rows, components: Components) -> Integers:
    """The component nearest in Mahalanobis distance, (m,), where its square overflows.

    ‖L⁻¹d‖ = s·‖L⁻¹(d/s)‖ for any s > 0: the largest entry is taken out before the solve, and
    again before the squares.
    """
    if np.isnan(rows).any():
        return _by_pattern(_log_distances, rows, components).argmin(axis=1)
    return _log_distances(rows, components).argmin(axis=1)


def _log_distances(rows: Rows, components: Components) -> Floats:
    """The logarithms of the distances, (m, K)."""
    log_distances = np.empty((len(rows), components.n_components))
    for k, mean in enumerate(components.means):
        # Halving before subtracting keeps the difference of two huge values finite.
        deviations = (0.5 * np.asarray(rows, dtype=np.float64) - 0.5 * mean).T  # (D, m)
        scale = np.maximum(np.abs(deviations).max(axis=0), np.finfo(float).tiny)
        whitened = components.factor.whiten(k, deviations / scale)
        largest = np.maximum(np.abs(whitened).max(axis=0), np.finfo(float).tiny)
        whitened = whitened / largest
        with np.errstate(divide="ignore"):
            squared = np.einsum("dm,dm->m", whitened, whitened)
            log_distances[:, k] = np.log(scale) + np.log(largest) + 0.5 * np.log(squared)
    return log_distances


def _by_pattern(
    function: Callable[[Rows, Components], Floats], rows: Rows, components: Components
) -> Floats:
    """A function of rows and components of the observed features, (m, K)."""
    values = np.empty((len(rows), components.n_components))
    for observed, chosen in Patterns.of(rows):
        inner = Marginal.of(components, observed).components
        values[chosen] = function(rows[np.ix_(chosen, observed)], inner)
    return values


def _parts(block: Block, components: Components) -> Iterator[tuple[Marginal, Block, Integers]]:
    """The rows of each pattern in the features that they have, and which of the block they are."""
    for observed, chosen in Patterns.of(block.rows):
        part = block.take(chosen)
        own = replace(part, rows=np.ascontiguousarray(part.rows[:, observed]))
        yield Marginal.of(components, observed), own, chosen


def _expected(block: Block, components: Components, *, diagonal: bool) -> Statistics:
    """The statistics of rows that lack features."""
    inner = diagonal and components.factor.diagonal
    sums = (
        there.lifted(
            accumulate(part, there.components, diagonal=inner), components.means, diagonal=diagonal
        )
        for there, part, _ in _parts(block, components)
    )
    return reduce(add, sums)


def _assigned(
    block: Block, components: Components, *, diagonal: bool
) -> tuple[Integers, Statistics]:
    """The labels of rows that lack features, and their statistics."""
    labelled = np.empty(len(block.rows), np.int64)
    sums = []
    for there, part, chosen in _parts(block, components):
        inner = there.components
        whole = not (diagonal and inner.factor.diagonal)
        labelled[chosen], own = assign(part, inner, diagonal=not whole)
        sums.append(there.lifted(own, components.means, diagonal=diagonal))
    return labelled, reduce(add, sums)
