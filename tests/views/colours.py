"""How far apart colours are, for the eye."""

from __future__ import annotations

import numpy as np

# CIE 15:2004: sRGB (IEC 61966-2-1) to XYZ, and XYZ to CIELAB, under the white D65.
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = _TO_XYZ.sum(axis=1)


def lab(colours):
    """CIELAB coordinates (n, 3) of sRGB colours (n, 3), each from 0 to 1."""
    colours = np.asarray(colours, dtype=float)
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    share = linear @ _TO_XYZ.T / _WHITE
    f = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def nearest(colours):
    """The least CIELAB distance between two of the colours; about 2.3 is just noticed."""
    places = lab(colours)
    apart = np.linalg.norm(places[:, None] - places, axis=2)
    return apart[~np.eye(len(apart), dtype=bool)].min()
