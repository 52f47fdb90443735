"""The rows of very many components: clusters on a grid and in a box, and parts of a photograph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: how far apart clusters are, in their deviations
SPACING = 4.0 * np.sqrt(2.0)
#: the side of a patch, and of the stripes of the picture of which every fifth is held out
SIDE, STRIPE = 8, 64


@dataclass(frozen=True)
class Case:
    """Rows to be fitted.

    Parameters
    ----------
    name : of the data.
    make : gives rows, and centres where there are true ones.
    n_components : K.
    kind : of the covariances.
    n_rounds : as many as are compared with exact EM; 0 where that takes too long.
    n_starts : from so many starts, of which the median counts.
    """

    name: str
    make: Callable[[], tuple[Floats, Floats | None]]
    n_components: int
    kind: str
    n_rounds: int = 20
    n_starts: int = 1


def grid(side: int, rows: int = 100) -> tuple[Floats, Floats]:
    """Unit clusters on a square grid, and their centres."""
    random, line = np.random.default_rng(0), SPACING * np.arange(side)
    centres = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    return _about(centres, rows, random), centres


def box(count: int, n_features: int, rows: int = 100) -> tuple[Floats, Floats]:
    """Unit clusters, even in a box in which the median nearest one is at the same distance."""
    random = np.random.default_rng(0)
    centres = random.uniform(size=(count, n_features))
    some = centres[:500]
    apart = np.linalg.norm(some[:, None] - centres, axis=-1)
    apart[np.arange(len(some)), np.arange(len(some))] = np.inf
    centres *= SPACING / np.median(apart.min(axis=1))
    return _about(centres, rows, random), centres


def pixels() -> tuple[Floats, None]:
    """The colours of a photograph."""
    from sklearn.datasets import load_sample_image

    colours = load_sample_image("china.jpg").reshape(-1, 3).astype(float)
    return colours + np.random.default_rng(0).uniform(-0.5, 0.5, colours.shape), None


def patches(n: int, *, centred: bool) -> tuple[Floats, Floats]:
    """Patches to fit to, and a tenth as many that are held out; `centred` without their means."""
    from sklearn.datasets import load_sample_image

    grey = load_sample_image("china.jpg") @ np.array([0.299, 0.587, 0.114])
    windows = np.lib.stride_tricks.sliding_window_view(grey, (SIDE, SIDE))
    at = np.arange(windows.shape[1])
    inside, held = at // STRIPE == (at + SIDE - 1) // STRIPE, at // STRIPE % 5 == 2
    random = np.random.default_rng(0)
    parts = []
    for columns, count in ((inside & ~held, n), (inside & held, n // 10)):
        every = windows[:, columns].reshape(-1, SIDE * SIDE)
        some = every[random.permutation(len(every))[:count]]
        some = some + random.normal(size=some.shape)
        if centred:
            some -= some.mean(axis=1, keepdims=True)
            some += random.normal(scale=0.1, size=some.shape)
        parts.append(some)
    return parts[0], parts[1]


def _centred_patches() -> tuple[Floats, None]:
    return patches(100_000, centred=True)[0], None


def _about(centres: Floats, rows: int, random: np.random.Generator) -> Floats:
    X = np.repeat(centres, rows, axis=0)
    X += random.normal(size=X.shape)
    return np.ascontiguousarray(X[random.permutation(len(X))])


def found(means: Floats, centres: Floats) -> float:
    """The share of centres to which exactly one mean is nearest."""
    nearest = np.concatenate(
        [
            ((part[:, None] - centres) ** 2).sum(-1).argmin(axis=1)
            for part in np.array_split(means, -(-len(means) // 100))
        ]
    )
    return float((np.bincount(nearest, minlength=len(centres)) == 1).mean())


def found_on_grid(means: Floats, name: str) -> float:
    """The share of a grid's centres to which exactly one mean is nearest."""
    side = int(name.split("-")[1])
    places = np.rint(means / SPACING).astype(int).clip(0, side - 1)
    counts = np.bincount(places @ [side, 1], minlength=side * side)
    return float((counts == 1).mean())


CASES = (
    Case("grid-32", partial(grid, 32), 1024, "diag"),
    Case("grid-50", partial(grid, 50), 2500, "diag", 10),
    Case("grid-100", partial(grid, 100), 10_000, "diag", 0),
    Case("box-1000-16", partial(box, 1000, 16), 1000, "diag", 20, 5),
    Case("box-1000-16", partial(box, 1000, 16), 1000, "full", 10, 3),
    Case("pixels", pixels, 1000, "full", 20),
    Case("pixels", pixels, 4000, "full", 0),
    Case("patches", _centred_patches, 400, "full", 20),
)
QUICK = (Case("grid-20", partial(grid, 20), 400, "diag"),)
WHOLE = (CASES[1], CASES[3], CASES[4])
SEVERAL = (
    Case("grid-10", partial(grid, 10), 100, "diag"),
    Case("grid-10", partial(grid, 10), 100, "full"),
    Case("grid-20", partial(grid, 20), 400, "diag"),
    Case("box-400-8", partial(box, 400, 8), 400, "full"),
)
LARGE = (
    Case("grid-100", partial(grid, 100), 10_000, "diag"),
    Case("grid-173", partial(grid, 173), 29_929, "diag"),
    Case("grid-316", partial(grid, 316), 99_856, "diag"),
)
