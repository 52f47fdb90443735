"""Classification beside R's mclust: EDDA, MclustDA and few labels, on the same rows and folds.

python benchmarks/classification.py, with R and its package mclust installed (Debian:
r-cran-mclust).
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mixtura
from claim import run
from mixtura import MixtureClassifier
from mixtura.datasets import iris
from table import Column, Table

_HERE = Path(__file__).parent
_FOLDS = 10

_WORDS = """\
Rows that are put into a wrong class, of all: by a classifier that was trained on all of them, and
in ten folds, the same for both. `EDDA` has one Gaussian a class and the structure of the fourteen
that BIC takes; `MclustDA` a mixture for each class, of one to five components, structure and number
by BIC. `few labels` are semi-supervised fits (`mixtura.fit(labels=)`, MclustSSC), one Gaussian a
class and the structure by BIC, in which a fifth of the rows has a known class; wrong are those of
the others."""

_COLUMNS = (
    Column("data", "data"),
    Column("method", "method"),
    Column("rows", "rows", "d"),
    Column("ours_training", "mixtura, training", "d"),
    Column("mclust_training", "mclust", "d"),
    Column("ours_folds", "mixtura, ten folds", "d"),
    Column("mclust_folds", "mclust", "d"),
)

_STRUCTURES = (
    *("EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE"),
    *("VEE", "EVE", "VVE", "EEV", "VEV", "EVV", "VVV"),
)
_METHODS = {
    "EDDA": MixtureClassifier(structures="all", shared=True),
    "MclustDA": MixtureClassifier((1, 2, 3, 4, 5), structures="all"),
}


def problems() -> dict[str, tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """Rows and their classes."""
    found = {"iris": (np.asarray(iris().rows), np.repeat([0, 1, 2], 50))}
    for name in ("thyroid", "banknote"):
        table = np.loadtxt(_HERE / f"data/{name}.csv", delimiter=",", skiprows=1)
        found[name] = (table[:, :-1], np.unique(table[:, -1], return_inverse=True)[1])
    return found


def mclusts(
    X: NDArray[np.float64], y: NDArray[np.int64], folds: Any, known: Any
) -> dict[tuple[str, str], int]:
    """What mclust puts into a wrong class: (method, how) -> rows."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("rows.csv", "folds", "known")]
        header = ",".join([*(f"x{j}" for j in range(X.shape[1])), "y"])
        np.savetxt(files[0], np.column_stack([X, y]), delimiter=",", header=header, comments="")
        np.savetxt(files[1], folds, fmt="%d")
        np.savetxt(files[2], known, fmt="%d")
        command = ["Rscript", str(_HERE / "classification.R"), *map(str, files)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {(m, how): int(errors) for m, how, errors in map(str.split, said.splitlines())}


def few_labels(X: NDArray[np.float64], y: NDArray[np.int64], known: Any) -> int:
    """Rows without labels that a semi-supervised fit, its structure by BIC, puts wrong."""
    labels = np.where(known, y, -1)
    fits = []
    for structure in _STRUCTURES:
        fit = mixtura.fit(X, int(y.max()) + 1, structure=structure, labels=labels)
        if not fit.floored:
            fits.append(fit)
    best = min(fits, key=lambda fit: fit.bic).mixture
    return int((best.predict(X)[~known] != y[~known]).sum())


def measure(quick: bool) -> list[Table]:
    """The table of both; `quick` leaves thyroid and banknote out."""
    rows = []
    for name, (X, y) in list(problems().items())[: 1 if quick else None]:
        random = np.random.default_rng(0)
        folds = np.empty(len(y), np.int64)
        for c in np.unique(y):  # each fold has its share of every class
            own = random.permutation(np.flatnonzero(y == c))
            folds[own] = np.arange(len(own)) % _FOLDS
        known = np.zeros(len(y), np.bool_)
        known[random.permutation(len(y))[: len(y) // 5]] = True
        theirs = mclusts(X, y, folds, known)
        for method, model in _METHODS.items():
            training = int((model.fit(X, y).predict(X) != y).sum())
            errors = 0
            for f in range(_FOLDS):
                left = folds == f
                errors += int((model.fit(X[~left], y[~left]).predict(X[left]) != y[left]).sum())
            rows.append(
                {
                    "data": name,
                    "method": method,
                    "rows": len(y),
                    "ours_training": training,
                    "mclust_training": theirs[method, "training"],
                    "ours_folds": errors,
                    "mclust_folds": theirs[method, "folds"],
                }
            )
        ssc = next(errors for (method, _), errors in theirs.items() if method == "SSC")
        rows.append(
            {
                "data": name,
                "method": "few labels",
                "rows": int((~known).sum()),
                "ours_training": few_labels(X, y, known),
                "mclust_training": ssc,
                "ours_folds": None,
                "mclust_folds": None,
            }
        )
    return [Table("classification", "Rows in a wrong class", _WORDS, _COLUMNS, rows)]


if __name__ == "__main__":
    run(measure)
