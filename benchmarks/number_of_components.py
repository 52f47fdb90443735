"""Number of components: what the posterior says, and what the variational answer and BIC do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import mixtura
from claim import run, show
from table import Column, Table

#: of both; all else is their default
PRIOR: dict[str, Any] = {"degrees_of_freedom_prior": 4.0}
Rows = np.ndarray[Any, Any]

_WORDS = """\
Sets of K normal groups of unit variance in the plane, of about equal weights, each centre as far as
the separation from some other and none nearer. `p(K)` is the mean posterior probability of the true
K by `mixtura.sample_clusterings`; `posterior` is how often its likeliest K is the true one,
`variational` how often `mixtura.fit_bayes` keeps so many components, `BIC` how often
`mixtura.select` chooses so many of 1 to 10, full covariances for all; a prior is worth 4 rows.
`within` is how often the variational number is among those of clusters that together have 95 % of
the posterior; `nats` is how much less likely than the likeliest it is there, at most 9, the median.
`R̂` is the largest over the sets, `worth` the median effective sample size of 2 chains of 1,000
sweeps. The last three columns are a processor's seconds, the median: sampling, the variational fit,
`select`."""

_COLUMNS = (
    Column("k", "K", "d"),
    Column("n_rows", "rows", "d"),
    Column("separation", "separation", ".0f"),
    Column("probability", "p(K)", ".2f"),
    Column("posterior", "posterior", ".0%"),
    Column("variational", "variational", ".0%"),
    Column("bic", "BIC", ".0%"),
    Column("within", "within", ".0%"),
    Column("nats", "nats", ".1f"),
    Column("reduction", "R̂", ".2f"),
    Column("worth", "worth", ".0f"),
    Column("sampling", "s", ".2f"),
    Column("fitting", "s, variational", ".3f"),
    Column("selecting", "s, BIC", ".2f"),
)

_SPEED_WORDS = """\
Processor time of a sweep (five splits or merges, and Gibbs over all rows) over rows of four groups,
6 apart, full covariances, from one cluster on: 60 sweeps."""

_SPEED_COLUMNS = (
    Column("n_rows", "rows", "d"),
    Column("d", "features", "d"),
    Column("milliseconds", "ms a sweep", ".2f"),
    Column("microseconds", "µs a row", ".2f"),
    Column("found", "clusters at the end", "d"),
)


def measure(quick: bool) -> list[Table]:
    """How often each is right."""
    n_sets, rows = 2 if quick else 10, []
    for k in (2, 4):
        for n in (60,) if quick else (60, 250):
            for separation in (3.0, 4.0):
                rows.append(_case(k, n, separation, n_sets))
                show(f"{k} groups, {n} rows, {separation:g} apart: {rows[-1]}")
    title = f"The number of components of {n_sets} sets each"
    return [Table("number_of_components", title, _WORDS, _COLUMNS, rows)]


def speed(quick: bool) -> list[Table]:
    """How long a sweep takes."""
    rows = []
    for n in (1000,) if quick else (1000, 10_000):
        for d in (1, 2, 8):
            random = np.random.default_rng(d)
            data = random.normal(size=(n, d))
            data[:, 0] += 6.0 * random.integers(0, 4, n)
            began = time.process_time()
            found = mixtura.sample_clusterings(data, n_sweeps=60, n_burn_in=0, n_chains=1)
            spent = time.process_time() - began
            rows.append(
                {
                    "n_rows": n,
                    "d": d,
                    "milliseconds": 1e3 * spent / 60,
                    "microseconds": 1e6 * spent / 60 / n,
                    "found": int(found.n_clusters[0, -1]),
                }
            )
    return [Table("sweeps", "The time of a sweep", _SPEED_WORDS, _SPEED_COLUMNS, rows)]


def _case(k: int, n: int, separation: float, n_sets: int) -> dict[str, Any]:
    held: dict[str, list[float]] = {}
    for seed in range(n_sets):
        for name, value in _of_set(groups(seed, n, k, separation), k).items():
            held.setdefault(name, []).append(value)
    means = ("probability", "posterior", "variational", "bic", "within")
    return {
        "k": k,
        "n_rows": n,
        "separation": separation,
        **{name: float(np.mean(held[name])) for name in means},
        "reduction": max(held["reduction"]),
        **{
            name: float(np.median(held[name]))
            for name in ("nats", "worth", "sampling", "fitting", "selecting")
        },
    }


def _of_set(rows: Rows, k: int) -> dict[str, float]:
    found, sampling = _timed(lambda: mixtura.sample_clusterings(rows, **PRIOR))
    fit, fitting = _timed(lambda: mixtura.fit_bayes(rows, **PRIOR))
    chosen, selecting = _timed(lambda: mixtura.select(rows, range(1, 11), structures=["VVV"]))
    of_t = found.n_clusters_posterior
    order = np.argsort(-of_t, kind="stable")
    likely = order[: int(np.searchsorted(np.cumsum(of_t[order]), 0.95)) + 1] + 1
    own = of_t[fit.n_occupied - 1] if fit.n_occupied <= len(of_t) else 0.0
    return {
        "probability": float(found.n_components_posterior[k - 1]),
        "posterior": float(found.n_components == k),
        "variational": float(fit.n_occupied == k),
        "bic": float(chosen.best_row.candidate.n_components == k),
        "within": float(fit.n_occupied in likely),
        "nats": min(9.0, float(np.log(of_t.max() / max(own, 1e-9)))),
        "reduction": found.scale_reduction,
        "worth": found.effective_sample_size,
        "sampling": sampling,
        "fitting": fitting,
        "selecting": selecting,
    }


def _timed(call: Callable[[], Any]) -> tuple[Any, float]:
    began = time.process_time()
    result = call()
    return result, time.process_time() - began


def groups(seed: int, n: int, k: int, separation: float) -> Rows:
    """Rows (n, 2) of k groups: each centre is as far as the separation from one before it."""
    random = np.random.default_rng(seed)
    centres = [np.zeros(2)]
    while len(centres) < k:
        angle = random.uniform(0.0, 2.0 * np.pi)
        centre = centres[random.integers(len(centres))] + separation * np.array(
            [np.cos(angle), np.sin(angle)]
        )
        if all(np.linalg.norm(centre - other) >= 0.999 * separation for other in centres):
            centres.append(centre)
    return np.array(centres)[random.permutation(np.arange(n) % k)] + random.normal(size=(n, 2))


if __name__ == "__main__":
    run(measure, speed)
