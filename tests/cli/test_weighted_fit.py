"""`mixtura fit --weights`: a column that says how much each row counts."""

from __future__ import annotations

import json

import numpy as np
import pytest

DATA = "name,a,b,mass\n" + "".join(
    f"r{i},{a:.6f},{b:.6f},{i % 3}\n"
    for i, (a, b) in enumerate(np.random.RandomState(0).standard_normal((60, 2)))
)


def test_a_weighted_fit_is_that_of_the_rows_repeated(typed, file):
    head, *lines = DATA.splitlines()
    repeated = "\n".join([head, *(line for line in lines for _ in range(int(line[-1])))])
    once = typed("fit", file(DATA), "-k", 1, "--weights", "mass", "--id", "name", "--json")
    often = typed(
        "fit", file(repeated, "long.csv"), "-k", 1, "--columns", "a,b", "--id", "name", "--json"
    )
    weighted, expected = json.loads(once.out), json.loads(often.out)
    assert weighted["features"] == expected["features"] == ["a", "b"]
    assert weighted["training"]["bic"] == pytest.approx(expected["training"]["bic"], rel=1e-12)
    assert weighted["training"]["n_rows"] == 40
    assert weighted["training"]["total_weight"] == expected["training"]["n_rows"] == 60
    assert "total_weight" not in expected["training"]


def test_a_weight_that_is_no_number_is_named(typed, file):
    ended = typed("fit", file("a,w\n1,1\n2,heavy\n3,1\n"), "-k", 1, "--weights", "w")
    assert ended.code == 3
    assert "row 1 of the weights' column 'w' holds 'heavy', expected a number" in ended.message


def test_a_negative_weight_is_told(typed, file):
    ended = typed("fit", file("a,w\n1,1\n2,-1\n3,1\n"), "-k", 1, "--weights", "w")
    assert ended.code == 3
    assert "the weight of row 1 is -1" in ended.message


def test_a_column_of_weights_that_is_not_there_is_told(typed, file):
    ended = typed("fit", file(DATA), "-k", 1, "--weights", "weight")
    assert ended.code == 3
    assert "no column 'weight', it has: name, a, b, mass" in ended.message
