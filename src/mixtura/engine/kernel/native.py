"""The native kernel: the functions of the reference, compiled.

Each is one pass over the block. Rows of float32 are whitened and weighed in float32 by what a fit
and a score spend their time in: `accumulate`, whose sums are float64, `assign` and
`log_likelihood`. To the other functions they are rows of float64.

A row whose score is not finite goes to the reference. It is so far out that its squared distance
overflows: a pass leaves it out of all sums but the total, which tells.
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Integers, Rows, doubles, readable
from mixtura.engine.centres import Centres
from mixtura.engine.climbs import Climbed
from mixtura.engine.components import Components
from mixtura.engine.kernel import _native, reference
from mixtura.engine.sources import Block
from mixtura.engine.statistics import Statistics, zeros
from mixtura.engine.swaps import Effort, Swapped, SwapRule
from mixtura.errors import ParameterError

__all__ = [
    "accumulate",
    "assign",
    "climb",
    "describe",
    "follow",
    "invert_lower",
    "labels",
    "log_joint",
    "log_likelihood",
    "log_posterior",
    "moments",
    "posterior",
    "potentials",
    "squared_distances",
    "swap",
]

#: below it, squares of deviations come near the smallest normal float32, 1e-38
_LEAST_VARIANCE = 1e-28

_WISH = os.environ.get("MIXTURA_SIMD")
if _WISH and not _native.use_instruction_set(_WISH):
    raise ParameterError(
        f"MIXTURA_SIMD is {_WISH!r}, expected instructions that this machine and this build have, "
        f"such as {_native.instruction_set()}: unset it to use the widest"
    )


def describe() -> str:
    """What computes, in words."""
    return f"native, {_native.instruction_set()}"


def squared_distances(rows: Rows, components: Components) -> Floats:
    """As `reference.squared_distances`."""
    distances = np.empty((len(rows), components.n_components))
    _pass(doubles(rows), components, squared_distances=distances)
    return distances


def log_joint(rows: Rows, components: Components) -> Floats:
    """As `reference.log_joint`."""
    joint = np.empty((len(rows), components.n_components))
    _pass(doubles(rows), components, log_joint=joint)
    return joint


def log_likelihood(rows: Rows, components: Components) -> Floats:
    """As `reference.log_likelihood`."""
    likelihood = np.empty(len(rows))
    if not _pass(rows, components, log_likelihood=likelihood):
        far = ~np.isfinite(likelihood)
        likelihood[far] = reference.log_likelihood(rows[far], components)
    return likelihood


def labels(rows: Rows, components: Components) -> Integers:
    """As `reference.labels`."""
    nearest = np.empty(len(rows), dtype=np.int64)
    rows = doubles(rows)
    if not _pass(rows, components, labels=nearest, hard=True):
        far = _far(rows, components)
        nearest[far] = reference.labels(rows[far], components)
    return nearest


def log_posterior(rows: Rows, components: Components) -> Floats:
    """As `reference.log_posterior`."""
    joint = log_joint(rows, components)
    far = ~np.isfinite(joint.max(axis=1))
    if far.any():
        joint[far] = reference.log_posterior(rows[far], components)
    return reference.log_normalised(joint)


def posterior(rows: Rows, components: Components) -> tuple[Floats, Floats]:
    """As `reference.posterior`."""
    likelihood = np.empty(len(rows))
    shares = np.empty((len(rows), components.n_components))
    rows = doubles(rows)
    if not _pass(rows, components, log_likelihood=likelihood, responsibilities=shares):
        far = ~np.isfinite(likelihood)
        likelihood[far], shares[far] = reference.posterior(rows[far], components)
    return likelihood, shares


def moments(
    block: Block, responsibilities: Floats, reference: Floats, *, diagonal: bool
) -> Statistics:
    """As `reference.moments`."""
    weight, first, second = zeros(reference, diagonal=diagonal)
    _native.moments(
        doubles(block.rows),
        None if block.weights is None else doubles(block.weights),
        doubles(responsibilities),
        doubles(reference),
        weight,
        first,
        second,
    )
    return Statistics(reference, weight, first, second, 0.0, len(block.rows), block.total_weight)


def accumulate(block: Block, components: Components, *, diagonal: bool | None = None) -> Statistics:
    """As `reference.accumulate`."""
    if diagonal is None:
        diagonal = components.factor.diagonal
    sums = _summed(block, components, diagonal=diagonal)
    if math.isfinite(sums.log_likelihood):
        if block.rows.dtype == np.float64 or _fits_float32(sums):
            return sums
        return _summed(replace(block, rows=doubles(block.rows)), components, diagonal=diagonal)
    far = _far(block.rows, components)
    near = _summed(_part(block, ~far), components, diagonal=diagonal)
    return near + reference.accumulate(_part(block, far), components, diagonal=diagonal)


def assign(block: Block, components: Components, *, diagonal: bool) -> tuple[Integers, Statistics]:
    """As `reference.assign`."""
    nearest = np.empty(len(block.rows), dtype=np.int64)
    sums = _summed(block, components, diagonal=diagonal, labels=nearest, hard=True)
    if math.isfinite(sums.log_likelihood):
        return nearest, sums
    far = _far(block.rows, components)
    near = _summed(_part(block, ~far), components, diagonal=diagonal, hard=True)
    nearest[far], rest = reference.assign(_part(block, far), components, diagonal=diagonal)
    return nearest, near + rest


def follow(
    block: Block, centres: Centres, labels: Integers, slack: Floats
) -> tuple[Floats, Floats, int]:
    """As `reference.follow`."""
    weight, first = np.empty(len(centres.points)), np.empty(centres.points.shape)
    moved, n_far = _native.follow(
        centres.points,
        centres.reference,
        centres.loss,
        centres.rounding,
        readable(block.rows),
        None if block.weights is None else doubles(block.weights),
        labels,
        slack,
        weight,
        first,
    )
    if n_far:
        far = np.isnan(slack)
        theirs, unknown = labels[far], slack[far]
        more = reference.follow(_part(block, far), centres, theirs, unknown)
        labels[far], slack[far] = theirs, unknown
        weight, first, moved = weight + more[0], first + more[1], moved + more[2]
    return weight, first, moved


def potentials(
    block: Block, components: Components, nearest: Floats, *, update: bool = False
) -> Floats:
    """As `reference.potentials`."""
    sums = np.empty(components.n_components)
    _native.potentials(
        components.factor.form,
        components.constants,
        components.means,
        components.whitening,
        doubles(block.rows),
        None if block.weights is None else doubles(block.weights),
        nearest,
        update=update,
        potentials=sums,
    )
    return sums


def climb(
    block: Block,
    structure: str,
    weight: Floats,
    means: Floats,
    covariances: Floats,
    *,
    ridge: float | Floats,
    n_steps: int,
    gain: float = 0.0,
    log_likelihood: float = -math.inf,
    noise_weight: float = 0.0,
    noise_log_density: float = -math.inf,
    equal_weights: bool = False,
) -> Climbed:
    """EM from given parameters on, until a step gains less than `gain` nats a row.

    A step is an E-step and an M-step::

        r_ik = w_k N(x_i | μ_k, Σ_k) / p(x_i),  n_k = Σ_i v_i r_ik,  μ_k = Σ_i v_i r_ik x_i / n_k

    and the structure's covariances for (n_k, W_k), to which the ridge is added; where components
    share a part of them but not all, n_k times the ridge is added to each W_k before.

    Parameters
    ----------
    block : the rows, taken as float64.
    structure : its three letters, such as ``"VVV"``.
    weight : (K,), effective numbers of rows; w_k is their share of all, the noise's among them.
    means : (K, D), feature units.
    covariances : (K, D, D), whatever the structure; those of a shared one are all the same.
    ridge : (D, D), symmetric, or what the diagonal is of; squared feature units. Of a diagonal
        structure its diagonal is added, of a spherical one the mean of that.
    n_steps : how many at most.
    gain : nats a row.
    log_likelihood : that of the parameters one step before, if known: nats a row.
    noise_weight : effective number of rows of one more component, whose density is the same
        everywhere.
    noise_log_density : the logarithm of that, nats; −inf for no noise.
    equal_weights : whether each w_k is a K-th of what the noise leaves.

    Returns
    -------
    The parameters after the last step that was sound. Never NaN where what is given is finite.

    Raises
    ------
    ValueError : a shape does not fit the others, or there is no such structure.

    Notes
    -----
    One thread, the GIL released, the same sums in the same order whenever it is called. A step
    costs N·K·(D² + D) multiply-adds and N·K exponentials, and nothing besides worth naming; a
    call some microseconds. The rows are held once more, turned.

    References
    ----------
    Dempster, Laird & Rubin 1977; Celeux & Govaert 1995, "Gaussian parsimonious clustering models";
    Flury & Gautschi 1986 and Browne & McNicholas 2014 for a common orientation.

    Examples
    --------
    >>> import numpy as np
    >>> from mixtura.engine.sources import Block
    >>> rows = np.array([[-2.1], [-1.9], [1.8], [2.2]])
    >>> start = np.array([2.0, 2.0]), np.array([[-1.0], [1.0]]), np.ones((2, 1, 1))
    >>> end = climb(Block(0, rows), "EEE", *start, ridge=0.0, n_steps=9)
    >>> end.means.round(3).tolist()
    [[-2.0], [2.0]]
    """
    weight, means = np.array(weight, np.float64), np.array(means, np.float64, order="C")
    covariances = np.array(covariances, np.float64, order="C")
    if not isinstance(ridge, np.ndarray):
        ridge = ridge * np.eye(means.shape[1])
    background, reached, last, done, sound = _native.climb(
        doubles(block.rows),
        None if block.weights is None else doubles(block.weights),
        structure,
        doubles(ridge),
        noise_log_density,
        equal_weights,
        weight,
        means,
        covariances,
        noise_weight,
        log_likelihood,
        n_steps,
        gain,
    )
    return Climbed(weight, background, means, covariances, reached, last, done, sound)


def swap(
    block: Block,
    structure: str,
    weight: Floats,
    means: Floats,
    covariances: Floats,
    *,
    ridge: Floats,
    rule: SwapRule,
    units: Floats,
    effort: Effort,
    draws: Floats,
    log_likelihood: float,
    noise_weight: float = 0.0,
    noise_log_density: float = -math.inf,
) -> Swapped:
    """EM's parameters after swaps of components, each followed by a climb, while some help.

    A component is taken from where it is, merged into its neighbour or dropped, and set on rows
    about one that is drawn; then EM goes on from there for as long as that may yet be better.

    Parameters
    ----------
    block : the rows, at least one, taken as float64.
    structure : its three letters, such as ``"VVV"``.
    weight : (K,), effective numbers of rows; K is at least 2.
    means : (K, D), feature units.
    covariances : (K, D, D), whatever the structure.
    ridge : (D, D), symmetric; added as in `climb`.
    rule : of a swap, of the steps after it, and of what is better.
    units : (D,), the variances of the features, in which a covariance is thin.
    effort : how long it goes on.
    draws : (n, 6), each from [0, 1); a row for each swap, in their order.
    log_likelihood : that of the parameters one step before, nats a row.
    noise_weight, noise_log_density : as for `climb`.

    Returns
    -------
    The best parameters, and how far it went. Never NaN where what is given is finite.

    Raises
    ------
    ValueError : a shape does not fit the others, there is no such structure, or a draw is none.

    Notes
    -----
    One thread, the GIL released, the same sums in the same order whenever it is called. A swap
    costs 2·N·D² multiply-adds besides the climbs, each that is better K²·D³/6 more; N·D numbers,
    2·N and K² besides are held.

    References
    ----------
    Zhao, Hautamäki, Kärkkäinen & Fränti 2012, "Random swap EM algorithm for Gaussian mixture
    models"; Runnalls 2007, "Kullback–Leibler approach to Gaussian mixture reduction", for which
    components are neighbours.
    """
    weight, means = np.array(weight, np.float64), np.array(means, np.float64, order="C")
    covariances = np.array(covariances, np.float64, order="C")
    background, reached, used, failed, left = _native.swap(
        doubles(block.rows),
        None if block.weights is None else doubles(block.weights),
        structure,
        doubles(ridge),
        noise_log_density,
        rule,
        doubles(units),
        weight,
        means,
        covariances,
        noise_weight,
        log_likelihood,
        effort,
        doubles(draws),
    )
    return Swapped(weight, background, means, covariances, reached, used, failed, left)


def invert_lower(lower: Floats) -> Floats:
    """As `reference.invert_lower`."""
    inverse = np.empty(lower.shape)
    _native.invert_lower(doubles(lower), inverse)
    return inverse


def _summed(block: Block, components: Components, *, diagonal: bool, **asked: Any) -> Statistics:
    """Statistics of the rows within reach; of `asked`, what else the pass shall give."""
    weight, first, second = zeros(components.means, diagonal=diagonal)
    total = np.empty(1)
    _pass(
        block.rows,
        components,
        weights=None if block.weights is None else doubles(block.weights),
        weight=weight,
        first=first,
        second=second,
        total=total,
        **asked,
    )
    return Statistics(
        components.means,
        weight,
        first,
        second,
        float(total[0]),
        len(block.rows),
        block.total_weight,
    )


def _fits_float32(sums: Statistics) -> bool:
    """Whether squares of deviations of that size neither overflow nor underflow float32."""
    squares = sums.second if sums.diagonal else np.einsum("kdd->kd", sums.second)  # (K, D)
    least = _LEAST_VARIANCE * sums.weight[:, None]
    return bool((np.isfinite(squares) & (squares >= least)).all())


def _pass(rows: Rows, components: Components, **asked: Any) -> bool:
    """One pass over rows (m, D), into the arrays `asked` for; whether all rows are in reach."""
    total = asked.setdefault("total", np.empty(1))
    _native.one_pass(
        components.factor.form,
        components.constants,
        components.means,
        components.whitening,
        readable(rows),
        **asked,
    )
    return math.isfinite(total[0])


def _far(rows: Rows, components: Components) -> NDArray[np.bool_]:
    """Which rows' scores are not finite, (m,)."""
    likelihood = np.empty(len(rows))
    _pass(rows, components, log_likelihood=likelihood)
    return ~np.isfinite(likelihood)


def _part(block: Block, chosen: NDArray[np.bool_]) -> Block:
    """The chosen rows of a block, (m,)."""
    weights = None if block.weights is None else block.weights[chosen]
    return Block(block.start, block.rows[chosen], weights)
