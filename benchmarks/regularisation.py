"""Regularisation: what a floor, a prior and a ridge do to healthy data, and to spikes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

import mixtura
from mixtura.datasets import faithful, iris
from mixtura.engine import kernel
from mixtura.engine.sources import Block
from mixtura.fitting.m_step.estimate import Estimate, maximise
from mixtura.fitting.m_step.health import Health
from mixtura.fitting.m_step.regularisation import Regularisation
from mixtura.model.mixture import Mixture
from mixtura.model.structures import structure
from shared import hostile
from table import Column, Table

Floats = NDArray[np.float64]
FULL = structure("full")


@dataclass(frozen=True)
class Formula:
    """A way to regularise: (n_k, Σ_k of the M-step, the data's variances) -> Σ_k."""

    name: str
    covariances: Callable[[Floats, Floats, Floats], Floats]


def ridge(weight: Floats, covariances: Floats, variances: Floats) -> Floats:
    """Σ_k + 1e-6·I, as in scikit-learn."""
    return covariances + 1e-6 * np.eye(len(variances))


def relative_ridge(weight: Floats, covariances: Floats, variances: Floats) -> Floats:
    """Σ_k + 1e-8·V."""
    return covariances + 1e-8 * np.diag(variances)


def prior(weight: Floats, covariances: Floats, variances: Floats) -> Floats:
    """(W_k + a·V) / (n_k + a) with a = 1e-6 pseudo-rows: an inverse Wishart prior."""
    n = weight[:, None, None]
    return (n * covariances + 1e-6 * np.diag(variances)) / (n + 1e-6)


def floor(weight: Floats, covariances: Floats, variances: Floats) -> Floats:
    """Eigenvalues of at least 1e-8 in units of V."""
    least = 1e-8 * variances
    for k in FULL.form.unsound(covariances, least):
        covariances = FULL.form.floored(covariances, k, least)
    return covariances


FORMULAS = (
    Formula("Σ + 1e-6·I", ridge),
    Formula("Σ + 1e-8·V", relative_ridge),
    Formula("(W + a·V) / (n + a), a = 1e-6", prior),
    Formula("Σ ⪰ 1e-8·V", floor),
)


def datasets() -> Iterator[tuple[str, Floats, Floats]]:
    """Name, rows, and labels to start from."""
    for name, rows, k in (("faithful", faithful().rows, 2), ("iris", iris().rows, 3)):
        yield name, rows, mixtura.fit(rows, k, tol=1e-9).mixture.predict(rows)
        small = rows * 1e-4
        yield f"{name} × 1e-4", small, mixtura.fit(rows, k, tol=1e-9).mixture.predict(rows)
    for aspect in (20.0, 1000.0, 5000.0):
        random = np.random.RandomState(0)
        rows = random.standard_normal((1000, 2)) * [1.0, 1.0 / aspect]
        rows[500:, 1] += 8.0 / aspect
        turn = np.array([[np.sqrt(0.75), -0.5], [0.5, np.sqrt(0.75)]])
        yield f"cigars of aspect {aspect:.0f}", rows @ turn.T, np.repeat([0, 1], 500)


def climbed(rows: Floats, labels: Floats, formula: Formula | None) -> Mixture:
    """The end of 2000 iterations of EM from the clusters of `labels`."""
    block, variances = Block(0, rows), rows.var(axis=0)
    shares = (labels[:, None] == np.unique(labels)).astype(float)
    statistics = kernel.moments(block, shares, rows[: shares.shape[1]], diagonal=False)
    for _ in range(2000):
        estimate: Estimate = maximise(statistics, FULL)
        if formula is not None:
            held = formula.covariances(estimate.weight, estimate.covariances, variances)
            estimate = replace(estimate, covariances=held)
        mixture = estimate.mixture()
        statistics = kernel.accumulate(block, mixture.components)
    return mixture


def healthy() -> Table:
    """How far each formula moves healthy data from the maximum of the likelihood."""
    rows = []
    for name, data, labels in datasets():
        exact = climbed(data, labels, None)
        row: dict[str, str | float] = {"data": name}
        for formula in FORMULAS:
            other = climbed(data, labels, formula)
            # A relative change of a covariance, free of units: Σ⁻¹ΔΣ.
            change = np.linalg.solve(exact.covariances, other.covariances - exact.covariances)
            row[formula.name] = float(np.linalg.norm(change, ord=2, axis=(1, 2)).max())
        rows.append(row)
    columns = [Column(formula.name, formula.name, ".0e") for formula in FORMULAS]
    words = "The largest relative change of a covariance, |Σ⁻¹ΔΣ|, from the exact maximum."
    return Table("healthy", "Healthy data", words, (Column("data", "data"), *columns), rows)


def sizes(problems: int) -> Table:
    """What the size of the floor costs in digits, over hostile problems."""
    rows = []
    for share in (1e-12, 1e-10, 1e-8, 1e-6):
        falls, ended = [], 0
        with patch.object(Regularisation, "SHARE", share):
            for seed in range(problems):
                problem = hostile(seed)
                fit = mixtura.fit(
                    problem.rows.astype(float),
                    problem.n_components,
                    structure=problem.structure,
                    start="kmeans",
                    reg_covar="auto",
                    tol="auto",
                    accelerate=False,
                    max_iter=200,
                )
                reseeded = {r.iteration for r in fit.repairs if r.action == "reseeded"}
                steps = enumerate(-np.diff(fit.trace), 1)
                falls.append(max([0.0, *(fall for i, fall in steps if i not in reseeded)]))
                ended += fit.outcome.converged
        rows.append(
            {
                "share": share,
                "ended": ended / problems,
                "fell": sum(fall > 1e-8 for fall in falls) / problems,
            }
        )
    return Table(
        "sizes",
        "The size of the floor",
        f"{problems} hostile problems: share that converged to 1e-8 nats a row within 200 "
        "iterations, and that fell by more than 1e-8 nats a row on the way.",
        (
            Column("share", "c", ".0e"),
            Column("ended", "converged", ".1%"),
            Column("fell", "fell", ".1%"),
        ),
        rows,
    )


def spikes(seeds: int) -> Table:
    """How often a component ends on fewer than D + 1 rows, with and without setting it anew."""
    cases = (("faithful", faithful().rows, 6), ("iris", iris().rows, 6), ("iris", iris().rows, 12))
    rows = []
    for name, data, k in cases:
        # Ties would be components of their own: a digit beyond the last one parts them.
        data = data + 0.05 * np.random.RandomState(0).uniform(size=data.shape)
        row: dict[str, str | float] = {"data": f"{name}, {k} components"}
        for label, reg_covar, reseeds in (
            ("ridge 1e-6", 1e-6, Health.RESEEDS),
            ("floor alone", "auto", 0),
            ("floor, set anew", "auto", Health.RESEEDS),
        ):
            starved = 0
            with patch.object(Health, "RESEEDS", reseeds):
                for seed in range(seeds):
                    fit = mixtura.fit(
                        data,
                        k,
                        start="random_from_data",
                        reg_covar=reg_covar,
                        random_state=seed,
                        tol=1e-6,
                        max_iter=500,
                    )
                    few = fit.mixture.weights * len(data) < data.shape[1] + 0.5
                    starved += bool(few.any())
            row[label] = starved / seeds
        rows.append(row)
    labels = ("ridge 1e-6", "floor alone", "floor, set anew")
    words = f"Share of {seeds} random starts that end with a component of D rows or fewer."
    columns = [Column(label, label, ".0%") for label in labels]
    return Table("spikes", "Spikes", words, (Column("data", "data"), *columns), rows)


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=100)
    options = parser.parse_args()
    for table in (healthy(), spikes(options.seeds), sizes(options.problems)):
        print(table.markdown() + "\n", flush=True)


if __name__ == "__main__":
    main()
