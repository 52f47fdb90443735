"""Hard starts: data on which one start or another is known to miss the maximum.

python benchmarks/hard_starts.py [--quick] [--only CASE]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_iris, load_wine
from sklearn.metrics import adjusted_rand_score

import mixtura
from claim import asked, publish, show
from cores import over_cores
from end import End
from mixtura.errors import MixturaError
from table import Column, Table

Floats = NDArray[np.float64]
Integers = NDArray[np.int_]


@dataclass(frozen=True)
class Outcome:
    """What one run came to.

    Parameters
    ----------
    good : whether it is what it should be.
    figure : how far off: nats short of the other end, or what the case says.
    words : what else there is to see.
    """

    good: bool
    figure: float
    words: str = ""


# -- spikes ----------------------------------------------------------------------------------------


def spike(share: float, seed: int) -> Outcome:
    """Two bumps and a share of exact zeros: nats below the end from the true labels."""
    random = np.random.default_rng(seed)
    n, z = 1500, random.random(1500)
    bumps = np.where(random.random(n) < 0.5, random.normal(5, 1, n), random.normal(11, 1.3, n))
    x = np.where(z < share, 0.0, bumps)[:, None]
    truth = np.where(z < share, 0, np.where(x[:, 0] > 8, 1, 2))
    return _beside_truth(x, truth, seed)


def _beside_truth(rows: Floats, truth: Integers, seed: int) -> Outcome:
    """The default fit beside that from the true labels."""
    k = int(truth.max()) + 1
    fit = mixtura.fit(rows, k, random_state=seed)
    best = mixtura.fit(rows, k, start=truth)
    short = best.log_likelihood - fit.log_likelihood
    return Outcome(short <= 1.0, short, f"means {fit.mixture.means.round(1).tolist()}")


# -- pictures --------------------------------------------------------------------------------------


def colours(noise: float, spread: float, k: int, seed: int) -> Outcome:
    """A picture of 64 × 64 pixels and three colours: agreement of its flat pixels, adjusted.

    Parameters
    ----------
    noise : the share of pixels of any colour.
    spread : standard deviation of a colour, before it is rounded.
    k : components to fit.
    seed : of colours and pixels.
    """
    random = np.random.default_rng([seed, 8])
    palette = random.permutation([[32, 64, 160], [208, 48, 40], [236, 224, 196]])
    labels = random.choice(3, 4096, p=[0.5, 0.3, 0.2])
    pixels = palette[labels] + spread * random.standard_normal((4096, 3))
    stray = random.random(4096) < noise
    pixels[stray] = random.integers(0, 256, (int(stray.sum()), 3))
    pixels = np.clip(np.round(pixels), 0, 255)
    truth = np.where(stray, k - 1, labels) if k > 3 else labels
    fit = mixtura.fit(pixels, k, random_state=seed)
    short = mixtura.fit(pixels, k, start=truth).log_likelihood - fit.log_likelihood
    found = fit.mixture.predict(pixels[~stray])
    agreement = float(adjusted_rand_score(labels[~stray], found))
    words = f"{fit.outcome.value}, {short:.1f} nats below the end from the true labels"
    return Outcome(agreement > 0.99, agreement, words)


# -- many even peaks -------------------------------------------------------------------------------


def peaks(spacing: float, seed: int) -> Outcome:
    """12,000 rows around 120 even centres: how many have a mean within half a deviation."""
    random = np.random.default_rng(seed)
    centres = spacing * np.arange(120.0)
    x = np.repeat(centres, 100) + random.standard_normal(12_000)
    fit = mixtura.fit(random.permutation(x)[:, None], 120, random_state=seed)
    away = np.abs(fit.mixture.means.ravel()[:, None] - centres).min(axis=0)
    n = int((away < 0.5).sum())
    return Outcome(n == 120, n, f"{fit.outcome.value}, missed {np.flatnonzero(away >= 0.5)[:8]}")


# -- a separation that no distance shows -----------------------------------------------------------


def whitened(k: int, n: int, separation: float, seed: int) -> Outcome:
    """Unit clusters in 30 dimensions apart along one axis, whitened and turned: agreement."""
    random = np.random.default_rng([seed, k, n])
    labels = random.integers(k, size=n)
    rows = random.standard_normal((n, 30))
    rows[:, 0] += separation * labels
    rows -= rows.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov(rows.T))
    turn, _ = np.linalg.qr(random.standard_normal((30, 30)))
    rows = rows @ axes / np.sqrt(values) @ turn
    answers = []
    for structure in ("tied", "full"):
        fit = mixtura.fit(rows, k, structure=structure, random_state=seed)
        best = mixtura.fit(rows, k, structure=structure, start=labels)
        agreement = adjusted_rand_score(labels, fit.mixture.predict(rows))
        short = best.log_likelihood - fit.log_likelihood
        answers.append((agreement, f"{structure} {agreement:.2f}, short by {short:.1f} nats"))
    agreement = max(answer[0] for answer in answers)
    return Outcome(agreement > 0.8, agreement, "; ".join(answer[1] for answer in answers))


# -- shared covariances ----------------------------------------------------------------------------


def _heavy() -> Floats:
    random = np.random.default_rng(77001)
    one, other = random.standard_t(3, (150, 3)), random.standard_t(4, (100, 3))
    other += np.array([4.0, 1.0, -2.0])
    return np.vstack([one @ np.diag([1, 2, 0.5]), other])


_ROWS: dict[str, Callable[[], Floats]] = {
    "iris": lambda: load_iris().data,
    "wine": lambda: load_wine().data,
    "t, 3 degrees": _heavy,
}


def shared(name: str, letters: str, k: int) -> Outcome:
    """A default fit beside the best of 60 plain starts: nats short."""
    rows = _ROWS[name]()
    fit = mixtura.fit(rows, k, structure=letters)
    best = fit.log_likelihood
    for seed in range(30):
        for start in ("kmeans", "k-means++"):
            other = mixtura.fit(rows, k, structure=letters, start=start, random_state=seed)
            if not other.repairs:
                best = max(best, other.log_likelihood)
    short = best - fit.log_likelihood
    return Outcome(short <= 1.0, short, f"{name} {letters},{k}: {fit.log_likelihood:.2f}")


# -- select beside fit -----------------------------------------------------------------------------


def select_beside_fit(name: str, letters: str, k: int) -> Outcome:
    """One row of a selection beside the fit by itself: nats short."""
    rows = _ROWS[name]()
    row = next(r for r in mixtura.select(rows, [k]).rows if r.structure == letters)
    fit = mixtura.fit(rows, k, structure=letters)
    if row.fit is None:
        return Outcome(False, math.inf, f"{name} {letters},{k}: {row.fault}")
    short = fit.log_likelihood - row.fit.log_likelihood
    return Outcome(short <= 1e-2, short, f"{name} {letters},{k}: {row.fit.log_likelihood:.2f}")


def chosen_by_chance() -> Outcome:
    """Simulated rows of which a fit by itself had a better criterion than the one chosen."""
    random = np.random.default_rng(55009)
    k, d = int(random.integers(4, 8)), int(random.integers(2, 5))
    n = int(random.integers(25, 60)) * k
    random.uniform(1, 30, d)
    weights, means = random.dirichlet(np.full(k, 8)), random.uniform(-1, 1, (k, d)) * k * 0.9
    np.linalg.qr(random.normal(size=(d, d)))
    covariances = []
    for _ in range(k):
        axes = np.linalg.qr(random.normal(size=(d, d)))[0]
        covariances.append(axes @ np.diag(random.uniform(0.15, 2.5, d)) @ axes.T)
    labels = random.choice(k, n, p=weights)
    drawn = [random.multivariate_normal(means[j], covariances[j]) for j in labels]
    rows = np.array(drawn) * 7.3
    found, fit = mixtura.select(rows), mixtura.fit(rows, 5, structure="EEV")
    above = found.best_row.criteria["bic"] - fit.bic
    words = f"chosen {found.best_row.candidate}; EEV,5 by itself has BIC {fit.bic:.2f}"
    return Outcome(above <= 2e-2, above, words)


# -- collapsed, and chosen -------------------------------------------------------------------------


def collapsed_chosen(d: int, n: int, seed: int) -> Outcome:
    """A selection of one normal cloud: the flaw of what is chosen, and its least axis."""
    rows = np.random.RandomState(7000 * d + 100 * n + seed).normal(size=(n, d))
    found = mixtura.select(rows, range(1, 6))
    return _chosen(rows, found.best_row.structure, found.best, str(found.best_row.candidate))


def collapsed_of_six() -> Outcome:
    """The same of five features, and six structures."""
    rows = np.random.RandomState(7000 * 5 + 100 * 40 + 4).normal(size=(40, 5))
    names = ["EII", "EEI", "EVE", "VVE", "VEE", "EEE"]
    found = mixtura.select(rows, [1, 5], structures=names)
    return _chosen(rows, found.best_row.structure, found.best, str(found.best_row.candidate))


def _chosen(rows: Floats, letters: str, fit: mixtura.Fit, name: str) -> Outcome:
    end = End.of(letters, fit)
    axis = end.least_axis(rows)
    words = f"{name}, of {end.least_rows(rows):.1f} rows the least, axis {axis:.1e}"
    return Outcome(axis >= 1e-4, axis, words)


# -- the cases -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """Runs of one kind.

    Parameters
    ----------
    name : what it is.
    unit : of its figures.
    runs : each gives an outcome.
    low : whether the smallest figure is the worst, not the largest.
    """

    name: str
    unit: str
    runs: tuple[partial[Outcome], ...]
    low: bool = False


def _seeds(function: Callable[..., Outcome], *values: object, n: int) -> tuple[partial, ...]:
    return tuple(partial(function, *values, seed) for seed in range(n))


_SHARED = (
    *(("wine", "EII", 9), ("iris", "EII", 8), ("iris", "EEE", 9)),
    *(("t, 3 degrees", "EEI", 3), ("t, 3 degrees", "EEE", 4), ("t, 3 degrees", "EEE", 6)),
)
_BESIDE = (
    *(("iris", "VII", 9), ("iris", "VEV", 8), ("iris", "VEI", 5), ("iris", "EVI", 3)),
    *(("wine", "VII", 5), ("wine", "VII", 6), ("wine", "EVI", 5)),
)


def cases(n: int) -> list[Case]:
    """All of them, with so many seeds each."""
    nats, agreement = "nats short", "agreement"
    listed = [
        Case(f"spike of {share:.0%} zeros", nats, _seeds(spike, share, n=n))
        for share in (0.02, 0.05, 0.2, 0.4)
    ]
    pictures = {
        "three colours": (0.0, 0.0, 3),
        "three colours, 3 % stray pixels": (0.03, 0.0, 3),
        "three colours, 3 % stray pixels, K 4": (0.03, 0.0, 4),
        "three colours ± 0.7": (0.0, 0.7, 3),
        "three colours ± 0.7, 3 % stray pixels, K 4": (0.03, 0.7, 4),
    }
    for name, values in pictures.items():
        listed.append(Case(name, agreement, _seeds(colours, *values, n=n // 2), low=True))
    for spacing in (6.0, 10.0):
        runs = _seeds(peaks, spacing, n=max(1, n // 5))
        listed.append(Case(f"120 even peaks, {spacing:.0f} apart", "of 120", runs, low=True))
    for k, rows, separation in ((2, 1000, 5.0), (2, 2000, 5.0), (3, 1500, 5.0), (3, 2000, 5.0)):
        runs = _seeds(whitened, k, rows, separation, n=n // 4)
        name = f"whitened, D 30, K {k}, {rows} rows"
        listed.append(Case(name, agreement, runs, low=True))
    some = tuple(partial(shared, *each) for each in _SHARED)
    listed.append(Case("shared covariances beside 60 plain starts", nats, some))
    some = tuple(partial(select_beside_fit, *each) for each in _BESIDE)
    listed.append(Case("select beside fit", nats, some))
    listed.append(Case("chosen beside fit", "BIC above", (partial(chosen_by_chance),)))
    some = (
        *_seeds(collapsed_chosen, 3, 40, n=n),
        *_seeds(collapsed_chosen, 2, 20, n=min(n, 8)),
        partial(collapsed_of_six),
    )
    listed.append(Case("one cloud, chosen to be thin", "least axis", some, low=True))
    return listed


_COLUMNS = (
    Column("case", "case"),
    Column("good", "good", "d"),
    Column("runs", "of", "d"),
    Column("median", "median", "short"),
    Column("worst", "worst", "short"),
    Column("unit", ""),
    Column("words", "the worst"),
)

_WORDS = """\
Default fits. Spikes: within a nat of the end from the true labels. Colours of an 8-bit picture: the
adjusted Rand index of the pixels that are no strays, above 0.99. Peaks: all of 120 centres have a
mean within half a standard deviation. Whitened: unit clusters 5 apart along one axis, turned, of
mean 0 and covariance 1 together, adjusted Rand index of the better of tied and full above 0.8.
Shared covariances: within a nat of the best of 60 plain starts without repairs; a selection no more
than 0.01 below the fit by itself; no thin component, of less than 1e-4 of the data's variance,
chosen for one normal cloud."""


def outcome(run: partial[Outcome]) -> Outcome:
    """Of one run; an error is one that is not good."""
    try:
        return run()
    except MixturaError as error:
        return Outcome(False, math.nan, f"{type(error).__name__}: {error}")


def measure(listed: list[Case]) -> Iterator[Table]:
    """The one table."""
    runs = [run for case in listed for run in case.runs]
    found = iter(list(over_cores(outcome, runs, "hard starts")))
    rows = []
    for case in listed:
        some = [next(found) for _ in case.runs]
        # NaN, of an error, is the worst.
        some.sort(key=lambda each: -math.inf if math.isnan(each.figure) else each.figure)
        figures = [each.figure for each in some if not math.isnan(each.figure)]
        end = some[0 if case.low or math.isnan(some[0].figure) else -1]
        rows.append(
            {
                "case": case.name,
                "good": sum(each.good for each in some),
                "runs": len(some),
                "median": float(np.median(figures)) if figures else math.nan,
                "worst": end.figure,
                "unit": case.unit,
                "words": end.words[:120],
                "all": [[each.good, each.figure, each.words] for each in some],
            }
        )
        show(f"{case.name}: {rows[-1]['good']} of {rows[-1]['runs']}")
    yield Table("hard_starts", "Hard starts", _WORDS, _COLUMNS, rows)


def main() -> None:
    """Measure what is asked for."""
    parser = asked()
    parser.add_argument("--only", metavar="CASE", help="the cases whose names hold this")
    options = parser.parse_args()
    listed = cases(4 if options.quick else 20)
    publish([partial(measure, [c for c in listed if (options.only or "") in c.name])], options)


if __name__ == "__main__":
    main()
