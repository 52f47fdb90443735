"""The native kernel: the functions of the reference, compiled.

Each is one pass over the block. Rows of float32 are whitened and weighed in float32 by what a fit
and a score spend their time in: `accumulate`, whose sums are float64, `assign` and
`log_likelihood`. To the other functions they are rows of float64.

A row whose score is not finite goes to the reference. It is so far out that its squared distance
overflows: a pass leaves it out of all sums but the total, which tells. So is a row that holds NaN,
a feature that was not observed: then there is another pass, by patterns of the features that are
there, unless the block knew of them.
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Floats, Integers, Rows, doubles, readable
from mixtura.engine.components import Centres, Components
from mixtura.engine.factors import FactorForm, WithUniform
from mixtura.engine.kernel import _native, native_tree, reference
from mixtura.engine.kernel.leading import leading_by
from mixtura.engine.kernel.native_clusterings import sample_clusterings
from mixtura.engine.kernel.native_inverse import choleskys, invert_lower
from mixtura.engine.kernel.native_kmeans import far_apart, lloyd
from mixtura.engine.kernel.native_m_step import first_m_step
from mixtura.engine.kernel.native_search import climb, fit_groups, log_ratio, race, search, swap
from mixtura.engine.kernel.native_spectrum import below_floor, raised_to_floor
from mixtura.engine.kernel.native_truncated import CellPasses
from mixtura.engine.patterns import Patterns
from mixtura.engine.search import Ascend, CellPassesOf, EMRunOf
from mixtura.engine.sources import Block
from mixtura.engine.statistics import Statistics, zeros
from mixtura.errors import ParameterError

__all__ = [
    "accumulate",
    "ascend",
    "assign",
    "below_floor",
    "cell_passes",
    "choleskys",
    "climb",
    "describe",
    "em_run",
    "far_apart",
    "first_m_step",
    "fit_groups",
    "hamerly_step",
    "invert_lower",
    "labels",
    "leading",
    "lloyd",
    "log_joint",
    "log_likelihood",
    "log_posterior",
    "log_ratio",
    "moments",
    "posterior",
    "potentials",
    "race",
    "raised_to_floor",
    "sample_clusterings",
    "search",
    "squared_distances",
    "swap",
]

#: steps of variational EM, of the arguments of the core
ascend: Ascend = _native.ascend
#: a run of EM, of the arguments of the core
em_run: EMRunOf = _native.Run
#: passes over cells, of rows, weights and an executor
cell_passes: CellPassesOf = CellPasses
#: below it, squares of deviations come near the smallest normal float32, 1e-38
_LEAST_VARIANCE = 1e-28

_WISH = os.environ.get("MIXTURA_SIMD")
if _WISH and not _native.use_instruction_set(_WISH):
    raise ParameterError(
        f"MIXTURA_SIMD is {_WISH!r}, expected instructions that this machine and this build have, "
        f"such as {_native.instruction_set()}: unset it to use the widest"
    )


def describe() -> str:
    """The name of this kernel and of its instructions, as people are told them."""
    return f"native, {_native.instruction_set()}"


def squared_distances(rows: Rows, components: Components) -> Floats:
    """Squared Mahalanobis distances of rows, (m, K), as `reference.squared_distances`."""
    distances = np.empty((len(rows), components.n_components))
    _pass(doubles(rows), components, _patterns(rows), squared_distances=distances)
    return distances


def log_joint(rows: Rows, components: Components) -> Floats:
    """Log joint densities of rows and components, (m, K), as `reference.log_joint`."""
    joint = np.empty((len(rows), components.n_components))
    _pass(doubles(rows), components, _patterns(rows), log_joint=joint)
    return joint


def log_likelihood(rows: Rows, components: Components) -> Floats:
    """Log-likelihoods of rows, (m,), as `reference.log_likelihood`."""
    likelihood = np.empty(len(rows))
    told = native_tree.look(rows, components, log_likelihood=likelihood)
    if told or not _pass(rows, components, log_likelihood=likelihood):
        far = ~np.isfinite(likelihood)
        if far.any():
            likelihood[far] = reference.log_likelihood(rows[far], components)
    return likelihood


def labels(rows: Rows, components: Components) -> Integers:
    """The likeliest component of each row, (m,), as `reference.labels`."""
    nearest = np.empty(len(rows), dtype=np.int64)
    rows = doubles(rows)
    if native_tree.look(rows, components, labels=nearest):
        far = nearest < 0
        if far.any():
            nearest[far] = reference.labels(rows[far], components)
    elif not _pass(rows, components, labels=nearest, hard=True):
        far = _far(rows, components)
        nearest[far] = reference.labels(rows[far], components)
    return nearest


def leading(rows: Rows, components: Components, count: int) -> tuple[Integers, Floats]:
    """The likeliest components and their responsibilities, (m, C), as `reference.leading`."""
    names, shares = np.empty((len(rows), count), np.int64), np.empty((len(rows), count))
    rows = doubles(rows)
    if not native_tree.look(rows, components, names, shares):
        return leading_by(posterior, rows, components, count)
    rest = np.flatnonzero((names < 0).any(axis=1))
    names[rest], shares[rest] = leading_by(posterior, rows[rest], components, count)
    return names, shares


def log_posterior(rows: Rows, components: Components) -> Floats:
    """Log responsibilities of rows, (m, K), as `reference.log_posterior`."""
    joint = log_joint(rows, components)
    far = ~np.isfinite(joint.max(axis=1))
    if far.any():
        joint[far] = reference.log_posterior(rows[far], components)
    return reference.log_normalised(joint)


def posterior(rows: Rows, components: Components) -> tuple[Floats, Floats]:
    """Log-likelihoods and responsibilities of rows, as `reference.posterior`."""
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
    """Statistics for given responsibilities, as `reference.moments`."""
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
    """Statistics of a block, one E-step, as `reference.accumulate`."""
    if components.factor.directions is not None:
        if np.isnan(block.rows).any():
            return reference.accumulate(block, components, diagonal=diagonal)
        block = replace(block, rows=doubles(block.rows))
    elif diagonal is None:
        diagonal = components.factor.diagonal
    sums = _summed(block, components, diagonal=diagonal)
    if math.isfinite(sums.log_likelihood):
        if block.rows.dtype == np.float64 or block.patterns or _fits_float32(sums):
            return sums
        return _summed(replace(block, rows=doubles(block.rows)), components, diagonal=diagonal)
    far = _far(block.rows, components)
    near = _summed(_part(block, ~far), components, diagonal=diagonal)
    return near + reference.accumulate(_part(block, far), components, diagonal=diagonal)


def assign(block: Block, components: Components, *, diagonal: bool) -> tuple[Integers, Statistics]:
    """Labels and their statistics, one classification step, as `reference.assign`."""
    nearest = np.empty(len(block.rows), dtype=np.int64)
    sums = _summed(block, components, diagonal=diagonal, labels=nearest, hard=True)
    if math.isfinite(sums.log_likelihood):
        return nearest, sums
    far = _far(block.rows, components)
    near = _summed(_part(block, ~far), components, diagonal=diagonal, hard=True)
    nearest[far], rest = reference.assign(_part(block, far), components, diagonal=diagonal)
    return nearest, near + rest


def hamerly_step(
    block: Block, centres: Centres, labels: Integers, slack: Floats
) -> tuple[Floats, Floats, int]:
    """One step of Lloyd's iteration, as `reference.hamerly_step`."""
    weight, first = np.empty(len(centres.points)), np.empty(centres.points.shape)
    moved, n_far = _native.hamerly_step(
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
        more = reference.hamerly_step(_part(block, far), centres, theirs, unknown)
        labels[far], slack[far] = theirs, unknown
        weight, first, moved = weight + more[0], first + more[1], moved + more[2]
    return weight, first, moved


def potentials(
    block: Block, components: Components, nearest: Floats, *, update: bool = False
) -> Floats:
    """What k-means++ weighs its candidates by, (K,), as `reference.potentials`."""
    sums = np.empty(components.n_components)
    _native.potentials(
        components.factor.form,
        components.constants,
        components.means,
        components.whitening(invert_lower),
        doubles(block.rows),
        None if block.weights is None else doubles(block.weights),
        nearest,
        update=update,
        potentials=sums,
    )
    return sums


def _summed(
    block: Block, components: Components, *, diagonal: bool | None, **asked: Any
) -> Statistics:
    """Statistics of the rows within reach; of `asked`, what else the pass shall give."""
    along = components.factor.directions if diagonal is None else None
    weight, first, second = zeros(components.means, diagonal=bool(diagonal), directions=along)
    if along is not None:
        asked["along"] = True
    total = np.empty(1)
    _pass(
        block.rows,
        components,
        block.patterns,
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
        along,
    )


def _fits_float32(sums: Statistics) -> bool:
    """Whether squares of deviations of that size neither overflow nor underflow float32."""
    squares = sums.second if sums.diagonal else np.einsum("kdd->kd", sums.second)  # (K, D)
    least = _LEAST_VARIANCE * sums.weight[:, None]
    return bool((np.isfinite(squares) & (squares >= least)).all())


def _pass(
    rows: Rows, components: Components, patterns: Patterns | None = None, **asked: Any
) -> bool:
    """One pass over rows (m, D), into the arrays `asked` for; whether all rows are in reach.

    `patterns` are those of the rows, where some are known to lack features.
    """
    total = asked.setdefault("total", np.empty(1))
    factor, rows = components.factor, readable(rows)
    if factor.form is FactorForm.LOW_RANK:
        rows = doubles(rows)  # the difference of two sums takes digits
        if np.isnan(rows).any():
            return _by_reference(rows, components, asked)
        patterns = None
    if patterns is None or patterns.complete:
        _native.one_pass(
            factor.form,
            components.constants,
            components.means,
            components.whitening(invert_lower),
            rows,
            **asked,
        )
        if patterns is not None or math.isfinite(total[0]) or not np.isnan(rows).any():
            return math.isfinite(total[0])
        patterns = Patterns.of(rows)
    _native.pass_by_pattern(
        factor.form,
        components.log_weights,
        components.means,
        doubles(factor.held),
        factor.extents(components.n_features) if isinstance(factor, WithUniform) else None,
        rows,
        patterns.order,
        patterns.starts,
        patterns.observed,
        **asked,
    )
    return math.isfinite(total[0])


def _by_reference(rows: Rows, components: Components, asked: dict[str, Any]) -> bool:
    """As `_pass` of rows that lack features, where there is no native pass: no sums are asked."""
    for name in asked.keys() - {"total", "responsibilities", "hard"}:
        asked[name][...] = getattr(reference, name)(rows, components)
    if "responsibilities" in asked:
        asked["responsibilities"][...] = reference.posterior(rows, components)[1]
    return True


def _patterns(rows: Rows) -> Patterns | None:
    """The patterns of rows, for a pass that asks for no total, which would tell; None for one."""
    return Patterns.of(rows) if np.isnan(rows).any() else None


def _far(rows: Rows, components: Components) -> NDArray[np.bool_]:
    """Which rows' scores are not finite, (m,)."""
    likelihood = np.empty(len(rows))
    _pass(rows, components, log_likelihood=likelihood)
    return ~np.isfinite(likelihood)


def _part(block: Block, chosen: NDArray[np.bool_]) -> Block:
    """The chosen rows of a block, (m,)."""
    return block.take(chosen)
