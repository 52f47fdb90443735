"""Files and pages: checkpoints, model files, reports, explorers, pictures, tables that are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import mixtura
import mixtura.errors
from bits_doors import fitted
from bits_fits import OPTIONS, STRUCTURES
from bits_rows import SOURCES, rows
from mixtura.tables import collection, csv_text, encoded, plain, read_table
from mixtura.tables.streams import bad_rows, scan

__all__ = ["cases", "header_of"]

Case = tuple[str, Callable[[], Any]]


def cases() -> Iterator[Case]:
    """All of them, by what is written."""
    for part in (_checkpoints, _files, _pages, _tables):
        yield from part()


class _Stop:
    """An observer that interrupts a fit."""

    def __init__(self, iteration: int) -> None:
        self.iteration, self.left = iteration, iteration

    def begun(self, run: int) -> None:
        """Nothing."""

    def iterated(self, iteration: int, trace: Any, mixture: Any) -> None:
        """An interruption, as by Ctrl-C."""
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt

    def ended(self, fit: Any) -> None:
        """Nothing."""


def _checkpoints() -> Iterator[Case]:
    options = ("start-kmeans", "defaults", "noise", "prior-noise", "n_init", "accelerate-True")
    for number, (option, source) in enumerate(product(options, SOURCES)):
        structure = STRUCTURES[number % len(STRUCTURES)]
        wish = {"structure": structure, **OPTIONS[option], "n_components": 3}
        name = f"checkpoint/{option}/{structure}/{source}"
        yield name, partial(_gone_on, wish, source, every=1 + number % 3)


def _gone_on(wish: dict[str, Any], source: str, every: int) -> Any:
    """A fit that is stopped twice and goes on, and its checkpoint asked once more when over."""
    path = Path("run.ckpt")
    for left in Path().glob("run.ckpt*"):
        left.unlink()
    stopped: list[Any] = []
    fit: Any = None
    for iteration in (2, 3, 10**9, 10**9):
        given = SOURCES[source](240)
        try:
            fit = mixtura.fit(
                **given,
                **wish,
                checkpoint=path,
                every=every,
                resume=True,
                observer=_Stop(iteration),
            )
        except mixtura.errors.Interrupted as interruption:
            stopped.append((str(interruption), interruption.fit))
    return {"stopped": stopped, "fit": fit, "file": header_of(path, "mixtura-checkpoint")}


def header_of(path: str | Path, key: str) -> Any:
    """What a safetensors file holds: its record, its arrays, but no dates and sums."""
    from safetensors.numpy import load_file

    data = Path(path).read_bytes()
    size = int.from_bytes(data[:8], "little")
    about = json.loads(data[8 : 8 + size])["__metadata__"]
    return {"keys": sorted(about), "record": json.loads(about[key]), "arrays": load_file(path)}


def _files() -> Iterator[Case]:
    for kind in (*STRUCTURES, "noise", "prior"):
        yield f"file/fit/{kind}", partial(_stored, lambda kind=kind: fitted(kind), fit=True)
    yield "file/mixture", partial(_stored, lambda: fitted("VVE").mixture, fit=False)
    for name, wish in {
        "plain": {},
        "noise": {"noise": True},
        "equal": {"weights": "equal"},
    }.items():
        yield f"file/estimator/{name}", partial(_stored, partial(_model, wish), fit=True)
    for scaler in ("StandardScaler", "MinMaxScaler", "RobustScaler", "PCA"):
        yield f"file/pipeline/{scaler}", partial(_stored, partial(_pipeline, scaler), fit=True)


def _model(wish: dict[str, Any]) -> Any:
    table = SOURCES["frame"](240)["X"]
    return mixtura.GaussianMixture(3, random_state=0, **wish).fit(table)


def _pipeline(scaler: str) -> Any:
    from sklearn import decomposition, preprocessing
    from sklearn.pipeline import make_pipeline

    first = getattr(preprocessing, scaler, None) or getattr(decomposition, scaler)
    model = mixtura.GaussianMixture(3, random_state=0)
    return make_pipeline(first(), model).fit(SOURCES["frame"](240)["X"])


def _stored(made: Callable[[], Any], *, fit: bool) -> Any:
    mixtura.save(made(), "stored.safetensors", {"why": "a test"})
    read = {"mixture": mixtura.load("stored.safetensors")}
    if fit:
        read["fit"] = mixtura.load_fit("stored.safetensors")
    return {**read, "file": header_of("stored.safetensors", "mixtura")}


def _pages() -> Iterator[Case]:
    """Reports, explorers and pictures, as text, JSON and SVG."""
    for kind in ("VVV", "EEI", "noise", "prior"):
        yield f"report/{kind}", partial(_report, kind)
        yield (
            f"explore/{kind}",
            lambda kind=kind: fitted(kind).explore(SOURCES["frame"](240)["X"], name="rows").page,
        )
    of_rows = ("density", "scatter", "pairs", "responsibilities", "explanation", "calibration")
    for kind, drawn in product(("VVV", "noise"), (*of_rows, "trace")):
        features = ["height", "age"] if drawn in ("scatter", "responsibilities") else None
        yield f"display/{kind}/{drawn}", partial(_drawn, kind, drawn, features)
    yield "display/selection", _drawn_selection


def _report(kind: str) -> Any:
    from mixtura.views.report import report

    made = report(fitted(kind), SOURCES["frame"](240)["X"], worst=3, compare=kind == "VVV")
    return {"record": made.to_dict(), "text": made.to_text(), "page": made.to_html()}


def _drawn(kind: str, drawn: str, features: Any) -> Any:
    x = None if drawn == "trace" else SOURCES["frame"](240)["X"]
    display = mixtura.MixtureDisplay.from_fit(fitted(kind), x, kind=drawn, features=features)
    return _svg(display)


def _drawn_selection() -> Any:
    selection = mixtura.select(rows(), range(1, 4), structures=["EEE", "VVV", "VII"])
    return _svg(mixtura.MixtureDisplay.from_selection(selection))


def _svg(display: mixtura.MixtureDisplay) -> str:
    from matplotlib import pyplot

    from mixtura.views.plots import inline_svg

    display.plot()
    svg = inline_svg(pyplot.gcf(), "a")
    pyplot.close("all")
    return svg


def _tables() -> Iterator[Case]:
    """Reading of rows, and what is left out of them."""
    lines = ("a,b,name", "1,2,x", "3,,y", "nan,5,z", "7,8,w", "9,10")
    for policy in ("error", "skip", "report"):
        yield f"tables/{policy}", partial(_scanned, "\n".join(lines), policy)
    yield "tables/semicolons", partial(_read, "a;b\n1,5;2\n3,25;4\n")
    yield "tables/comments", partial(_read, "# made\na,b\n1,2\n3,4\n")
    columns = {"a": np.array([1.5, np.nan]), "n": np.array([1, 2]), "t": ["x", "y,z"]}
    yield (
        "tables/written",
        lambda: [
            "".join(csv_text(columns)),
            json.dumps(plain(columns)),
            encoded(columns, ".csv"),
        ],
    )
    yield (
        "tables/collection",
        lambda: mixtura.fit(collection(SOURCES["dask-array"](240)["X"], on_bad_row="skip"), 2),
    )
    yield "tables/policy", partial(bad_rows, "often")


def _scanned(text: str, policy: str) -> Any:
    Path("bad.csv").write_text(text, "utf-8")
    scanned = scan("bad.csv", columns=["a", "b"], ids=["name"], on_bad_row=policy)
    chunks = [(chunk.rows, dict(chunk.ids)) for chunk in scanned.chunks()]
    return {"chunks": chunks, "fit": mixtura.fit(scanned, 1)}


def _read(text: str) -> Any:
    Path("read.csv").write_text(text, "utf-8")
    table = read_table("read.csv")
    return (table.names, table.rows)
