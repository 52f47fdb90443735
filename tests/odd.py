"""Rows and a mixture with all that is odd at once, whose pictures and reports the tests make.

Some rows are noise, a component has none, a column is constant, rows are weighed, and the columns
are named in two scripts, one of them from right to left.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

import mixtura

NAMES = ("ширина", "אורך", "one")
#: of the noise
BOX = mixtura.Box([-12.0, -12.0, 2.0], [36.0, 36.0, 2.0])
_RANDOM = np.random.default_rng(0)
#: two clouds, and noise; the last column is 3 throughout
_CLOUDS = [_RANDOM.normal(at, 1.0, (150, 2)) for at in (0.0, 8.0)]
_PLANE = np.concatenate([*_CLOUDS, _RANDOM.uniform(-12.0, 24.0, (60, 2))])
ROWS = pd.DataFrame(np.column_stack([_PLANE, np.full(len(_PLANE), 3.0)]), columns=NAMES)
WEIGHTS = _RANDOM.integers(0, 4, len(ROWS)).astype(np.float64)
#: of which no row is likeliest to be of the last component
MIXTURE = mixtura.Mixture(
    [0.4, 0.4, 0.01],
    [[0.0, 0.0, 3.0], [8.0, 8.0, 3.0], [200.0, -200.0, 3.0]],
    [np.diag([1.0, 1.0, 1e-8])] * 3,
    "full",
    NAMES,
    noise=mixtura.Noise(0.19, BOX),
)


@cache
def fitted() -> mixtura.Fit:
    """A fit to these rows, with their weights."""
    start = mixtura.Mixture(
        MIXTURE.weights[:2] / MIXTURE.weights[:2].sum(), MIXTURE.means[:2], [np.eye(3)] * 2
    )
    return mixtura.fit(ROWS, 2, start=start, noise=BOX, sample_weight=WEIGHTS)
