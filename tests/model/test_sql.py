"""A mixture as a statement of SQL, asked of databases, beside its own scores."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import postgres
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from mixtura import Box, Mixture, Noise
from mixtura.errors import ParameterError

K, D = 5, 4
COLUMNS = ('a"b', "select", "x y; drop table t; --", "größe")
TABLE = 'the "rows"; --'


def drawn(structure: str, offset: float, *, noise: bool) -> Mixture:
    random = np.random.default_rng(0)
    roots = random.normal(size=(K, D, D)) / 2.0
    matrices = roots @ roots.swapaxes(1, 2) + 0.3 * np.eye(D)
    covariances = {
        "full": matrices,
        "tied": matrices[0],
        "diag": np.einsum("kdd->kd", matrices),
        "spherical": matrices[:, 0, 0],
    }[structure]
    weights, means = random.dirichlet(np.full(K, 5.0)), 3.0 * random.normal(size=(K, D)) + offset
    box = Box(means.min(axis=0) - 5.0, np.ptp(means, axis=0) + 10.0)
    taken = Noise(0.1, box) if noise else None
    return Mixture(weights * (0.9 if noise else 1.0), means, covariances, structure, noise=taken)


every_kind = pytest.mark.parametrize("structure", ["full", "tied", "diag", "spherical"])
each_offset = pytest.mark.parametrize("offset", [0.0, 1e6])
amid = pytest.mark.parametrize("noise", [False, True])


def rows_of(mixture: Mixture) -> np.ndarray:
    """Draws, and rows so far out that every density underflows."""
    rows, _ = mixture.sample(200, 1)
    return np.vstack([rows, mixture.means[:2] + 1e3, mixture.means[:1] - 1e5])


def check(mixture: Mixture, rows: np.ndarray, answers: dict[str, np.ndarray]) -> None:
    k = mixture.n_components
    names = [*(f"p_{i}" for i in range(k)), *(["p_noise"] if mixture.noise else [])]
    assert [name for name in answers if name not in COLUMNS] == ["log_density", "label", *names]
    assert_allclose(answers["log_density"], mixture.score_samples(rows), rtol=1e-12)
    shares = np.column_stack([answers[name] for name in names])
    assert_allclose(shares, mixture.predict_proba(rows), rtol=0, atol=1e-12)
    assert_array_equal(answers["label"], mixture.predict(rows))


def in_duckdb(rows: list[list[Any]]) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect()
    held = ", ".join('"' + name.replace('"', '""') + '" DOUBLE' for name in COLUMNS)
    database.execute(f'CREATE TABLE "the ""rows""; --" ({held})')
    database.executemany('INSERT INTO "the ""rows""; --" VALUES (?, ?, ?, ?)', rows)
    return database


@every_kind
@each_offset
@amid
def test_duckdb_answers_as_the_mixture_does(structure: str, offset: float, noise: bool) -> None:
    mixture = drawn(structure, offset, noise=noise)
    rows = rows_of(mixture)
    found = in_duckdb(rows.tolist()).execute(mixture.to_sql("duckdb", TABLE, COLUMNS))
    check(mixture, rows, {name: np.asarray(v) for name, v in found.fetchnumpy().items()})


@every_kind
@amid
def test_a_null_and_nan_are_of_no_component(structure: str, noise: bool) -> None:
    mixture = drawn(structure, 0.0, noise=noise)
    asked = mixture.to_sql(table=TABLE, columns=COLUMNS)
    for j in range(D):
        row: list[float | None] = [0.0] * D
        row[j] = None
        *_, log_density, label = in_duckdb([row]).execute(asked).fetchone()[: D + 2]
        assert (log_density, label) == (None, None)
        row[j] = float("nan")
        *_, log_density, label = in_duckdb([row]).execute(asked).fetchone()[: D + 2]
        assert np.isnan(log_density)
        assert label is None


def test_a_row_beyond_all_squares_has_no_density_and_no_label() -> None:
    mixture = drawn("diag", 0.0, noise=False)
    row = [1e160, 0.0, 0.0, -1e200]
    found = in_duckdb([row]).execute(mixture.to_sql(table=TABLE, columns=COLUMNS)).fetchone()
    assert found[D] == mixture.score_samples(np.array([row]))[0] == -np.inf
    assert found[D + 1] is None


def test_the_statement_stands_in_a_view_and_takes_whole_numbers() -> None:
    mixture = Mixture([0.5, 0.5], [[0.0], [9.0]], [1.0, 4.0], "spherical", feature_names=["n"])
    database = duckdb.connect()
    database.execute(
        "CREATE SCHEMA s; CREATE TABLE s.t AS SELECT range AS n, 'x' AS other FROM range(12)"
    )
    database.execute(f"CREATE VIEW v AS {mixture.to_sql(table=['s', 't'])}")
    found = database.execute("SELECT other, label, log_density FROM v ORDER BY n").fetchall()
    rows = np.arange(12.0)[:, None]
    assert [label for _, label, _ in found] == mixture.predict(rows).tolist()
    assert_allclose([score for *_, score in found], mixture.score_samples(rows), rtol=1e-12)


def test_columns_are_called_as_they_like() -> None:
    mixture = drawn("full", 0.0, noise=True)
    names = ["total", "top", "y0", "z0_0", "j0", "e0", "y", "t", "rows", "z", "j", "m", "e", "s"]
    rows = np.random.default_rng(1).normal(size=(20, len(names)))
    database = duckdb.connect()
    database.execute(f"CREATE TABLE rows ({', '.join(f'{name} DOUBLE' for name in names)})")
    database.executemany(f"INSERT INTO rows VALUES ({', '.join('?' * len(names))})", rows.tolist())
    for at in range(0, len(names) - D + 1, 2):
        asked = mixture.to_sql(columns=names[at : at + D])
        found = database.execute(asked).fetchnumpy()
        scores = mixture.score_samples(rows[:, at : at + D])
        assert_allclose(found["log_density"], scores, rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"dialect": "oracle"}, "dialect is 'oracle', expected one of 'duckdb', 'postgresql'"),
        ({"columns": ["a"]}, "columns is 1, expected the 4 names of the columns"),
        (
            {"columns": None},
            "columns is None, and the mixture has no feature names, expected the 4",
        ),
        ({"columns": ["a", "b", "c", "Label"]}, "columns has 'label', which an answer is called"),
        (
            {"columns": ["a", "b", "c", "d\0"]},
            r"columns has 'd\\x00', expected a name, without a null",
        ),
        ({"columns": ["a", "b", "c", ""]}, "columns has '', expected a name"),
        ({"columns": ["a", "b", "c", 4]}, "columns has 4, expected a name"),
        ({"table": ""}, "table has '', expected a name"),
        ({"table": []}, "table is empty, expected a name, or those of a schema and a table"),
        ({"table": 5}, "table is 5, expected a list of names"),
        ({"dialect": "postgresql", "table": "t" * 64}, "expected at most 63 bytes"),
    ],
)
def test_names_are_checked(options: dict[str, Any], sentence: str) -> None:
    mixture = drawn("diag", 0.0, noise=False)
    with pytest.raises(ParameterError, match=sentence):
        mixture.to_sql(**{"columns": ["a", "b", "c", "d"], **options})


@pytest.mark.slow
@pytest.mark.skipif(
    postgres.programs() is None, reason="no PostgreSQL server: apt-get install postgresql"
)
def test_postgresql_answers_as_the_mixture_does() -> None:
    held = ", ".join('"' + name.replace('"', '""') + '" double precision' for name in COLUMNS)
    # A path that a socket's name can hold, of a folder that another user may enter.
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as folder,
        postgres.running(Path(folder)) as server,
    ):
        for structure in ("full", "tied", "diag", "spherical"):
            for offset in (0.0, 1e6):
                for noise in (False, True):
                    mixture = drawn(structure, offset, noise=noise)
                    rows = rows_of(mixture)
                    values = ", ".join(f"({', '.join(map(repr, row))})" for row in rows.tolist())
                    told = server.ask(
                        f'DROP TABLE IF EXISTS "the ""rows""; --";\n'
                        f'CREATE TABLE "the ""rows""; --" ({held});\n'
                        f'INSERT INTO "the ""rows""; --" VALUES {values};\n'
                        f"{mixture.to_sql('postgresql', TABLE, COLUMNS)};\n"
                    )
                    names, *lines = csv.reader(io.StringIO(told))
                    table = np.array(lines, dtype=np.float64)
                    check(mixture, rows, dict(zip(names, table.T, strict=True)))
        lacking = "(NULL, 0, 0, 0), (0, 0, 0, 'NaN'::double precision)"
        told = server.ask(
            f'DELETE FROM "the ""rows""; --"; INSERT INTO "the ""rows""; --" VALUES {lacking};\n'
            f"{mixture.to_sql('postgresql', TABLE, COLUMNS)};\n"
        )
        _, null, nan = csv.reader(io.StringIO(told))
        assert null[D:] == [""] * (len(null) - D)
        assert nan[D : D + 2] == ["NaN", ""]
