"""A checkpoint belongs to one fit at a time, and to nobody once that has ended, in whatever way."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import mixtura
from mixtura.datasets import iris
from mixtura.fitting.checkpoints.generations import Generations, locked

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs the locks of POSIX")


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> None:
    """One kernel is enough: a lock has to do with none."""


#: holds the checkpoint, says so, and waits to be told to end
HOLDER = """
import sys
from pathlib import Path
from mixtura.fitting.checkpoints.generations import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that holds the checkpoint at ``run``."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path / "run"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.parametrize("resume", [False, True])
def test_a_second_process_is_refused_in_words(tmp_path: Path, holder: Any, resume: bool) -> None:
    with pytest.raises(OSError, match="another fit that is running keeps") as caught:
        mixtura.fit(iris(), 2, checkpoint=tmp_path / "run", resume=resume)
    assert caught.value.errno == errno.EBUSY
    assert caught.value.filename == str(tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_lock_dies_with_its_process(tmp_path: Path, holder: Any, how: signal.Signals) -> None:
    holder.send_signal(how)
    assert holder.wait() == -how
    assert mixtura.fit(iris(), 2, checkpoint=tmp_path / "run").n_rows == 150
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "run.before"]


def test_a_lock_ends_with_the_fit(tmp_path: Path) -> None:
    class Fault(Exception):  # noqa: N818 - it is not an error
        pass

    class Stop:
        def begun(self, run: int) -> None:
            with pytest.raises(OSError, match="another fit that is running"):
                mixtura.fit(iris(), 2, checkpoint=tmp_path / "run", resume=True)

        def iterated(self, iteration: int, trace: Any, mixture: mixtura.Mixture) -> None:
            raise Fault

        def ended(self, fit: mixtura.Fit) -> None:
            pass

    with pytest.raises(Fault):
        mixtura.fit(iris(), 2, checkpoint=tmp_path / "run", observer=Stop())
    with pytest.raises(FileExistsError):
        mixtura.fit(iris(), 2, checkpoint=tmp_path / "run")
    assert mixtura.fit(iris(), 2, checkpoint=tmp_path / "run", resume=True).n_rows == 150
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "run.before"]


def test_a_checkpoint_beside_is_another(tmp_path: Path, holder: Any) -> None:
    assert mixtura.fit(iris(), 2, checkpoint=tmp_path / "run2").n_rows == 150


def test_a_link_to_a_checkpoint_is_the_same_one(tmp_path: Path, holder: Any) -> None:
    (tmp_path / "run").touch()
    (tmp_path / "link").symlink_to(tmp_path / "run")
    with pytest.raises(OSError, match="another fit that is running"):
        mixtura.fit(iris(), 2, checkpoint=tmp_path / "link", resume=True)


def test_a_link_stays_when_its_checkpoint_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "there" / "run")
    mixtura.fit(iris(), 2, checkpoint=link)
    assert link.is_symlink()
    assert Generations(link).read() is not None
    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == ["run", "run.before"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_child_that_is_forked_neither_holds_the_lock_nor_ends_it(tmp_path: Path) -> None:
    said, answers = os.pipe()
    orders, told = os.pipe()
    with locked(tmp_path / "run"):
        child = os.fork()
        if not child:  # outlives the lock that its parent held
            os.read(orders, 1)
            os.write(answers, b"x")
            os.read(orders, 1)
            os._exit(0)
        os.write(told, b"x")
        os.read(said, 1)
        with pytest.raises(OSError, match="another fit"), locked(tmp_path / "run"):
            pass
    with locked(tmp_path / "run"):
        pass
    os.write(told, b"x")
    assert os.waitpid(child, 0)[1] == 0


def test_of_many_threads_that_want_it_one_has_it(tmp_path: Path) -> None:
    inside, most, taken = 0, 0, 0
    guard, refusals = threading.Lock(), {errno.EBUSY}

    def wants() -> None:
        nonlocal inside, most, taken
        for _ in range(200):
            try:
                with locked(tmp_path / "run"):
                    with guard:
                        inside += 1
                        taken += 1
                        most = max(most, inside)
                    with guard:
                        inside -= 1
            except OSError as error:
                refusals.add(error.errno)

    threads = [threading.Thread(target=wants) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, taken > 0, refusals) == (1, True, {errno.EBUSY})
    assert list(tmp_path.iterdir()) == []
