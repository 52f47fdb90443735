"""The native kernel's covariances below a floor, and raised to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mixtura.engine.arrays import Floats, doubles
from mixtura.engine.kernel import _native, spectrum

#: up to so many features LAPACK is as quick at eigenvalues; of more it would wake threads for each
_FEW = 8


def below_floor(covariances: Floats, floor: Floats) -> list[int]:
    """Covariances with an eigenvalue below a floor, as `spectrum.below_floor`."""
    flags = np.empty(len(covariances), bool)
    _native.below_floor(doubles(covariances), doubles(floor), flags)
    return np.flatnonzero(flags).tolist()


def raised_to_floor(covariances: Floats, low: Sequence[int], floor: Floats) -> Floats:
    """A copy of covariances, some raised to a floor, as `spectrum.raised_to_floor`.

    Notes
    -----
    One thread, the GIL released; about 4·D³ multiply-adds a covariance.
    """
    if covariances.shape[1] <= _FEW:
        return spectrum.raised_to_floor(covariances, low, floor)
    copy, found = np.array(covariances, order="C"), np.empty(len(low), bool)
    _native.raise_to_floor(copy, np.array(low, np.int64), doubles(floor), found)
    for k in np.array(low)[~found]:
        copy[k] = spectrum.floored_matrix(covariances[k], floor)
    return copy
