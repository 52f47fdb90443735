"""Data sets: classic ones that come along, and makers of synthetic ones."""

from __future__ import annotations

from mixtura.datasets.classic import NAMES, faithful, galaxies, iris, iris_species, load
from mixtura.datasets.synthetic import blobs, separated, separation_of

__all__ = [
    "NAMES",
    "blobs",
    "faithful",
    "galaxies",
    "iris",
    "iris_species",
    "load",
    "separated",
    "separation_of",
]
