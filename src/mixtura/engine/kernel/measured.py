"""Measured: what a kernel makes of the rows of a block, those with errors of their own among them.

A block that has the field ``errors``, or ``projections``, is taken through the deconvolution pass,
any other rows through the plain one. What starts and searches do, who look at rows as they are, has
no door here.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, Integers, Rows
from mixtura.engine.components import Components
from mixtura.engine.kernel import deconvolution, reference
from mixtura.engine.kernel.deconvolution import gathered, same_for_all, widened
from mixtura.engine.kernel.leading import leading_by
from mixtura.engine.low_rank import written_out
from mixtura.engine.sources import Block
from mixtura.engine.statistics import Statistics

__all__ = [
    "accumulate",
    "classification_likelihood",
    "labels",
    "leading",
    "log_joint",
    "log_likelihood",
    "log_posterior",
    "posterior",
    "true_values",
]

#: the kernel that does the plain pass, and what does the other one
_plain: Any = reference
_noisy: Any = deconvolution


def use(plain: Any, noisy: Any) -> None:
    """Compute with these modules from now on."""
    global _plain, _noisy
    _plain, _noisy = plain, noisy


def log_joint(rows: Rows | Block, components: Components) -> Floats:
    """Log w_k + log p_k(x_i) of rows, (m, K), as `reference.log_joint`."""
    block, components = _measured(rows, components)
    if block is None:
        return _plain.log_joint(_rows(rows), components)
    return _pass_over(block).log_joint(block, components)


def log_likelihood(rows: Rows | Block, components: Components) -> Floats:
    """Log-likelihoods of rows, (m,), as `reference.log_likelihood`."""
    block, components = _measured(rows, components)
    if block is None:
        return _plain.log_likelihood(_rows(rows), components)
    return deconvolution.normalised(_pass_over(block).log_joint(block, components))[0]


def posterior(rows: Rows | Block, components: Components) -> tuple[Floats, Floats]:
    """Log-likelihoods and responsibilities of rows, as `reference.posterior`."""
    block, components = _measured(rows, components)
    if block is None:
        return _plain.posterior(_rows(rows), components)
    likelihood, shares = deconvolution.normalised(_pass_over(block).log_joint(block, components))
    far = np.flatnonzero(likelihood == -np.inf)
    if far.size:
        shares[far] = _plain.posterior(block.rows[far], components)[1]
    return likelihood, shares


def log_posterior(rows: Rows | Block, components: Components) -> Floats:
    """Log responsibilities of rows, (m, K), as `reference.log_posterior`."""
    block, components = _measured(rows, components)
    if block is None:
        return _plain.log_posterior(_rows(rows), components)
    joint = _pass_over(block).log_joint(block, components)
    far = np.flatnonzero(joint.max(axis=1) == -np.inf)
    if far.size:
        joint[far] = _plain.log_posterior(block.rows[far], components)
    return reference.log_normalised(joint)


def labels(rows: Rows | Block, components: Components) -> Integers:
    """The likeliest component of each row, (m,), as `reference.labels`."""
    block, wide = _measured(rows, components)
    if block is None:
        return _plain.labels(_rows(rows), wide)
    return log_posterior(block, components).argmax(axis=1)


def leading(rows: Rows | Block, components: Components, count: int) -> tuple[Integers, Floats]:
    """The likeliest components of rows and their responsibilities, as `reference.leading`."""
    block, wide = _measured(rows, components)
    if block is None:
        return _plain.leading(_rows(rows), wide, count)
    return leading_by(posterior, block, components, count)


def accumulate(block: Block, components: Components, *, diagonal: bool | None = None) -> Statistics:
    """Statistics of a block, one E-step, as `reference.accumulate`.

    Of rows with errors they are those that are expected of the true values. A row out of reach
    counts for the component nearest to it, as if it had no error.
    """
    if diagonal is None and components.factor.directions is None:
        diagonal = components.factor.diagonal
    noisy, wide = _measured(block, components)
    if noisy is None:
        if wide is components:
            return _plain.accumulate(block, components, diagonal=diagonal)
        sums = _plain.accumulate(block, wide, diagonal=False)
        shared = same_for_all(block.fields["errors"])
        assert shared is not None
        return gathered(sums, components, shared, diagonal=bool(diagonal))
    over = _pass_over(block).accumulate
    found: Statistics = over(block, components, diagonal=bool(diagonal))
    if math.isfinite(found.log_likelihood):
        return found
    far = log_likelihood(block, components) == -np.inf
    near = over(block.take(~far), components, diagonal=bool(diagonal))
    return near + _plain.accumulate(block.take(far), components, diagonal=bool(diagonal))


def true_values(block: Block, components: Components) -> Floats:
    """Mean and covariance of each row's true value, (m, D, D + 1), as `deconvolution` has them."""
    return deconvolution.true_values(block, components, posterior(block, components)[1])


def classification_likelihood(block: Block, components: Components) -> float:
    """Σ_i v_i max_k log p_k(x_i) of a block's rows, nats."""
    noisy, components = _measured(block, components)
    if noisy is None:
        return float(_plain.assign(block, components, diagonal=True)[1].log_likelihood)
    largest = _pass_over(noisy).log_joint(noisy, components).max(axis=1)
    return float(largest.sum() if block.weights is None else largest @ block.weights)


def _measured(rows: Rows | Block, components: Components) -> tuple[Block | None, Components]:
    """The block, where its rows have errors that differ; else None, and the components to take.

    Where all rows have one error, the plain pass is taken under components that are as much wider.
    """
    if not isinstance(rows, Block) or not len(rows.rows):
        return None, components
    if "projections" in rows.fields:
        return rows, written_out(components)
    if "errors" not in rows.fields:
        return None, components
    components = written_out(components)
    shared = same_for_all(rows.fields["errors"])
    if shared is None or (shared.any() and deconvolution.is_partial(rows)):
        return rows, components
    return None, widened(components, shared) if shared.any() else components


def _pass_over(block: Block) -> Any:
    """What does the pass over rows with errors: in NumPy, where parts of some were measured."""
    return deconvolution if deconvolution.is_partial(block) else _noisy


def _rows(rows: Rows | Block) -> Rows:
    return rows.rows if isinstance(rows, Block) else rows
