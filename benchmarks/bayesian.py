"""Bayesian mixtures beside scikit-learn's: parameters, numbers of groups, new rows, and time.

OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/bayesian.py [--quick]
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import BayesianGaussianMixture as Theirs

import mixtura
from claim import run
from mixtura import BayesianGaussianMixture as Ours
from mixtura.bayesian.belief import left_out
from mixtura.bayesian.family import FAMILIES
from table import Column, Table
from workloads import Workload

KINDS = ("full", "tied", "diag", "spherical")
PRIORS = ("dirichlet_process", "dirichlet_distribution")
Rows = np.ndarray[Any, Any]

_PARITY = """\
Random problems of one to four groups, 20 to 400 rows and one to five features. The same seed at
both defaults: fits all of whose weights, means and covariances agree to 1e-6 of the largest."""
_NUMBER = """\
Sets of 2 to 8 normal groups of unit variance in the plane, drawn in a box with no two centres
nearer than 4, of 50 to 5,000 rows (log-uniform) and uneven weights. How many components have half
a row and more, of at most 20: by `mixtura.fit_bayes`, which chooses the structure by the bound, and
of full covariances; by scikit-learn at its defaults, and as its labels say; and BIC's choice of 1
to 10 components of full covariances by `mixtura.select`."""
_HELD = """\
Sets as before, of 30 to 100 rows and 2 to 4 groups. 1,000 new rows of each: the mean log density by
`fit_bayes(...).predictive`, and by maximum likelihood with BIC's number of components of 1 to 5,
both of full covariances, and both with the structure of their own choice of six. In how many sets
ours is at least as large, and by how much, nats a row."""
_TIME = """\
Processor seconds, the least of so many readings one after the other; run with OMP_NUM_THREADS=1 and
OPENBLAS_NUM_THREADS=1, so that nobody's threads wait in them. An iteration is the difference of two
fits of different lengths over that of the lengths, on a tenth of the workload's rows; F5-like has
10,000 rows of 32 features and 32 components."""


def groups(seed: int, n: int, number: int, d: int = 2) -> tuple[Rows, Callable[[int], Rows]]:
    """Rows of groups, and what draws more of them."""
    random = np.random.default_rng(seed)
    box, centres = 4.0 * number ** (1.0 / d) * 1.3, []
    while len(centres) < number:
        centre = random.uniform(0.0, box, size=d)
        if all(np.linalg.norm(centre - other) >= 4.0 for other in centres):
            centres.append(centre)
    weights = (random.dirichlet([8.0] * number) + 0.5 / number) / 1.5

    def drawn(n: int) -> Rows:
        owner = random.choice(number, size=n, p=weights)
        return np.array(centres)[owner] + random.normal(size=(n, d))

    return drawn(n), drawn


def parity(quick: bool) -> Table:
    """How many fits have scikit-learn's parameters."""
    count, rows = 10 if quick else 200, []
    for kind in KINDS:
        for prior in PRIORS:
            same, worst = 0, 0.0
            for seed in range(count):
                random = np.random.default_rng(seed)
                n, number = int(random.integers(20, 400)), int(random.integers(1, 5))
                X = groups(seed, n, number, int(random.integers(1, 6)))[0]
                asked = {
                    "n_components": int(random.integers(1, 8)),
                    "covariance_type": kind,
                    "weight_concentration_prior_type": prior,
                    "random_state": seed,
                }
                ours, theirs = Ours(**asked).fit(X), Theirs(**asked).fit(X)
                apart = max(
                    float(np.abs(getattr(ours, name) - getattr(theirs, name)).max())
                    / float(np.abs(getattr(theirs, name)).max())
                    for name in ("weights_", "means_", "covariances_")
                )
                same += apart <= 1e-6
                worst = max(worst, apart)
            rows.append({"kind": kind, "prior": prior, "same": same, "of": count, "worst": worst})
    columns = (
        Column("kind", "covariances"),
        Column("prior", "weights"),
        Column("same", "same", "d"),
        Column("of", "of", "d"),
        Column("worst", "farthest apart", ".1e"),
    )
    return Table("bayesian_parity", "Parameters beside scikit-learn's", _PARITY, columns, rows)


def number_found(quick: bool) -> Table:
    """How often the number of groups is found."""
    count = 10 if quick else 200
    right = dict.fromkeys(("ours", "full", "theirs", "labels", "bic"), 0)
    seconds = dict.fromkeys(("ours", "full", "theirs"), 0.0)
    few: dict[str, list[bool]] = {"few": [], "many": []}
    for seed in range(count):
        random = np.random.default_rng([seed, 1])
        number = int(random.integers(2, 9))
        n = int(np.exp(random.uniform(np.log(50.0), np.log(5000.0))))
        X = groups(seed, n, number)[0]
        began = time.process_time()
        found = mixtura.fit_bayes(X, structure="auto").n_occupied
        seconds["ours"] += time.process_time() - began
        right["ours"] += found == number
        began = time.process_time()
        few["few" if n < 40 * number else "many"].append(found == number)
        right["full"] += mixtura.fit_bayes(X).n_occupied == number
        seconds["full"] += time.process_time() - began
        if seed >= count // 4:  # the others take their time
            continue
        began = time.process_time()
        theirs = Theirs(n_components=20, random_state=0).fit(X)
        seconds["theirs"] += time.process_time() - began
        right["theirs"] += int((theirs.weights_ * n >= 0.5).sum()) == number
        right["labels"] += len(np.unique(theirs.predict(X))) == number
        chosen = mixtura.select(X, range(1, 11), structures="VVV")
        right["bic"] += chosen.best_row.n_components == number
    names = {
        "ours": 'mixtura.fit_bayes, structure="auto"',
        "full": "mixtura.fit_bayes, full covariances",
        "theirs": "scikit-learn, half a row",
        "labels": "scikit-learn, labels",
        "bic": "BIC, 1 to 10",
    }
    rows = [
        {
            "what": names[key],
            "right": right[key] / of,
            "of": of,
            "seconds": seconds[key] / of if key in seconds else None,
        }
        for key in names
        for of in [count if key in ("ours", "full") else count // 4]
    ]
    rows += [
        {"what": f"of the first, {words} rows a group", "right": float(np.mean(few[key]))}
        | {"of": len(few[key]), "seconds": None}
        for key, words in (("few", "under 40"), ("many", "40 and more"))
        if few[key]
    ]
    columns = (
        Column("what", "by"),
        Column("right", "right", ".1%"),
        Column("of", "of", "d"),
        Column("seconds", "s a set", ".2f"),
    )
    return Table("bayesian_number", "The number of groups", _NUMBER, columns, rows)


def held_out(quick: bool) -> Table:
    """What new rows are worth, of few to learn from."""
    count = 10 if quick else 50
    gains: dict[str, list[float]] = {"full": [], "chosen": []}
    for seed in range(count):
        random = np.random.default_rng([seed, 2])
        n, number = int(random.integers(30, 101)), int(random.integers(2, 5))
        X, more = groups(seed, n, number)
        new = more(1000)
        for key, ours, theirs in (("full", "VVV", "VVV"), ("chosen", "auto", list(FAMILIES))):
            found = mixtura.fit_bayes(X, structure=ours).predictive.score(new)
            best = mixtura.select(X, range(1, 6), structures=theirs).best.mixture
            gains[key].append(found - best.score(new))
    rows = [
        {
            "what": words,
            "share": float(np.mean(np.array(gains[key]) >= 0.0)),
            "of": count,
            "median": float(np.median(gains[key])),
            "least": float(np.min(gains[key])),
        }
        for key, words in (("full", "full covariances"), ("chosen", "chosen structures"))
    ]
    columns = (
        Column("what", "both of"),
        Column("share", "at least as large", ".0%"),
        Column("of", "of", "d"),
        Column("median", "median gain", ".3f"),
        Column("least", "least", ".3f"),
    )
    return Table("bayesian_held_out", "New rows", _HELD, columns, rows)


def least(work: Callable[[], Any], readings: int) -> float:
    """The least processor time of so many readings."""
    found = []
    for _ in range(readings):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def iteration(model: Any, X: Rows, k: int, lengths: tuple[int, int], readings: int) -> float:
    """Processor seconds of an iteration from a random start."""
    asked = {"n_components": k, "init_params": "random_from_data", "tol": 0.0, "random_state": 0}
    short, long = (least(lambda n=n: model(**asked, max_iter=n).fit(X), readings) for n in lengths)
    return (long - short) / (lengths[1] - lengths[0])


def times(quick: bool) -> Table:
    """Iterations of large problems, and whole fits of a small one."""
    rows, readings = [], 1 if quick else 2
    sizes = (
        ("F2", 1_000_000, 2, 4),
        ("F4", 500_000, 8, 16),
        ("F5-like", 100_000, 32, 32),
        ("F6", 100_000, 128, 16),
    )
    for name, n, d, k in sizes:
        n = n // (100 if quick else 10)
        X = Workload(name, n, d, k, "full").rows()
        ours = iteration(Ours, X, k, (2, 12), readings)
        theirs = iteration(Theirs, X, k, (1, 3), readings)
        shape = f"{name}, {n:,} × {d}, K {k}: an iteration"
        rows.append({"what": shape, "ours": ours, "theirs": theirs, "ratio": theirs / ours})
    centres = 4.0 * np.array([[0, 0], [1, 1], [2, 0], [0, 2]])
    X = np.repeat(centres, 100, axis=0) + np.random.default_rng(3).normal(size=(400, 2))
    for kind in KINDS:
        asked = {"n_components": 10, "random_state": 0, "covariance_type": kind}
        ours = least(lambda asked=asked: Ours(**asked).fit(X), 9)
        theirs = least(lambda asked=asked: Theirs(**asked).fit(X), 5)
        what = f"400 × 2, truncation 10, {kind}: a default fit"
        rows.append({"what": what, "ours": ours, "theirs": theirs, "ratio": theirs / ours})
    rows.append(_to_the_best(X))
    columns = (
        Column("what", "what"),
        Column("ours", "mixtura s", ".5f"),
        Column("theirs", "scikit-learn s", ".5f"),
        Column("ratio", "ratio", ".1f"),
    )
    return Table("bayesian_time", "Time", _TIME, columns, rows)


def _to_the_best(X: Rows) -> dict[str, Any]:
    """One fit with moves under scikit-learn's prior, beside twenty runs of its own."""
    runs = [Theirs(n_components=10, random_state=s, tol=1e-3, max_iter=1000) for s in range(20)]
    best = max(model.fit(X).lower_bound_ for model in runs)
    prior = runs[0]
    asked = {
        "weight_concentration_prior": prior.weight_concentration_prior_,
        "mean_precision_prior": prior.mean_precision_prior_,
        "degrees_of_freedom_prior": float(prior.degrees_of_freedom_prior_),
        "covariance_prior": prior.covariance_prior_,
    }
    found = mixtura.fit_bayes(X, 10, **asked)
    same = Ours(n_components=10, random_state=0, reg_covar=0.0).fit(X).fit_
    missing = left_out(same.belief, same.concentration.constant(10), len(X))
    ours = least(lambda: mixtura.fit_bayes(X, 10, **asked), 5)
    theirs = least(lambda: runs[0].fit(X), 3)
    above = found.elbo - (best + missing)
    what = f"with moves, bound {above:+.2f} nats from the best of 20 runs; beside one of them"
    return {"what": what, "ours": ours, "theirs": theirs, "ratio": theirs / ours, "above": above}


def quietly(measured: Callable[[bool], Table]) -> Callable[[bool], list[Table]]:
    """A measure of one table, which does not warn of fits that stop early."""

    def measure(quick: bool) -> list[Table]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return [measured(quick)]

    return measure


if __name__ == "__main__":
    run(*map(quietly, (number_found, held_out, parity, times)))
