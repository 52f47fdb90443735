"""The lessons run in real engines, and what is killed in them is not missed.

Each engine is installed in an environment of its own, which is not activated; mixtura and what it
needs are those of the environment of the tests. `MIXTURA_ENGINES` names the folder of these.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
HERE = Path(__file__).parent

#: what is installed, and the lesson and the accidents in it
ENGINES = {
    "spark-3.5": (["pyspark~=3.5.0", "py4j"], "06_em_in_spark.py", "spark_accidents.py"),
    "spark-4": (["pyspark~=4.0", "py4j"], "06_em_in_spark.py", "spark_accidents.py"),
    "ray": (["ray[data]"], "07_em_in_ray.py", "ray_accidents.py"),
}
#: how many executors or workers are killed in each
ACCIDENTS = 5

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("engine", ENGINES)]


def interpreter(engine: str) -> str:
    """The Python of an environment that has the engine; made where it is not there."""
    if engine.startswith("spark") and shutil.which("java") is None:
        pytest.skip("there is no Java")
    folder = Path(os.environ.get("MIXTURA_ENGINES", ROOT / "build" / "engines")) / engine
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        inside = subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip
        ours = sysconfig.get_path("purelib")
        Path(inside, "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
        packages = ENGINES[engine][0]
        alone = ["--no-deps"] if engine.startswith("spark") else []
        pip = [python, "-m", "pip", "install", "--quiet", *alone, *packages]
        installed = subprocess.run(pip, capture_output=True, text=True)
        if installed.returncode:
            pytest.skip(f"{engine} cannot be installed: {installed.stderr.strip()[-200:]}")
        (folder / "ready").touch()
    return str(python)


def run(words: list[str], tmp_path: Path, **more: str) -> str:
    """What a script prints, in an environment that is not activated."""
    unset = {"PYSPARK_PYTHON", "VIRTUAL_ENV"}
    environment = {k: v for k, v in os.environ.items() if k not in unset} | more
    ended = subprocess.run(
        words, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=3000
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout


def test_a_lesson_runs(engine, tmp_path):
    lesson = ROOT / "examples" / ENGINES[engine][1]
    assert "weights [0." in run([interpreter(engine), str(lesson)], tmp_path)


def test_what_is_killed_is_not_missed(engine, tmp_path):
    script = HERE / ENGINES[engine][2]
    told = run([interpreter(engine), str(script), str(ACCIDENTS)], tmp_path)
    found = json.loads(next(line for line in told.splitlines() if line.startswith('{"calm"')))
    assert len(found["ended"]) == ACCIDENTS
    for fingerprint, killed in found["ended"]:
        assert killed == 1
        assert fingerprint == found["calm"]
