"""`mixtura convert` to what scores elsewhere: it answers as the model does."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from pathlib import Path

import duckdb
import numpy as np
import onnxruntime
import pytest
from numpy.testing import assert_allclose

import mixtura
from mixtura.cli.main import main
from mixtura.datasets import faithful


@pytest.fixture
def model(tmp_path: Path) -> tuple[str, mixtura.Mixture]:
    path = str(tmp_path / "model.safetensors")
    mixture = mixtura.fit(faithful(), 2).mixture
    mixtura.save(mixture, path)
    return path, mixture


def converted(*arguments: str) -> str:
    """What the command tells beside the file that it writes."""
    told = io.StringIO()
    with redirect_stderr(told):
        assert main(["convert", *arguments]) == 0, told.getvalue()
    return told.getvalue()


def test_a_graph_of_onnx_scores_as_the_model_does(
    model: tuple[str, mixtura.Mixture], tmp_path: Path
) -> None:
    path, mixture = model
    out = str(tmp_path / "model.onnx")
    assert "onnx scores rows of float32, and is not read back" in converted(path, out)
    rows = faithful().rows.astype(np.float32)
    _, found, _ = onnxruntime.InferenceSession(out).run(None, {"X": rows})
    assert_allclose(found, mixture.score_samples(rows.astype(np.float64)), rtol=0, atol=1e-12)


def test_a_statement_of_sql_scores_as_the_model_does(
    model: tuple[str, mixtura.Mixture], tmp_path: Path
) -> None:
    path, mixture = model
    out = tmp_path / "score.txt"
    assert "sql asks the table rows" in converted(path, str(out), "--to", "sql")
    table = faithful()
    database = duckdb.connect()
    held = ", ".join(f'"{name}" DOUBLE' for name in table.columns)
    database.execute(f"CREATE TABLE rows ({held})")
    database.executemany("INSERT INTO rows VALUES (?, ?)", table.rows.tolist())
    found = database.execute(out.read_text("utf-8")).fetchnumpy()
    assert_allclose(found["log_density"], mixture.score_samples(table), rtol=1e-12)


def test_the_dialect_is_that_which_is_asked_for(
    model: tuple[str, mixtura.Mixture], tmp_path: Path
) -> None:
    path, _ = model
    texts = []
    for name in ("sql", "postgresql"):
        out = tmp_path / f"{name}.sql"
        converted(path, str(out), "--to", name)
        texts.append(out.read_text("utf-8"))
    assert "DOUBLE" in texts[0]
    assert "double precision" in texts[1]
