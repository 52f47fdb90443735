"""The command as the shell sees it: a process with pipes, signals and an exit code."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-c", "from mixtura.cli.process import run; run()"]


def shell(line: str, *arguments: object, **keywords) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which "$@" is a command line of mixtura."""
    return subprocess.run(
        ["bash", "-c", line, "bash", *COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
        **keywords,
    )


@pytest.fixture(scope="module")
def many_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More rows than a pipe holds, and than EM is done with before it can be stopped."""
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    lines = (f"{i % 97 / 9},{i % 89 * i % 83 / 7},{i % 13}" for i in range(30_000))
    path.write_text("a,b,c\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def model(many_rows: Path) -> Path:
    path = many_rows.parent / "model.safetensors"
    ended = shell(
        '"$@"', "fit", many_rows, "-k", 2, "--max-iter", 2, "--start", "random", "-o", path
    )
    assert ended.returncode == 0, ended.stderr
    return path


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_closed_pipe_ends_quietly(model, many_rows, options):
    line = 'set -o pipefail; "$@" | head -c 15'
    ended = shell(line, "score", model, many_rows, *options)
    assert len(ended.stdout) == 15
    assert ended.stderr == ""
    assert ended.returncode == 0


def test_a_pipe_closed_before_the_first_line_ends_quietly(model):
    for arguments in (["show", model], ["--help"], ["generate", "mixture"]):
        read, write = os.pipe()
        os.close(read)
        ended = subprocess.run(
            [*COMMAND, *map(str, arguments)], stdout=write, stderr=subprocess.PIPE, check=False
        )
        os.close(write)
        assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_standard_output_is_one_line_and_6(model, many_rows):
    for arguments in (["show", model], ["score", model, many_rows]):
        ended = shell('"$@" > /dev/full', *arguments)
        assert ended.returncode == 6
        assert ended.stderr == (
            "mixtura: error: standard input or output: No space left on device\n"
        )


def test_a_closed_standard_output_is_one_line_and_6(model, many_rows):
    ended = shell('"$@" >&-', "score", model, many_rows)
    assert ended.returncode == 6
    assert ended.stderr.startswith("mixtura: error: ")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("output", [None, "model.safetensors"])
def test_ctrl_c_stops_a_fit_with_130_and_nothing_half_written(many_rows, tmp_path, output):
    endless = ["-k", "6", "--tol", "0", "--max-iter", "1000000", "--start", "random", "--verbose"]
    process = subprocess.Popen(
        [*COMMAND, "fit", str(many_rows), *endless, *(["-o", output] if output else [])],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("  iteration 2:"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=1800)
    assert process.returncode == 130
    assert out == ""
    message = err.splitlines()[-1]
    assert message.startswith("mixtura: error: interrupted after ")
    assert message.endswith("; nothing was stored")
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_it_waits_for_input_is_130():
    process = subprocess.Popen(
        [*COMMAND, "fit", "-", "-k", "2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(b"1,2\n" * 100_000)  # more than a pipe holds: returns once it is reading
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=1800)
    assert (process.returncode, out, err) == (130, b"", b"mixtura: error: interrupted\n")


#: a command in whose midst a signal comes: while a module of that name is looked for
AMID_AN_IMPORT = """
import importlib.abc, os, signal, sys

class Kick(importlib.abc.MetaPathFinder):
    kicked = False

    def find_spec(self, name, path, target=None):
        if name == os.environ["MODULE"] and not self.kicked:
            self.kicked = True
            os.kill(os.getpid(), signal.Signals[os.environ["CAME"]])

sys.meta_path.insert(0, Kick())
from mixtura.cli.process import run; run()
"""


@pytest.mark.parametrize(
    ("module", "came", "code"),
    [("mixtura.cli.main", "SIGINT", 130), ("click", "SIGINT", 130), ("click", "SIGTERM", 143),
     ("mixtura.cli.fit", "SIGINT", 130), ("numpy", "SIGINT", 130), ("numpy", "SIGHUP", 129),
     ("numpy.linalg", "SIGINT", 130), ("mixtura.fitting.em", "SIGINT", 130)],
)  # fmt: skip
def test_a_signal_while_modules_load_is_one_line(module, came, code, many_rows):
    ended = subprocess.run(
        [sys.executable, "-c", AMID_AN_IMPORT, "fit", many_rows, "-k", "2"],
        env={**os.environ, "CAME": came, "MODULE": module},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    by = "" if came == "SIGINT" else f" by {came}"
    assert (ended.returncode, ended.stdout) == (code, "")
    assert re.fullmatch(rf"mixtura: error: interrupted({by})?\n", ended.stderr)


def test_an_ignored_signal_stays_ignored(model, many_rows):
    ended = shell('trap "" HUP; "$@" & kill -HUP $!; wait $!', "score", model, many_rows)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.count("\n") == 30_001


def test_a_warning_is_one_line(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("1.2x,3\n4,5\n6,8\n")
    ended = shell('"$@"', "fit", path, "-k", 1)
    assert ended.returncode == 0
    assert ended.stderr == (
        f"mixtura: warning: {path}: the first row is read as a header, though it holds the number "
        "3; if it is data, say --no-header\n"
    )
    ended = shell('"$@"', "fit", path, "-k", 1, "--no-header")
    assert ended.returncode == 3
    assert "line 1 (row 0), column 'x0' holds '1.2x'" in ended.stderr


def test_text_is_utf_8_whatever_the_locale(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("größe,µ\n1,2\n3,5\n", "utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    ended = subprocess.run(
        [*COMMAND, "fit", str(path), "-k", "1"], env=environment, capture_output=True, check=True
    )
    assert "größe" in ended.stdout.decode("utf-8")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["fit", "--help"]])
def test_help_loads_nothing_that_it_does_not_need(arguments):
    code = (
        "import sys; from mixtura.cli.main import main; main(sys.argv[1:]);"
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    loaded = set(ended.stderr.split())
    assert "click" in loaded
    assert loaded & {"numpy", "sklearn", "matplotlib", "pyarrow", "pandas", "safetensors"} == set()
