"""A command line that tests can type, and files to type it with."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import mixtura
from mixtura.cli.main import main
from mixtura.datasets import faithful
from mixtura.fitting.settings import SCIKIT_LEARNS

GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def message(self) -> str:
        """The one line of an error, without its prefix."""
        prefix = "mixtura: error: "
        assert self.err.startswith(prefix)
        assert self.err.count("\n") == 1
        assert self.err.endswith("\n")
        return self.err[len(prefix) : -1]


Typed = Callable[..., Ended]


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Types a command line, and answers with how it ended."""

    def type_in(*arguments: object, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Ended(code, out, err)

    return type_in


@pytest.fixture(scope="session")
def geyser(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file: two components, fitted to faithful."""
    path = tmp_path_factory.mktemp("models") / "geyser.safetensors"
    fit = mixtura.fit(faithful(), 2, **SCIKIT_LEARNS)
    mixtura.save(fit.mixture, path, fit.summary())
    return path


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file, and answers with its path."""

    def write(content: str | bytes, name: str = "data.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Holds a text to the file of that name; UPDATE_GOLDEN=1 writes the files anew.

    JSON is held to the same keys in the same order, and to its numbers within 1e-6.
    """

    def hold(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(text, "utf-8")
            pytest.fail(f"{name} is written: read it, then run the tests without UPDATE_GOLDEN")
        expected = path.read_text("utf-8")
        if path.suffix == ".json":
            found, wanted = flat(json.loads(text)), flat(json.loads(expected))
            assert list(found) == list(wanted)
            for where, value in wanted.items():
                near = isinstance(value, float)
                expected_value = pytest.approx(value, rel=1e-6, abs=1e-12) if near else value
                assert found[where] == expected_value, where
        else:
            assert text == expected

    return hold


def flat(value: Any, where: str = "") -> dict[str, Any]:
    """The leaves of a record, by their paths."""
    if not value or not isinstance(value, (dict, list)):
        return {where: value}
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    return {
        path: leaf for key, part in parts for path, leaf in flat(part, f"{where}/{key}").items()
    }
