"""Whatever is wrong with the input, one line says what, and the exit code says of what kind."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

# -- the file -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "{} is empty, expected rows of numbers"),
        ("\n \n", "{} is empty, expected rows of numbers"),
        ("a,b\n", "{} has a header and no rows, expected rows of numbers below it"),
        (
            "a,b\n1,2\n3\n",
            "{}: line 3 has 1 cell, expected 2 as in the header: correct the line, or quote cells "
            "that hold the separator ','",
        ),
        (
            "1;2\n3;4\n5;6;7\n",
            "{}: line 3 has 3 cells, expected 2 as in the first row: correct the line, or quote "
            "cells that hold the separator ';'",
        ),
        (
            "a,b\n1,2\n3,four\n5,6\n",
            "{}: line 3 (row 1), column 'b' holds 'four', expected a number: correct it, or leave "
            "the column out with --columns",
        ),
        (
            'a,b\n"1","2"\n\n"3","1,5"\n',
            "{}: line 4 (row 1), column 'b' holds '1,5', expected a number: write decimals with a "
            "point",
        ),
        (
            "a,b\n1,2\n1_000,4\n",
            "{}: line 3 (row 1), column 'a' holds '1_000', expected a number: correct it, or leave "
            "the column out with --columns",
        ),
        (
            "a,b\n1,2\n,4\n",
            "{}: line 3 (row 1), column 'a' is empty, expected a number: fill the cell, take it "
            "as unknown (--missing em), or drop the row",
        ),
        (
            "1,2\nNA,4\n",
            "{}: line 2 (row 1), column 'x0' is missing ('NA'), expected a number: fill it, take "
            "it as unknown (--missing em), or drop the row",
        ),
        (
            "a,b\n1,2\n3,nan\n",
            "{}: line 3 (row 1), column 'b' is NaN, expected a finite number: fill it, take it as "
            "unknown (--missing em), or drop the row",
        ),
        (
            "a,b\n1,2\n3,-inf\n",
            "{}: line 3 (row 1), column 'b' is -infinity, expected a finite number: fill it, or "
            "drop the row",
        ),
        (
            "a,b\n1,2\n3,1e999\n",
            "{}: line 3 (row 1), column 'b' is infinity ('1e999'), expected a finite number: fill "
            "it, or drop the row",
        ),
        (
            "who,a,b\nann,1,2\nbob,3,4\n",
            "{}: column 'who' holds text, such as 'ann' on line 2, expected numbers: choose the "
            "columns of numbers (--columns a,b) or carry it along (--id who)",
        ),
        (
            "who,what\nann,x\nbob,y\n",
            "{}: every column (who, what) holds text, such as 'ann' on line 2, expected numbers "
            "separated by commas, semicolons, tabs or blanks: name the columns of numbers with "
            "--columns, and those to carry along with --id",
        ),
        ('a,b\n1,"2\n3,4\n', "{}: line 2 is not CSV: unexpected end of data; check its quotes"),
        (
            "a,a\n1,2\n",
            "{} has 2 columns called 'a', expected one: rename them in the header",
        ),
        (
            '"","a"\n1,2\n',
            "{} has no name for column 0 (counted from 0) in its header, expected one: give it a "
            "name, or choose the others with --columns",
        ),
        (
            "a,b\n1,2\n3,caf\xe9\n".encode("latin-1"),
            "{} is not UTF-8 text: line 3 holds the byte 0xe9; save it as CSV in UTF-8",
        ),
        ("1,2\n", "X has 1 row, expected at least 2: one row has no spread to fit"),
        (
            "1,2\n3,4\n",
            "X has 2 rows, expected at least one for each of the 3 components: ask for 2 "
            "components or fewer",
        ),
    ],
)
def test_a_file_that_cannot_be_fitted_is_bad_data(typed, file, content, message):
    path = file(content)
    ended = typed("fit", path, "-k", 3)
    assert ended.code == 3
    assert ended.message == message.format(path)
    assert ended.out == ""


def test_the_standard_input_is_named_when_it_is_at_fault(typed):
    ended = typed("fit", "-", "-k", 1, stdin=b"a,b\n1,2\n3,x\n")
    assert ended.code == 3
    assert ended.message.startswith("standard input: line 3 (row 1), column 'b' holds 'x'")


def test_a_column_that_does_not_exist_lists_those_that_do(typed, file):
    path = file("a,b\n1,2\n3,4\n")
    ended = typed("fit", path, "-k", 1, "--columns", "a,c")
    assert (ended.code, ended.message) == (3, f"{path} has no column 'c', it has: a, b")


def test_a_file_without_a_header_has_made_up_names(typed, file):
    path = file("1,2\n3,4\n")
    ended = typed("fit", path, "-k", 1, "--columns", "height")
    assert ended.code == 3
    assert ended.message == (
        f"{path} has no column 'height', it has no header, so its columns are: x0, x1"
    )


def test_a_header_is_one_though_none_of_the_columns_is_in_it(typed, file):
    path = file("height,weight\n1,2\n3,4\n")
    ended = typed("fit", path, "-k", 1, "--columns", "nix")
    assert (ended.code, ended.message) == (
        3,
        f"{path} has no column 'nix', it has: height, weight",
    )


def test_control_characters_of_a_file_never_reach_the_terminal(typed, file):
    path = file("a,b\n1,2\n\x1b[31mred\n3,4\n", "odd\n.csv")
    ended = typed("fit", path, "-k", 1)
    assert "\x1b" not in ended.err
    assert "odd\\n.csv: line 3 has 1 cell" in ended.message
    ended = typed("fit", file("\x1b[2J,b\n1,2\n3,x\n4,5\n"), "-k", 1, "--columns", "\x1b[2J,b")
    assert "\x1b" not in ended.message


def test_a_file_that_is_not_there_is_an_input_error(typed, tmp_path):
    ended = typed("fit", tmp_path / "none.csv", "-k", 2)
    assert (ended.code, ended.message) == (6, f"{tmp_path / 'none.csv'}: No such file or directory")


def test_a_directory_is_no_data(typed, tmp_path):
    ended = typed("score", tmp_path, tmp_path)
    assert (ended.code, ended.message) == (6, f"{tmp_path}: Is a directory")


def test_an_unknown_dataset_lists_those_that_exist(typed):
    ended = typed("fit", "@nope", "-k", 2)
    assert ended.code == 2
    assert ended.message == (
        "there is no dataset 'nope', expected one of: faithful, iris, galaxies"
    )


# -- what EM makes of it ---------------------------------------------------------------------


def test_values_whose_variance_overflows_are_refused(typed, file):
    ended = typed("fit", file("a,b\n1e300,1\n-1e300,2\n1,3\n"), "-k", 1)
    assert ended.code == 3
    assert ended.message.startswith(
        "column 'a' goes from -1e+300 to 1e+300: its variance overflows"
    )
    assert ended.message.endswith("divide the column by a constant")


def test_a_row_of_huge_values_scores_minus_infinity_and_is_explained(typed, geyser, file):
    path = file("eruptions,waiting\n1e300,50\n")
    ended = typed("score", geyser, path)
    assert (ended.code, ended.out) == (0, "log_likelihood\n-inf\n")
    ended = typed("score", geyser, path, "--json")
    assert json.loads(ended.out) == {"log_likelihood": "-inf"}
    ended = typed("explain", geyser, path)
    assert ended.code == 0
    assert "The squared distance is too large for a number." in ended.out
    assert "nan" not in ended.out


def test_a_constant_column_is_fitted_with_the_regularisation_as_its_variance(typed, file):
    path = file("a,b\n1,2\n1,3\n1,5\n1,9\n")
    ended = typed("fit", path, "-k", 1, "--reg-covar", 1e-6, "--json")
    assert ended.code == 0
    record = json.loads(ended.out)
    assert record["covariances"][0][0][0] == pytest.approx(1e-6)
    assert record["covariances"][0][1][1] == pytest.approx(7.1875 + 1e-6)


def test_a_constant_column_without_regularisation_is_a_collapse(typed, file):
    ended = typed("fit", file("a,b\n1,2\n1,3\n1,5\n1,9\n"), "-k", 1, "--reg-covar", 0)
    assert ended.code == 3
    assert ended.message == (
        "the covariance of component 0, which holds the weight of 4 rows around (1, 4.75), is "
        "singular: the likelihood has no maximum there. Use fewer components, drop constant or "
        "repeated columns, or set --reg-covar above 0. Of the rows, counted from 0, rows 0, 1, 2, "
        "3 are nearest to its mean"
    )


def test_rows_that_repeat_are_fitted(typed, file):
    ended = typed("fit", file("1,2\n" * 4 + "5,6\n" * 3), "-k", 2, "--start", "kmeans", "--json")
    assert ended.code == 0
    record = json.loads(ended.out)
    assert sorted(record["means"]) == [[1.0, 2.0], [5.0, 6.0]]
    assert sorted(record["weights"]) == pytest.approx([3 / 7, 4 / 7])


def test_more_components_than_distinct_rows_is_repaired_and_said(typed, file):
    rows = file("1,2\n" * 4 + "5,6\n" * 3)
    ended = typed("fit", rows, "-k", 3, "--start", "random_from_data", "--json")
    assert ended.code == 0
    record = json.loads(ended.out)
    assert np.isfinite(record["means"]).all()
    assert np.isfinite(record["covariances"]).all()
    assert sum(record["weights"]) == pytest.approx(1.0)


# -- the options -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("components", "message"),
    [
        ("0", "-k is 0, expected a whole number of at least 1"),
        ("-1", "-k is -1, expected a whole number of at least 1"),
        (
            "2.5",
            "Invalid value for '-k' / '--components': '2.5' is not a valid integer (see mixtura "
            "fit --help)",
        ),
    ],
)
def test_a_number_of_components_that_is_none_is_a_usage_error(typed, components, message):
    ended = typed("fit", "@faithful", "-k", components)
    assert (ended.code, ended.message) == (2, message)


def test_an_unknown_structure_lists_those_that_exist(typed):
    ended = typed("fit", "@faithful", "-k", 2, "--structure", "round")
    assert ended.code == 2
    assert ended.message == (
        "unknown covariance structure 'round', expected one of: EII, spherical (VII), EEI, "
        "VEI, EVI, diag (VVI), tied (EEE), VEE, EVE, VVE, EEV, VEV, EVV, full (VVV); or, for one "
        "feature, E or V; or factor or factor-shared, with a number of factors"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--tol", "-1"), "--tol is -1.0, expected 'auto' or a finite number of at least 0"),
        (("--tol", "nan"), "--tol is nan, expected 'auto' or a finite number of at least 0"),
        (("--max-iter", "-1"), "--max-iter is -1, expected a whole number of at least 0"),
        (("--n-init", "0"), "--n-init is 0, expected a whole number of at least 1"),
        (
            ("--start", "luck"),
            "unknown start 'luck', expected one of: auto, kmeans, k-means++, random, "
            "random_from_data",
        ),
        (("--columns", "waiting,waiting"), "column 'waiting' is chosen twice, expected once"),
        (
            ("--columns", "waiting", "--id", "waiting"),
            "column 'waiting' is chosen both as a feature and as an id, expected once",
        ),
    ],
)
def test_an_option_out_of_its_range_is_a_usage_error(typed, arguments, message):
    ended = typed("fit", "@faithful", "-k", 2, *arguments)
    assert (ended.code, ended.message) == (2, message)


def test_a_command_that_does_not_exist_is_a_usage_error(typed):
    ended = typed("cluster")
    assert ended.code == 2
    assert ended.message.startswith("No such command 'cluster'")
    assert ended.message.endswith("(see mixtura --help)")


def test_an_option_that_does_not_exist_names_the_command_s_help(typed):
    ended = typed("score", "a", "b", "--nope")
    assert ended.code == 2
    assert ended.message.endswith("(see mixtura score --help)")


# -- the model -------------------------------------------------------------------------------


def test_a_model_of_two_features_refuses_three_columns(typed, geyser, file):
    ended = typed("score", geyser, file("1,2,3\n4,5,6\n"))
    assert ended.code == 3
    assert ended.message == (
        "X has 3 features, this mixture was fitted on 2 (eruptions, waiting): select those columns"
    )


def test_a_model_says_which_of_its_columns_a_file_lacks(typed, geyser, file):
    path = file("waiting,c,d\n1,2,3\n")
    ended = typed("score", geyser, path)
    assert ended.code == 3
    assert ended.message == (
        f"{path} lacks the column 'eruptions' that this model was fitted on; it has: waiting, c, d"
    )


def test_columns_in_another_order_are_matched_by_name(typed, geyser, file):
    straight = file("eruptions,waiting\n3.6,79\n1.8,54\n", "straight.csv")
    swapped = file("waiting,who,eruptions\n79,ann,3.6\n54,bob,1.8\n", "swapped.csv")
    first, second = typed("score", geyser, straight), typed("score", geyser, swapped)
    assert first.code == second.code == 0
    assert first.out == second.out


def test_a_truncated_model_file_is_refused(typed, geyser, file):
    path = file(geyser.read_bytes()[:-8], "cut.safetensors")
    ended = typed("show", path)
    assert ended.code == 4
    assert ended.message.startswith(f"{path} is damaged: ")
    path = file(geyser.read_bytes()[:100], "shorter.safetensors")
    ended = typed("show", path)
    assert ended.code == 4
    assert ended.message == (
        f"{path} is not a model file, or it is cut short: expected safetensors"
    )


def test_a_foreign_file_is_refused(typed, file):
    path = file("a,b\n1,2\n")
    ended = typed("score", path, path)
    assert ended.code == 4
    assert ended.message == (
        f"{path} is not a model file, or it is cut short: expected safetensors"
    )
    path = file(b"", "weights.safetensors")
    save_file({"weights": np.ones(2)}, path)
    ended = typed("show", path)
    assert ended.code == 4
    assert ended.message == (
        f"{path} is not a mixtura model file: its header holds no mixtura record"
    )


def test_a_model_file_of_the_future_is_refused(typed, geyser, tmp_path):
    path: Path = tmp_path / "future.safetensors"
    with safe_open(geyser, "np") as stored:
        arrays = {name: stored.get_tensor(name) for name in ("weights", "means", "covariances")}
        record = json.loads(stored.metadata()["mixtura"])
    save_file(arrays, path, {"mixtura": json.dumps({**record, "format": 3})})
    ended = typed("show", path)
    assert ended.code == 4
    assert ended.message == (
        f"{path} has model format 3, this mixtura reads 1 and 2: upgrade mixtura, or save the "
        "model again with this version"
    )


def test_a_feature_name_that_no_text_can_hold_is_refused(typed, geyser, tmp_path):
    path: Path = tmp_path / "odd.safetensors"
    with safe_open(geyser, "np") as stored:
        arrays = {name: stored.get_tensor(name) for name in ("weights", "means", "covariances")}
        record = json.loads(stored.metadata()["mixtura"])
    del record["date"], record["sha256"]
    odd = {**record, "feature_names": ["a", "\ud800"]}
    save_file(arrays, path, {"mixtura": json.dumps(odd)})
    ended = typed("sample", path)
    assert ended.code == 4
    assert ended.message == f"{path} has damaged metadata: fit and save the model again"


def test_model_and_data_cannot_both_come_from_the_standard_input(typed):
    ended = typed("score", "-", "-")
    assert ended.code == 2
    assert "MODEL and DATA are both -" in ended.message


def test_a_row_that_does_not_exist_is_a_usage_error(typed, geyser):
    ended = typed("explain", geyser, "@faithful", "--row", 272)
    assert ended.code == 2
    assert ended.message == "there is no row 272, the data has 272, numbered from 0 to 271"
