"""Whatever another library raises, the command line tells it in one line, with a code that fits."""

from __future__ import annotations

import importlib
import inspect
import io
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import distributed
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from mixtura.cli import inputs

#: where exception types are looked for -> the exit code of those that are no memory's nor file's
HOMES = {"pyarrow": 3, "numpy": 3, "dask": 6, "distributed": 6, "tokenize": 3, "safetensors": 4}
#: modules that may be imported to look for them
LOOKED = ("pyarrow.lib", "numpy.exceptions", "numpy.linalg", "numpy._core._exceptions", "tokenize",
          "dask.base", "dask.multiprocessing", "dask.utils", "dask.array.core", "safetensors",
          *(f"distributed.{m.name}" for m in pkgutil.iter_modules(distributed.__path__)
            if m.name in ("client", "core", "scheduler", "worker", "utils", "lock", "nanny",
                          "shuffle", "variable", "semaphore", "security", "active_memory_manager",
                          "exceptions", "worker_state_machine")),
          "distributed.comm.core", "distributed.comm.registry")  # fmt: skip


def types() -> Iterator[type[Exception]]:
    found: set[type[Exception]] = set()
    for name in LOOKED:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue  # another version
        for _, kind in inspect.getmembers(module, inspect.isclass):
            home = kind.__module__.partition(".")[0].removesuffix("_rust")
            if issubclass(kind, Exception) and home in HOMES and not issubclass(kind, Warning):
                found.add(kind)
    yield from sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


TYPES = list(types())


def test_there_are_types_of_every_library():
    homes = {kind.__module__.partition(".")[0].removesuffix("_rust") for kind in TYPES}
    assert homes >= {"pyarrow", "numpy", "distributed", "tokenize", "safetensors"}
    assert len(TYPES) > 20


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_no_type_of_another_library_passes_the_command_line(typed, monkeypatch, geyser, kind):
    try:
        error = kind("first\nsecond")
    except (TypeError, AttributeError):  # it takes more; the words come from that
        error = kind((10,), np.dtype("f8")) if issubclass(kind, MemoryError) else kind.__new__(kind)

    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(inputs, "read_model", fails)
    ended = typed("score", geyser, "@faithful")
    home = kind.__module__.partition(".")[0].removesuffix("_rust")
    expected = 6 if issubclass(kind, MemoryError) else HOMES[home]
    assert ended.code == expected
    assert ended.message  # one line
    assert ended.out == ""


def test_a_fault_of_our_own_is_no_other_s(typed, monkeypatch, geyser):
    def fails(*_: object, **__: object) -> None:
        raise ValueError("a fault")

    monkeypatch.setattr(inputs, "read_model", fails)
    with pytest.raises(ValueError, match="a fault"):
        typed("score", geyser, "@faithful")


# -- what the libraries raise of files and of clusters -----------------------------------------


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


ROWS = np.random.default_rng(0).normal(size=(1000, 2))
HEADERS = {
    "without its bracket": npy(ROWS).replace(b"}", b" ", 1),
    "without a parenthesis": npy(ROWS).replace(b"(1000, 2)", b"(1000, 2 ", 1),
    "of another type": npy(ROWS).replace(b"'<f8'", b"'<q9'", 1),
    "with a sum in it": npy(ROWS).replace(b"(1000, 2), ", b"(10**9, 2),", 1),
    "cut short": npy(ROWS)[:5000],
    "column by column, cut short": npy(np.asfortranarray(ROWS))[:5000],
    "without rows": npy(ROWS)[:128],
    "of a few bytes": npy(ROWS)[:20],
}


@pytest.mark.parametrize("damage", HEADERS)
@pytest.mark.parametrize("data", ["rows.npy", "r*.npy"])
@pytest.mark.parametrize("command", ["score {model} {data}", "fit {data} -k 1"])
def test_a_damaged_array_is_bad_data(typed, geyser, tmp_path, damage, data, command):
    (tmp_path / "rows.npy").write_bytes(HEADERS[damage])
    ended = typed(*command.format(model=geyser, data=tmp_path / data).split())
    assert (ended.code, ended.out) == (3, "")
    assert ended.message


@pytest.mark.parametrize("suffix", [".feather", ".parquet"])
@pytest.mark.parametrize("data", ["rows", "r*"])
@pytest.mark.parametrize("command", ["score", "explain"])
def test_text_that_is_none_is_bad_data(typed, geyser, tmp_path, suffix, data, command):
    bytes_ = pa.array([b"\xff\xfe"] * len(ROWS), pa.binary())
    who = pa.Array.from_buffers(pa.string(), len(ROWS), bytes_.buffers())
    table = pa.table({"eruptions": ROWS[:, 0], "waiting": ROWS[:, 1], "who": who})
    path = tmp_path / f"rows{suffix}"
    if suffix == ".feather":
        pa.feather.write_feather(table, path, compression="uncompressed")
    else:
        pa.parquet.write_table(table, path)
    ended = typed(command, geyser, tmp_path / f"{data}{suffix}", "--id", "who")
    assert (ended.code, ended.out) == (3, "")
    assert ended.message


def test_a_scheduler_of_an_unknown_kind_is_one_line(typed, tmp_path):
    pa.parquet.write_table(pa.table({"a": ROWS[:, 0]}), tmp_path / "rows.parquet")
    ended = typed("fit", tmp_path / "rows.parquet", "-k", 1, "--scheduler", "foo://there")
    assert ended.code == 6
    assert "'foo://there' (unknown address scheme 'foo'" in ended.message
    assert "\n" not in ended.message


def test_a_damaged_model_is_a_bad_model(typed, geyser, tmp_path):
    whole = Path(geyser).read_bytes()
    for number, data in enumerate((whole[:200], whole[:-8], b"\xff" * 64, whole[:8] + b"{" * 99)):
        path = tmp_path / f"{number}"
        path.write_bytes(data)
        ended = typed("show", path)
        assert (ended.code, bool(ended.message)) == (4, True)
