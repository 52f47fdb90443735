"""Rows are read out of what people keep them in, or it is refused by name, with what helps.

Containers of libraries that are not installed are stood in for by classes of their names.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import mixtura
from mixtura import GaussianMixture, Mixture
from mixtura.errors import DataError
from mixtura.tables.streams import scan

A = np.random.default_rng(0).normal(size=(40, 2))


def called(module: str, name: str, **attributes: Any) -> Any:
    """An object whose class is of that name and module; it has these attributes."""
    return type(name, (), {"__module__": module, **attributes})()


def tensor(**attributes: Any) -> Any:
    whole = {"requires_grad": False, "dtype": "torch.float32", "layout": "torch.strided"}
    return called("torch", "Tensor", **{**whole, **attributes})


REFUSED = [
    (called("polars.lazyframe.frame", "LazyFrame"), "a polars LazyFrame", r"X\.collect\(\)"),
    (called("polars.series.series", "Series"), "a polars Series", r"X\.to_frame\(\)"),
    (called("xarray.core.dataset", "Dataset"), "an xarray Dataset", r"X\.to_dataframe\(\)"),
    (called("anndata", "AnnData"), "an AnnData", r"X\.obsm\['X_pca'\], or X\.X"),
    (called("anndata", "AnnData", obsm={"X_umap": A}), "an AnnData", r"X\.obsm\['X_umap'\]"),
    (tensor(requires_grad=True), "a torch tensor that requires grad", r"X\.detach\(\)$"),
    (tensor(dtype="torch.bfloat16"), "is of bfloat16", r"X\.float\(\)$"),
    (
        tensor(requires_grad=True, dtype="torch.bfloat16"),
        "requires grad and is of bfloat16",
        r"X\.detach\(\)\.float\(\)$",
    ),
    (tensor(device=called("torch", "device", type="cuda")), "another device", r"X\.cpu\(\)$"),
    (called("pyspark.sql.dataframe", "DataFrame"), "a Spark DataFrame", r"X\.toPandas\(\)"),
    (called("ray.data.dataset", "Dataset"), "a Ray Dataset", r"X\.to_pandas\(\)"),
    (called("duckdb", "DuckDBPyRelation"), "a table elsewhere", r"X\.df\(\)"),
    (called("cupy", "ndarray"), "an array on another device", r"X\.get\(\)"),
    (called("h5py._hl.group", "Group"), "a group of arrays", r"X\['name'\]"),
    (pd.Series(A[:, 0]), "a pandas Series, which is one column", r"X\.to_frame\(\)"),
    (pd.DataFrame(A).groupby(0), "divided into groups", r"X\.obj"),
    (pa.array(A[:, 0]), "one column of Arrow", r"pyarrow\.table\({'x0': X}\)"),
    (
        pa.table({"a": A[:, 0]}).to_reader(),
        "a RecordBatchReader, which can be read only once",
        r"X\.read_all\(\), or a function that returns a new reader",
    ),
]


@pytest.mark.parametrize(("data", "name", "line"), REFUSED)
def test_what_is_no_table_is_refused_by_its_name_at_every_door(
    data: Any, name: str, line: str
) -> None:
    mixture = Mixture([1.0], [[0.0, 0.0]], [np.eye(2)])
    named = Mixture([1.0], [[0.0, 0.0]], [np.eye(2)], feature_names=["a", "b"])
    for refused in (
        lambda: mixtura.fit(data, 1),
        lambda: mixtura.select(data, [1]),
        lambda: mixture.score(data),
        lambda: named.predict(data),
        lambda: mixture.explain(data),
        lambda: mixtura.statistics(data, mixture),
        lambda: mixtura.merge_components(mixture, data),
        lambda: mixtura.bootstrap_test(data, 1, n_bootstrap=1),
        lambda: GaussianMixture(1).fit(data),
        lambda: GaussianMixture(1).partial_fit(data),
        lambda: GaussianMixture(1).fit(A).predict(data),
    ):
        with pytest.raises(DataError, match=f"^X is .*{name}.*: pass .*{line}"):
            refused()


def tables() -> dict[str, Any]:
    return {
        "a dict": {"b": A[:, 1].tolist(), "a": A[:, 0]},
        "named fields": np.array([(a, b) for a, b in A], dtype=[("a", float), ("b", float)]),
        "a record array": np.rec.fromarrays(A.T, names="a,b"),
        "arrow": pa.table({"a": A[:, 0], "b": A[:, 1]}),
        "a record batch": pa.record_batch({"b": A[:, 1], "a": A[:, 0]}),
        "nullable": pd.DataFrame(A, columns=["a", "b"]).convert_dtypes(),
        "arrow in pandas": pd.DataFrame(A, columns=["a", "b"]).convert_dtypes(
            dtype_backend="pyarrow"
        ),
        "a function that returns a reader": lambda: pa.table(
            {"a": A[:, 0], "b": A[:, 1]}
        ).to_reader(),
        "text beside": pd.DataFrame({"name": "x", "b": A[:, 1], "a": A[:, 0]}),
    }


@pytest.mark.parametrize("kind", tables())
def test_a_table_of_any_kind_is_matched_by_its_names(kind: str) -> None:
    named = Mixture([1.0], [[0.0, 9.0]], [np.eye(2)], feature_names=["a", "b"])
    assert named.score(tables()[kind]) == pytest.approx(named.score(A), rel=1e-12)


@pytest.mark.parametrize("kind", [kind for kind in tables() if kind != "text beside"])
def test_a_fit_to_a_table_of_any_kind_keeps_its_names(kind: str) -> None:
    mixture = mixtura.fit(tables()[kind], 1).mixture
    assert sorted(mixture.feature_names or ()) == ["a", "b"]
    place = (mixture.feature_names or ()).index("a")
    assert mixture.means[0, place] == pytest.approx(A[:, 0].mean(), abs=1e-12)


def test_columns_of_different_lengths_are_named() -> None:
    with pytest.raises(DataError, match=r"column 'b' has shape \(3,\), expected \(40,\) as column"):
        mixtura.fit({"a": A[:, 0], "b": [1.0, 2.0, 3.0]}, 1)
    with pytest.raises(DataError, match=r"column 'a' has shape \(\), expected one number a row"):
        mixtura.fit({"a": 1.0}, 1)


def test_rows_that_are_dicts_are_told_how_to_become_columns() -> None:
    with pytest.raises(DataError, match=r"X is a list of dicts, expected columns: pass pandas"):
        mixtura.fit([{"a": 1.0}, {"a": 2.0}], 1)


def test_what_scikit_learn_does_not_take_is_told_so() -> None:
    with pytest.raises(DataError, match=r"X is a dict of columns, which scikit-learn does not"):
        GaussianMixture(1).fit(tables()["a dict"])
    with pytest.raises(DataError, match=r"X is an array of named fields, which scikit-learn"):
        GaussianMixture(1).fit(tables()["named fields"])


def test_the_real_libraries_where_they_are_installed() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"a": A[:, 0], "b": A[:, 1]})
    with pytest.raises(DataError, match=r"a polars LazyFrame, .*X\.collect\(\)"):
        mixtura.fit(frame.lazy(), 1)
    assert mixtura.fit([frame], 1).mixture.feature_names == ("a", "b")
    assert mixtura.fit(frame, 1).mixture.feature_names == ("a", "b")


@pytest.mark.parametrize("data", [None, {1.0, 2.0}, 5, 1.5, object(), b"rows", "", [], {}])
def test_what_is_no_rows_at_all_is_told_so_at_every_door(data: Any) -> None:
    mixture, fit = Mixture([1.0], [[0.0, 0.0]], [np.eye(2)]), mixtura.fit(A, 1)
    for refused in (
        lambda: mixtura.fit(data, 1),
        lambda: mixtura.select(data, [1]),
        lambda: mixture.score(data),
        lambda: mixture.explain(data),
        lambda: fit.standard_errors(data),
        lambda: mixtura.bootstrap_test(data, 1, n_bootstrap=1),
        lambda: GaussianMixture(1).fit(data),
        lambda: GaussianMixture(1).partial_fit(data),
        lambda: scan(data),
    ):
        with pytest.raises((ValueError, OSError)):
            refused()


@pytest.mark.parametrize(
    "item",
    [pa.table({"a": A[:, 0]}).to_reader(), pa.array(A[:, 0]), A[:, 0], [1.0], {"a": A[:, 0]}, "x"],
)
def test_batches_that_are_no_rows_are_told_so(item: Any) -> None:
    with pytest.raises(DataError, match=r"X gives a \w+, expected two-dimensional arrays"):
        mixtura.fit(lambda: [item], 1)


@pytest.mark.parametrize("data", [A, pd.DataFrame(A), pa.table({"a": A[:, 0]}), {"a": A[:, 0]}])
def test_rows_that_are_to_be_scanned_become_a_list(data: Any) -> None:
    with pytest.raises(DataError, match=r"which is rows already, expected several: pass \[X\]"):
        scan(data)


def test_no_rows_are_refused_wherever_some_are_needed() -> None:
    fit = mixtura.fit(A, 1)
    for refused in (
        lambda: mixtura.fit(A[:0], 1),
        lambda: fit.standard_errors(A[:0]),
        lambda: mixtura.bootstrap_test(A[:0], 1, n_bootstrap=1),
        lambda: fit.mixture.score(A[:0]),
        lambda: mixtura.merge_components(fit.mixture, A[:0]),
    ):
        with pytest.raises(DataError, match="X has 0 rows, expected"):
            refused()
