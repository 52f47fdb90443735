"""Wrong inputs: which error each ends in, in which words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import mixtura
from bits_doors import fitted
from bits_rows import SOURCES, counts, rows, written
from mixtura.tables.streams import scan

__all__ = ["cases"]

Case = tuple[str, Callable[[], Any]]

_NAN = np.array([[0.0, 1.0], [np.nan, 2.0], [3.0, 4.0]])
_SETTINGS: dict[str, tuple[Any, ...]] = {
    "n_components": (0, -1, 2.5, "two", True, None, 1000),
    "structure": ("XYZ", "vvv", None, 3, "E"),
    "start": ("best", 3, None, [0, 1], [[0.5, 0.5]], lambda *_: None, lambda *_: [0.5] * 240),
    "tol": (-1.0, "soon", None, np.nan, True),
    "reg_covar": (-1.0, "some", None, np.inf),
    "max_iter": (-1, 1.5, "many", None),
    "n_init": (0, 1.5, None),
    "accelerate": ("fast", None, 2),
    "given": ([1.0], mixtura.Given(weights=[0.5, 0.6]), mixtura.Given(means=[[0.0]])),
    "weights": ("same", None, [0.5, 0.5]),
    "prior": ("strong", 3, [1.0]),
    "noise": (0.0, -1.0, "some", np.nan, 1.0, mixtura.Box([0.0], [1.0])),
    "random_state": (-1, "seed", 1.5),
    "sample_weight": (
        [1.0],
        -counts(),
        counts() * np.nan,
        np.zeros(240),
        "count",
        counts()[:, None],
    ),
    "checkpoint": (3, "nowhere/run.ckpt", "."),
    "client": ("nobody",),
}
_ROWS: dict[str, Any] = {
    "none": None,
    "number": 3.0,
    "vector": np.arange(5.0),
    "empty": np.empty((0, 2)),
    "no-features": np.empty((4, 0)),
    "three-d": np.zeros((2, 2, 2)),
    "nan": _NAN,
    "infinite": np.where(np.isnan(_NAN), np.inf, _NAN),
    "text": [["a", "b"]],
    "complex": np.array([[1j, 2.0]]),
    "huge": rows() * 1e200,
    "ragged": [[1.0, 2.0], [3.0]],
    "dates": np.array([["2020-01-01"]], dtype="datetime64[D]"),
    "masked": np.ma.masked_invalid(_NAN),
    "path": "nowhere.npy",
    "glob": "nowhere/*.parquet",
    "iterator": iter([rows()]),
    "dictionary": {"a": [1.0, 2.0]},
    "one-row": rows()[:1],
}


def cases() -> Iterator[Case]:
    """All of them, by whom they are handed to."""
    yield from _of_fits()
    yield from _of_rows_elsewhere()
    yield from _of_mixtures()
    yield from _of_functions()
    yield from _of_files()


def _of_fits() -> Iterator[Case]:
    for name, values in _SETTINGS.items():
        for number, value in enumerate(values):
            wish = {"n_components": 2, name: value}
            yield f"wrong/fit/{name}/{number}", partial(mixtura.fit, rows(), **wish)
            parameter = {"structure": "covariance_type", "start": "init_params"}.get(name, name)
            if name not in ("given", "sample_weight", "checkpoint", "client", "n_components"):
                made = partial(_estimated, **{parameter: value})
                yield f"wrong/estimator/{parameter}/{number}", made
    for name, X in _ROWS.items():
        yield f"wrong/rows/fit/{name}", partial(mixtura.fit, X, 2)
        if name != "iterator":
            yield f"wrong/rows/estimator/{name}", partial(_estimated, X)
            yield f"wrong/rows/select/{name}", partial(mixtura.select, X, [2], structures="VVV")
    for every in (0, 1.5):
        made = partial(mixtura.fit, rows(), 2, checkpoint="wrong.ckpt", every=every)
        yield f"wrong/fit/every/{every}", made
    for name, parameters in {
        "weights": {"weights_init": [0.5, 0.6]},
        "means": {"means_init": [[0.0]]},
        "precisions": {"precisions_init": [[1.0]]},
    }.items():
        yield f"wrong/estimator/init/{name}", partial(_estimated, **parameters)


def _estimated(X: Any = None, **parameters: Any) -> Any:
    model = mixtura.GaussianMixture(2, **{"random_state": 0, **parameters})
    model.fit(rows() if X is None and parameters else X)
    return model.mixture_


def _of_rows_elsewhere() -> Iterator[Case]:
    """Settings and rows that only a stream or a collection finds wrong, as it reads."""
    wishes: dict[str, dict[str, Any]] = {
        "many": {"n_components": 1000},
        "labels": {"start": np.zeros(240, int)},
        "shares": {"start": [[0.5, 0.5]] * 3},
        "structure": {"structure": "E"},
        "weights": {"sample_weight": "nothing"},
        "weights-array": {"sample_weight": np.ones(240)},
        "given": {"given": mixtura.Given(means=[[0.0]])},
        "box": {"noise": mixtura.Box([0.0], [1.0])},
        "prior": {"prior": mixtura.Prior(mean=[0.0])},
        "mixture": {"start": mixtura.Mixture([1.0], [[0.0]], [[[1.0]]])},
    }
    for source in ("npy", "csv", "parquet", "iterable", "dask-array", "dask-frame-weighted"):
        for name, wish in wishes.items():
            given = {"n_components": 2, "max_iter": 3, **wish}
            yield f"wrong/elsewhere/{source}/{name}", partial(_elsewhere, source, given)
    for name, made in {
        "nan": _NAN,
        "empty": np.empty((0, 2)),
        "one-row": rows()[:1],
        "huge": rows() * 1e200,
        "constant": np.ones((20, 2)),
        "text": np.array([["a", "b"]]),
    }.items():
        for batches in ("iterable", "dask"):
            yield f"wrong/elsewhere/{batches}/rows-{name}", partial(_batched, made, batches)


def _elsewhere(source: str, given: dict[str, Any]) -> Any:
    return mixtura.fit(**{**SOURCES[source](240), **given})


def _batched(made: Any, batches: str) -> Any:
    if batches == "dask":
        import dask.array as da

        return mixtura.fit(da.from_array(made, chunks=(10, -1)), 2)
    return mixtura.fit([made[:10], made[10:]], 2)


def _of_mixtures() -> Iterator[Case]:
    eye = [np.eye(2)] * 2
    means = [[0.0, 0.0], [1.0, 1.0]]
    for name, parts in {
        "weights": ([0.5, 0.6], means, eye),
        "negative": ([1.5, -0.5], means, eye),
        "shape": ([0.5, 0.5], means, [[1.0]]),
        "means": ([0.5, 0.5], [[np.nan, 0.0], [1.0, 1.0]], eye),
        "singular": ([0.5, 0.5], means, [np.zeros((2, 2)), np.eye(2)]),
        "asymmetric": ([0.5, 0.5], means, [[[1.0, 0.5], [0.0, 1.0]], np.eye(2)]),
        "structure": ([0.5, 0.5], means, eye, "XYZ"),
        "other-structure": ([0.5, 0.5], means, [np.eye(2), 2.0 * np.eye(2)], "EII"),
        "names": ([0.5, 0.5], means, eye, "full", ["a"]),
        "names-twice": ([0.5, 0.5], means, eye, "full", ["a", "a"]),
    }.items():
        yield f"wrong/mixture/{name}", partial(mixtura.Mixture, *parts)
    m = fitted("VVV").mixture
    noise = fitted("noise").mixture
    for name, made in {
        "columns": lambda: m.score_samples(rows()[:, :2]),
        "nan": lambda: m.predict(_NAN),
        "marginal": lambda: m.marginal(["nothing"]),
        "marginal-none": lambda: m.marginal([]),
        "marginal-twice": lambda: m.marginal([0, 0]),
        "condition": lambda: m.condition({"nothing": 1.0}),
        "condition-all": lambda: m.condition({0: 1.0, 1: 1.0, 2: 1.0}),
        "condition-nan": lambda: m.condition({0: np.nan}),
        "transformed": lambda: m.transformed(np.zeros((3, 3))),
        "transformed-shape": lambda: m.transformed(np.eye(2)),
        "transformed-noise": lambda: noise.transformed(np.ones((1, 3))),
        "sample": lambda: m.sample(0),
        "sample-seed": lambda: m.sample(3, random_state="x"),
        "explain": lambda: m.explain(rows(), [999]),
        "explain-none": lambda: m.explain(rows(), []),
        "bic-weights": lambda: m.bic(rows(), counts()[:3]),
        "noise": lambda: mixtura.Noise(2.0, mixtura.Box([0.0], [1.0])),
        "box": lambda: mixtura.Box([0.0, 1.0], [1.0]),
        "box-negative": lambda: mixtura.Box([0.0], [-1.0]),
        "prior-shrinkage": lambda: mixtura.fit(rows(), 2, prior=mixtura.Prior(shrinkage=-1.0)),
        "prior-mean": lambda: mixtura.fit(rows(), 2, prior=mixtura.Prior(mean=[0.0])),
        "prior-scale": lambda: mixtura.fit(rows(), 2, prior=mixtura.Prior(scale=-np.eye(3))),
        "given": lambda: mixtura.Given(weights=[[0.5]]),
    }.items():
        yield f"wrong/asked/{name}", made


def _of_functions() -> Iterator[Case]:
    fit = fitted("VVV")
    for name, made in {
        "select-k": lambda: mixtura.select(rows(), [0]),
        "select-none": lambda: mixtura.select(rows(), []),
        "select-structure": lambda: mixtura.select(rows(), 2, structures=["XYZ"]),
        "select-criterion": lambda: mixtura.select(rows(), 2, criterion="best"),
        "select-folds": lambda: mixtura.select(rows(), 2, criterion="cv", folds=1),
        "select-jobs": lambda: mixtura.select(rows(), 2, n_jobs=0),
        "bootstrap-k": lambda: mixtura.bootstrap_test(rows(), 0),
        "bootstrap-n": lambda: mixtura.bootstrap_test(rows(), 1, n_bootstrap=0),
        "errors-method": lambda: mixtura.standard_errors(fit, rows(), "guess"),
        "errors-rows": lambda: mixtura.standard_errors(fit, rows()[:, :2]),
        "errors-fit": lambda: mixtura.standard_errors(3, rows()),
        "errors-level": lambda: mixtura.standard_errors(fit, rows()).intervals(2.0),
        "merge-what": lambda: mixtura.merge_components(fit, rows()),
        "merge-rows": lambda: mixtura.merge_components(fit.mixture, rows()[:, :1]),
        "merge-clusters": lambda: mixtura.merge_components(fit.mixture, rows()).clusters(9),
        "criterion": lambda: fit.criterion("icl"),
        "sign": lambda: fit.criterion("bic", "other"),
        "statistics": lambda: mixtura.statistics(rows()[:, :1], fit.mixture),
        "maximise": lambda: mixtura.maximise(3, fit.mixture),
        "maximise-zero": lambda: mixtura.maximise(_nothing(), fit.mixture),
        "display-kind": lambda: mixtura.MixtureDisplay.from_fit(fit, rows(), kind="x"),
        "display-none": lambda: mixtura.MixtureDisplay.from_fit(fit, kind="calibration"),
        "not-fitted": lambda: mixtura.GaussianMixture().predict(rows()),
        "not-fitted-sample": lambda: mixtura.GaussianMixture().sample(),
        "from_mixture": lambda: mixtura.GaussianMixture.from_mixture(3),
        "name": lambda: mixtura.nothing,
    }.items():
        yield f"wrong/called/{name}", made


def _nothing() -> mixtura.Statistics:
    """Statistics of no rows."""
    return mixtura.Statistics.zero(np.zeros((3, 3)), diagonal=False)


def _of_files() -> Iterator[Case]:
    for name, made in {
        "save": lambda: mixtura.save(3, "wrong.safetensors"),
        "save-unfitted": lambda: mixtura.save(mixtura.GaussianMixture(), "wrong.safetensors"),
        "load": lambda: mixtura.load("nowhere.safetensors"),
        "load-text": lambda: mixtura.load(written("rows.csv")),
        "load-damaged": _damaged,
        "load-fit": _without_fit,
        "scan-columns": lambda: scan(written("rows.csv"), columns=["nothing"]),
        "scan-weights": lambda: scan(written("rows.csv"), weights="nothing"),
        "scan-policy": lambda: scan(written("rows.csv"), on_bad_row="often"),
        "scan-array": lambda: scan(rows()),
        "scan-cut": _cut,
    }.items():
        yield f"wrong/file/{name}", made


def _damaged() -> Any:
    mixtura.save(fitted("VVV"), "damaged.safetensors")
    path = Path("damaged.safetensors")
    data = bytearray(path.read_bytes())
    data[-4] ^= 1
    path.write_bytes(bytes(data))
    return mixtura.load(path)


def _without_fit() -> Any:
    mixtura.save(fitted("VVV").mixture, "mixture.safetensors")
    return mixtura.load_fit("mixture.safetensors")


def _cut() -> Any:
    data = Path(written("rows.npy")).read_bytes()
    Path("cut.npy").write_bytes(data[: len(data) // 2])
    return mixtura.fit("cut.npy", 2)
