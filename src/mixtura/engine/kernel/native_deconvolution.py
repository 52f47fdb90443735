"""The deconvolution pass, compiled: the functions of `mixtura.engine.kernel.deconvolution`."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixtura.engine.arrays import Floats, doubles
from mixtura.engine.components import Components
from mixtura.engine.factors import FactorForm
from mixtura.engine.kernel import _native, native
from mixtura.engine.kernel.deconvolution import lifted
from mixtura.engine.sources import Block
from mixtura.engine.statistics import Statistics, zeros


def log_joint(block: Block, components: Components) -> Floats:
    """Log w_k + log N(x_i | μ_k, Σ_k + S_i) of a block's rows, (m, K)."""
    joint = np.empty((len(block.rows), components.n_components))
    _pass(block, components, diagonal=True, log_joint=joint)
    return joint


def accumulate(block: Block, components: Components, *, diagonal: bool) -> Statistics:
    """Statistics of the true values, one E-step, as `deconvolution.accumulate`."""
    along = diagonal and components.factor.diagonal and block.fields["errors"].ndim == 2
    weight, first, second = zeros(components.means, diagonal=along)
    total = np.empty(1)
    sums = {"weight": weight, "first": first, "second": second, "total": total}
    _pass(block, components, diagonal=along, **sums)
    if along:
        ones = np.ones((components.n_features, 1))
        each = [components.factor.colour(k, ones)[:, 0] for k in range(len(weight))]
        scale = np.stack(each)  # (K, D)
        first, second = scale * first, np.square(scale) * (second + weight[:, None])
    else:
        whole = second + weight[:, None, None] * np.eye(components.n_features)
        weight, first, second = lifted(weight, first, whole, components, diagonal=diagonal)
    n, of_all = len(block.rows), block.total_weight
    return Statistics(components.means, weight, first, second, float(total[0]), n, of_all)


def _pass(block: Block, components: Components, *, diagonal: bool, **asked: Any) -> None:
    """One pass over a block, into the arrays `asked` for.

    Parameters
    ----------
    diagonal : whether diagonals will do, where the covariances and the errors have no others.
    """
    errors = doubles(block.fields["errors"])
    along = diagonal and components.factor.diagonal and errors.ndim == 2
    _native.deconvolve(
        FactorForm.DIAGONAL if along else FactorForm.TRIANGULAR,
        components.constants,
        components.means,
        _whitening(components, diagonal=along),
        doubles(block.rows),
        errors,
        None if block.weights is None else doubles(block.weights),
        **asked,
    )


def _whitening(components: Components, *, diagonal: bool) -> Floats:
    """L_k⁻¹ written out, (K, D, D); or its diagonals, (K, D)."""
    k, d = components.means.shape
    held = components.whitening(native.invert_lower)
    if not components.factor.diagonal:
        return doubles(np.broadcast_to(held, (k, d, d)))
    scale = np.broadcast_to(held.reshape(k, -1), (k, d))
    return doubles(scale if diagonal else scale[:, :, None] * np.eye(d))
