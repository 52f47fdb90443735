"""At the command line, advice and errors name options, never the arguments of functions."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest

import mixtura
from mixtura.cli.main import COMMANDS
from mixtura.cli.spelling import spelled

#: arguments of the library's functions that no column of these tests is called by
ARGUMENTS = sorted(
    name
    for function in (mixtura.fit, mixtura.select)
    for name in inspect.signature(function).parameters
    if "_" in name
)
SPELT = re.compile(rf"\b({'|'.join(ARGUMENTS)})\b|\w='\w+'|=True\b")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("set tol to 'auto', or lower it", "give --tol auto, or lower it"),
        ("raise max_iter, or raise tol if", "raise --max-iter, or raise --tol if"),
        ("see with n_init=5 whether", "see with --n-init 5 whether"),
        ("lower reg_covar, or set it to 'auto'", "lower --reg-covar, or give --reg-covar auto"),
        ("which noise=True takes out", "which --noise takes out"),
        ("ask for noise=4.5e+03", "ask for --noise=4.5e+03"),
        ("(on_bad_row 'skip')", "(--on-bad-row skip)"),
        ("structure='diag', prior='conjugate'", "--structure diag, --prior"),
        ("n_components is 0, expected", "-k is 0, expected"),
        ("column 'max_iter' of max_iter.csv", "column 'max_iter' of max_iter.csv"),
        ("expected (n_components, n_features)", "expected (n_components, n_features)"),
        ("run is of other settings: n_components was 2", "run is of other settings: -k was 2"),
        ("the noise starts at every structure", "the noise starts at every structure"),
    ],
)  # fmt: skip
def test_what_is_said_in_python_is_spelled_as_options(said, expected):
    assert spelled(said) == expected
    assert spelled(expected) == expected


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("words", "option"),
    [
        ("fit @iris -k 3 --max-iter 2", "--max-iter"),
        ("fit @iris -k 3 --max-iter 0", "--max-iter is 0"),
        ("fit @iris -k 3 --max-iter 2 --strict", "--max-iter"),
        ("fit @iris -k 3 --tol 0.1 --start random", "give --tol auto"),
        ("fit @iris -k 0", "-k is 0"),
        ("fit @iris -k 2 --seed -1", "--seed is -1"),
        ("fit @iris -k 2 --reg-covar -1", "--reg-covar is -1"),
        ("fit @iris -k 2 --n-init 0", "--n-init is 0"),
        ("fit repeated.npy -k 3 --reg-covar 0", "--reg-covar"),
        ("fit bad.csv -k 1 --checkpoint run", "--on-bad-row skip"),
        ("score {model} bad/*.csv", "--on-bad-row skip"),
        ("select @iris -k 2 --jobs 0", "--jobs is 0"),
        ("fit @iris -k 2 --start none", "expected one of: auto, kmeans"),
        ("generate blobs -n 0", "'--rows'"),
        ("generate mixture -d 0", "'--features'"),
        ("generate blobs -k 0", "'--components'"),
        ("sample {model} -n 0", "'--rows'"),
        ("explain {model} @faithful --worst 0", "'--worst'"),
    ],
)
def test_no_command_speaks_of_arguments(typed, tmp_path, monkeypatch, geyser, words, option):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad.csv").write_text("eruptions,waiting\n1,2\n1,x\n")
    (tmp_path / "bad" / "1.csv").write_text("eruptions,waiting\n1,2\n1,x\n")
    np.save(tmp_path / "repeated.npy", np.repeat([[0.0, 1.0], [2.0, 5.0], [4.0, 4.0]], 5, axis=0))
    ended = typed(*words.format(model=geyser).split())
    told = ended.out + ended.err
    assert SPELT.findall(told) == []
    if not words.startswith("fit bad.csv"):
        assert option in told


def test_a_page_and_its_text_give_the_same_advice_and_json_the_stored_one(typed, tmp_path):
    model, page = tmp_path / "iris.safetensors", tmp_path / "page.html"
    assert typed("fit", "@iris", "-k", 3, "--max-iter", 2, "-o", model).code == 0
    assert "raise --max-iter" in typed("report", model, "@iris", "--text").out
    assert typed("report", model, "@iris", "-o", page).code == 0
    assert "raise --max-iter" in page.read_text("utf-8")
    assert "raise --max-iter" in typed("show", model).out
    assert "raise max_iter" in typed("show", model, "--json").out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_term_of_help_is_explained_where_it_is_first_met(typed, name):
    text = " ".join(typed(name, "--help").out.split())
    if "nats" in text:
        assert "a nat is" in text.lower()
        assert "natural logarithms" in text
    if "letters" in text:
        assert "volume, shape and orientation, each Equal over components, Varying" in text
    if re.search(r"--structures? [EVI]{3}", text):
        assert "letters" in text
