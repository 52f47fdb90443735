"""Coverage: how often intervals hold the truth, and whether it is said where that is too seldom."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

import mixtura
from claim import run, show
from mixtura.errors import DataError
from mixtura.model.structures import structure as structure_called
from mixtura.uncertainty import StandardErrors
from table import Column, Table

Floats = NDArray[np.float64]

#: of coverage: well separated, and so low that it has to be said
_RIGHT, _LOW = (0.92, 0.98), 0.90
#: the share of the sets in which it has to be said
_SAID = 0.90

_WORDS = """\
Sets of rows drawn from a mixture, each fitted with the defaults; the share of the intervals of 95 %
(`StandardErrors.intervals`, by the information) that hold what the rows were drawn with, and the
share of the sets whose result says that they may not: by its `caution`, by the error that there
are none, or as a component rests on too few rows. The separation is the distance of neighbouring
means in units of the first component's standard deviation. Of so many sets a coverage of 0.95 is
uncertain by 0.013 for one component's. `below 0` counts intervals of a variance that are. The bar:
coverage from 0.92 to 0.98 where the separation is 4 or more, and said in 90 % of the sets where a
coverage is below 0.90."""

_COLUMNS = (
    Column("case", "case"),
    Column("structure", "structure"),
    Column("n_rows", "rows", "d"),
    Column("separation", "separation", ".1f"),
    Column("weights", "weights", ".3f"),
    Column("means", "means", ".3f"),
    Column("variances", "variances", ".3f"),
    Column("correlations", "correlations", ".3f"),
    Column("said", "said", ".0%"),
    Column("below", "below 0", "d"),
    Column("met", "bar"),
)


@dataclass(frozen=True, eq=False)
class Case:
    """A mixture, and how many rows are drawn from it.

    Parameters
    ----------
    name : of the case.
    truth : the mixture.
    n_rows : N.
    separation : of neighbouring means, standard deviations.
    """

    name: str
    truth: mixtura.Mixture
    n_rows: int
    separation: float


def measure(quick: bool) -> list[Table]:
    """The one table."""
    n_sets, cases, rows = 40 if quick else 300, _cases(quick), []
    with ProcessPoolExecutor() as pool:
        for case, row in zip(cases, pool.map(partial(figures, n_sets=n_sets), cases), strict=True):
            show(f"coverage: {case.name}, {case.n_rows} rows, separation {case.separation:g}")
            rows.append(row)
    title = f"Coverage of 95 % intervals over {n_sets} simulated sets"
    return [Table("coverage", title, _WORDS, _COLUMNS, rows)]


def figures(case: Case, n_sets: int) -> dict[str, object]:
    """A line of the table."""
    held: dict[str, list[float]] = {}
    said, below = 0, 0
    for seed in range(n_sets):
        rows = case.truth.sample(case.n_rows, np.random.RandomState(seed))[0]
        fit = mixtura.fit(
            rows, case.truth.n_components, structure=case.truth.structure, random_state=seed
        )
        try:
            errors = fit.standard_errors(rows)
        except DataError:
            said += 1
            continue
        said += bool(errors.notes)
        below += int((_variances(errors.intervals()["covariances"][0]) <= 0.0).sum())
        for name, hits in _hits(case.truth, errors).items():
            held.setdefault(name, []).extend(hits)
    shares = {name: float(np.mean(hits)) for name, hits in held.items() if hits}
    told = said / n_sets
    return {
        "case": case.name,
        "structure": case.truth.structure.name,
        "n_rows": case.n_rows,
        "separation": case.separation,
        **shares,
        "said": told,
        "below": below,
        "met": _met(shares, told, below, case.separation),
    }


def _met(shares: dict[str, float], said: float, below: int, separation: float) -> str:
    held = [shares[name] for name in ("weights", "means", "variances")]
    right = separation < 4.0 or (min(held) >= _RIGHT[0] and max(held) <= _RIGHT[1])
    told = min(held) >= _LOW or said >= _SAID
    return "met" if right and told and not below else "missed"


def _hits(truth: mixtura.Mixture, errors: StandardErrors) -> dict[str, list[float]]:
    """Whether each interval holds the truth, where there is one."""
    found, k = errors.mixture, truth.n_components
    scale = np.sqrt(_variances(truth.covariance_matrices()))

    def apart(order: tuple[int, ...]) -> float:
        return float((((found.means[list(order)] - truth.means) / scale) ** 2).sum())

    order = list(min(permutations(range(k)), key=apart))
    ends = errors.intervals()
    d = truth.n_features
    above = np.triu_indices(d, 1)
    matrices = truth.covariance_matrices()
    correlations = matrices / scale[:, :, None] / scale[:, None, :]
    shared = truth.structure.form.shared
    wanted = {
        "weights": (truth.weights, lambda a: a),
        "means": (truth.means, lambda a: a),
        "variances": (matrices, _variances),
    }
    if truth.structure.letters[2] != "I" and d > 1:
        wanted["correlations"] = (correlations, lambda a: a[:, *above])
    hits = {}
    for name, (value, part) in wanted.items():
        low, high = ends["covariances" if name == "variances" else name]
        value, low, high = part(value), part(low[order]), part(high[order])
        if shared and name in ("variances", "correlations"):
            value, low, high = value[:1], low[:1], high[:1]
        there = np.isfinite(low)
        hits[name] = ((low <= value) & (value <= high))[there].astype(float).tolist()
    return hits


def _variances(matrices: Floats) -> Floats:
    return np.einsum("kdd->kd", matrices)


def one_feature(structure: str, separation: float, n_rows: int, share: float = 0.6) -> Case:
    """Two components of one feature, the second of variance 1.5 where it may be."""
    own = 1.0 if structure == "tied" else 1.5
    truth = mixtura.Mixture([share, 1.0 - share], [[0.0], [separation]], [[[1.0]], [[own]]], "full")
    return Case("two, D 1", _as(truth, structure), n_rows, separation)


def two_features(structure: str, separation: float, n_rows: int) -> Case:
    """Two components of two features, along the diagonal."""
    matrices = {
        "full": [[[1.0, 0.3], [0.3, 1.0]], [[1.5, -0.4], [-0.4, 0.8]]],
        "tied": [[[1.0, 0.3], [0.3, 1.0]]] * 2,
        "diag": [np.diag([1.0, 1.0]), np.diag([1.5, 0.8])],
        "spherical": [np.eye(2), 1.5 * np.eye(2)],
    }[structure]
    step = separation / np.sqrt(2.0)
    truth = mixtura.Mixture([0.6, 0.4], [[0.0, 0.0], [step, step]], matrices, "full")
    return Case("two, D 2", _as(truth, structure), n_rows, separation)


def three(structure: str, separation: float, n_rows: int) -> Case:
    """Three components at the corners of a triangle."""
    corners = separation * np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])
    truth = mixtura.Mixture([0.4, 0.3, 0.3], corners, [np.eye(2)] * 3, "full")
    return Case("three, D 2", _as(truth, structure), n_rows, separation)


def _as(truth: mixtura.Mixture, name: str) -> mixtura.Mixture:
    """The mixture, held as one of the structure."""
    chosen = structure_called(name)
    held = chosen.form.gathered(truth.covariances)
    return mixtura.Mixture(truth.weights, truth.means, held, chosen)


def _cases(quick: bool) -> list[Case]:
    if quick:
        return [one_feature("full", 1.5, 200), one_feature("full", 5.0, 200)]
    return [
        *(one_feature("full", s, 200) for s in (1.5, 2.0, 2.5, 3.0, 4.0)),
        *(one_feature("full", s, 500) for s in (2.0, 3.0, 4.0)),
        *(one_feature("tied", s, 100) for s in (1.5, 2.5, 4.0)),
        *(two_features("full", s, 300) for s in (1.5, 2.5, 4.0)),
        *(two_features("tied", s, 200) for s in (1.5, 4.0)),
        *(two_features("diag", s, 200) for s in (2.0, 4.0)),
        *(two_features("spherical", s, 200) for s in (2.0, 4.0)),
        *(three("spherical", s, 300) for s in (2.0, 4.0)),
        three("tied", 4.0, 500),
    ]


if __name__ == "__main__":
    run(measure)
