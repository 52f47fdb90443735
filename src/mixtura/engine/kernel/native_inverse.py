"""The native kernel's Cholesky factors, and inverses of lower triangular matrices."""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats, doubles
from mixtura.engine.kernel import _native, triangular


def choleskys(matrices: Floats) -> Floats | None:
    """Cholesky factors of matrices (n, D, D), as `reference.choleskys`.

    Those of few features are found at once, but for matrices that are nearly singular: LAPACK alone
    says which of them are definite.
    """
    if matrices.shape[1] <= _native.most_at_once:
        lower = np.empty(matrices.shape)
        if _native.choleskys(doubles(matrices), lower):
            return lower
    return triangular.choleskys(matrices)


def invert_lower(lower: Floats) -> Floats:
    """Inverses of lower triangular matrices (n, D, D), as `reference.invert_lower`."""
    inverse = np.empty(lower.shape)
    _native.invert_lower(doubles(lower), inverse)
    return inverse
