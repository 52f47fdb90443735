"""The fourteen families, by what their letters say: members at random, and who is one."""

from __future__ import annotations

import numpy as np
from scipy.stats import ortho_group

LETTERS = (
    *("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE"),
    *("VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"),
)
ROTATED = ("EII", "VII", "EEE", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV")
RESCALED = ("EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVV", "VVV")
SHEARED = ("EEE", "VEE", "EVV", "VVV")
#: the poorer first
NESTED = (
    ("EII", "VII", "VVI", "VVV"),
    ("EII", "EEI", "VEI", "VVI", "VVE", "VVV"),
    ("EEI", "EVI", "VVI"),
    ("EEI", "EEE", "VEE", "VVE", "VVV"),
    ("VEI", "VEE", "VEV", "VVV"),
    ("EVI", "EVE", "VVE"),
    ("EEE", "EVE", "EVV", "VVV"),
    ("EEE", "EEV", "VEV"),
    ("EEV", "EVV"),
)


def members(
    random: np.random.Generator, letters: str, count: int, k: int, d: int, spread: float
) -> np.ndarray:
    """Covariances (count, K, D, D) λ O A Oᵀ drawn letter by letter.

    `spread` is the standard deviation of the logarithms of volumes and axes.
    """
    copies = {"I": 1, "E": 1, "V": k}
    volume, shape, orientation = (copies[letter] for letter in letters)
    volumes = np.exp(spread * random.normal(size=(count, volume, 1)))
    axes = np.zeros((count, shape, d))
    if letters[1] != "I":
        axes = spread * random.normal(size=(count, shape, d))
    axes = np.exp(axes - axes.mean(axis=2, keepdims=True))
    turns = np.broadcast_to(np.eye(d), (count, orientation, d, d))
    if letters[2] != "I" and d > 1:
        drawn = ortho_group.rvs(d, count * orientation, random_state=random)
        turns = drawn.reshape(count, orientation, d, d)
    scaled = np.broadcast_to(turns, (count, k, d, d)) * (volumes * axes)[:, :, None, :]
    return scaled @ np.broadcast_to(turns, scaled.shape).swapaxes(-1, -2)


def obeys(letters: str, matrices: np.ndarray, tolerance: float = 1e-6) -> bool:
    """Whether covariances (K, D, D) are what the letters say."""

    def equal(values: np.ndarray) -> bool:
        return bool(np.allclose(values, values[:1], rtol=tolerance, atol=0.0))

    eigenvalues = np.linalg.eigvalsh(matrices)
    volumes = np.exp(np.log(eigenvalues).mean(axis=1))
    shapes = eigenvalues / volumes[:, None]
    unit = matrices / volumes[:, None, None]
    close = tolerance * np.abs(unit).max()
    off = unit * (1.0 - np.eye(unit.shape[1]))
    if letters[0] == "E" and not equal(volumes):
        return False
    if letters[1] == "I" and not np.allclose(shapes, 1.0, rtol=tolerance):
        return False
    if letters[1] == "E" and not equal(shapes):
        return False
    if letters[2] == "I":
        same_axes = letters[1] != "E" or np.allclose(unit, unit[:1], atol=close)
        return bool(np.abs(off).max() <= close and same_axes)
    if letters[2] == "E":
        if letters[1] == "E":
            return bool(np.allclose(unit, unit[:1], atol=close))
        products = np.einsum("aij,bjk->abik", unit, unit)
        apart = np.abs(products - products.swapaxes(2, 3)).max()
        return bool(apart <= tolerance * np.abs(products).max())
    return True
