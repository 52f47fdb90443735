"""The house keeps its floors: imports go one way, and the front door is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import mixtura

SOURCE = Path(mixtura.__file__).parent
LAYERS = ["engine", "model", "fitting", "estimators", "views", "cli"]


def imported_layers(path: Path) -> set[str]:
    """The layers that a file imports, anywhere in it, types included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively: name the package"
            names = [node.module or ""]
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "mixtura" and len(parts) > 1 and parts[1] in LAYERS:
                found.add(parts[1])
    return found


def test_imports_go_one_way() -> None:
    upward = [
        f"{path.relative_to(SOURCE)} imports {other}"
        for floor, layer in enumerate(LAYERS)
        for path in (SOURCE / layer).rglob("*.py")
        for other in imported_layers(path)
        if LAYERS.index(other) > floor
    ]
    assert upward == []


def test_every_folder_of_the_package_is_a_layer() -> None:
    folders = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    assert folders >= set(LAYERS)
    assert folders - set(LAYERS) <= {"data", "datasets", "tables", "testing"}


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after `statement`."""
    code = f"{statement}; import sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    return set(
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        ).stdout.split()
    )


HEAVY = {
    "sklearn",
    "scipy",
    "matplotlib",
    "pandas",
    "pyarrow",
    "click",
    "dask",
    "distributed",
    "mpmath",
}


def test_the_import_loads_nothing_heavy() -> None:
    assert loaded_by("import mixtura") & HEAVY == set()


def test_fitting_and_scoring_load_nothing_heavy() -> None:
    statement = (
        "import mixtura; m = mixtura.Mixture([1.0], [[0.0]], [[[1.0]]]); m.score_samples([[0.5]]); "
        "[mixtura.fit([[0.0], [1.0], [3.0]], 2, start=start) for start in "
        "('kmeans', 'k-means++', 'random', 'random_from_data')]"
    )
    assert loaded_by(statement) & HEAVY == set()


def test_what_the_library_promises_is_there() -> None:
    for name in mixtura.__all__:
        assert getattr(mixtura, name) is not None
    assert set(mixtura.__all__) <= set(dir(mixtura))
