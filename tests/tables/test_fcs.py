"""FCS files are read by the standard: scale values, names, compensation, and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import flowio
import numpy as np
import pytest

import mixtura
from mixtura.errors import DataError, ParameterError
from mixtura.tables import Reading, read_table
from mixtura.tables.streams import scan

DATA = Path(__file__).parents[1] / "data" / "tables"
FILES = sorted(DATA.glob("flow_*.fcs"))


def written(
    path: Path,
    rows: np.ndarray,
    *,
    kind: str = "F",
    more: dict[str, str] | None = None,
    header_only: bool = True,
    delimiter: str = "/",
    version: str = "FCS3.1",
) -> Path:
    """A file of events, whose rows are as they are stored; keywords of `more` come over others.

    With `header_only` off the HEADER leaves the place of the events to the TEXT.
    """
    d = rows.shape[1]
    size = rows.dtype.itemsize
    data = rows.tobytes()
    begin = 4096
    end = begin + len(data) - 1
    words = {
        "$BEGINDATA": str(begin),
        "$ENDDATA": str(end),
        "$BYTEORD": "4,3,2,1" if rows.dtype.byteorder == ">" else "1,2,3,4",
        "$DATATYPE": kind,
        "$MODE": "L",
        "$NEXTDATA": "0",
        "$PAR": str(d),
        "$TOT": str(len(rows)),
    }
    for n in range(1, d + 1):
        words |= {f"$P{n}B": str(8 * size), f"$P{n}E": "0,0", f"$P{n}N": f"C{n}"}
        words |= {f"$P{n}R": "262144"}
    words |= more or {}
    pairs = [part.replace(delimiter, 2 * delimiter) for pair in words.items() for part in pair]
    text = (delimiter + delimiter.join(pairs) + delimiter).encode()
    places = (58, 58 + len(text) - 1, begin, end) if header_only else (58, 57 + len(text), 0, 0)
    head = version.ljust(10) + "".join(f"{place:8d}" for place in (*places, 0, 0))
    path.write_bytes((head.encode() + text).ljust(begin) + data)
    return path


ROWS = np.random.default_rng(5).normal(300.0, 50.0, size=(40, 3)).astype("<f4")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_values_are_those_of_the_standard(path: Path) -> None:
    told = json.loads((path.parent / f"{path.name}.expected.json").read_text())
    expected = told.get("scale_values_by_the_standard", told)
    table = read_table(str(path))
    assert list(table.names) == told["channels"]
    assert len(table) == told["n_events"]
    np.testing.assert_array_equal(table.rows[:5], expected["first_rows"])
    np.testing.assert_array_equal(table.rows[-1], expected["last_row"])
    np.testing.assert_allclose(table.rows.mean(axis=0), expected["column_means"], rtol=1e-14)


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.stem != "flow_float_with_pne"],
    ids=lambda path: path.stem,
)  # whose floats flowio amplifies
def test_what_flowio_reads_right_is_read_alike(path: Path) -> None:
    ours = read_table(str(path)).rows
    np.testing.assert_allclose(ours, flowio.FlowData(path).as_array(), rtol=1e-15)


def test_floats_are_streamed_as_they_are_stored(tmp_path: Path) -> None:
    path = written(tmp_path / "a.fcs", np.tile(ROWS, (3000, 1)))
    chunks = list(scan(path).chunks())
    assert len(chunks) > 1
    assert {chunk.rows.dtype for chunk in chunks} == {np.dtype(np.float32)}
    assert np.array_equal(
        np.concatenate([chunk.rows for chunk in chunks]), np.tile(ROWS, (3000, 1))
    )


def test_a_fit_of_a_file_has_the_bits_of_memory(tmp_path: Path) -> None:
    path = written(tmp_path / "a.fcs", ROWS)
    read = mixtura.fit(path, 1).mixture
    assert np.array_equal(read.covariances, mixtura.fit(ROWS, 1).mixture.covariances)
    assert read.feature_names == ("C1", "C2", "C3")


def test_channels_are_called_by_name_or_by_marker(tmp_path: Path) -> None:
    path = written(tmp_path / "a.fcs", ROWS, more={"$P2S": "CD3", "$P3S": "CD4"})
    table = read_table(str(path), columns=["CD4", "C1"], ids=["CD3"])
    assert table.names == ("CD4", "C1")
    assert np.array_equal(table.rows, ROWS[:, [2, 0]].astype(np.float64))
    assert [float(text) for text in table["CD3"]] == ROWS[:, 1].astype(np.float64).tolist()
    other = written(tmp_path / "b.fcs", ROWS, more={"$P1S": "CD4", "$P3N": "C9"})
    fit = mixtura.fit(scan(path, columns=["CD4"]), 1)
    again = read_table(str(other), expected=fit.mixture.feature_names)
    assert np.array_equal(again.rows, ROWS[:, :1].astype(np.float64))


def test_a_marker_of_two_channels_is_no_name(tmp_path: Path) -> None:
    path = written(tmp_path / "a.fcs", ROWS, more={"$P2S": "CD3", "$P3S": "CD3"})
    with pytest.raises(DataError, match=r"has no column 'CD3', it has: C1, C2, C3$"):
        read_table(str(path), columns=["CD3"])


@pytest.mark.parametrize("version", ["FCS2.0", "FCS3.0", "FCS3.1", "FCS3.2"])
@pytest.mark.parametrize("delimiter", ["/", "|", "\f", "\\", "*"])
def test_versions_and_separators(tmp_path: Path, version: str, delimiter: str) -> None:
    named = {"$P1N": f"FSC{delimiter}A", "$CYT": ""} if delimiter != "*" else {}
    named.pop("$CYT", None)
    path = written(tmp_path / "a.fcs", ROWS, more=named, delimiter=delimiter, version=version)
    table = read_table(str(path))
    assert table.names[0] == named.get("$P1N", "C1")
    assert np.array_equal(table.rows, ROWS.astype(np.float64))


def test_values_that_are_empty_are_read_as_vendors_mean_them(tmp_path: Path) -> None:
    path = written(tmp_path / "a.fcs", ROWS, more={"$P1S": "", "$P2S": "CD3", "$COM": ""})
    assert read_table(str(path), columns=["CD3"]).names == ("CD3",)


def test_a_place_that_the_header_leaves_to_the_text(tmp_path: Path) -> None:
    path = written(tmp_path / "a.fcs", ROWS, header_only=False)
    assert np.array_equal(read_table(str(path)).rows, ROWS.astype(np.float64))


def test_the_time_step_and_the_gain(tmp_path: Path) -> None:
    more = {"$P1N": "Time", "$P1G": "7", "$TIMESTEP": "0.01", "$P2G": "2", "$P3G": "0"}
    path = written(tmp_path / "a.fcs", ROWS, more=more)
    expected = ROWS.astype(np.float64) * [0.01, 0.5, 1.0]
    np.testing.assert_allclose(read_table(str(path)).rows, expected, rtol=1e-15)


@pytest.mark.parametrize("bits", [8, 16, 24, 32, 40, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_whole_numbers_of_any_width_are_masked(tmp_path: Path, bits: int, order: str) -> None:
    random = np.random.default_rng(bits)
    stored = random.integers(0, 2 ** min(bits, 52), size=(9, 2), dtype=np.int64)
    sign = "little" if order == "<" else "big"
    held = b"".join(int(v).to_bytes(bits // 8, sign) for v in stored.ravel())
    raw = np.frombuffer(held, np.uint8).reshape(9, -1)
    more = {"$PAR": "2", "$BYTEORD": "1,2,3,4" if order == "<" else "4,3,2,1"}
    more |= {f"$P{n}B": str(bits) for n in (1, 2)} | {"$P1R": "100", "$P2R": str(2**bits)}
    path = written(tmp_path / "a.fcs", raw, kind="I", more=more)
    expected = np.column_stack([stored[:, 0] & 127, stored[:, 1]]).astype(np.float64)
    assert np.array_equal(read_table(str(path)).rows, expected)


def test_channels_may_have_types_of_their_own(tmp_path: Path) -> None:
    rows = np.empty(5, np.dtype("<u2, <f4, <f8"))
    values = np.arange(15).reshape(5, 3) * 7.0
    for j, name in enumerate(rows.dtype.names or ()):
        rows[name] = values[:, j]
    raw = np.frombuffer(rows.tobytes(), np.uint8).reshape(5, -1)
    more = {"$PAR": "3", "$P1B": "16", "$P2B": "32", "$P3B": "64", "$P2E": "4,1"}
    more |= {"$P2DATATYPE": "F", "$P3DATATYPE": "D"}
    path = written(tmp_path / "a.fcs", raw, kind="I", more=more, version="FCS3.2")
    assert np.array_equal(read_table(str(path)).rows, values)


def test_compensation_is_the_inverse_of_the_spillover(tmp_path: Path) -> None:
    spill = np.array([[1.0, 0.2, 0.0], [0.1, 1.0, 0.05], [0.0, 0.3, 1.0]])
    light = np.random.default_rng(1).uniform(10.0, 1000.0, size=(50, 3))
    measured = light @ spill  # what each dye gives to each detector adds up
    listed = ",".join(["3", "C3", "C1", "C2", *map(str, spill.ravel())])
    path = written(tmp_path / "a.fcs", measured[:, [1, 2, 0]].astype("<f8"), kind="D",
                   more={"$SPILLOVER": listed})  # fmt: skip
    table = read_table(str(path), columns=["C3", "C2"], reading=Reading(compensate=True))
    np.testing.assert_allclose(table.rows, light[:, [0, 2]], rtol=1e-12)
    raw = read_table(str(path), columns=["C3", "C2"])
    np.testing.assert_allclose(raw.rows, measured[:, [0, 2]])


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("", r"has no keyword \$SPILLOVER to compensate by"),
        ("2,C1,C9,1,0,0,1", r"a \$SPILLOVER of C9, expected channels that it has"),
        ("2,C1,C2,1,0,0", r"a \$SPILLOVER that is no matrix of 2 channels"),
        ("2,C1,C2,1,1,1,1", r"a \$SPILLOVER that has no inverse"),
        ("2,C1,C2,1,nan,0,1", r"a \$SPILLOVER that has no inverse"),
        ("99999999999999,C1", r"a \$SPILLOVER of nothing|no matrix"),
    ],
)
def test_a_spillover_that_is_none_is_refused(tmp_path: Path, listed: str, said: str) -> None:
    path = written(tmp_path / "a.fcs", ROWS, more={"$SPILLOVER": listed} if listed else {})
    with pytest.raises(DataError, match=said):
        read_table(str(path), reading=Reading(compensate=True))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"$DATATYPE": "A"}, "holds its events as text"),
        ({"$DATATYPE": "Q"}, "expected I, F or D"),
        ({"$MODE": "U"}, "holds histograms"),
        ({"$NEXTDATA": "9000"}, "holds several data sets"),
        ({"$BYTEORD": "3,4,1,2"}, "expected 1,2,3,4 or 4,3,2,1"),
        ({"$PAR": "2147483648"}, "keywords for fewer channels"),
        ({"$PAR": "4"}, r"has no keyword \$P4B"),
        ({"$TOT": "2147483648"}, "tells of 2147483648 events, 12 bytes each, and holds 480"),
        ({"$TOT": "39"}, "tells of 39 events"),
        ({"$P2B": "16"}, r"\$P2B 16, expected 32"),
        ({"$P1G": "x"}, r"\$P1G 'x', expected finite numbers"),
        ({"$TIMESTEP": "inf"}, r"expected finite numbers"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(
    tmp_path: Path, more: dict[str, str], said: str
) -> None:
    with pytest.raises(DataError, match=said) as caught:
        read_table(str(written(tmp_path / "a.fcs", ROWS, more=more)))
    assert str(caught.value).startswith(str(tmp_path / "a.fcs"))


def test_a_file_that_is_cut_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.fcs", ROWS)
    whole = path.read_bytes()
    for length in (0, 3, 57, 58, 200, 4096, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError):
            read_table(str(path))


def test_transforms_are_scipys(tmp_path: Path) -> None:
    path = written(tmp_path / "a.fcs", ROWS)
    reading = Reading(transform={"C1": "arcsinh:5", "C3": "arcsinh"})
    table = read_table(str(path), reading=reading)
    rows = ROWS.astype(np.float64)
    np.testing.assert_array_equal(table["C1"], np.arcsinh(rows[:, 0] / 5.0))
    np.testing.assert_array_equal(table["C2"], rows[:, 1])
    np.testing.assert_array_equal(table["C3"], np.arcsinh(rows[:, 2] / 150.0))
    assert reading.record(table.names) == {"transform": {"C1": "arcsinh:5", "C3": "arcsinh:150"}}


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        ({"transform": "sqrt"}, "there is no transform 'sqrt'"),
        ({"transform": "arcsinh:0"}, "expected one above 0"),
        ({"transform": "logicle:1,2,3,4"}, "expected T and M above 0"),
        ({"transform": "arcsinh:1,2"}, "has no such numbers, expected: cofactor"),
        ({"transform": {"C9": "arcsinh"}}, "'C9', which is no feature"),
        ({"obsm": "a", "layer": "b"}, "expected one of them"),
        ({"obsm": "X_pca"}, "obsm is given for .*a.fcs, expected a file of .h5ad"),
    ],
)
def test_a_reading_that_makes_no_sense_is_refused(
    tmp_path: Path, reading: dict[str, Any], said: str
) -> None:
    path = written(tmp_path / "a.fcs", ROWS)
    with pytest.raises(ParameterError, match=said):
        read_table(str(path), reading=Reading(**reading))
