"""Help is found by whoever asks for it, and a shell completes what is typed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mixtura.cli.main import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_is_had_in_three_ways(typed, name):
    asked = [typed("help", name), typed(name, "--help"), typed(name, "-h")]
    assert {each.code for each in asked} == {0}
    assert len({each.out for each in asked}) == 1
    assert asked[0].out.startswith(f"Usage: mixtura {name} ")


def test_help_lists_the_commands_and_knows_no_other(typed):
    assert typed("help").out == typed("--help").out
    ended = typed("help", "fits")
    assert ended.code == 2
    assert ended.message.startswith("No such command 'fits'")


def test_the_version_has_a_letter(typed):
    assert typed("-V").out == typed("--version").out != ""


def completions(*words: str) -> list[str]:
    """What bash offers for a line of those words, of which the last is unfinished."""
    script = (
        'eval "$(mixtura completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        '_mixtura_completion mixtura; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    told = subprocess.run(
        ["bash", "-c", script, "bash", "mixtura", *words],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
    )
    # A file is left to bash, which says so outside a terminal.
    return ["<files>"] if "compopt" in told.stderr else told.stdout.split()


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["se"], ["select"]),
        (["fit", "--max"], ["--max-iter"]),
        (["fit", "@"], ["@faithful", "@galaxies", "@iris"]),
        (["fit", "@faithful", "--structure", "VV"], ["VVE", "VVI", "VVV"]),
        (["score", "mod"], ["<files>"]),
        (["score", "model", "da"], ["<files>"]),
        (["report", "model", "data", "-o", "re"], ["<files>"]),
        (["score", "model", "data", "--on-bad-row", "s"], ["skip"]),
        (["help", "ex"], ["explain", "explore"]),
    ],
)
def test_bash_completes(words, offered):
    assert sorted(completions(*words)) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(typed, shell):
    ended = typed("completion", shell)
    assert ended.code == 0
    assert "_MIXTURA_COMPLETE" in ended.out
    assert "mixtura" in ended.out
