"""Rows with errors: EM beside astroML's extreme deconvolution, memory, and what a start finds."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import mixtura
from claim import asked, publish, show, surroundings
from mixtura.engine import kernel
from mixtura.engine.executors import Serial
from mixtura.engine.sources import ArraySource
from table import Column, Table

#: rows that astroML is given: it inverts K matrices a row in a loop of Python
_THEIRS = 5_000

_ASTROML = """
import sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
from astroML.density_estimation import XDGMM
given = np.load(sys.argv[1])
model = XDGMM(len(given["weights"]), max_iter=1)
model.alpha, model.mu, model.V = given["weights"], given["means"], given["covariances"]
times = []
for _ in range(3):
    began = time.process_time()
    model._EMstep(given["rows"], given["errors"])
    times.append(time.process_time() - began)
    if len(times) == 1:
        np.savez(sys.argv[2], means=model.mu, covariances=model.V)
print(min(times))
"""

_PACE = """\
Milliseconds of processor time of one EM iteration on one thread, the least of five, over rows of D
features with K full covariances; and how many times as long as without errors. The errors are
standard deviations a row, covariances a row, or one covariance of all rows. astroML's `XDGMM`, the
iteration alone, was given {theirs:,} rows and its time is told for all of them by proportion; the
relative difference is that of the covariances after one iteration from the same start. Memory is
what the process holds at most beyond the rows and their errors, for a fit of three iterations."""

_FOUND = """\
Clusters drawn with errors of their own size, N rows of D features with standard deviations between
0.2 and 2 of a cluster's: of 10 such problems, how often one fit from `auto`, which searches among
the rows as they are, ends no lower (1e-6 nats a row) than EM from the true mixture; and the mean
relative error of the covariances of that fit and of one that takes no account of errors."""


def pace(quick: bool, astroml: str | None) -> list[Table]:
    """The table of times."""
    shapes = [(100_000 if quick else 1_000_000, 2, 10), (20_000 if quick else 200_000, 5, 8)]
    rows = []
    for n, d, k in shapes:
        show(f"{n} x {d}, K {k}")
        mixture, data, deviations = _problem(n, d, k)
        matrices = np.square(deviations)[:, :, None] * np.eye(d)
        kinds = {
            "plain": None,
            "deviations": deviations,
            "covariances": matrices,
            "one": np.broadcast_to(matrices[:1], matrices.shape),
        }
        times = {name: _iteration(mixture, data, errors) for name, errors in kinds.items()}
        row = {"rows": n, "features": d, "components": k}
        row |= {name: 1e3 * seconds for name, seconds in times.items()}
        row |= {
            "ratio": times["deviations"] / times["plain"],
            "memory": _memory(mixture, data, deviations),
        }
        if astroml is not None:
            few = ArraySource(data[:_THEIRS], more={"errors": matrices[:_THEIRS]})
            seconds, apart = _theirs(astroml, mixture, few)
            row |= {"astroml": 1e3 * seconds * n / few.n_rows, "apart": apart}
            row["times"] = row["astroml"] / row["covariances"]
        rows.append(row)
    return [Table("errors", "Rows with errors", _PACE.format(theirs=_THEIRS), _COLUMNS, rows)]


_COLUMNS = (
    Column("rows", "N", ",d"),
    Column("features", "D", "d"),
    Column("components", "K", "d"),
    Column("plain", "no errors", "short"),
    Column("deviations", "deviations", "short"),
    Column("covariances", "covariances", "short"),
    Column("one", "one for all", "short"),
    Column("ratio", "deviations ÷ none", ".2f"),
    Column("astroml", "astroML", "short"),
    Column("times", "astroML ÷ ours", ",.0f"),
    Column("apart", "difference", ".0e"),
    Column("memory", "memory, MiB", ".0f"),
)


def recovery(quick: bool) -> list[Table]:
    """The table of what a start finds."""
    rows = []
    for n, d, k in ((600, 1, 2), (1500, 2, 4), (3000, 4, 5)):
        show(f"recovery: {n} x {d}, K {k}")
        found, errors, naive = 0, [], []
        seeds = range(3 if quick else 10)
        for seed in seeds:
            truth, data, deviations = _problem(n, d, k, seed=seed)
            fit = mixtura.fit(data, k, errors=deviations, random_state=seed)
            best = mixtura.fit(data, k, errors=deviations, start=truth)
            found += fit.mean_log_likelihood > best.mean_log_likelihood - 1e-6
            errors.append(_apart(truth, fit.mixture))
            naive.append(_apart(truth, mixtura.fit(data, k, random_state=seed).mixture))
        rows.append(
            {
                "rows": n,
                "features": d,
                "components": k,
                "found": f"{found} of {len(seeds)}",
                "error": float(np.mean(errors)),
                "naive": float(np.mean(naive)),
            }
        )
    columns = (
        *_COLUMNS[:3],
        Column("found", "as high as from the truth"),
        Column("error", "error of Σ", ".2f"),
        Column("naive", "without errors", ".2f"),
    )
    return [Table("errors_found", "Rows with errors: what a start finds", _FOUND, columns, rows)]


def _problem(
    n: int, d: int, k: int, *, seed: int = 0
) -> tuple[mixtura.Mixture, np.ndarray, np.ndarray]:
    """A mixture, rows drawn from it and measured with errors, and the standard deviations."""
    random = np.random.default_rng(seed)
    means = 3.0 * k ** (1.0 / d) * random.uniform(-1.0, 1.0, size=(k, d))
    half = random.normal(size=(k, d, d)) / np.sqrt(d)
    covariances = half @ half.transpose(0, 2, 1) + 0.3 * np.eye(d)
    mixture = mixtura.Mixture(np.full(k, 1.0 / k), means, covariances)
    true, _ = mixture.sample(n, seed)
    random.shuffle(true)
    deviations = random.uniform(0.2, 2.0, size=true.shape) * np.sqrt(0.6)
    return mixture, true + deviations * random.normal(size=true.shape), deviations


def _iteration(mixture: mixtura.Mixture, rows: np.ndarray, errors: np.ndarray | None) -> float:
    source = ArraySource(rows, more={} if errors is None else {"errors": errors})
    step = partial(kernel.accumulate, components=mixture.components, diagonal=False)
    return min(_seconds(lambda: Serial().run(source, step)) for _ in range(5))


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _theirs(python: str, mixture: mixtura.Mixture, source: ArraySource) -> tuple[float, float]:
    """Seconds of one of astroML's iterations, and how far its covariances are from ours."""
    with TemporaryDirectory() as folder:
        given, found = Path(folder, "given.npz"), Path(folder, "found.npz")
        np.savez(
            given,
            rows=source.rows,
            errors=source.more["errors"],
            weights=mixture.weights,
            means=mixture.means,
            covariances=mixture.covariances,
        )
        script = [python, "-c", _ASTROML, str(given), str(found)]
        told = subprocess.run(script, check=True, capture_output=True, text=True)
        theirs = np.load(found)["covariances"]
    step = partial(kernel.accumulate, components=mixture.components, diagonal=False)
    ours = mixtura.maximise(Serial().run(source, step), mixture).covariances
    return float(told.stdout), float(np.abs(theirs - ours).max() / np.abs(ours).max())


def _memory(mixture: mixtura.Mixture, rows: np.ndarray, errors: np.ndarray) -> float:
    """MiB that a fit holds at most beyond its rows and errors, in a process of its own.

    That reads them from files, so that nothing before the fit took more than they do.
    """
    with TemporaryDirectory() as folder:
        mixtura.save(mixture, f"{folder}/mixture.safetensors")
        np.save(f"{folder}/rows.npy", rows)
        np.save(f"{folder}/errors.npy", errors)
        script = [sys.executable, __file__, "--hold", folder]
        told = subprocess.run(script, check=True, capture_output=True, text=True)
    return float(told.stdout)


def _hold(folder: str) -> None:
    mixture = mixtura.load(f"{folder}/mixture.safetensors")
    few, k = np.random.default_rng(0).normal(size=(1000, mixture.n_features)), mixture.n_components
    mixtura.fit(few, k, errors=np.abs(few), start=mixture, max_iter=1)  # what is loaded but once
    rows, errors = np.load(f"{folder}/rows.npy"), np.load(f"{folder}/errors.npy")
    before = _most_held()
    mixtura.fit(rows, k, errors=errors, start=mixture, max_iter=3)
    print(_most_held() - before)


def _most_held() -> float:
    """MiB that this process held at most; `ru_maxrss` would count what its parent holds."""
    status = Path("/proc/self/status").read_text()
    return float(status.partition("VmHWM:")[2].split()[0]) / 1024.0


def _apart(truth: mixtura.Mixture, found: mixtura.Mixture) -> float:
    """The largest relative error of a covariance, of the components nearest to each other."""
    from itertools import permutations

    def error(order: tuple[int, ...]) -> float:
        apart = found.covariances[list(order)] - truth.covariances
        return float(np.mean(np.linalg.norm(apart, axis=(1, 2)) / _sizes(truth)))

    distances = np.linalg.norm(truth.means[:, None] - found.means, axis=2)
    k = len(distances)
    best = min(
        permutations(range(k)), key=lambda order: sum(distances[i, order[i]] for i in range(k))
    )
    return error(best)


def _sizes(mixture: mixtura.Mixture) -> np.ndarray:
    return np.linalg.norm(mixture.covariances, axis=(1, 2))


if __name__ == "__main__":
    parser = asked()
    parser.add_argument("--astroml", metavar="PYTHON", help="an interpreter that has astroML")
    parser.add_argument("--hold", metavar="FOLDER", help="print the memory of one fit")
    options = parser.parse_args()
    if options.hold:
        _hold(options.hold)
    else:
        print(surroundings(), flush=True)
        measures = [partial(pace, options.quick, options.astroml), partial(recovery, options.quick)]
        publish(measures, options)
