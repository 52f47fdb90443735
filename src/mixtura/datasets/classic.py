"""Classic data sets, which come along with the package."""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Integers
from mixtura.tables.read import BUNDLED, bundled
from mixtura.tables.table import Table


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
    return bundled("faithful")


def iris() -> Table:
    """Fisher's iris: 150 flowers' sepals and petals, centimetres, (150, 4).

    The species, 50 flowers each, are in `iris_species`.

    References
    ----------
    Fisher 1936, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7,
    179-188; the version of R's `datasets`.
    """
    return bundled("iris")


def iris_species() -> Integers:
    """The species of each row of `iris`, (150,): 0 setosa, 1 versicolor, 2 virginica."""
    return bundled("iris", whole=True).rows[:, 4].astype(np.int64)


def galaxies() -> Table:
    """Velocities of 82 galaxies in the Corona Borealis region, 1000 km/s, (82, 1).

    The 78th value is 26.69, as in the paper; R's MASS has 26.96 there by a slip that many
    published analyses share.

    References
    ----------
    Roeder 1990, "Density estimation with confidence sets exemplified by superclusters and voids
    in the galaxies", Journal of the American Statistical Association 85, 617-624.
    """
    return bundled("galaxies")


#: the data sets that come along
NAMES = tuple(BUNDLED)


def load(name: str) -> Table:
    """The data set of that name, as `mixtura.tables.read_table` has it.

    Raises
    ------
    ParameterError : there is none of that name; those that exist are listed.

    Examples
    --------
    >>> from mixtura import datasets
    >>> len(datasets.load("galaxies"))
    82
    """
    return bundled(name)
