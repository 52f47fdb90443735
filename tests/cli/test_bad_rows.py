"""A bad row is left out, kept or refused as a person asks, and what is answered can be joined."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mixtura

pytestmark = pytest.mark.filterwarnings("default")

#: five rows: a cell that is no number, a NaN, and a line of another width are among them
TEXT = "who,eruptions,waiting\na,3.6,79\nb,1.8,x\nc,2,nan\nd,1,2,3\ne,1.8,54\n"
GOOD, BAD = [0, 4], [1, 2, 3]
VALUES = [[3.6, 79.0], [1.8, 54.0]]


@pytest.fixture
def bad(file) -> Path:
    return file(TEXT, "bad.csv")


@pytest.fixture
def expected(geyser) -> list[float]:
    """The scores of the good rows."""
    return mixtura.load(geyser).score_samples(VALUES).tolist()


@pytest.mark.parametrize("policy", ["skip", "report"])
def test_where_rows_are_left_out_each_line_says_which_row_it_is_of(
    typed, geyser, bad, expected, tmp_path, policy
):
    more = ("--id", "who", "--on-bad-row", policy, "-o", tmp_path / "scores.csv")
    assert typed("score", geyser, bad, *more).code == 0
    scores = pd.read_csv(tmp_path / "scores.csv")
    assert scores["row"].tolist() == GOOD
    assert scores["who"].tolist() == ["a", "e"]
    assert scores["log_likelihood"].tolist() == expected


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy", ".jsonl", ".csv.gz"])
def test_numbers_of_rows_count_over_all_files(typed, geyser, tmp_path, suffix):
    packed = suffix == ".csv.gz"
    (tmp_path / "parts").mkdir()
    rows = [[3.6, 79.0], [np.nan, 1.0], [1.8, 54.0]]
    for number in range(3):
        path = tmp_path / "parts" / f"{number}{suffix if packed else '.csv'}"
        frame = pd.DataFrame(rows[number:] + rows[:number], columns=["eruptions", "waiting"])
        frame.to_csv(path, index=False)
    out = tmp_path / f"out{'.csv' if packed else suffix}"
    more = ["--json"] if suffix == ".jsonl" else []
    ended = typed("predict", geyser, tmp_path / "parts", "--on-bad-row", "skip", "-o", out, *more)
    assert ended.code == 0
    read = {
        ".csv": lambda: pd.read_csv(out)["row"],
        ".parquet": lambda: pd.read_parquet(out)["row"],
        ".npy": lambda: pd.Series(np.load(out)[:, 0].astype(int)),
        ".jsonl": lambda: pd.read_json(out, lines=True)["row"],
    }
    assert read[out.suffix]().tolist() == [0, 2, 4, 5, 6, 7]


def test_a_row_that_is_kept_has_a_line_without_a_value(typed, geyser, bad, expected, tmp_path):
    ended = typed("score", geyser, bad, "--id", "who", "--on-bad-row", "keep")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "who,log_likelihood", f"a,{expected[0]}", "b,", "c,", ",", f"e,{expected[1]}"
    ]  # fmt: skip
    assert "3 bad rows were given no value; the first: " in ended.err
    for name in ("kept.parquet", "kept.npy", "kept.csv"):
        out = tmp_path / name
        assert typed("predict", geyser, bad, "--on-bad-row", "keep", "-o", out, "--columns",
                     "eruptions,waiting").code == 0  # fmt: skip
    kept = pd.read_parquet(tmp_path / "kept.parquet")["label"]
    assert kept.isna().tolist() == [i in BAD for i in range(5)]
    np.testing.assert_array_equal(np.load(tmp_path / "kept.npy")[:, 0], kept)
    assert pd.read_csv(tmp_path / "kept.csv")["label"].isna().tolist() == kept.isna().tolist()


def test_json_is_an_object_a_line_and_has_null_where_there_is_no_value(
    typed, geyser, bad, expected
):
    ended = typed("score", geyser, bad, "--id", "who", "--on-bad-row", "keep", "--json")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert [line["log_likelihood"] for line in lines] == [
        expected[0], None, None, None, expected[1]
    ]  # fmt: skip


def test_bad_rows_of_the_standard_input_can_be_chosen(typed, geyser, bad):
    for policy in ("skip", "keep", "report"):
        more = ("--id", "who", "--on-bad-row", policy)
        by_name, piped = (
            typed("score", geyser, data, *more, stdin=TEXT.encode()) for data in (bad, "-")
        )
        assert (piped.code, piped.out) == (0, by_name.out)
    ended = typed("fit", "-", "-k", 1, "--id", "who", "--on-bad-row", "skip", stdin=TEXT.encode())
    assert ended.code == 0
    again = typed("score", geyser, "@faithful", "--on-bad-row", "keep")
    assert (again.code, again.out) == (0, typed("score", geyser, "@faithful").out)


def test_rows_are_explained_by_their_numbers_in_the_data(typed, geyser, bad, tmp_path):
    more = ("--id", "who", "--on-bad-row", "skip")
    ended = typed("explain", geyser, bad, "--row", 4, *more)
    assert ended.out.startswith("row 4 (counted from 0), who e: ")
    left_out = typed("explain", geyser, bad, "--row", 1, *more)
    assert left_out.code == 2
    assert "row 1 is not there, or was left out as a bad one" in left_out.err
    worst = typed("explain", geyser, bad, "--worst", 2, *more, "--json")
    assert sorted(row["row"] for row in json.loads(worst.out)["rows"]) == GOOD
    told = json.loads(typed("report", geyser, bad, *more, "--json").out)
    assert sorted(row["row"] for row in told["unlikely"]["rows"]) == GOOD
    picture = tmp_path / "why.svg"
    kind = ("--kind", "explanation", "--row", 4)
    assert typed("plot", geyser, bad, *more, *kind, "-o", picture).code == 0
    assert "row 4: log p(x)" in picture.read_text()
    page = tmp_path / "page.html"
    assert typed("explore", geyser, bad, *more, "-o", page).code == 0
    record = json.loads(page.read_text().split('id="record">')[1].split("</script>")[0])
    assert np.frombuffer(base64.b64decode(record["rows"]["numbers"]), "<u4").tolist() == GOOD


@pytest.mark.parametrize(
    "command",
    [
        ("validate", "{model}", "{data}"),
        ("show", "{model}", "{data}", "--intervals"),
        ("explore", "{model}", "{data}", "-o", "{folder}/page.html"),
        ("plot", "{model}", "{data}", "-o", "{folder}/picture.svg"),
        ("report", "{model}", "{data}", "--text"),
        ("explain", "{model}", "{data}"),
    ],
    ids=lambda command: command[0],
)
def test_every_command_that_reads_rows_can_leave_bad_ones_out(
    typed, geyser, file, tmp_path, command
):
    rows = mixtura.datasets.faithful().rows.tolist()
    lines = [f"{x},{y}" for x, y in [*rows[:150], ("", 1), *rows[150:]]]
    data = file("\n".join(["eruptions,waiting", *lines]))
    words = [word.format(model=geyser, data=data, folder=tmp_path) for word in command]
    assert typed(*words).code == 3
    ended = typed(*words, "--on-bad-row", "skip")
    assert ended.code == 0
    assert ended.err.count("1 bad row was left out; the first: ") == 1


def test_a_weight_that_is_none_leaves_its_row_out_of_intervals(typed, geyser, file):
    rows = mixtura.datasets.faithful().rows.tolist()
    lines = [f"{x},{y},1" for x, y in rows] + ["3,70,-1", "3,70,nan"]
    data = file("\n".join(["eruptions,waiting,w", *lines]))
    asked = ("show", geyser, data, "--intervals", "--weights", "w", "--on-bad-row", "skip")
    ended = typed(*asked, "--json")
    whole = typed("show", geyser, "@faithful", "--intervals", "--json")
    assert "2 bad rows were left out" in ended.err
    one, other = (np.array(json.loads(each.out)["intervals"]["means"]["standard_error"])
                  for each in (ended, whole))  # fmt: skip
    np.testing.assert_allclose(one, other, rtol=1e-9)


def test_without_a_good_row_there_is_nothing_to_tell(typed, geyser, file):
    path = file("eruptions,waiting\n1,x\n")
    for command in ("score", "explain", "validate"):
        ended = typed(command, geyser, path, "--on-bad-row", "skip")
        assert ended.code == 3
    assert typed("score", geyser, path, "--on-bad-row", "keep").code == 0


def test_an_unlikely_name_for_a_result_is_refused(typed, geyser, tmp_path):
    for name, more, words in (
        ("scores.xlsx", (), ".xlsx is not what this command writes: write .csv, .npy or .parquet"),
        ("scores.parqet", (), ".parqet is not what this command writes"),
        ("scores.json", (), "JSON is written where --json asks for it"),
        ("scores.csv", ("--json",), "leave --json out, or write .jsonl, .ndjson or .json"),
    ):
        ended = typed("score", geyser, "@faithful", "-o", tmp_path / name, *more)
        assert ended.code == 2
        assert ended.message.startswith(f"{tmp_path / name}: ")
        assert words in ended.message
    ended = typed("report", geyser, "@faithful", "-o", tmp_path / "report.pdf")
    assert (ended.code, ".pdf is not what this command writes" in ended.message) == (2, True)
    assert list(tmp_path.iterdir()) == []
