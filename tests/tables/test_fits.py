"""FITS tables are a source like the others: byte order, missing values, scales, and refusals."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pytest

import mixtura
from mixtura.errors import DataError, MissingExtraError
from mixtura.tables import read_table
from mixtura.tables.streams import scan

fits = pytest.importorskip("astropy.io.fits")
COUNT = 80
STORED = Path(__file__).parents[1] / "data" / "tables"


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """A table after an image, with numbers of every kind, texts, and a vector."""
    random = np.random.default_rng(2)
    flags = np.arange(COUNT)
    flags[5] = -99
    columns = [
        fits.Column("name", "6A", array=[f"s{i}" for i in range(COUNT)]),
        fits.Column("x", "D", array=random.normal(size=COUNT)),
        fits.Column("y", "E", array=random.normal(size=COUNT)),
        fits.Column("x_err", "D", array=random.uniform(0.1, 0.5, size=COUNT)),
        fits.Column("y_err", "D", array=random.uniform(0.1, 0.5, size=COUNT)),
        fits.Column("flag", "J", null=-99, array=flags),
        fits.Column("scaled", "I", array=np.arange(COUNT, dtype=np.int16)),
        fits.Column("unsigned", "J", bzero=2**31, array=np.arange(COUNT, dtype=np.uint32)),
        fits.Column("colours", "3D", array=random.normal(size=(COUNT, 3))),
        fits.Column("good", "L", array=np.arange(COUNT) % 2 == 0),
    ]
    path = tmp_path / "catalogue.fits"
    image = fits.PrimaryHDU(np.zeros((4, 4)))
    fits.HDUList([image, fits.BinTableHDU.from_columns(columns)]).writeto(path)
    fits.setval(path, "TSCAL7", value=0.5, ext=1)
    fits.setval(path, "TZERO7", value=10.0, ext=1)
    return path


def test_columns_are_those_that_astropy_reads(catalogue: Path) -> None:
    names = ["x", "y", "scaled", "unsigned"]
    table = read_table(str(catalogue), columns=names, ids=["name"])
    with fits.open(catalogue) as units:
        for name in names:
            assert np.array_equal(table[name], np.asarray(units[1].data[name], np.float64))
    assert table["name"][:2] == ("s0", "s1")
    assert table.rows.dtype.isnative


def test_single_precision_is_read_as_such(catalogue: Path) -> None:
    (chunk,) = scan(catalogue, columns=["y"]).chunks()
    assert chunk.rows.dtype == np.float32


def test_a_fit_with_errors_by_name_has_the_bits_of_memory(catalogue: Path) -> None:
    with fits.open(catalogue) as units:
        data = units[1].data
        rows = np.column_stack([data["x"], data["y"]]).astype(np.float64)
        errors = np.column_stack([data["x_err"], data["y_err"]]).astype(np.float64)
    held = mixtura.fit(rows, 1, errors=errors)
    named = scan(catalogue, columns=["x", "y"], errors=["x_err", "y_err"])
    read = mixtura.fit(named, 1)
    assert np.array_equal(held.mixture.covariances, read.mixture.covariances)
    assert read.mixture.feature_names == ("x", "y")
    packed = catalogue.with_suffix(".fits.gz")
    packed.write_bytes(gzip.compress(catalogue.read_bytes()))
    again = mixtura.fit(scan(packed, columns=["x", "y"], errors=["x_err", "y_err"]), 1)
    assert np.array_equal(again.mixture.covariances, read.mixture.covariances)


def test_a_tnull_is_a_value_that_is_missing(catalogue: Path) -> None:
    with pytest.raises(DataError, match=r"row 5, column 'flag' is null"):
        mixtura.fit(scan(catalogue, columns=["x", "flag"]), 1)
    with pytest.warns(UserWarning, match="1 bad row was left out"):
        fit = mixtura.fit(scan(catalogue, columns=["x", "flag"], on_bad_row="skip"), 1)
    assert fit.n_rows == COUNT - 1


@pytest.mark.parametrize(
    ("column", "said"),
    [("good", "true or false"), ("name", "text")],
)
def test_a_column_that_is_no_number_is_refused(catalogue: Path, column: str, said: str) -> None:
    with pytest.raises(DataError, match=f"column '{column}' is of type {said}.*--columns x,y"):
        mixtura.fit(scan(catalogue, columns=["x", column]), 1)


def test_the_elements_of_a_vector_are_columns(catalogue: Path) -> None:
    table = read_table(str(catalogue), columns=["x", "colours"])
    assert table.names == ("x", "colours[0]", "colours[1]", "colours[2]")
    with fits.open(catalogue) as units:
        assert np.array_equal(table.rows[:, 1:], units[1].data["colours"])


def number(value: object) -> float:
    return math.nan if value is None else float(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", sorted(STORED.glob("fits_*.fits*[sz]")), ids=lambda p: p.name)
def test_values_are_those_of_the_standard(path: Path) -> None:
    told = json.loads((STORED / f"{path.name}.expected.json").read_text())
    columns = told.get("columns") or {name: {"values": told["DATA"][name]} for name in "xy"}
    decided = told.get("values_by_the_standard", {})
    for name, column in columns.items():
        if column.get("dtype", "f")[1] in "bS":
            continue
        values = decided.get(name, column["values"])
        expected = [[number(each) for each in np.ravel(value)] for value in values]
        table = read_table(str(path), columns=[name], missing="em")
        np.testing.assert_array_equal(table.rows, expected)


def test_a_table_of_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "text.fits"
    columns = [
        fits.Column("a", "F10.4", array=np.array([1.5, -2.25, 3.0])),
        fits.Column("b", "I4", null="-9", array=np.array([1, -9, 3])),
    ]
    fits.HDUList([fits.PrimaryHDU(), fits.TableHDU.from_columns(columns)]).writeto(path)
    (chunk,) = scan(path, on_bad_row="skip").chunks(None, keep=True)
    np.testing.assert_array_equal(chunk.rows, [[1.5, 1.0], [-2.25, np.nan], [3.0, 3.0]])


def test_what_has_no_table_is_told(tmp_path: Path, catalogue: Path) -> None:
    image = tmp_path / "image.fits"
    fits.PrimaryHDU(np.zeros((4, 4))).writeto(image)
    with pytest.raises(DataError, match="has no table, only images"):
        mixtura.fit(image, 1)
    text = tmp_path / "text.fits"
    text.write_text("x,y\n1,2\n")
    with pytest.raises(DataError, match="is not a FITS file that mixtura reads"):
        mixtura.fit(text, 1)
    cut = tmp_path / "cut.fits"
    cut.write_bytes(catalogue.read_bytes()[:-4000])
    with pytest.raises(DataError, match=r"cut\.fits is not a FITS file that mixtura reads"):
        mixtura.fit(scan(cut, columns=["x", "y"]), 1)


def test_without_astropy_it_says_what_to_install(
    catalogue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "astropy.io", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mixtura\[fits\]'"):
        read_table(str(catalogue))


@pytest.mark.parametrize(("ending", "reader"), [("dta", "read_stata"), ("xlsx", "read_excel")])
def test_files_of_other_programs_are_told_how_to_be_read(
    tmp_path: Path, ending: str, reader: str
) -> None:
    path = tmp_path / f"survey.{ending}"
    path.write_bytes(b"\x00\x01" * 100)
    with pytest.raises(DataError, match=reader):
        mixtura.fit(path, 1)
    with pytest.raises(DataError, match=reader):
        read_table(str(path))
