"""What a file holds is what a table holds, whoever wrote the file; pandas and NumPy are asked."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings, strategies as st

import mixtura
from mixtura.datasets import NAMES, faithful
from mixtura.errors import DataError, ParameterError
from mixtura.tables import Table, encoded, read_table


@pytest.fixture
def write(tmp_path):
    """Writes a file, and answers with its path."""

    def write_file(content: str | bytes, name: str = "data.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write_file


EXPECTED = [[1.5, -2.0], [3.0, 4e-3]]


# -- CSV -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1.5,-2\n3,4e-3\n",
        "a,b\n1.5,-2\n3,4e-3",
        "a;b\n1.5;-2\n3;4e-3\n",
        "a\tb\n1.5\t-2\n3\t4e-3\n",
        "a, b\r\n1.5, -2\r\n3, 4e-3\r\n",
        "a,b\r1.5,-2\r3,4e-3\r",
        "\ufeffa,b\n1.5,-2\n3,4e-3\n",
        '"a","b"\n"1.5","-2"\n"3","4e-3"\n',
        "\na,b\n\n1.5,-2\n   \n3,4e-3\n\n",
        "a,b\n 1.5 ,-2.0\n+3,.004\n",
    ],
    ids=[
        "comma",
        "no last newline",
        "semicolon",
        "tab",
        "windows",
        "old mac",
        "byte order mark",
        "quoted",
        "blank lines",
        "spaces and signs",
    ],
)
def test_the_same_table_is_read_however_it_is_written(write, content):
    table = read_table(write(content))
    assert table.names == ("a", "b")
    assert table.columns == ("a", "b")
    assert table.rows.tolist() == EXPECTED
    assert table.rows.dtype == np.float64


def test_rows_without_a_header_have_made_up_names(write):
    table = read_table(write("1.5,-2\n3,4e-3\n"))
    assert (table.names, table.columns) == (("x0", "x1"), None)
    assert table.rows.tolist() == EXPECTED


def test_one_column_is_a_table_too(write):
    assert read_table(write("1\n2\n3\n")).rows.tolist() == [[1.0], [2.0], [3.0]]
    named = read_table(write("speed\n1\n2\n"))
    assert (named.names, named.rows.tolist()) == (("speed",), [[1.0], [2.0]])


def test_a_first_row_with_a_missing_value_is_data_not_a_header(write):
    with pytest.raises(DataError, match=r"line 1 \(row 0\), column 'x1' is missing \('NA'\)"):
        read_table(write("1,NA\n2,3\n"))
    with pytest.raises(DataError, match=r"line 1 \(row 0\), column 'x0' is NaN"):
        read_table(write("nan,1\n2,3\n"))


def test_text_ids_in_the_first_row_do_not_make_it_a_header(write):
    table = read_table(write("ann,1,2\nbob,3,4\n"), ids=["x0"])
    assert table.rows.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert table.ids == {"x0": ("ann", "bob")}
    table = read_table(write("ann,1,2\nbob,3,4\n"), columns=["x2"])
    assert table.rows.tolist() == [[2.0], [4.0]]


def test_a_header_of_numbers_is_one_when_its_names_are_asked_for(write):
    path = write("2019,2020\n1,2\n3,4\n")
    assert len(read_table(path)) == 3
    table = read_table(path, columns=["2020"])
    assert (table.names, table.rows.tolist()) == (("2020",), [[2.0], [4.0]])
    assert read_table(path, header=True).names == ("2019", "2020")


def test_a_first_row_of_text_and_numbers_is_a_header_with_a_warning(write):
    path = write("1.2x,3\n4,5\n")
    with pytest.warns(UserWarning, match="holds the number 3; if it is data, say --no-header"):
        assert read_table(path).names == ("1.2x", "3")


def test_separators_inside_names_do_not_decide(write):
    table = read_table(write('"a;b","c\td"\n1,2\n3,4\n'))
    assert table.names == ("a;b", "c\td")
    table = read_table(write('"a,b";c\n1;2\n3;4\n'))
    assert table.names == ("a,b", "c")


def test_a_quoted_line_end_keeps_the_line_numbers_right(write):
    with pytest.raises(DataError, match=r"line 5 \(row 1\), column 'a' holds 'x'"):
        read_table(write('who,a\n"ann\n\nb",1\nbob,x\n'), ids=["who"])


def test_columns_that_nobody_asked_for_may_hold_anything(write):
    path = write("who,a,b,c\nann,1,,x\nbob,3,nan,\n")
    assert read_table(path, columns=["a"]).rows.tolist() == [[1.0], [3.0]]
    assert read_table(path, expected=["a"]).rows.tolist() == [[1.0], [3.0]]


def test_chosen_columns_come_in_the_order_asked_for(write):
    path = write("a,b,c\n1,2,3\n4,5,6\n")
    assert read_table(path, columns=["c", "a"]).rows.tolist() == [[3.0, 1.0], [6.0, 4.0]]
    assert read_table(path, expected=["b", "a"]).rows.tolist() == [[2.0, 1.0], [5.0, 4.0]]
    chosen = read_table(path, columns=["c"], expected=["b", "a"])
    assert chosen.names == ("c",)


def test_expected_names_do_not_bind_a_file_without_a_header(write):
    assert read_table(write("1,2\n3,4\n"), expected=["a", "b"]).columns is None


def test_ids_are_carried_as_they_are_written(write):
    table = read_table(write('id,when,a\n007,"1,5",1\n,"nan",2\n'), ids=["when", "id"])
    assert table.ids == {"when": ("1,5", "nan"), "id": ("007", "")}
    assert list(table.ids) == ["when", "id"]


def test_a_file_of_ids_alone_is_refused(write):
    with pytest.raises(DataError, match="has no column left that is not an id"):
        read_table(write("a,b\n1,2\n"), ids=["a", "b"])


def test_a_column_is_chosen_once(write):
    path = write("a,b\n1,2\n")
    with pytest.raises(ParameterError, match="column 'a' is chosen twice"):
        read_table(path, columns=["a", "a"])
    with pytest.raises(ParameterError, match="both as a feature and as an id"):
        read_table(path, columns=["a"], ids=["a"])
    with pytest.raises(ParameterError, match="no columns are chosen"):
        read_table(path, columns=[])


def test_a_text_column_is_told_from_a_slip_in_a_column_of_numbers(write):
    with pytest.raises(DataError, match=r"column 'a' holds text, such as 'x' on line 2"):
        read_table(write("a,b\nx,1\ny,2\n"))
    with pytest.raises(DataError, match=r"line 3 \(row 1\), column 'a' holds 'y'"):
        read_table(write("a,b\n1,1\ny,2\n"))


def test_an_absurdly_long_cell_is_refused(write):
    with pytest.raises(DataError, match=r"line 2 is not CSV: field larger than field limit"):
        read_table(write("a,b\n1," + "9" * 200_000 + "\n"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_pandas_writes_is_read_to_the_last_bit(write, delimiter):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        rng.standard_normal((500, 3)) * 10.0 ** rng.integers(-30, 30, (500, 3)),
        columns=["a", "b c", "d"],
    )
    table = read_table(write(frame.to_csv(index=False, sep=delimiter)))
    assert table.names == ("a", "b c", "d")
    np.testing.assert_array_equal(table.rows, frame.to_numpy())


names = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=8
).filter(lambda name: name.strip() == name and not name.startswith("\ufeff"))


@settings(max_examples=60)
@given(st.data())
def test_what_is_written_is_read_again(data):
    header = data.draw(st.lists(names, min_size=2, max_size=4, unique=True))
    column = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3).map(
        np.array
    )
    texts = data.draw(st.lists(names, min_size=3, max_size=3))
    numbers = {name: data.draw(column) for name in header[1:]}
    columns = {header[0]: texts, **numbers}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(encoded(columns, ".csv"))))
        table = read_table("-", ids=[header[0]])
    assert table.names == tuple(header[1:])
    assert table.ids == {header[0]: tuple(texts)}
    np.testing.assert_array_equal(table.rows, np.column_stack(list(numbers.values())))


# -- other files -----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16, ">f8"])
def test_npy_files_of_any_real_type_are_read(tmp_path, dtype):
    array = np.array([[1, 2], [3, 4], [5, 7]], dtype=dtype)
    path = tmp_path / "a.npy"
    np.save(path, array)
    table = read_table(str(path))
    assert table.rows.tolist() == array.tolist()
    assert (table.rows.dtype, table.columns) == (np.float64, None)
    table = read_table(str(path), columns=["x1"], ids=["x0"])
    assert table.rows.tolist() == [[2.0], [4.0], [7.0]]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.arange(3.0), r"holds an array of shape \(3,\), expected \(n_rows, n_features\)"),
        (np.ones((2, 2, 2)), r"holds an array of shape \(2, 2, 2\)"),
        (np.ones((0, 2)), r"shape \(0, 2\), expected at least one row"),
        (np.ones((2, 2)) * 1j, "holds values of type complex128, expected real numbers"),
        (np.array([["a"]]), "holds values of type <U1, expected real numbers"),
    ],
)
def test_npy_files_of_something_else_are_refused(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(DataError, match=message):
        read_table(str(tmp_path / "a.npy"))


def test_pickled_objects_are_never_loaded(tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    np.save(tmp_path / "a.npy", np.array([[Trap()]], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="values of type object, expected real numbers"):
        read_table(str(tmp_path / "a.npy"))
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"\x93NUMPY\x01\x00"])
def test_a_damaged_npy_file_is_refused(write, content):
    with pytest.raises(DataError, match=r"is not a \.npy file that mixtura reads"):
        read_table(write(content, "a.npy"))


def test_parquet_holds_numbers_of_any_kind_and_ids(tmp_path):
    path = str(tmp_path / "a.parquet")
    frame = pd.DataFrame(
        {"who": ["ann", None], "a": [1.5, 2.5], "b": np.array([3, 4], np.int8)}, index=[7, 9]
    )
    frame.to_parquet(path)
    table = read_table(path, ids=["who"])
    assert table.names == ("a", "b")  # and not the index that pandas stores beside them
    assert table.rows.tolist() == [[1.5, 3.0], [2.5, 4.0]]
    assert table.ids == {"who": ("ann", "")}
    assert read_table(path, columns=["b"]).rows.tolist() == [[3.0], [4.0]]


def test_a_parquet_column_of_text_is_refused_with_the_others_named(tmp_path):
    path = str(tmp_path / "a.parquet")
    pa.parquet.write_table(pa.table({"who": ["ann"], "a": [1.0], "b": [2]}), path)
    message = (
        r"column 'who' is of type string, .* \(--columns a,b\), or carry it along \(--id who\)"
    )
    with pytest.raises(DataError, match=message):
        read_table(path)
    with pytest.raises(DataError, match="has no column 'c', it has: who, a, b"):
        read_table(path, columns=["c"])


def test_a_missing_value_of_parquet_is_named_by_row_and_column(tmp_path):
    path = str(tmp_path / "a.parquet")
    pa.parquet.write_table(pa.table({"a": [1.0, 2.0, None], "b": [1, None, 2]}), path)
    with pytest.raises(DataError, match=r"row 1, column 'b' is null \(1 more such row\)"):
        mixtura.fit(read_table(path), 1)


@pytest.mark.parametrize("content", [b"", b"hello", b"PAR1xxxxPAR1"])
def test_a_damaged_parquet_file_is_refused(write, content):
    with pytest.raises(DataError, match="is not a Parquet file that mixtura reads"):
        read_table(write(content, "a.parquet"))


@pytest.mark.parametrize("name", ["a.csv", "a.npy", "a.parquet"])
def test_a_file_that_is_not_there_is_an_os_error(tmp_path, name):
    with pytest.raises(FileNotFoundError):
        read_table(str(tmp_path / name))


# -- datasets, tables ------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_dataset_is_read_by_its_name(name):
    table = read_table(f"@{name}")
    assert len(table) > 80
    assert read_table(f"@{name}", columns=[table.names[0]]).rows.shape == (len(table), 1)


def test_a_dataset_s_columns_are_chosen_and_carried_like_a_file_s():
    table = read_table("@faithful", columns=["waiting"], ids=["eruptions"])
    assert table.rows[0].tolist() == [79.0]
    assert table.ids["eruptions"][0] == "3.6"
    with pytest.raises(DataError, match="@faithful has no column 'c', it has: eruptions, waiting"):
        read_table("@faithful", columns=["c"])


def test_a_fit_keeps_a_table_s_names_unless_they_are_made_up():
    assert mixtura.fit(faithful(), 2).mixture.feature_names == ("eruptions", "waiting")
    made_up = Table(("x0", "x1"), faithful().rows, named=False)
    assert mixtura.fit(made_up, 2).mixture.feature_names is None


def test_a_table_needs_a_name_for_each_column():
    with pytest.raises(DataError, match=r"shape \(2, 3\), expected \(n_rows, 2\)"):
        Table(("a", "b"), np.ones((2, 3)))


def test_a_lone_carriage_return_is_quoted_because_readers_end_a_line_at_it():
    assert encoded({"a\rb": ["c\rd", "e"]}, ".csv") == b'"a\rb"\n"c\rd"\ne\n'


# -- a table in Python -----------------------------------------------------------------------


def test_a_table_has_a_shape_columns_by_name_and_a_data_frame():
    table = Table(("a", "b"), np.array(EXPECTED), {"who": ("ann", "bob")})
    assert table.shape == (2, 2)
    assert table["b"].tolist() == [-2.0, 4e-3]
    assert table["who"] == ("ann", "bob")
    assert list(table) == ["who", "a", "b"]
    frame = table.to_pandas()
    assert frame.columns.tolist() == ["who", "a", "b"]
    assert frame[["a", "b"]].to_numpy().tolist() == EXPECTED
    assert np.asarray(table).tolist() == EXPECTED
    assert np.array(table, dtype=np.float32).dtype == np.float32
    assert repr(table) == "Table(2 rows, 3 columns (who, a, b))"
    with pytest.raises(DataError, match="the table has no column 'c', it has: 'who', 'a', 'b'"):
        table["c"]


def test_a_table_is_rows_wherever_rows_are_taken():
    table = faithful()
    mixture = mixtura.fit(table, 2).mixture
    assert mixture.feature_names == ("eruptions", "waiting")
    assert mixture.score(table) == mixture.score(table.to_pandas())
    assert mixtura.fit([table], 2).mixture.feature_names == ("eruptions", "waiting")
    assert mixtura.GaussianMixture(2, random_state=0).fit(table).score(table) < 0.0
