"""Long work says on a terminal how far it has come, in one line that it wipes."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import mixtura
from mixtura.cli.progress import AnswerMeter, FitMeter, SelectionBar
from mixtura.datasets import iris


class Clock:
    """A time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def lines(capsys, monkeypatch) -> Callable[[], list[str]]:
    """What was drawn since, line over line; what wipes a line is only sent to terminals."""
    monkeypatch.setenv("COLUMNS", "200")
    return lambda: capsys.readouterr().err.split("\r")[1:]


def iterate(meter: FitMeter, iteration: int, trace: Sequence[float]) -> None:
    meter.iterated(iteration, trace, mixtura.Mixture([1.0], [[0.0]], [[[1.0]]]))


def test_a_streamed_fit_tells_rows_speed_iteration_likelihood_and_what_is_left(lines):
    clock = Clock()
    meter = FitMeter(1, shown=True, clock=clock)
    meter.read(0)
    clock.now = 2.0
    meter.read(3_000_000)
    assert lines() == ["reading, 3,000,000 rows, 1.5 million rows/s"]
    clock.now = 4.0
    meter.read(0)
    assert lines() == ["starting, 1.5 million rows/s"]
    meter.begun(0)
    meter.read(0)
    clock.now = 5.0
    meter.read(750_000)
    assert lines() == ["iteration 1, 25% of a pass, 750 thousand rows/s"]
    clock.now = 6.0
    iterate(meter, 1, [-4.0])
    clock.now = 7.0
    # gains 1, ½, ¼: what is left is ¼ (½ + ¼ + …)
    iterate(meter, 4, [-4.0, -3.0, -2.5, -2.25])
    assert lines()[-1].endswith("million rows/s, -2.25 nats a row, 0.2 to gain")
    meter.close()
    assert lines() == [""]


def test_rows_in_memory_are_counted_by_iterations_and_starts_by_their_number(lines):
    clock = Clock()
    meter = FitMeter(3, shown=True, clock=clock)
    meter.holding(8_000_000)
    clock.now = 1.0
    meter.begun(1)
    assert lines() == ["start 2 of 3, iteration 1"]
    clock.now = 3.0
    iterate(meter, 1, [-4.0])
    assert lines() == ["start 2 of 3, iteration 2, 4 million rows/s, -4 nats a row"]


def test_short_work_draws_nothing_and_long_work_ten_lines_a_second(lines):
    clock = Clock()
    meter = AnswerMeter(shown=True, clock=clock)
    for count in range(50):  # 0.49 s
        clock.now = count / 100
        meter.read(count)
    assert lines() == []
    for count in range(50, 151):
        clock.now = count / 100
        meter.read(count)
    assert 10 <= len(lines()) <= 11
    meter.close()
    meter.read(1_000)
    assert lines() == [""]


def test_a_narrow_terminal_is_not_overrun(lines, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    clock = Clock()
    meter = AnswerMeter(shown=True, clock=clock)
    clock.now = 1.0
    meter.read(1_234_567)
    assert lines() == ["1,234,567 rows, 1.2"]


@pytest.fixture
def rows(tmp_path) -> Path:
    random = np.random.default_rng(0)
    table = pa.table({name: random.normal(size=40_000) for name in "abc"})
    pa.parquet.write_table(table, tmp_path / "rows.parquet")
    return tmp_path / "*.parquet"


#: a command whose line does not wait for half a second of work
AT_ONCE = (
    "from mixtura.cli import progress; progress._LONG = progress._PAUSE = 0.0;"
    "from mixtura.cli.process import run; run()"
)


def on_a_terminal(monkeypatch, *arguments: object) -> tuple[int, str]:
    """The exit code of a command, and what it draws on a terminal."""
    import pty

    drawn: list[bytes] = []
    nowhere = os.open(os.devnull, os.O_WRONLY)
    kept = os.dup(1)
    os.dup2(nowhere, 1)
    try:
        code = os.waitstatus_to_exitcode(
            pty.spawn(
                [sys.executable, "-c", AT_ONCE, *map(str, arguments)],
                lambda fd: drawn.append(os.read(fd, 4096)) or drawn[-1],
            )
        )  # fmt: skip
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
    return code, b"".join(drawn).decode()


@pytest.mark.skipif(sys.platform == "win32", reason="terminals are another thing there")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_terminal_sees_a_line_that_is_gone_at_the_end_and_quiet_does_not(
    monkeypatch, rows, tmp_path
):
    asked = ("fit", rows, "-k", 4, "--start", "random", "--tol", 0, "--max-iter", 25)
    code, drawn = on_a_terminal(monkeypatch, *asked)
    assert code == 0
    assert re.search(r"\r\x1b\[Kiteration \d+, .* rows/s, -\d\.\d+ nats a row", drawn)
    shown, _, report = drawn.rpartition("\r\x1b[K")
    assert "Gaussian mixture: 4 components" in report
    assert "rows/s" not in report
    assert "Gaussian mixture" not in shown
    code, drawn = on_a_terminal(monkeypatch, *asked, "--quiet", "--checkpoint", tmp_path / "run")
    assert (code, "rows/s" in drawn, "\x1b" in drawn) == (0, False, False)


def test_who_is_no_terminal_sees_plain_lines_if_they_are_asked_for(typed, tmp_path):
    np.save(tmp_path / "rows.npy", iris().rows)
    asked = ("fit", tmp_path / "*.npy", "-k", 2)
    assert typed(*asked).err == ""
    told = typed(*asked, "--verbose").err
    assert "\x1b" not in told
    assert re.match(r"start 0\n  iteration 1: -\d\.\d+ nats a row\n", told)
    ended = typed(*asked, "--verbose", "--quiet")
    assert (ended.code, ended.message[:29]) == (2, "--verbose and --quiet were bo")


@pytest.mark.parametrize("command", ["score", "predict", "select"])
def test_other_long_work_can_be_silenced_too(typed, geyser, command):
    arguments = ("@faithful", "-k", 1) if command == "select" else (geyser, "@faithful")
    assert typed(command, *arguments, "--quiet").code == 0


def test_a_selection_s_bar_is_drawn_for_a_terminal_alone(typed, monkeypatch):
    monkeypatch.setattr(SelectionBar, "begun", lambda *_: pytest.fail("nobody sees it"))
    assert typed("select", "@faithful", "-k", 1).code == 0
