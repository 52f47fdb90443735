"""Doors: the functions beside `fit`, the estimator, the answers of a mixture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import product
from typing import Any

import numpy as np

import mixtura
import mixtura.errors
from bits_fits import OPTIONS, STRUCTURES, on_threads
from bits_rows import NAMES, SOURCES, counts, rows, written
from mixtura.datasets import blobs, faithful, galaxies, iris, separated, separation_of
from mixtura.tables.streams import scan

__all__ = ["cases", "fitted"]

Case = tuple[str, Callable[[], Any]]

#: names of options -> those that an estimator has, too
_AS_PARAMETERS = {"structure": "covariance_type", "start": "init_params"}
_ELSEWHERE = ("array", "weighted", "parquet", "iterable", "dask-array-weighted")


@cache
def fitted(kind: str) -> mixtura.Fit:
    """A fit to have answers of: ``VVV``, another structure, ``noise`` or ``prior``."""
    table = SOURCES["frame"](240)["X"]
    if kind == "noise":
        return mixtura.fit(table, 3, noise=True)
    if kind == "prior":
        return mixtura.fit(table, 3, prior=True, structure="VVE")
    return mixtura.fit(table, 3, structure=kind)


def cases() -> Iterator[Case]:
    """All of them, by what is called."""
    for part in (_estimators, _streams, _selections, _tests, _errors, _mixtures, _answers):
        yield from part()


# -- the estimator ---------------------------------------------------------------------------------


def _attributes(model: Any) -> dict[str, Any]:
    x, weights = rows()[:60], counts()[:60]
    names = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")
    more = ("converged_", "n_iter_", "lower_bound_", "lower_bounds_", "n_features_in_", "noise_")
    return {
        **{name: getattr(model, name) for name in (*names, *more) if hasattr(model, name)},
        "fit": getattr(model, "fit_", None),
        "labels": model.predict(x),
        "shares": model.predict_proba(x),
        "scores": model.score_samples(x),
        "score": (model.score(x), model.score(x, sample_weight=weights)),
        "criteria": (model.aic(x), model.bic(x), model.icl(x)),
        "sample": model.sample(20),
        "repr": repr(model),
    }


def _estimated(source: str, threads: int, **parameters: Any) -> Any:
    """An estimator's fit and all its attributes."""
    given = SOURCES[source](240)
    with on_threads(threads):
        model = mixtura.GaussianMixture(3, random_state=0, **parameters)
        return _attributes(model.fit(given.pop("X"), **given))


def _estimators() -> Iterator[Case]:
    kinds = ("full", "tied", "diag", "spherical", *STRUCTURES)
    starts = ("kmeans", "k-means++", "random", "random_from_data", "auto")
    sources = list(SOURCES)
    for (i, kind), (j, start) in product(enumerate(kinds), enumerate(starts)):
        if i < 4 or i % len(starts) == j:
            source = sources[(3 * i + j) % len(sources)]
            name = f"estimator/{kind}/{start}/{source}"
            wish = {"covariance_type": kind, "init_params": start}
            yield name, partial(_estimated, source, 1 + (i + j) % 2, **wish)
    for number, option in enumerate(OPTIONS):
        wish = {_AS_PARAMETERS.get(key, key): value for key, value in OPTIONS[option].items()}
        if not wish.keys() & {"given", "n_components", "random_state"}:
            source = ("array", "frame")[number % 2]
            yield f"estimator/{option}/{source}", partial(_estimated, source, 1, **wish)
    inverse = np.array([np.eye(3)] * 3)
    means = rows()[:3]
    for name, wish in {
        "weights_init": {"weights_init": [0.2, 0.3, 0.5]},
        "means_init": {"means_init": means},
        "precisions_init": {"precisions_init": inverse, "means_init": means},
        "warm": {"warm_start": True, "max_iter": 3},
    }.items():
        yield f"estimator/{name}", partial(_twice, wish)
    yield "estimator/callbacks-verbose", partial(_verbose)
    yield (
        "estimator/from_mixture",
        lambda: _attributes(
            mixtura.GaussianMixture.from_mixture(fitted("VVV").mixture, random_state=1)
        ),
    )
    yield (
        "estimator/fit_predict",
        lambda: mixtura.GaussianMixture(3, random_state=2).fit_predict(rows()),
    )


def _twice(parameters: dict[str, Any]) -> Any:
    model = mixtura.GaussianMixture(3, random_state=0, **parameters)
    return {"first": _attributes(model.fit(rows())), "second": _attributes(model.fit(rows()[30:]))}


def _verbose() -> Any:
    """What is printed at each level."""
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()) as out:
        for level in (1, 2):
            mixtura.GaussianMixture(3, random_state=0, verbose=level, n_init=2).fit(rows())
    return "\n".join(line.split("time")[0] for line in out.getvalue().splitlines())


def _streams() -> Iterator[Case]:
    """`partial_fit`, batch after batch."""
    for structure, wish in product(
        ("full", "EEE", "VVE", "VII"),
        (
            {},
            {"noise": True},
            {"noise": OPTIONS["noise-box"]["noise"]},
            {"prior": OPTIONS["prior-own"]["prior"]},
            {"weights": "equal"},
            {"reg_covar": "auto"},
        ),
    ):
        said = {key: type(value).__name__ for key, value in wish.items()}
        name = "-".join(f"{key}-{kind}" for key, kind in said.items()) or "defaults"
        yield f"partial_fit/{structure}/{name}", partial(_learnt, structure, wish, weighted=False)
    for source in _ELSEWHERE:
        yield f"partial_fit/from/{source}", partial(_learnt_from, source)
    for wish in ({"noise": True}, {"prior": True}):
        yield f"partial_fit/after-fit/{next(iter(wish))}", partial(_learnt_from, "array", **wish)
    yield "partial_fit/weighted", partial(_learnt, "full", {}, weighted=True)


def _learnt(kind: str, wish: dict[str, Any], *, weighted: bool) -> Any:
    model = mixtura.GaussianMixture(3, covariance_type=kind, random_state=0, **wish)
    said = []
    for batch in np.array_split(np.arange(960), 16):
        weight = counts(960)[batch] if weighted else None
        model.partial_fit(rows(960)[batch], sample_weight=weight)
        said.append(model.mixture_.means if hasattr(model, "mixture_") else None)
    seen = (model.n_samples_seen_, model.partial_trace_)
    return {"means": said, "seen": seen, **_attributes(model)}


def _learnt_from(source: str, **wish: Any) -> Any:
    given = SOURCES[source](240)
    model = mixtura.GaussianMixture(2, random_state=0, **wish).fit(rows())
    return _attributes(model.partial_fit(given.pop("X"), **given))


# -- selection and uncertainty ---------------------------------------------------------------------


def _selections() -> Iterator[Case]:
    every = {"n_components": range(1, 4)}
    for name, wish in {
        "all": {},
        "icl": {"structures": ["EII", "VVV", "EEV"], "criterion": "icl"},
        "aic": {"structures": ["diag", "VVE"], "criterion": "aic"},
        "cv": {"structures": ["EEE", "VII"], "criterion": "cv", "folds": 3},
        "noise": {"structures": ["EEI", "VVV"], "noise": True},
        "prior": {"structures": ["EVE", "VVV"], "prior": True},
        "equal": {"structures": ["VEV", "EEE"], "weights": "equal"},
        "kmeans": {"structures": ["EVV", "VEE"], "start": "kmeans", "random_state": 4},
        "weighted": {"structures": ["VVI", "VEI"], "sample_weight": counts()},
        "jobs": {"structures": ["EEE", "VVV"], "n_jobs": 2},
    }.items():
        yield f"select/{name}", partial(mixtura.select, rows(), **{**every, **wish})
    for source in SOURCES:
        structures = {"structures": ["EEE", "VVI"], "n_components": [1, 3]}
        made = partial(lambda source, wish: mixtura.select(**SOURCES[source](240), **wish), source)
        yield f"select/of/{source}", partial(made, structures)
    yield "select/one-feature", partial(mixtura.select, galaxies(), range(1, 5))
    yield "select/collapsing", partial(mixtura.select, np.repeat(rows()[:4], 9, axis=0), [1, 3, 6])


def _tests() -> Iterator[Case]:
    for structure in ("VVV", "EEE", "VII"):
        wish = {"structure": structure, "n_bootstrap": 9}
        yield f"bootstrap/{structure}", partial(mixtura.bootstrap_test, rows(), 1, **wish)
    wish = {"structure": "diag", "n_bootstrap": 9, "random_state": 3}
    yield "bootstrap/several", partial(mixtura.bootstrap_test, rows(), [1, 2], **wish)


def _errors() -> Iterator[Case]:
    for structure in STRUCTURES:
        made = partial(_uncertain, structure, "information")
        yield f"standard_errors/information/{structure}", made
    for method, kind in product(
        ("bootstrap", "weighted-bootstrap"), ("VVV", "EEI", "noise", "VVE", "prior")
    ):
        yield f"standard_errors/{method}/{kind}", partial(_uncertain, kind, method, n_bootstrap=6)
    for kind in ("noise", "prior"):
        yield f"standard_errors/information/{kind}", partial(_uncertain, kind, "information")
    for source in SOURCES:
        yield f"standard_errors/of/{source}", partial(_uncertain_of, source)
    for source, kind in product(_ELSEWHERE, ("VVV", "noise")):
        yield f"merge/{kind}/{source}", partial(_merged, kind, source)
    yield (
        "merge/many",
        lambda: mixtura.merge_components(mixtura.fit(rows(), 6).mixture, rows(), counts()),
    )


def _uncertain(kind: str, method: str, **more: Any) -> Any:
    fit = fitted(kind)
    return mixtura.standard_errors(fit, SOURCES["frame"](240)["X"], method, **more)


def _uncertain_of(source: str) -> Any:
    given = SOURCES[source](240)
    fit = mixtura.fit(**given, n_components=2, structure="EEE")
    return mixtura.standard_errors(fit, given.pop("X"), **given)


def _merged(kind: str, source: str) -> Any:
    given = SOURCES[source](240)
    merging = mixtura.merge_components(fitted(kind).mixture, given.pop("X"), **given)
    answers = [merging.predict(rows()[:40], n) for n in (1, 2, 3)]
    shares = merging.predict_proba(rows()[:40])
    return {"merging": merging, "answers": answers, "clusters": merging.clusters(2), "is": shares}


# -- what a mixture answers ------------------------------------------------------------------------


def _mixtures() -> Iterator[Case]:
    for kind in (*STRUCTURES, "noise", "prior"):
        yield f"mixture/{kind}", partial(_asked, kind)
    for kind, source in product(("VVV", "EEI", "noise"), SOURCES):
        yield f"answers/{kind}/{source}", partial(_answered, kind, source)


def _asked(kind: str) -> Any:
    mixture = fitted(kind).mixture
    turn = np.array([[1.0, 0.5, 0.0], [0.0, 2.0, -0.25], [0.1, 0.0, 1.5]])
    others: dict[str, Any] = {}
    for name, made in {
        "marginal": lambda: mixture.marginal(["age", 0]),
        "condition": lambda: mixture.condition({"height": 1.0}),
        "condition-two": lambda: mixture.condition({0: 1.0, "mass": -2.0}),
        "turned": lambda: mixture.transformed(turn, [1.0, 2.0, 3.0]),
        "scaled": lambda: mixture.transformed([2.0, 3.0, 4.0], -1.0, ["a", "b", "c"]),
        "flat": lambda: mixture.transformed(turn[:2]),
    }.items():
        try:
            others[name] = made()
        except mixtura.errors.MixturaError as error:
            others[name] = f"{type(error).__name__}: {error}"
    return {
        **others,
        "moments": (mixture.mean(), mixture.covariance(), mixture.covariance_matrices()),
        "sample": mixture.sample(50, random_state=3),
        "explain": mixture.explain(rows(), [0, 17]),
        "log": mixture.log_responsibilities(rows()[:30]),
        "criteria": (mixture.aic(rows()), mixture.bic(rows()), mixture.icl(rows(), counts())),
    }


def _answered(kind: str, source: str) -> Any:
    """Scores of rows wherever they are, as this process has them."""
    mixture = fitted(kind).mixture.transformed(1.0, 0.0, None)
    given = SOURCES[source](240)
    weights = given.get("sample_weight")
    if source == "folder-weighted":
        given["X"] = scan(written("parts"), columns=NAMES, weights="count")
        weights = None
    with on_threads(2):
        x = given["X"]
        lazy = (mixture.score_samples(x), mixture.predict(x), mixture.predict_proba(x))
        return {"each": lazy, "all": (mixture.score(x, weights), mixture.icl(x, weights))}


def _answers() -> Iterator[Case]:
    """EM's two steps, noise and boxes, synthetic data."""
    for kind in (*STRUCTURES, "noise"):
        yield f"steps/{kind}", partial(_stepped, kind)
    box = mixtura.Box([0.0, -1.0], [2.0, 3.0])
    yield "box", lambda: {"box": box, "sample": box.sample(5, np.random.RandomState(0))}
    for name, made in {"blobs": blobs, "separated": separated}.items():
        yield f"datasets/{name}", partial(_made, made)
    for name, table in {"faithful": faithful, "galaxies": galaxies, "iris": iris}.items():
        yield f"datasets/{name}", partial(lambda table: table().rows, table)


def _stepped(kind: str) -> Any:
    mixture = fitted(kind).mixture
    table = SOURCES["frame"](240)["X"]
    sums = [mixtura.statistics(table[start::2], mixture, counts()[start::2]) for start in (0, 1)]
    merged = sums[0].about(mixture.means if kind != "noise" else sums[0].reference)
    whole = mixtura.statistics(table, mixture)
    return {
        "parts": sums,
        "moved": merged,
        "step": [mixtura.maximise(whole, mixture, reg_covar=reg) for reg in ("auto", 1e-3, 0)],
    }


def _made(made: Callable[..., Any]) -> Any:
    table, labels, *mixture = made(50, 3, 4, random_state=7)
    apart = [separation_of(one) for one in mixture]
    return {"rows": table.rows, "labels": labels, "mixture": mixture, "apart": apart}
