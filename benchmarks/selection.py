"""Selection: how often the true K and the true structure are found, for each of the fourteen.

500 rows a component, three components, well separated. The structure counts only where K is right;
where structures differ by less than BIC can tell, the poorer is chosen, so what is made is far from
the poorer ones: volumes 1 to 16, shapes of ratio 9 along different axes, orientations apart.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

import mixtura
from claim import run, show
from mixtura.model.structures import STRUCTURES
from table import Column, Table

N_COMPONENTS, PER_COMPONENT = 3, 500
_N_FEATURES, _LARGEST = 2, 5

_WORDS = """\
Data sets of 1500 rows of 2 features, three components of 500, one seed each, and the share of them
in which the best by BIC, of K from 1 to 5 and all fourteen structures, has three components, and
has the structure that the rows were made by as well; what was found instead."""

_COLUMNS = (
    Column("letters", "made by"),
    Column("number", "K found", ".0%"),
    Column("structure", "K and structure found", ".0%"),
    Column("instead", "instead"),
)


def covariances(letters: str, d: int, random: np.random.RandomState) -> np.ndarray:
    """Three covariances (3, D, D) of a structure, and of none that it contains."""
    volumes = {"E": [4.0] * 3, "V": [1.0, 4.0, 16.0]}[letters[0]]
    ramp = np.linspace(1.0, -1.0, d)
    same = [ramp] * 3
    shapes = {"I": [0.0 * ramp] * 3, "E": same, "V": [ramp, -0.3 * ramp, np.roll(ramp, 1)]}
    turn = np.linalg.qr(random.normal(size=(d, d)))[0]
    turns = {
        "I": [np.eye(d)] * 3,
        "E": [turn] * 3,
        "V": [turn @ turned(degrees, d) for degrees in (0.0, 30.0, 150.0)],
    }
    parts = zip(volumes, shapes[letters[1]], turns[letters[2]], strict=True)
    return np.stack([v * (q * np.exp(1.1 * a)) @ q.T for v, a, q in parts])


def turned(degrees: float, d: int) -> np.ndarray:
    """The rotation by that angle in the plane of each two features that are neighbours, (D, D)."""
    whole, angle = np.eye(d), np.radians(degrees)
    for j in range(d - 1):
        plane = np.eye(d)
        plane[j : j + 2, j : j + 2] = [
            [np.cos(angle), -np.sin(angle)],
            [np.sin(angle), np.cos(angle)],
        ]
        whole = whole @ plane
    return whole


def rows_of(letters: str, d: int, seed: int) -> np.ndarray:
    """The rows (1500, D) of one data set."""
    random = np.random.RandomState(seed)
    means = 45.0 * np.eye(3, max(d, 3))[:, :d]
    means[2] = -45.0 * (d == 2)
    roots = np.linalg.cholesky(covariances(letters, d, random))
    parts = [
        m + random.normal(size=(PER_COMPONENT, d)) @ r.T for m, r in zip(means, roots, strict=True)
    ]
    return np.concatenate(parts)


def measure(quick: bool) -> list[Table]:
    """The table."""
    n_seeds = 3 if quick else 20
    rows = []
    for structure in STRUCTURES:
        show(structure.letters)
        rows.append(_figures(structure.letters, n_seeds))
    for key in ("number", "structure"):
        show(f"least share of right ones, {key}: {min(row[key] for row in rows):.0%}")
    title = f"Selection: what BIC finds among all fourteen with K 1 to {_LARGEST}, {n_seeds} seeds"
    return [Table("recovery", title, _WORDS, _COLUMNS, rows)]


def _figures(letters: str, n_seeds: int) -> dict[str, object]:
    """A row of the table."""
    truth = f"{letters},{N_COMPONENTS}"
    found = [
        mixtura.select(rows_of(letters, _N_FEATURES, seed), range(1, _LARGEST + 1)).best_row
        for seed in range(n_seeds)
    ]
    names = [str(row.candidate) for row in found]
    others = Counter(name for name in names if name != truth)
    return {
        "letters": letters,
        "number": sum(row.n_components == N_COMPONENTS for row in found) / n_seeds,
        "structure": names.count(truth) / n_seeds,
        "instead": ", ".join(f"{count} × {name}" for name, count in others.most_common()),
    }


if __name__ == "__main__":
    run(measure)
