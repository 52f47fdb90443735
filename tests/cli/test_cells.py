"""Files of cells at the command line: how they are read is kept, and labels go back into them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pytest

import mixtura
from mixtura.tables import Reading, read_table

DATA = Path(__file__).parents[1] / "data" / "tables"
CELLS = DATA / "cells.h5ad"
TOLD = json.loads((DATA / "cells.h5ad.expected.json").read_text())


def test_a_command_writes_labels_into_the_file_that_it_reads(typed, tmp_path: Path) -> None:
    path = tmp_path / "cells.h5ad"
    shutil.copyfile(CELLS, path)
    os.chmod(path, 0o640)  # noqa: PTH101
    model = tmp_path / "m.safetensors"
    assert typed("fit", path, "-k", 2, "--obsm", "X_pca", "-o", model).code == 0
    told = typed("predict", model, path, "--obs", "cluster", "-o", path)
    assert told.code == 0, told.err
    assert path.stat().st_mode & 0o777 == 0o640
    rows = np.array(TOLD["obsm/X_pca"])
    expected = mixtura.load(model).predict(rows).tolist()
    read = read_table(str(path), ids=["cluster"], reading=Reading(obsm="X_pca"))
    assert list(map(int, read["cluster"])) == expected
    again = typed("predict", model, path, "--obs", "cluster", "-o", path)
    assert again.code != 0
    assert "has a column 'cluster' in obs: give another name, or --force" in again.err
    assert typed("predict", model, path, "--obs", "cluster", "-o", path, "--force").code == 0
    assert [p.name for p in tmp_path.iterdir() if ".mixtura-part" in p.name] == []
    other = typed("predict", model, path, "--obs", "x", "-o", tmp_path / "x.csv")
    assert "expected an .h5ad as DATA and as -o" in other.err


def test_a_model_remembers_how_its_rows_were_read(typed, tmp_path: Path) -> None:
    model = tmp_path / "m.safetensors"
    tube = DATA / "flow_float_flowio.fcs"
    asked = ["--channels", "CD3,SSC-A", "--compensate", "--transform", "CD3=arcsinh:5"]
    assert typed("fit", tube, "-k", 2, *asked, "-o", model).code == 0
    scored = typed("score", model, tube)
    reading = Reading(compensate=True, transform={"CD3": "arcsinh:5"})
    rows = read_table(str(tube), columns=["CD3", "SSC-A"], reading=reading).rows
    expected = mixtura.load(model).score_samples(rows)
    assert [float(line) for line in scored.out.split()[1:]] == expected.tolist()
    raw = typed("score", model, tube, "--no-compensate", "--transform", "CD3=arcsinh:5")
    assert raw.code == 0
    assert raw.out != scored.out


@pytest.mark.filterwarnings("default")
def test_bad_cells_have_no_label(typed, tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "cells.h5ad"
    shutil.copyfile(CELLS, path)
    model = tmp_path / "m.safetensors"
    assert typed("fit", path, "-k", 2, "--obsm", "X_pca", "-o", model).code == 0
    with h5py.File(path, "r+") as file:
        file["obsm/X_pca"][7, 1] = np.nan
    for policy in ("skip", "keep"):
        told = typed("predict", model, path, "--obs", policy, "-o", path, "--on-bad-row", policy)
        assert told.code == 0, told.err
        assert "1 bad row was" in told.err
        with h5py.File(path) as file:
            codes = file[f"obs/{policy}/codes"][:]
        assert np.flatnonzero(codes < 0).tolist() == [7]


def arrow_stream(rows: np.ndarray) -> bytes:
    """The rows as vectors of a column x, in a stream of Arrow's."""
    table = pa.table(
        {"x": pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1])}
    )
    sink = pa.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=50)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("policy", ["error", "skip"])
def test_a_stream_of_arrow_comes_on_the_standard_input(typed, tmp_path: Path, policy: str) -> None:
    rows = np.random.default_rng(0).normal(size=(200, 2))
    model = tmp_path / "m.safetensors"
    told = typed("fit", "-", "-k", 1, "--on-bad-row", policy, "-o", model, stdin=arrow_stream(rows))
    assert told.code == 0, told.err
    fitted = mixtura.load(model)
    np.testing.assert_allclose(fitted.means[0], rows.mean(axis=0), atol=1e-12)
    assert fitted.feature_names == ("x[0]", "x[1]")
    scored = typed("score", model, "-", stdin=arrow_stream(rows))
    assert [float(line) for line in scored.out.split()[1:]] == fitted.score_samples(rows).tolist()


def test_a_stream_that_is_cut_is_refused(typed) -> None:
    data = arrow_stream(np.ones((100, 2)))
    for length in (5, 9, 200, len(data) - 400):
        told = typed("fit", "-", "-k", 1, stdin=data[:length])
        assert told.code != 0
        assert told.err.startswith("mixtura: error: standard input")


def test_other_files_on_the_standard_input_are_named(typed) -> None:
    told = typed("fit", "-", "-k", 1, stdin=CELLS.read_bytes())
    assert "the standard input is an HDF5 file, expected CSV or Arrow" in told.err
    told = typed("fit", "-", "-k", 1, stdin=b"SQLite format 3\0")
    assert "standard input is a SQLite database" in told.err


def test_a_model_says_how_its_rows_were_read(typed, tmp_path: Path) -> None:
    model = tmp_path / "m.safetensors"
    tube = DATA / "flow_float_flowio.fcs"
    asked = ["--channels", "CD3,SSC-A", "--compensate", "--transform", "CD3=arcsinh:5"]
    fitted = typed("fit", tube, "-k", 2, *asked, "-o", model)
    shown = typed("show", model)
    words = "rows read: compensated, CD3 by arcsinh:5; log-likelihoods are of these values"
    for told in (fitted, shown):
        assert " ".join(told.out.split()).count(words) == 1
    record = json.loads(typed("show", model, "--json").out)
    expected = {"compensate": True, "transform": {"CD3": "arcsinh:5"}}
    assert record["training"]["reading"] == expected


def test_what_a_file_has_not_is_told_in_the_words_of_the_line(typed, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n1,2\n3,5\n4,4\n")
    told = typed("fit", path, "-k", 1, "--compensate")
    assert "--compensate is given for" in told.err
    told = typed("fit", path, "-k", 1, "--obsm", "X_pca")
    assert "--obsm is given for" in told.err
    told = typed("fit", path, "-k", 1, "--transform", "arcsinh:1", "--json")
    means = json.loads(told.out)["means"][0]
    np.testing.assert_allclose(means[0], np.arcsinh([1.0, 3.0, 4.0]).mean(), rtol=1e-12)
    told = typed("fit", path, "-k", 1, "--transform", "arcsinh", "--transform", "a=logicle")
    assert "is for all features, and there are others" in told.err
