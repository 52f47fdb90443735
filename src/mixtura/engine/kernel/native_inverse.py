"""The native kernel's inverse of lower triangular matrices."""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats, doubles
from mixtura.engine.kernel import _native


def invert_lower(lower: Floats) -> Floats:
    """Inverses of lower triangular matrices (n, D, D), as `reference.invert_lower`."""
    inverse = np.empty(lower.shape)
    _native.invert_lower(doubles(lower), inverse)
    return inverse
