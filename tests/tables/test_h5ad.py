"""AnnData files: the array that is asked for is read, and labels go back beside all the rest."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import mixtura
from mixtura.errors import DataError
from mixtura.tables import Reading, read_table
from mixtura.tables.h5ad import write_labels
from mixtura.tables.streams import scan

DATA = Path(__file__).parents[1] / "data" / "tables"
CELLS = DATA / "cells.h5ad"
TOLD = json.loads((DATA / "cells.h5ad.expected.json").read_text())


def everything(path: Path) -> dict[str, Any]:
    """All that a file holds, by its place: kinds, attributes and values."""
    found: dict[str, Any] = {}

    def add(name: str, item: Any) -> None:
        attributes = {key: np.asarray(value).tolist() for key, value in item.attrs.items()}
        values = None
        if isinstance(item, h5py.Dataset):
            values = (str(item.dtype), item.shape, np.asarray(item[()]).tolist())
        found[name] = (attributes, values)

    with h5py.File(path) as file:
        file.visititems(add)
        found["/"] = {key: str(value) for key, value in file.attrs.items()}
    return found


def written(path: Path, arrays: dict[str, Any], n: int, d: int = 0) -> Path:
    """A file of n cells and d genes with arrays by their places."""
    with h5py.File(path, "w") as file:
        for frame, count in (("obs", n), ("var", d)):
            group = file.create_group(frame)
            group.attrs.update({"encoding-type": "dataframe", "_index": "_index"})
            group["_index"] = [f"{frame}{i}" for i in range(count)]
        for place, array in arrays.items():
            file[place] = array
    return path


@pytest.mark.parametrize(
    ("reading", "place"),
    [
        (Reading(obsm="X_pca"), "obsm/X_pca"),
        (Reading(obsm="X_umap"), "obsm/X_umap"),
        (Reading(layer="dense"), "layers/dense"),
        (Reading(layer="X"), "X"),
    ],
)
def test_values_are_those_that_anndata_wrote(reading: Reading, place: str) -> None:
    table = read_table(str(CELLS), reading=reading, ids=["_index", "batch"])
    assert np.array_equal(table.rows, np.array(TOLD[place]))
    assert list(table["_index"]) == TOLD["obs_names"]
    assert list(table["batch"]) == TOLD["batch"]
    if not place.startswith("obsm"):
        assert list(table.names) == TOLD["var_names"]


def test_elements_are_called_by_the_array_and_their_place() -> None:
    rows = scan(CELLS, columns=["X_pca[2]", "X_pca[0]"], reading=Reading(obsm="X_pca"))
    (chunk,) = rows.chunks()
    assert np.array_equal(chunk.rows, np.array(TOLD["obsm/X_pca"])[:, [2, 0]])
    assert chunk.rows.dtype == np.float32
    whole = scan(CELLS, columns=["X_pca"], reading=Reading(obsm="X_pca"))
    assert whole.columns.features == ("X_pca[0]", "X_pca[1]", "X_pca[2]")


def test_a_column_of_obs_weighs_the_rows() -> None:
    rows = scan(CELLS, weights="total", reading=Reading(obsm="X_pca"))
    assert rows.n_features == 3
    fit = mixtura.fit(rows, 1)
    pca, total = np.array(TOLD["obsm/X_pca"]), np.array(TOLD["X"]).sum(axis=1)
    np.testing.assert_allclose(fit.mixture.means[0], np.average(pca, axis=0, weights=total), 1e-6)


def test_an_array_is_to_be_named_where_there_are_several() -> None:
    with pytest.raises(
        DataError, match=r"holds several tables, .*: give one of obsm='X_pca', obsm"
    ):
        read_table(str(CELLS))
    with pytest.raises(DataError, match="has no 'obsm/X_tsne': give one of obsm='X_pca'"):
        read_table(str(CELLS), reading=Reading(obsm="X_tsne"))


def test_a_dense_matrix_alone_is_read_in_blocks(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(70, 100_000)).astype(np.float32)
    path = written(tmp_path / "a.h5ad", {"X": x}, 70, 100_000)
    names = ["var3", "var99999"]
    chunks = list(scan(path, columns=names).chunks())
    assert len(chunks) > 1
    assert np.array_equal(np.concatenate([c.rows for c in chunks]), x[:, [3, 99999]])


@pytest.mark.parametrize("kind", ["csc_matrix", "dataframe", ""])
def test_what_is_no_matrix_by_rows_is_refused(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path / "a.h5ad", {"obsm/X_pca/data": np.ones(3)}, 3)
    with h5py.File(path, "r+") as file:
        file["obsm/X_pca"].attrs["encoding-type"] = kind
    with pytest.raises(
        DataError, match=f"has obsm/X_pca as {kind or 'a group'}, expected an array"
    ):
        read_table(str(path))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"indptr": np.array([0, 1, 2, 3, 9])}, "damaged rows 0 to 4"),
        ({"indptr": np.array([0, 2, 1, 3, 4])}, "damaged rows 0 to 4"),
        ({"indices": np.array([0, 1, 7, 1])}, "damaged rows 0 to 4"),
        ({"indices": np.array([0, 1, -1, 1])}, "damaged rows 0 to 4"),
        ({"indptr": np.array([0, 1, 2, 3])}, "whose parts do not fit together"),
    ],
)
def test_a_sparse_matrix_that_contradicts_itself_is_refused(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    parts = {"data": np.ones(4), "indices": np.array([0, 1, 0, 1]), "indptr": np.arange(5)}
    arrays = {f"X/{name}": array for name, array in (parts | change).items()}
    path = written(tmp_path / "a.h5ad", arrays, 4, 2)
    with h5py.File(path, "r+") as file:
        file["X"].attrs.update({"encoding-type": "csr_matrix", "shape": [4, 2]})
    with pytest.raises(DataError, match=said):
        read_table(str(path))


def test_no_other_file_is_opened(tmp_path: Path) -> None:
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["rows"] = np.ones((3, 2))
    for name in ("link", "raw", "virtual"):
        path = written(tmp_path / f"{name}.h5ad", {}, 3)
        with h5py.File(path, "r+") as file:
            group = file.create_group("obsm")
            if name == "link":
                group["X"] = h5py.ExternalLink(str(other), "rows")
            elif name == "raw":
                group.create_dataset("X", (3, 2), "f8", external=[(str(other), 0, 48)])
            else:
                layout = h5py.VirtualLayout((3, 2), "f8")
                layout[:] = h5py.VirtualSource(str(other), "rows", (3, 2))
                group.create_virtual_dataset("X", layout)
        with pytest.raises(DataError, match=r"keeps 'obsm/X' in another file, which is not opened"):
            read_table(str(path))


def test_a_shape_that_lies_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.h5ad", {}, 3)
    with h5py.File(path, "r+") as file:
        file.create_dataset("obsm/X", (2**31, 50), "f4", chunks=(4096, 50))
    with pytest.raises(DataError, match=r"has 0 of the 524288 parts of /obsm/X"):
        read_table(str(path))


def test_other_hdf5_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.h5"
    with h5py.File(path, "w") as file:
        file["table"] = np.ones((3, 2))
    with pytest.raises(DataError, match=r"is an HDF5 file without obsm, .* it has table"):
        mixtura.fit(path, 1)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DataError, match="is an HDF5 file that cannot be read"):
        mixtura.fit(path, 1)


def test_labels_are_written_and_nothing_else_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "cells.h5ad"
    shutil.copyfile(CELLS, path)
    before = everything(path)
    labels = np.arange(60) % 7 - 1
    write_labels(path, "cluster", labels)
    after = everything(path)
    new = {name: after.pop(name) for name in list(after) if name.startswith("obs/cluster")}
    assert after["obs"][0].pop("column-order") == ["batch", "total", "cluster"]
    assert before["obs"][0].pop("column-order") == ["batch", "total"]
    assert after == before
    assert set(new) == {"obs/cluster", "obs/cluster/codes", "obs/cluster/categories"}
    assert new["obs/cluster/codes"][1][2] == labels.tolist()
    read = read_table(str(path), ids=["cluster"], reading=Reading(obsm="X_pca"))
    assert [int(t or -1) for t in read["cluster"]] == labels.tolist()


def test_labels_of_two_hundred_thousand_cells(tmp_path: Path) -> None:
    n = 200_000
    rows = np.random.default_rng(3).normal(size=(n, 2)).astype(np.float32)
    path = written(tmp_path / "a.h5ad", {"obsm/X_pca": rows}, 0)
    with h5py.File(path, "r+") as file:
        del file["obs/_index"]
        file["obs/_index"] = np.arange(n).astype("S6")
    before = everything(path)
    labels = np.arange(n) % 300
    write_labels(path, "cluster", labels)
    after = everything(path)
    new = {name: after.pop(name) for name in list(after) if name.startswith("obs/cluster")}
    assert after["obs"][0].pop("column-order") == ["cluster"]
    assert after == before
    known = np.array([int(text) for text in new["obs/cluster/categories"][1][2]])
    assert np.array_equal(known[np.array(new["obs/cluster/codes"][1][2])], labels)
