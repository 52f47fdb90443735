"""`mixtura fit --checkpoint`: stopped, gone on from, and never lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mixtura
from mixtura.fitting.checkpoints.generations import locked

#: a command that a signal asks to end after an iteration
STOPPED = """
import os, signal, sys
from mixtura.cli.progress import IterationLog

told, number, at = IterationLog.iterated, signal.Signals[sys.argv[1]], int(sys.argv[2])
del sys.argv[1:3]

def iterated(self, iteration, trace, mixture):
    told(self, iteration, trace, mixture)
    if iteration == at:
        os.kill(os.getpid(), number)

IterationLog.iterated = iterated
from mixtura.cli.process import run; run()
"""


@pytest.fixture
def rows(tmp_path) -> Path:
    path = tmp_path / "rows.npy"
    np.save(path, np.random.default_rng(0).random((20_000, 3)))
    return path


@pytest.mark.parametrize(
    ("came", "code", "words"),
    [("SIGINT", 130, "interrupted after 59"), ("SIGTERM", 143, "interrupted by SIGTERM after 59"),
     ("SIGHUP", 129, "interrupted by SIGHUP after 59")],
)  # fmt: skip
def test_a_fit_that_a_signal_stops_goes_on_to_the_same_model(
    rows, tmp_path, typed, came, code, words
):
    asked = ["fit", str(rows), "-k", "4", "--tol", "0", "--max-iter", "120", "--no-accelerate"]
    kept = ["--checkpoint", str(tmp_path / "run.ckpt"), "--resume", "--every", "50"]
    stopped = subprocess.run(
        [sys.executable, "-c", STOPPED, came, "60", *asked, *kept, "--verbose"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (stopped.returncode, stopped.stdout) == (code, "")
    last = stopped.stderr.splitlines()[-1]
    assert last.startswith(f"mixtura: error: {words}")
    assert last.endswith(f" iterations; go on from {tmp_path / 'run.ckpt'} with --resume")
    assert "Traceback" not in stopped.stderr
    ended = typed(*asked, *kept, "--verbose", "-o", tmp_path / "resumed")
    assert ended.code == 0
    first = int(ended.err.split("\n")[1].split()[1].rstrip(":"))
    assert first > 50
    assert typed(*asked, "-o", tmp_path / "whole").code == 0
    one, other = (mixtura.load(tmp_path / name) for name in ("resumed", "whole"))
    np.testing.assert_array_equal(one.covariances, other.covariances)


def test_what_differs_decides_the_exit_code(rows, tmp_path, typed):
    kept = ("--checkpoint", tmp_path / "run")
    assert typed("fit", rows, "-k", 2, "--max-iter", 2, *kept).code == 0
    again = typed("fit", rows, "-k", 2, "--max-iter", 2, *kept)
    assert (again.code, "a checkpoint exists already" in again.message) == (6, True)
    other = typed("fit", rows, "-k", 3, "--max-iter", 2, *kept, "--resume")
    assert (other.code, "-k was 2 and is 3" in other.message) == (2, True)
    np.save(rows, np.load(rows)[1:])
    other = typed("fit", rows, "-k", 2, "--max-iter", 2, *kept, "--resume")
    assert (other.code, "number of rows was 20000 and is 19999" in other.message) == (3, True)
    for name in ("run", "run.before"):
        (tmp_path / name).write_bytes(b"")
    other = typed("fit", rows, "-k", 2, "--max-iter", 2, *kept, "--resume")
    assert (other.code, "is no checkpoint, or it is damaged" in other.message) == (4, True)


def test_show_tells_where_a_checkpoint_stands(rows, tmp_path, typed):
    path = tmp_path / "run.ckpt"
    asked = ("fit", rows, "-k", 2, "--max-iter", 3, "--tol", 0)
    assert typed(*asked, "--checkpoint", path).code == 0
    text = typed("show", path).out
    assert text.startswith("Checkpoint of a fit: 2 components, full covariances\n")
    assert (
        "\nrows: 20000, of 3 features\nstands: after 1 run; the best so far is out of iterations\n"
        in text
    )
    assert "\n  max_iter 3\n" in text
    told = json.loads(typed("show", path, "--json").out)
    assert told["file"]["library_version"] == mixtura.__version__
    assert text.endswith(f"\nSHA-256: {told['file']['sha256']}\n")
    assert f"\nwritten: {told['file']['date']}, by mixtura " in text
    path.write_bytes(path.with_name("run.ckpt.before").read_bytes())
    told = json.loads(typed("show", path, "--json").out)["checkpoint"]
    assert (told["run"], told["iteration"], told["best"]) == (0, 3, None)
    assert "\nstands: in run 1, before iteration 3, at " in typed("show", path).out


def test_a_checkpoint_that_another_fit_keeps_is_an_output_error(rows, tmp_path, typed):
    path = tmp_path / "run.ckpt"
    with locked(path):
        ended = typed("fit", rows, "-k", 1, "--checkpoint", path, "--resume")
    assert (ended.code, ended.message) == (
        6,
        f"{path}: another fit that is running keeps its checkpoint there: wait for its end, or "
        "give this one another path",
    )
    assert typed("fit", rows, "-k", 1, "--checkpoint", path, "--resume").code == 0


def test_a_checkpoint_is_no_model_and_says_how_it_becomes_one(rows, tmp_path, typed):
    path = tmp_path / "run.ckpt"
    assert typed("fit", rows, "-k", 1, "--checkpoint", path).code == 0
    ended = typed("score", path, rows)
    assert (ended.code, ended.message) == (
        4,
        f"{path} is the checkpoint of a fit, expected a model file: go on from it with mixtura fit "
        "--checkpoint … --resume -o …, which writes one",
    )
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    ended = typed("show", path)
    assert (ended.code, ended.message) == (4, f"{path} is no checkpoint, or it is damaged")


def test_to_resume_needs_a_checkpoint_s_name(rows, typed):
    ended = typed("fit", rows, "-k", 2, "--resume")
    assert (ended.code, ended.message[:24]) == (2, "--resume goes on from a ")


@pytest.mark.parametrize("more", [(), ("--n-init", 2), ("--noise",)])
def test_a_finished_line_that_is_typed_again_ends_well_and_says_so(rows, tmp_path, typed, more):
    model = tmp_path / "model"
    line = ["fit", rows, "-k", 2, "--max-iter", 3, "--seed", 1, *more]
    line += ["--checkpoint", tmp_path / "run", "--resume", "-o", model]
    first = typed(*line)
    assert first.code == 0
    before = model.read_bytes()
    again = typed(*line)
    assert (again.code, again.out) == (0, first.out)
    assert f"{tmp_path / 'run'} is of a fit that is finished: nothing is done" in again.err
    assert f"{model} holds this model already" in again.err
    assert model.read_bytes() == before
    whole = mixtura.load(model)
    model.unlink()
    assert typed(*line).code == 0
    np.testing.assert_array_equal(mixtura.load(model).covariances, whole.covariances)


def test_a_finished_line_does_not_replace_another_model(rows, tmp_path, typed):
    model = tmp_path / "model"
    line = ["fit", rows, "-k", 2, "--max-iter", 3, "--checkpoint", tmp_path / "run", "--resume"]
    assert typed(*line).code == 0
    assert typed("fit", rows, "-k", 3, "--max-iter", 2, "-o", model).code == 0
    before = model.read_bytes()
    ended = typed(*line, "-o", model)
    assert ended.code == 6
    assert "holds another model: add --force to replace it" in ended.err
    assert model.read_bytes() == before
    model.write_bytes(b"precious")
    ended = typed(*line, "-o", model)
    assert (ended.code, ended.message) == (6, f"{model}: exists already: add --force to replace it")
