"""A fit that was stopped goes on to the bits of one that never was, or says why it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load as read_safetensors

import mixtura
from mixtura.datasets import iris
from mixtura.errors import DataError, Interrupted, ModelError, ParameterError
from mixtura.fitting.checkpoints import generations
from mixtura.fitting.checkpoints.generations import Generations, decoded
from mixtura.rows import survey

RANDOM = np.random.default_rng(0)
ROWS = np.concatenate([RANDOM.normal(0, 1, (1_500, 3)), RANDOM.normal(1.2, 0.7, (1_000, 3))])
RANDOM.shuffle(ROWS)
WEIGHTS = RANDOM.integers(1, 4, len(ROWS)).astype(np.float64)


@pytest.fixture(autouse=True, scope="module")
def on_each_kernel() -> None:
    """One kernel is enough: a checkpoint lies between passes."""


class Stop(Exception):  # noqa: N818 - it is not an error
    """What stops a fit."""


class StoppingAfter:
    """An observer that stops a fit after so many iterations, and counts those there are."""

    def __init__(self, iterations: int, error: type[BaseException] = Stop) -> None:
        self.left, self.error = iterations, error
        self.runs: list[int] = []

    def begun(self, run: int) -> None:
        self.runs.append(run)

    def iterated(self, iteration: int, trace: Any, mixture: mixtura.Mixture) -> None:
        self.left -= 1
        if self.left == 0:
            raise self.error

    def ended(self, fit: mixtura.Fit) -> None:
        pass


def in_parts(rows: Any, path: Path, iterations: int, every: int, **options: Any) -> mixtura.Fit:
    """A fit in as many parts as it takes."""
    for _ in range(1_000):
        try:
            return mixtura.fit(
                rows, 3, checkpoint=path, every=every, resume=True,
                observer=StoppingAfter(iterations), **options,
            )  # fmt: skip
        except Stop:
            pass
    raise AssertionError("it never ends")


def the_same(one: mixtura.Fit, other: mixtura.Fit) -> None:
    for part in ("weights", "means", "covariances", "feature_names"):
        np.testing.assert_array_equal(getattr(one.mixture, part), getattr(other.mixture, part))
    np.testing.assert_array_equal(one.trace, other.trace)
    for part in ("outcome", "repairs", "accelerated", "rejected", "starved", "notes",
                 "n_rows", "total_weight"):  # fmt: skip
        assert getattr(one, part) == getattr(other, part), part


ASKED = {
    "as it is": {},
    "accelerated at once": {"accelerate": True, "structure": "tied"},
    "an iterated M-step": {"structure": "VVE", "start": "kmeans", "max_iter": 60},
    "several starts": {"start": "random_from_data", "n_init": 4, "max_iter": 12, "tol": 1e-2},
    "amid noise": {"start": "kmeans", "noise": True, "prior": "conjugate", "max_iter": 40},
    "equal weights amid noise": {"noise": True, "weights": "equal", "n_init": 2, "max_iter": 25},
    "repairs": {"start": np.r_[np.zeros(2_498, int), 1, 2], "structure": "VII", "max_iter": 30},
}  # fmt: skip


@pytest.mark.parametrize("streamed", [False, True], ids=["in memory", "streamed"])
@pytest.mark.parametrize("asked", ASKED)
def test_a_fit_in_many_parts_has_the_bits_of_one(tmp_path, asked, streamed):
    options = ASKED[asked]
    rows = [ROWS[:700], ROWS[700:]] if streamed else ROWS
    whole = mixtura.fit(rows, 3, **options)
    iterations, every = (5, 3) if streamed else (7, 1)
    the_same(in_parts(rows, tmp_path / "run", iterations, every, **options), whole)


def test_row_weights_and_names_are_kept(tmp_path):
    rows = pd.DataFrame(ROWS, columns=["a", "b", "c"])
    options = {"sample_weight": WEIGHTS, "max_iter": 30}
    whole = mixtura.fit(rows, 3, **options)
    the_same(in_parts(rows, tmp_path / "run", 9, 1, **options), whole)
    assert whole.mixture.feature_names == ("a", "b", "c")


def test_the_start_of_a_stream_that_is_sampled_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(survey, "_SAMPLE", 10_000)
    rows = [ROWS] * 5
    options = {"start": "random", "n_init": 2, "max_iter": 5}
    whole = mixtura.fit(rows, 3, **options)
    assert whole.n_rows == 12_500
    the_same(in_parts(rows, tmp_path / "run", 3, 1, **options), whole)


#: a start that leaves EM much to do
LONG: dict[str, Any] = {"start": "random_from_data", "tol": 1e-9}


def test_the_rows_may_come_from_elsewhere_and_otherwise_divided(tmp_path):
    path, folder = tmp_path / "run", tmp_path / "rows"
    folder.mkdir()
    for number, part in enumerate(np.array_split(ROWS, 3)):
        np.save(folder / f"{number}.npy", part)
    for rows in ([ROWS[:20], ROWS[20:]], folder, ROWS):
        with pytest.raises(Stop):
            mixtura.fit(rows, 3, checkpoint=path, resume=True, observer=StoppingAfter(9), **LONG)
    resumed = mixtura.fit(folder, 3, checkpoint=path, resume=True, **LONG)
    the_same(resumed, mixtura.fit(ROWS, 3, **LONG))


def test_a_generator_s_state_goes_along(tmp_path):
    options: dict[str, Any] = {"start": "random", "n_init": 3, "max_iter": 6}
    random = np.random.RandomState(7)
    whole = mixtura.fit(ROWS, 3, random_state=random, **options)
    path = tmp_path / "run"
    with pytest.raises(Stop):
        mixtura.fit(ROWS, 3, random_state=np.random.RandomState(7), checkpoint=path,
                    observer=StoppingAfter(8), **options)  # fmt: skip
    other = np.random.RandomState(99)
    the_same(
        mixtura.fit(ROWS, 3, random_state=other, checkpoint=path, resume=True, **options), whole
    )
    assert other.random_sample() == random.random_sample()


def test_what_was_done_is_not_done_again(tmp_path):
    path, options = tmp_path / "run", {"start": "random", "n_init": 3, "max_iter": 5, "tol": 0.0}
    with pytest.raises(Stop):
        mixtura.fit(ROWS, 3, checkpoint=path, observer=StoppingAfter(12), **options)
    again = StoppingAfter(99)
    mixtura.fit(ROWS, 3, checkpoint=path, resume=True, observer=again, **options)
    assert again.runs == [2]
    assert 99 - again.left == 15 - 12 + 1  # the iteration that was not finished is done again
    over = StoppingAfter(99)
    mixtura.fit(ROWS, 3, checkpoint=path, resume=True, observer=over, **options)
    assert (over.runs, over.left) == ([], 99)


def test_an_interruption_is_written_down_whatever_is_due(tmp_path):
    path, options = tmp_path / "run", {"accelerate": False, "tol": 0.0, "max_iter": 20}
    whole = mixtura.fit(ROWS, 3, **options)
    options |= {"checkpoint": path, "every": 1_000, "resume": True}
    with pytest.raises(Interrupted) as caught:
        mixtura.fit(ROWS, 3, observer=StoppingAfter(4, KeyboardInterrupt), **options)
    assert caught.value.checkpoint == str(path)
    again = StoppingAfter(99)
    the_same(mixtura.fit(ROWS, 3, observer=again, **options), whole)
    assert 99 - again.left == whole.n_iter - 3 > 0


def test_time_is_counted_over_all_parts(tmp_path):
    path = tmp_path / "run"
    with pytest.raises(Stop):
        mixtura.fit(ROWS, 3, checkpoint=path, observer=StoppingAfter(20), **LONG)
    left = Generations(path).read()
    assert left is not None
    resumed = mixtura.fit(ROWS, 3, checkpoint=path, resume=True, **LONG)
    assert resumed.seconds > left.values["seconds"] > 0


BRIEF: dict[str, Any] = {"tol": 0.0, "max_iter": 9}


@pytest.fixture
def stopped(tmp_path) -> Path:
    """A checkpoint of a fit to iris that was stopped in its fifth iteration, and the one before."""
    path = tmp_path / "run.ckpt"
    with pytest.raises(Stop):
        mixtura.fit(iris(), 2, checkpoint=path, **BRIEF, observer=StoppingAfter(5))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.ckpt", "run.ckpt.before"]
    return path


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_components": 3}, "n_components was 2 and is 3;"),
        ({"tol": 1e-3, "max_iter": 8}, "tol was 0.0 and is 0.001; max_iter was 9 and is 8;"),
        ({"structure": "diag"}, "structure was 'full' and is 'diag';"),
        ({"random_state": 1}, "random_state was 0 and is 1;"),
        ({"random_state": None}, "random_state was 0 and is 'a generator';"),
        ({"start": np.zeros(150, int)}, "start was 'auto' and is 'an array ("),
        ({"start": len}, "start was 'auto' and is 'the function builtins.len';"),
        ({"given": mixtura.Given(weights=[0.5, 0.5])}, "given weights was nothing and is 'an arr"),
    ],
)
def test_other_settings_are_refused_by_name(stopped, options, words):
    asked = {"n_components": 2, **BRIEF, **options}
    with pytest.raises(ParameterError, match="is a checkpoint of other settings") as caught:
        mixtura.fit(iris(), checkpoint=stopped, resume=True, **asked)
    assert words in str(caught.value)


def test_other_rows_are_refused_with_what_differs(stopped):
    rows = iris().rows

    def refused(rows: Any, **options: Any) -> str:
        with pytest.raises(DataError, match="is a checkpoint of other rows") as caught:
            mixtura.fit(rows, 2, **BRIEF, checkpoint=stopped, resume=True, **options)
        return str(caught.value)

    assert "number of rows was 150 and is 149; " in refused(iris().rows[:149])
    assert "number of features was 4 and is 3; " in refused(rows[:, :3])
    assert "and is nothing" in refused(rows)  # the names
    one = rows.copy()
    one[149, 3] = np.nextafter(one[149, 3], 9.0)
    assert "values was '" in refused(one)
    assert "weights was nothing and is '" in refused(rows, sample_weight=1.0 + one[:, 0])


def test_another_kernel_is_told_of(stopped, monkeypatch):
    from mixtura.engine import kernel

    monkeypatch.setattr(kernel, "describe", lambda: "an abacus")
    with pytest.warns(UserWarning, match="the last bits may differ.* and is 'an abacus'"):
        mixtura.fit(iris(), 2, **BRIEF, checkpoint=stopped, resume=True)


def test_a_checkpoint_is_not_overwritten_unasked(stopped):
    before = stopped.read_bytes()
    with pytest.raises(FileExistsError, match="a checkpoint exists already"):
        mixtura.fit(iris(), 2, checkpoint=stopped)
    assert stopped.read_bytes() == before


@pytest.mark.parametrize("where", ["none/run.ckpt", "."])
def test_a_place_where_nothing_can_be_written_is_known_before_the_work(tmp_path, where):
    with pytest.raises(OSError, match=r"there is no directory|is a directory") as caught:
        mixtura.fit("/no/such/file.csv", 2, checkpoint=tmp_path / where)
    assert str(tmp_path) in str(caught.value.filename)


@pytest.mark.parametrize("every", [0, 1.5, True])
def test_every_is_a_whole_number(tmp_path, every):
    with pytest.raises(ParameterError, match=r"every is .*, expected a whole number of at least 1"):
        mixtura.fit(ROWS, 2, checkpoint=tmp_path / "run", every=every)


def damaged(data: bytes) -> dict[str, bytes]:
    """The bytes of a checkpoint in ways in which they may come back."""
    middle = len(data) // 2
    text = data.index(b"iteration")
    return {
        "empty": b"",
        "eight bytes": data[:8],
        "cut in its header": data[:100],
        "cut in its numbers": data[:-100],
        "a bit of its numbers": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
        "a bit of its text": data[:text] + b"I" + data[text + 1 :],
        "zeros in the middle": data[:middle] + bytes(64) + data[middle + 64 :],
        "another file": b"x" * len(data),
        "too long a header": b"\xff" * 8 + data[8:],
    }  # fmt: skip


def test_any_damage_of_the_newest_falls_back_to_the_one_before(stopped, tmp_path):
    whole = mixtura.fit(iris(), 2, **BRIEF)
    newest, before = stopped.read_bytes(), stopped.with_name("run.ckpt.before").read_bytes()
    for data in damaged(newest).values():
        stopped.write_bytes(data)
        stopped.with_name("run.ckpt.before").write_bytes(before)
        with pytest.warns(UserWarning, match=r"it is damaged; going on from .*\.before"):
            resumed = mixtura.fit(iris(), 2, **BRIEF, checkpoint=stopped, resume=True)
        the_same(resumed, whole)


@pytest.mark.parametrize("mask", [0xFF, 0x20, 0x01], ids=hex)
def test_a_checkpoint_with_any_byte_flipped_is_refused_or_says_the_same(stopped, mask):
    newest, same = stopped.read_bytes(), 0
    expected = decoded(newest, "it")
    for place in range(len(newest)):
        damaged = bytearray(newest)
        damaged[place] ^= mask
        try:
            found = decoded(bytes(damaged), "it")
        except ModelError:
            continue
        assert found.values == expected.values, place
        assert list(found.arrays) == list(expected.arrays)
        for name, array in found.arrays.items():
            assert array.tobytes() == expected.arrays[name].tobytes(), (place, name)
        same += 1
    assert same < 0.01 * len(newest)


def test_a_checkpoint_says_when_and_by_which_version_it_was_written(stopped, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    record = Generations(stopped).read()
    Generations(stopped).write(record)
    values = Generations(stopped).read().values
    assert values["date"] == "2023-11-14T22:13:20Z"
    assert values["library_version"] == mixtura.__version__


def test_a_damaged_newest_does_not_replace_the_sound_one_before(stopped):
    generations = Generations(stopped)
    stopped.write_bytes(b"damaged")
    sound = generations.before.read_bytes()
    with pytest.warns(UserWarning, match="going on from"):
        record = generations.read()
    generations.write(record)
    assert generations.before.read_bytes() == sound
    newest = stopped.read_bytes()
    generations.write(record)
    assert generations.before.read_bytes() == newest


def test_a_checkpoint_without_a_whole_generation_is_one_clear_error(stopped):
    for data in damaged(stopped.read_bytes()).values():
        stopped.write_bytes(data)
        stopped.with_name("run.ckpt.before").write_bytes(data)
        with pytest.raises(ModelError, match=r"run\.ckpt is no checkpoint, or it is damaged"):
            mixtura.fit(iris(), 2, **BRIEF, checkpoint=stopped, resume=True)


def test_a_model_file_and_a_later_format_are_no_checkpoint(tmp_path, stopped, monkeypatch):
    model = tmp_path / "model"
    mixtura.save(mixtura.fit(ROWS, 2).mixture, model)
    with pytest.raises(ModelError, match="is no checkpoint"):
        mixtura.fit(ROWS, 2, checkpoint=model, resume=True)
    monkeypatch.setattr(generations, "FORMAT_VERSION", 2)
    with pytest.raises(ModelError, match="has a checkpoint format that is not 2"):
        mixtura.fit(iris(), 2, **BRIEF, checkpoint=stopped, resume=True)


def test_numbers_that_are_no_mixture_are_refused_though_the_sum_fits(stopped):
    record = Generations(stopped).read()
    assert record is not None
    record.arrays["position.ahead.covariances"] = -record.arrays["position.ahead.covariances"]
    Generations(stopped).write(record)
    with pytest.raises(ModelError, match=r"run\.ckpt is damaged"):
        mixtura.fit(iris(), 2, **BRIEF, checkpoint=stopped, resume=True)


def test_the_file_holds_numbers_and_text_and_no_code(stopped):
    data = stopped.read_bytes()
    size = int.from_bytes(data[:8], "little")
    about = json.loads(data[8 : 8 + size])["__metadata__"]
    assert set(about) == {"mixtura-checkpoint", "sha256"}
    assert json.loads(about["mixtura-checkpoint"])["settings"]["n_components"] == 2
    assert {array.dtype.kind for array in read_safetensors(data).values()} <= set("fu")


#: kills children that fit, each at another of all the calls that a fit makes, and goes on
KILLS = r"""
import json, os, signal, sys
from pathlib import Path
import numpy as np
import mixtura
from mixtura.fitting.checkpoints.generations import Generations, decoded

folder, count = Path(sys.argv[1]), int(sys.argv[2])
drawn = np.random.default_rng(0)
rows = np.concatenate([drawn.normal(0, 1, (1500, 3)), drawn.normal(1.2, 0.7, (1000, 3))])
kinds = [
    (rows, {"start": "random", "accelerate": True, "tol": 0.0, "max_iter": 40}),
    ([rows[:999], rows[999:]], {"start": "random", "n_init": 2, "tol": 0.0, "max_iter": 15}),
]

def fitted(which, path):
    data, options = kinds[which]
    return mixtura.fit(data, 3, checkpoint=path, resume=True, **options)

class Calls:
    "Counts calls and returns, those of the system's functions included, and kills at one."
    def __init__(self, deadly=0):
        self.count, self.deadly = 0, deadly
    def __call__(self, *_):
        self.count += 1
        if self.count == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)

def counted(which, path, deadly=0):
    calls = Calls(deadly)
    sys.setprofile(calls)
    try:
        fit = fitted(which, path)
    finally:
        sys.setprofile(None)
    return fit, calls.count

for which in range(2):
    fitted(which, folder / f"first{which}")  # which imports and keeps things
whole, totals = zip(*(counted(which, folder / f"whole{which}") for which in range(2)))
found = []
for number in range(count):
    which, path = number % 2, folder / f"run{number}"
    pid = os.fork()
    if not pid:
        try:
            counted(which, path, (number + 1) * totals[which] // (count + 1))
        finally:
            os._exit(0)
    status = os.waitpid(pid, 0)[1]
    left = Generations(path).read()  # a damaged file is an error, or a warning
    position = left and left.values["position"]
    resumed = fitted(which, path)
    found.append({
        "killed": os.WIFSIGNALED(status),
        "iteration": position["iteration"] if position else 0,
        "same": all(
            np.array_equal(getattr(resumed.mixture, p), getattr(whole[which].mixture, p))
            for p in ("weights", "means", "covariances")
        ) and np.array_equal(resumed.trace, whole[which].trace),
        "left": sorted(p.name[len(path.name):] for p in folder.glob(f"{path.name}*")),
    })
print(json.dumps(found))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills children that it forks")
@pytest.mark.parametrize("count", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_kill_9_at_any_moment_leaves_what_goes_on_to_the_same_bits(tmp_path, count):
    environment = {**os.environ, "MIXTURA_NUM_THREADS": "1"}
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", KILLS, tmp_path, str(count)],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert len(found) == count
    assert sum(each["killed"] for each in found) >= 0.9 * count  # waits for a reader differ
    assert all(each["same"] for each in found)
    assert all(set(each["left"]) <= {"", ".before"} for each in found)
    # Not at the beginning and at the end alone.
    assert len({each["iteration"] for each in found}) > 3


NOISE = np.concatenate([ROWS, RANDOM.uniform(-8.0, 9.0, (500, 3))])


@pytest.mark.parametrize("writings", [1, 2, 3, 5])
@pytest.mark.parametrize("streamed", [False, True], ids=["in memory", "streamed"])
@pytest.mark.parametrize("start", ["kmeans", "auto"])
def test_a_start_amid_noise_writes_no_position_of_its_sample(
    tmp_path, monkeypatch, start, streamed, writings
):
    rows = [NOISE[:900], NOISE[900:]] if streamed else NOISE
    options = {"noise": True, "start": start, "max_iter": 20, "tol": 0.0, "random_state": 3}
    whole = mixtura.fit(rows, 3, **options)
    write, left = Generations.write, [writings]

    def written_and_killed(self: Generations, record: Any) -> None:
        write(self, record)
        left[0] -= 1
        if not left[0]:
            raise Stop

    monkeypatch.setattr(Generations, "write", written_and_killed)
    told = {"checkpoint": tmp_path / "run", "resume": True}
    with pytest.raises(Stop):
        mixtura.fit(rows, 3, **told, **options)
    the_same(mixtura.fit(rows, 3, **told, **options), whole)
