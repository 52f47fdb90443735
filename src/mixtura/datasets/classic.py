"""Classic data sets, which come along with the package."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import numpy as np

from mixtura.engine.arrays import Floats, Integers
from mixtura.errors import ParameterError
from mixtura.tables import Table

__all__ = ["NAMES", "faithful", "galaxies", "iris", "iris_species", "load"]


def faithful() -> Table:
    """Old Faithful: 272 eruptions' durations and the waits for the next, minutes, (272, 2).

    References
    ----------
    Azzalini & Bowman 1990, "A look at some data on the Old Faithful geyser", Applied Statistics
    39, 357-365; the version of R's `datasets`.

    Examples
    --------
    >>> from mixtura.datasets import faithful
    >>> faithful().names, faithful().rows.shape
    (('eruptions', 'waiting'), (272, 2))
    """
    return _shipped("faithful", 2)


def iris() -> Table:
    """Fisher's iris: 150 flowers' sepals and petals, centimetres, (150, 4).

    The species, 50 flowers each, are in `iris_species`.

    References
    ----------
    Fisher 1936, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7,
    179-188; the version of R's `datasets`.
    """
    return _shipped("iris", 4)


def iris_species() -> Integers:
    """The species of each row of `iris`, (150,): 0 setosa, 1 versicolor, 2 virginica."""
    return _numbers("iris")[:, 4].astype(np.int64)


def galaxies() -> Table:
    """Velocities of 82 galaxies in the Corona Borealis region, 1000 km/s, (82, 1).

    The 78th value is 26.69, as in the paper; R's MASS has 26.96 there by a slip that many
    published analyses share.

    References
    ----------
    Roeder 1990, "Density estimation with confidence sets exemplified by superclusters and voids
    in the galaxies", Journal of the American Statistical Association 85, 617-624.
    """
    return _shipped("galaxies", 1)


_SHIPPED: dict[str, Callable[[], Table]] = {
    "faithful": faithful,
    "iris": iris,
    "galaxies": galaxies,
}

#: the data sets that come along
NAMES = tuple(_SHIPPED)


def load(name: str) -> Table:
    """The data set called `name`.

    Raises
    ------
    ParameterError : there is none of that name; those that exist are listed.

    Examples
    --------
    >>> from mixtura import datasets
    >>> len(datasets.load("galaxies"))
    82
    """
    if name not in _SHIPPED:
        known = ", ".join(NAMES)
        raise ParameterError(f"there is no dataset {name!r}, expected one of: {known}")
    return _SHIPPED[name]()


def _shipped(name: str, n_features: int) -> Table:
    with (files("mixtura") / "data" / f"{name}.csv").open(encoding="utf-8") as file:
        names = file.readline().strip().split(",")[:n_features]
    return Table(tuple(names), np.ascontiguousarray(_numbers(name)[:, :n_features]))


def _numbers(name: str) -> Floats:
    """Every column of a shipped file, (N, D)."""
    with (files("mixtura") / "data" / f"{name}.csv").open(encoding="utf-8") as file:
        return np.loadtxt(file, delimiter=",", skiprows=1, ndmin=2)
