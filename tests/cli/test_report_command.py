"""`mixtura report`: a page, a text or a record of what a model makes of rows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mixtura
from mixtura.datasets import faithful
from mixtura.views.explorer import document, explorer_record, replay
from skeleton import Skeleton, skeleton_text


@pytest.fixture
def model(typed, tmp_path, monkeypatch):
    """A model of faithful, in the folder that commands run in."""
    monkeypatch.chdir(tmp_path)
    assert typed("fit", "@faithful", "-k", 2, "-o", "geyser.safetensors").code == 0
    return "geyser.safetensors"


def steady(text):
    """Without what differs from one machine to the next."""
    text = re.sub(r'"versions": \{[^}]*\}', '"versions": {}', text)
    text = re.sub(r'"seconds": [^,}]+', '"seconds": 0.0', text)
    return re.sub(r"(?m)^(mixtura|kernel|python|numpy) +\S.*$", r"\1 …", text)


# -- golden files ----------------------------------------------------------------------------


def test_the_json_of_report(typed, model, golden):
    ended = typed("report", model, "@faithful", "--worst", 1, "--json")
    assert (ended.code, ended.err) == (0, "")
    golden("report.json", steady(ended.out))


def test_the_text_of_report(typed, model, golden):
    text = typed("report", model, "@faithful", "--worst", 1, "--text").out
    golden("report.txt", steady(text))


def test_the_skeleton_of_report(typed, model, golden):
    page = typed("report", model, "@faithful", "--worst", 1, "-o", "-").out
    golden("report.html.txt", skeleton_text(page))


def test_the_skeleton_of_explore(golden):
    run = replay(faithful(), 2)
    page = document(explorer_record(run.fit.mixture, faithful(), run=run))
    golden("explore.html.txt", skeleton_text(page))


# -- laws ------------------------------------------------------------------------------------


def test_a_page_is_written_and_says_which_commands_lead_to_it(typed, model, tmp_path):
    ended = typed("report", model, "@faithful", "-o", "page.html", "--id", "waiting")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "page.html: open it in a browser\n"
    shown = Skeleton((tmp_path / "page.html").read_text("utf-8")).shown
    assert "mixtura fit -o geyser.safetensors @faithful -k 2\n" in shown
    assert "mixtura report geyser.safetensors @faithful --id waiting\n" in shown
    assert "These are the rows that the mixture was fitted to." in shown


def test_the_page_shows_the_numbers_of_the_record(typed, model):
    record = json.loads(typed("report", model, "@faithful", "--json").out)
    shown = Skeleton(typed("report", model, "@faithful", "-o", "-").out).shown
    assert f"{record['scores']['mean_log_likelihood']:.6f}" in shown
    assert record["data"]["digest"] in shown
    for row in record["unlikely"]["rows"]:
        assert f"Row {row['row']} (counted from 0): log-likelihood" in shown
        assert f"{row['log_likelihood']:.8g}" in shown
    text = typed("report", model, "@faithful", "--text").out
    numbers = re.findall(r"-?\d+\.\d{4,}", text)
    assert len(numbers) > 30
    assert [number for number in numbers if number not in shown] == []


def test_the_words_of_a_command_lead_to_the_same_command(typed, model, tmp_path):
    """What a shell reads in the page makes the same model, whatever the columns are called."""
    name = "height, 'net' $(cm)\u202e"
    rows = "".join(f"{i},{(i * i) % 17},{i % 5}\n" for i in range(60))
    (tmp_path / "my data.csv").write_text(f'who,"{name}",other\n{rows}', "utf-8")
    quoted = f'"{name}",other'
    first = typed(
        "fit", "my data.csv", "-k", 2, "--columns", quoted, "--id", "who", "--no-accelerate",
        "--start", "random", "--seed", 5, "-o", "one.safetensors",
    )  # fmt: skip
    assert first.code == 0
    record = json.loads(typed("report", "one.safetensors", "my data.csv", "--json").out)
    assert record["data"]["relation"] == "same"
    words = record["again"]["commands"][0]
    words[words.index("one.safetensors")] = "two.safetensors"
    assert typed(*words[1:]).code == 0
    one, two = (mixtura.load(tmp_path / f"{name}.safetensors") for name in ("one", "two"))
    assert np.array_equal(one.means, two.means)
    assert one.feature_names == two.feature_names == (name, "other")


def test_files_that_are_streamed_give_the_record_of_one_in_memory(typed, model, tmp_path):
    table = faithful()
    lines = [f"{a!r},{b!r}\n" for a, b in table.rows.tolist()]
    (tmp_path / "parts").mkdir()
    for i, part in enumerate((lines[:100], lines[100:])):
        (tmp_path / "parts" / f"{i}.csv").write_text("eruptions,waiting\n" + "".join(part))
    streamed = json.loads(typed("report", model, "parts", "--json").out)
    whole = json.loads(typed("report", model, "@faithful", "--json").out)
    for key in ("scores", "components", "unlikely"):
        assert streamed[key] == whole[key]
    assert streamed["data"]["relation"] == "same"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--json", "--text"], 2, "--json and --text were both given, expected one of them"),
        (["--worst", "0"], 2, "'--worst'"),
        (["--features", "depth"], 2, "there is no feature 'depth'"),
        (["--compare", "R"], 2, "sklearn"),
        (["-o", "nowhere/r.html"], 6, "there is no directory"),
    ],
)
def test_what_cannot_be_reported_ends_in_a_sentence_and_leaves_no_file(
    typed, model, tmp_path, arguments, code, sentence
):
    ended = typed("report", model, "@faithful", *arguments)
    assert ended.code == code
    assert sentence in ended.message
    assert [path.name for path in tmp_path.iterdir()] == [model]


def test_a_page_that_exists_is_replaced_only_by_force(typed, model, tmp_path):
    (tmp_path / "report.html").write_text("mine")
    assert typed("report", model, "@faithful").code == 6
    assert (tmp_path / "report.html").read_text() == "mine"
    assert typed("report", model, "@faithful", "--force").code == 0
    assert "Report on" in (tmp_path / "report.html").read_text("utf-8")


def test_a_record_and_a_text_need_neither_matplotlib_nor_scikit_learn(model):
    for form in ("--json", "--text"):
        code = (
            "import sys; from mixtura.cli.main import main; "
            f"assert main(['report', {model!r}, '@faithful', {form!r}]) == 0; "
            "print({'matplotlib', 'sklearn', 'mpmath'} & set(sys.modules), file=sys.stderr)"
        )
        ended = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert ended.stderr.strip() == "set()"


PEAK = """
import sys
from pathlib import Path
from mixtura.cli.main import main
assert main(sys.argv[1:]) == 0
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak from /proc")
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_memory_of_a_report_does_not_grow_with_the_rows(model, tmp_path, suffix):
    mixture, peaks = mixtura.load(model), {}
    for n in (250_000, 1_000_000):
        rows = mixture.sample(n, 0)[0]
        path = tmp_path / f"{n}.{suffix}"
        names = mixture.feature_labels
        from mixtura.tables import encoded

        path.write_bytes(encoded({x: rows[:, j] for j, x in enumerate(names)}, f".{suffix}"))
        ended = subprocess.run(
            [sys.executable, "-c", PEAK, "report", model, str(path), "-o", f"{n}.html"],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks[n] = float(ended.stdout) / 1024
        assert "20,000 of the" in (tmp_path / f"{n}.html").read_text("utf-8")
    few, many = peaks.values()
    print(f"\n{suffix}: {few:.0f} MB for 250,000 rows, {many:.0f} MB for a million")
    assert many <= few + 40.0
