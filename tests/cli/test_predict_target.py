"""`mixtura predict --target` writes what a regression says, of files and of streams."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

import mixtura
from mixtura.datasets import faithful


@pytest.fixture
def model(typed, tmp_path):
    path = tmp_path / "model.safetensors"
    assert typed("fit", "@faithful", "-k", 2, "-o", path).code == 0
    return path


def columns(text):
    names, *rows = csv.reader(io.StringIO(text))
    return dict(zip(names, np.array(rows, dtype=float).T, strict=True))


def test_it_is_written_what_the_mixture_says(typed, model, tmp_path):
    told = mixtura.load(model).regress(faithful().rows[:, :1], "waiting", quantiles=[0.25])
    said = typed("predict", model, "@faithful", "--target", "waiting", "--quantile", 0.25)
    assert (said.code, said.err) == (0, "")
    written = columns(said.out)
    assert list(written) == ["mean_waiting", "deviation_waiting", "quantile_0.25"]
    np.testing.assert_allclose(written["mean_waiting"], told.mean[:, 0], rtol=1e-12)
    np.testing.assert_allclose(written["deviation_waiting"], told.deviations[:, 0], rtol=1e-12)
    np.testing.assert_allclose(written["quantile_0.25"], told.quantiles[:, 0], rtol=1e-12)
    # A stream of rows that lack the target is answered alike.
    lines = [f"{x!r}" for x in faithful().rows[:, 0].tolist()]
    for name, part in {"a.csv": lines[:100], "b.csv": lines[100:]}.items():
        (tmp_path / name).write_text("\n".join(["eruptions", *part]))
    asked = ("--target", "waiting", "--proba")
    parts = columns(typed("predict", model, tmp_path / "?.csv", *asked).out)
    np.testing.assert_allclose(parts["mean_waiting"], told.mean[:, 0], rtol=1e-12)
    np.testing.assert_allclose(parts["responsibility_1"], told.weights[:, 1], rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--target", "height"), 2, "there is no feature 'height'"),
        (("--target", "waiting,eruptions"), 2, "2 of 2 features are targets"),
        (("--target", "waiting", "--quantile", 1.5), 2, "--quantile"),
        (("--top", 3), 2, "--top is 3, expected a whole number from 1 to 2"),
        (("--top", 1, "--proba"), 2, "--top is given with --proba"),
        (("--quantile", 0.5), 2, "--quantile is given without --target"),
    ],
)
def test_what_cannot_be_predicted_is_refused(typed, model, options, code, words):
    said = typed("predict", model, "@faithful", *options)
    assert said.code == code
    assert words in said.err


def test_the_most_responsible_components_are_written_and_streamed(typed, model, tmp_path):
    pyarrow = pytest.importorskip("pyarrow.parquet")
    labels, shares = mixtura.load(model).predict_proba(faithful().rows, top=2)
    written = columns(typed("predict", model, "@faithful", "--top", 2).out)
    assert list(written) == ["label", "label_2", "responsibility", "responsibility_2"]
    np.testing.assert_array_equal(written["label_2"], labels[:, 1])
    np.testing.assert_allclose(written["responsibility"], shares[:, 0], rtol=1e-15)
    out = tmp_path / "top.parquet"
    assert typed("predict", model, "@faithful", "--top", 2, "-o", out).code == 0
    table = pyarrow.read_table(out)
    assert table.schema.field("label").type == "int64"
    np.testing.assert_array_equal(table["responsibility_2"], shares[:, 1])
