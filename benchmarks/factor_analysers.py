"""Factor analysers beside full covariances on patches of a picture, and beside R's factanal.

python benchmarks/factor_analysers.py [--quick]; needs Pillow, and Rscript for the second table.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mixtura
from claim import run, show
from many_rows import patches
from mixtura.fitting.em import EM
from mixtura.fitting.settings import Settings
from mixtura.fitting.truncated.begin import begun, with_factors
from mixtura.fitting.truncated.truncation import Breadth
from mixtura.model.structures import structure
from mixtura.rows.data import Data
from table import Column, Table

Floats = NDArray[np.float64]

#: whether the patches' means are taken out, the covariances, and what is added to every variance;
#: "auto" is a floor of 1e-8 of the rows' own variances
KINDS: tuple[tuple[bool, str, float | str], ...] = (
    (False, "full", 1.0),
    (False, "factor-8", 1.0),
    (False, "full", 0.1),
    (False, "factor-4", 0.1),
    (False, "factor-8", 0.1),
    (False, "factor-16", 0.1),
    (False, "diag", 0.1),
    (True, "full", 1.0),
    (True, "factor-8", "auto"),
    (True, "factor-8", 1.0),
    (True, "full", 0.1),
    (True, "factor-8", 0.1),
)
#: rounds from a start to the mixture that is looked at
ROUNDS = 25

_PATCHES = """\
Grey 8 × 8 patches of scikit-learn's china.jpg with noise of deviation 1, as they are or without
their means, K components, a number added to every variance, or what the default asks for: 25 rounds
of truncated EM from one start, without moves, the exact mean log-likelihood of those rows and of
patches from stripes that share no pixel with them, nats a row; then an iteration of exact EM,
E-step and M-step, and a round of truncated EM, from the mixture that came out, processor time of
all threads, least of three in turn. `Of full` and `above full` are beside the full covariances of
the same patches with as much added; those of the default are beside full ones with 1. A patch
without its mean varies by 0.1 along one direction, where its pixels vary by 1: full covariances
tell that, the more the less is added, and no factor analyser can, whose variance along any
direction is no less than the least that is a feature's own."""

_FACTANAL = """\
One component of factor analysers on scikit-learn's wine (178 × 13): the mean log-likelihood that
R's factanal reaches, from its criterion on the rows' correlations, beside ours, nats a row."""

_PATCH_COLUMNS = (
    Column("patches", "patches"),
    Column("kind", "covariances"),
    Column("ridge", "added"),
    Column("parameters", "parameters", ",d"),
    Column("parameter_share", "of full", ".2f"),
    Column("train", "log-likelihood", ".2f"),
    Column("held", "held out", ".2f"),
    Column("above", "above full", "+.2f"),
    Column("iteration", "iteration, ms", "short"),
    Column("iteration_share", "of full", ".2f"),
    Column("round", "round, ms", "short"),
    Column("round_share", "of full", ".2f"),
)
_FACTANAL_COLUMNS = (
    Column("factors", "factors", "d"),
    Column("theirs", "factanal", ".9f"),
    Column("ours", "mixtura", ".9f"),
    Column("apart", "apart", ".1e"),
)


def spent(work: Any) -> float:
    """The processor time of some work, all threads, ms."""
    began = time.process_time()
    work()
    return 1e3 * (time.process_time() - began)


def loop(kind: str, ridge: float | str, k: int, rows: Floats) -> EM:
    """EM over rows, of K components, with `ridge` added to every variance, or a floor."""
    return EM(Data.held(rows), Settings(k, structure(kind), "auto", "auto", ridge))


def measured(kind: str, ridge: float | str, k: int, train: Floats, held: Floats) -> dict[str, Any]:
    """Rounds from the start of truncated EM, and then iterations and rounds from where they end."""
    em, breadth = loop(kind, ridge, k, train), Breadth.usual(k, train.shape[1])
    rounds, place, _ = begun(loop("diag", ridge, k, train), breadth, np.random.RandomState(0))
    rounds.expand(place)
    rounds = replace(rounds, em=em)
    if em.settings.structure.n_factors:
        place = with_factors(rounds, place)
    else:
        rounds.maximise(place, 0, ())

    def one_round() -> None:
        rounds.expand(place)
        rounds.maximise(place, 1, ())

    for _ in range(ROUNDS):
        one_round()
    mixture = place.mixture
    show(f"{kind}: {mixture.score(train):.3f}, held out {mixture.score(held):.3f}")

    def iteration() -> None:
        em.m_step(em.statistics(mixture), near=mixture.covariances)

    times = [(spent(iteration), spent(one_round)) for _ in range(3)]
    return {
        "kind": kind,
        "ridge": ridge if isinstance(ridge, str) else f"{ridge:g}",
        "parameters": mixture.n_parameters,
        "train": mixture.score(train),
        "held": mixture.score(held),
        "iteration": min(each[0] for each in times),
        "round": min(each[1] for each in times),
    }


def of_patches(quick: bool) -> list[Table]:
    """The table of patches."""
    n, k, rows = 10_000 if quick else 100_000, 50 if quick else 400, []
    for centred, kind, ridge in KINDS:
        row = measured(kind, ridge, k, *patches(n, centred=centred))
        row["patches"] = "without their means" if centred else "as they are"
        rows.append(row)
        if kind == "full":
            full = row
        for name in ("parameters", "iteration", "round"):
            row[f"{name.removesuffix('s')}_share"] = row[name] / full[name]
        row["above"] = row["held"] - full["held"]
    note = f"{_PATCHES} N = {n:,}, K = {k}."
    return [Table("factor_patches", "Factor analysers of patches", note, _PATCH_COLUMNS, rows)]


def beside_factanal(quick: bool) -> list[Table]:
    """The table of R's factanal; none where there is no R."""
    if shutil.which("Rscript") is None:
        return []
    from sklearn.datasets import load_wine

    rows = np.asarray(load_wine().data)
    d = rows.shape[1]
    constant = d * np.log(2.0 * np.pi) + np.linalg.slogdet(np.cov(rows.T, bias=True))[1] + d
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        np.savetxt(path, rows, delimiter=",", fmt="%.17g")
        for h in (2, 3):
            call = (
                f'X <- as.matrix(read.csv("{path}", header = FALSE)); f <- factanal(X, {h}, '
                "control = list(nstart = 4, lower = 1e-4, opt = list(maxit = 1e5, factr = 1, "
                'pgtol = 0))); cat(sprintf("%.15g", f$criteria[["objective"]]))'
            )
            told = subprocess.run(["Rscript", "-e", call], capture_output=True, check=True)
            theirs = -0.5 * (constant + float(told.stdout))
            ours = mixtura.fit(rows, 1, structure="factor", n_factors=h).mean_log_likelihood
            found.append({"factors": h, "theirs": theirs, "ours": ours, "apart": ours - theirs})
    title = "Factor analysers beside R's factanal"
    return [Table("factor_factanal", title, _FACTANAL, _FACTANAL_COLUMNS, found)]


if __name__ == "__main__":
    run(of_patches, beside_factanal)
