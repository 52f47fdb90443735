"""Hostile: random problems of the kind that makes fits fail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Hostile", "hostile"]

Floats = NDArray[np.float64]
Random = np.random.Generator

_STRUCTURES = ("full", "tied", "diag", "spherical")
#: the largest value that is made; fits refuse those beyond 1e150
_LARGEST = 1e149


@dataclass(frozen=True, eq=False)
class Hostile:
    """Rows, and a mixture to be asked of them.

    Parameters
    ----------
    rows : (N, D), finite; N from 2 to 120, D from 1 to 8, float64 or float32.
    n_components : K, from 1 to N.
    structure : the name of a covariance structure.
    traits : what was done to the rows, in order.
    """

    rows: NDArray[np.floating]
    n_components: int
    structure: str
    traits: tuple[str, ...]


def hostile(seed: int) -> Hostile:
    """The problem of that number.

    Rows of one of six shapes, then none to four of the things that break fits.

    Examples
    --------
    >>> problem = hostile(3)
    >>> problem.rows.shape, problem.n_components, problem.structure
    ((3, 2), 3, 'full')
    """
    random = np.random.default_rng(seed)
    n, d = round(2.0 * 60.0 ** random.uniform()), int(random.integers(1, 9))
    shape = str(random.choice(list(_SHAPES)))
    rows = _SHAPES[shape](random, n, d)
    traits = [shape]
    for trait in random.permutation(list(_TRAITS))[: random.integers(0, 5)]:
        rows = _TRAITS[str(trait)](random, rows)
        traits.append(str(trait))
    largest = np.abs(rows).max()
    if largest > _LARGEST:
        rows = rows / largest * _LARGEST
    if largest < 1e30 and random.uniform() < 0.2:
        rows = rows.astype(np.float32)
        traits.append("float32")
    most = n if random.uniform() < 0.3 else min(n, 8)
    k = int(random.integers(1, most + 1))
    return Hostile(rows, k, str(random.choice(_STRUCTURES)), tuple(traits))


def _clusters(random: Random, n: int, d: int) -> Floats:
    centres = 10.0 * random.standard_normal((int(random.integers(1, 5)), d))
    return random.standard_normal((n, d)) + centres[random.integers(len(centres), size=n)]


def _lattice(random: Random, n: int, d: int) -> Floats:
    return random.integers(0, 3, size=(n, d)).astype(np.float64)


def _thin(random: Random, n: int, d: int) -> Floats:
    """Rows about a line: aspects up to 1e9."""
    line = random.standard_normal(d)
    width = 10.0 ** random.uniform(-9, -1)
    return random.standard_normal((n, 1)) * line + width * random.standard_normal((n, d))


_SHAPES = {
    "normal": lambda random, n, d: random.standard_normal((n, d)),
    "heavy tails": lambda random, n, d: random.standard_cauchy((n, d)),
    "many decades": lambda random, n, d: np.exp(random.uniform(1, 20) * random.normal(size=(n, d))),
    "clusters": _clusters,
    "lattice": _lattice,
    "thin": _thin,
}


def _repeated(random: Random, rows: Floats) -> Floats:
    """Few distinct rows, each several times."""
    distinct = int(random.integers(1, min(len(rows), 6) + 1))
    return rows[random.integers(0, distinct, size=len(rows))]


def _partly_repeated(random: Random, rows: Floats) -> Floats:
    """One row in place of a share of the others."""
    copied = rows.copy()
    copied[random.uniform(size=len(rows)) < random.uniform()] = rows[0]
    return copied


def _constant(random: Random, rows: Floats) -> Floats:
    copied = rows.copy()
    copied[:, random.integers(rows.shape[1])] = random.choice([0.0, 0.1, -7.0, 1e12, 1e-200])
    return copied


def _collinear(random: Random, rows: Floats) -> Floats:
    copied = rows.copy()
    copied[:, -1] = rows @ random.integers(-2, 3, size=rows.shape[1])
    return copied


def _scaled(random: Random, rows: Floats) -> Floats:
    """All features by one factor."""
    return rows * 10.0 ** random.uniform(-170, 140)


def _scaled_apart(random: Random, rows: Floats) -> Floats:
    """Each feature by a factor of its own."""
    widest = random.choice([8.0, 30.0, 140.0])
    return rows * 10.0 ** random.uniform(-widest, widest, size=rows.shape[1])


def _offset(random: Random, rows: Floats) -> Floats:
    return rows + 10.0 ** random.uniform(3, 16)


def _far_out(random: Random, rows: Floats) -> Floats:
    """One row far from the others."""
    copied = rows.copy()
    copied[-1] = copied[-1] * 10.0 ** random.uniform(2, 100)
    return copied


def _rounded(random: Random, rows: Floats) -> Floats:
    """Ties: few digits."""
    return np.round(rows, int(random.integers(0, 3)))


def _one_ulp(random: Random, rows: Floats) -> Floats:
    """A column that varies in its last digit only."""
    copied = rows.copy()
    steps = random.integers(0, 2, size=len(rows))
    copied[:, 0] = np.where(steps == 1, np.nextafter(0.3, 1.0), 0.3)
    return copied


_TRAITS = {
    "few distinct rows": _repeated,
    "a row repeated": _partly_repeated,
    "a constant column": _constant,
    "a collinear column": _collinear,
    "scaled": _scaled,
    "scaled apart": _scaled_apart,
    "offset": _offset,
    "a row far out": _far_out,
    "ties": _rounded,
    "a column of one ulp": _one_ulp,
}
