"""The house keeps its floors: imports go one way, and the front door is light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import mixtura
from mixtura.engine import kernel

SOURCE = Path(mixtura.__file__).parent
LAYERS = [
    "engine",
    "rows",
    "model",
    "formats",
    "fitting.m_step",
    "fitting.convergence",
    "fitting.starts",
    "fitting",
    "bayesian",
    "selection",
    "grouped",
    "uncertainty",
    "estimators",
    "views",
    "cli",
]


def module_of(path: Path) -> str:
    """The name that a file is imported by."""
    parts = ("mixtura", *path.relative_to(SOURCE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


#: name -> what the file says
TEXTS = {module_of(path): path.read_text("utf-8") for path in sorted(SOURCE.rglob("*.py"))}
TREES = {name: ast.parse(text) for name, text in TEXTS.items()}


def imported(tree: ast.AST, known: Mapping[str, object]) -> set[str]:
    """The modules among the known that a file imports, anywhere in it, types included."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= whole
            if whole - known.keys():  # a name in that module, and no module itself
                found.add(node.module)
    return found & known.keys()


def layer_of(name: str) -> str | None:
    """The layer that a module is on: the innermost of those that hold it, or none."""
    inner = name.removeprefix("mixtura.")
    holding = [layer for layer in LAYERS if inner == layer or inner.startswith(f"{layer}.")]
    return max(holding, key=len, default=None)


def test_no_import_is_relative() -> None:
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            assert not isinstance(node, ast.ImportFrom) or node.level == 0, f"{name} does"


def test_imports_go_one_way() -> None:
    upward = [
        f"{name} imports {other}"
        for name, tree in TREES.items()
        for other in imported(tree, TREES)
        if (here := layer_of(name))
        and (there := layer_of(other))
        and LAYERS.index(there) > LAYERS.index(here)
    ]
    assert upward == []


def test_every_folder_of_the_package_is_a_layer() -> None:
    folders = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    floors = {layer.partition(".")[0] for layer in LAYERS}
    assert folders >= floors
    assert folders - floors <= {"data", "datasets", "tables", "testing"}


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
    "h5py",
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


# -- files, one by one ---------------------------------------------------------------------------

#: files whose own imports count for no circle: by them a value opens what stands above it
DOORS = {"mixtura.notebook"}


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Files of which each imports the one before, and the first the last; empty without any."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_a_circle_is_found_wherever_the_import_stands() -> None:
    sources = {
        "a": "def f():\n    from b import g",
        "b": "if TYPE_CHECKING:\n    import c.d",
        "c.d": "from c import e",
        "c.e": "import a",
    }
    trees = {name: ast.parse(text) for name, text in sources.items()}
    graph = {name: imported(tree, trees) for name, tree in trees.items()}
    assert graph == {"a": {"b"}, "b": {"c.d"}, "c.d": {"c.e"}, "c.e": {"a"}}
    assert set(circle(graph)) == set(sources)
    assert circle({**graph, "c.e": set()}) == []


def docstrings(tree: ast.AST) -> Iterator[ast.Expr]:
    """The texts that modules, classes and functions begin with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and ast.get_docstring(node, clean=False) is not None:
                yield first


def lines_of(nodes: Iterable[ast.stmt]) -> set[int]:
    """The numbers of the lines that they stand on."""
    return {n for node in nodes for n in range(node.lineno, (node.end_lineno or 0) + 1)}


def code_and_imports(name: str) -> tuple[int, int]:
    """How many lines of a file are code, and how many import something; __future__ is nothing."""
    tree = TREES[name]
    told = lines_of(docstrings(tree))
    imports = lines_of(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        or (isinstance(node, ast.ImportFrom) and node.module != "__future__")
    )
    code = {
        number
        for number, line in enumerate(TEXTS[name].splitlines(), 1)
        if line.strip() and not line.strip().startswith("#") and number not in told
    }
    return len(code), len(code & imports)


def words_in(tree: ast.AST) -> Iterator[str]:
    """The names that a file's code has, and its texts but for docstrings."""
    told = {node.value for node in docstrings(tree)}
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "asname", "module"):
            if isinstance(word := getattr(node, field, None), str):
                yield word
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in told:
            yield node.value


def files_that_say(pattern: str) -> list[str]:
    return [
        name for name, tree in TREES.items() if any(re.search(pattern, w) for w in words_in(tree))
    ]


def test_a_word_counts_in_names_and_texts_and_not_in_docstrings() -> None:
    code = """
def f(noise_box):
    'All but noise.'
    from model.noise import Box as B
    return g(max_iter=3, key=f"a {f} noise")
"""
    words = ["noise_box", "f", "model.noise", "Box", "B", "g", "max_iter", "key", "f"]
    assert sorted(words_in(ast.parse(code))) == sorted([*words, "a ", " noise"])


def files_entered(before: str, statement: str) -> list[str]:
    """The files of the package whose functions a statement calls, as it first does."""
    code = (
        "import sys\n"
        "entered = {}\n"
        "def called(frame, event, _):\n"
        "    name = frame.f_code.co_filename\n"
        "    if event == 'call' and '/mixtura/' in name:\n"
        "        entered.setdefault(name.rpartition('/mixtura/')[2].removesuffix('.py'))\n"
        f"{before}\n"
        "sys.setprofile(called)\n"
        f"{statement}\n"
        "sys.setprofile(None)\n"
        "print(*entered)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.split()


def names_bound(tree: ast.Module) -> list[str]:
    """The names that a file binds at its top, as often as it does, overloads once."""
    bound: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.Assign):
            bound += [n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            bound.append(node.target.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and not any(
            ast.unparse(each) == "overload" for each in node.decorator_list
        ):
            bound.append(node.name)
    return bound


def test_no_file_gives_one_name_to_two_things() -> None:
    twice = {
        name: [each for each, times in Counter(names_bound(tree)).items() if times > 1]
        for name, tree in TREES.items()
    }
    assert {name: names for name, names in twice.items() if names} == {}


# -- bars ------------------------------------------------------------------------------------------


def test_no_files_import_one_another_in_a_circle() -> None:
    assert TREES.keys() >= DOORS
    assert len(DOORS) <= 2
    graph = {
        name: set() if name in DOORS else imported(tree, TREES) - {name}
        for name, tree in TREES.items()
    }
    assert circle(graph) == []


def test_imports_are_few_beside_what_is_done_with_them() -> None:
    code, imports = map(sum, zip(*map(code_and_imports, TREES), strict=True))
    assert imports <= 0.11 * code, f"{imports} of {code} lines: {imports / code:.1%}"


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {name: len(text.splitlines()) for name, text in TEXTS.items()}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_no_function_is_longer_than_60_lines_beside_its_docstring() -> None:
    lengths = {
        f"{name}.{node.name}": len(lines_of([node]) - lines_of(docstrings(node)))
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length > 60} == {}


@pytest.mark.parametrize(("word", "most"), [("noise", 46), (r"\bmax_iter\b", 11)])
def test_a_setting_is_known_in_few_files(word: str, most: int) -> None:
    said = files_that_say(word)
    assert len(said) <= most, f"{len(said)} files: {', '.join(said)}"


def test_the_files_that_architecture_names_are_there() -> None:
    root = SOURCE.parents[1]
    text = (root / "ARCHITECTURE.md").read_text("utf-8") if SOURCE.parent.name == "src" else ""
    if not text:
        pytest.skip("an installed package has no ARCHITECTURE.md beside it")
    part = text[text.index("## Layers") : text.index("### Names that changed")]
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_.]+)+)/?`", part))
    missing = [
        name
        for name in sorted(named)
        if not any(
            path.exists()
            for path in (SOURCE / name, SOURCE / f"{name}.py", root / name, root / f"{name}.py")
        )
    ]
    assert len(named) > 40
    assert missing == []


def test_a_number_crosses_few_files_from_the_estimator_to_its_means() -> None:
    """The way is written down in ARCHITECTURE.md; a fit has to take it, in that order."""
    root = SOURCE.parents[1]
    if SOURCE.parent.name != "src":
        pytest.skip("an installed package has no ARCHITECTURE.md beside it")
    if not kernel.native_is_installed():
        pytest.skip("the way goes through the native kernel, which this installation lacks")
    text = (root / "ARCHITECTURE.md").read_text("utf-8")
    part = text[text.index("### The way of a number") : text.index("### What to touch")]
    way = [name for name in re.findall(r"`([a-z_]+(?:/[a-z_]+)+)`", part) if "auto" not in name]
    assert len(way) <= 30
    before = (
        "import numpy as np; from mixtura import GaussianMixture; "
        "X = np.random.default_rng(0).normal(size=(5000, 2)) + np.repeat([[0.0], [9.0]], 2500, 0); "
        "model = GaussianMixture(2, random_state=0, accelerate=True); v = np.arange(5000.0) + 1.0; "
        "model.fit(X, sample_weight=v)"
    )
    entered = files_entered(before, "model.fit(X, sample_weight=v)")
    assert [name for name in entered if name in way] == way
