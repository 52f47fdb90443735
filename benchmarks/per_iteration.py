"""Seconds per EM iteration: mixtura, oneDAL and scikit-learn in turn, from the same start."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from claim import chosen, crew, run, show
from machine import measured_limits
from pace import Pace, paces
from peers import PEERS
from table import Column, Table
from worker import Worker
from workloads import Workload

NAMES = ("F1", "F2", "F3", "F4", "F5", "F6", "D1", "D2", "T1")

SHAPE = (
    Column("workload", "workload"),
    Column("n_rows", "rows", ",d"),
    Column("n_features", "D", "d"),
    Column("n_components", "K", "d"),
    Column("covariance", "covariance"),
)

_WORDS = """\
Milliseconds per EM iteration on {cores} threads: {versions}. All start from the same parameters;
a figure is the median of {repeats} differences between fits of two lengths, the peers taking
turns. The limit is the time that the operations of an iteration take at the machine's rates,
measured in the same run: {limits}.
A dash is where a reading of three came out negative: what is done once swung by more than an
iteration takes."""

_AGREEMENT = """\
The mean log-likelihood, nats a row, that each peer computed in the last of so many iterations
from the same start, and the largest difference between any two, relative. Then the most memory
that a fit held beyond the rows, MiB. Shared is the share of rows whose likeliest component has a
responsibility below 0.99 under the start; zero, the share of responsibilities that are 0."""


def measure(quick: bool) -> list[Table]:
    """The times, and what they were times of."""
    times, agreement = [], []
    versions: dict[str, str] = {}
    repeats = 1 if quick else 3
    for workload in chosen(NAMES, quick):
        names = [name for name, peer in PEERS.items() if workload.covariance in peer.structures]
        show(f"{workload.name}: {', '.join(names)}")
        with ExitStack() as stack:
            workers = crew(stack, names, workload)
            versions |= {name: worker.version for name, worker in workers.items()}
            found = paces(workers, seconds=0.2 if quick else 0.6, repeats=repeats)
            times.append(_times(workload, found))
            agreement.append(_agreement(workload, workers, found))
    words = _WORDS.format(
        cores=2, versions=", ".join(versions.values()), repeats=repeats, limits=measured_limits()
    )
    return [
        Table("per_iteration", "Time per iteration", words, _TIMES, times),
        Table("agreement", "The same answer, and its memory", _AGREEMENT, _AGREES, agreement),
    ]


_TIMES = (
    *SHAPE,
    Column("scikit-learn", "scikit-learn", "short"),
    Column("oneDAL", "oneDAL", "short"),
    Column("mixtura", "mixtura", "short"),
    Column("over_scikit_learn", "scikit-learn ÷ mixtura", ".1f"),
    Column("over_onedal", "oneDAL ÷ mixtura", ".2f"),
    Column("limit", "limit", "short"),
    Column("over_limit", "mixtura ÷ limit", ".2f"),
)

_AGREES = (
    Column("workload", "workload"),
    Column("iterations", "iterations", "d"),
    *(Column(f"likelihood {name}", name, ".12g") for name in PEERS),
    Column("difference", "difference", ".0e"),
    *(Column(f"memory {name}", f"MiB {name}", ".0f") for name in PEERS),
    Column("shared", "shared", ".0%"),
    Column("zero", "zero", ".0%"),
)


def _times(workload: Workload, found: dict[str, Pace]) -> dict[str, Any]:
    ours, limit = found["mixtura"].milliseconds, measured_limits().iteration(workload)
    # Where other things took longer than the iterations themselves, a difference says nothing.
    row: dict[str, Any] = workload.shape() | {
        name: pace.milliseconds if min(pace.readings) > 0.0 else None
        for name, pace in found.items()
    }
    for key, peer in (("over_scikit_learn", "scikit-learn"), ("over_onedal", "oneDAL")):
        row[key] = row[peer] / ours if row.get(peer) else None
    row |= {"limit": limit, "over_limit": ours / limit}
    row["readings"] = {name: list(pace.readings) for name, pace in found.items()}
    row["lengths"] = {name: pace.n for name, pace in found.items()}
    return row


def _agreement(
    workload: Workload, workers: dict[str, Worker], found: dict[str, Pace]
) -> dict[str, Any]:
    """Each peer's likelihood after as many iterations as scikit-learn has done anyway."""
    n = found["scikit-learn"].n
    likelihoods = {
        name: pace.log_likelihood
        if pace.n == n
        else workers[name].iterate(1 + n).value.log_likelihood
        for name, pace in found.items()
    }
    spread = max(likelihoods.values()) - min(likelihoods.values())
    return {
        "workload": workload.name,
        "iterations": 1 + n,
        "difference": spread / abs(likelihoods["mixtura"]),
        **{f"likelihood {name}": value for name, value in likelihoods.items()},
        **{f"memory {name}": pace.peak for name, pace in found.items()},
        **workers["mixtura"].overlap().value,
    }


if __name__ == "__main__":
    run(measure)
