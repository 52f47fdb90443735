"""Keys of groups: whatever tells rows apart, in arrays and in tables."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

import mixtura
from mixtura.errors import DataError, ParameterError
from mixtura.grouped.keys import Grouping, natural, seeds_of


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.sampled_from("abc")), min_size=1, max_size=60),
    st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_groups_are_those_of_pandas_in_its_order(pairs, as_objects):
    columns = {
        "n": np.array([n for n, _ in pairs]),
        "t": np.array([t for _, t in pairs], object if as_objects else str),
    }
    found = Grouping.of(columns)
    theirs = pd.DataFrame(columns).groupby(["n", "t"]).indices
    keys = list(zip(found.keys["n"].tolist(), found.keys["t"].tolist(), strict=True))
    assert keys == sorted(theirs)
    rows = np.arange(len(pairs))
    for place, key in enumerate(keys):
        assert rows[found.rows_of(place)].tolist() == theirs[key].tolist()


@given(st.lists(st.text(max_size=4), min_size=1, max_size=20, unique=True), st.integers(0, 99))
@settings(deadline=None, max_examples=25)
def test_a_seed_is_a_matter_of_its_key_alone(names, seed):
    keys = np.array(names, object)
    together = seeds_of({"a": keys}, seed)
    alone = [seeds_of({"a": keys[i : i + 1]}, seed)[0] for i in range(len(keys))]
    assert together.tolist() == alone


def test_seeds_differ_between_keys_columns_and_seeds():
    keys = np.arange(100_000)
    seeds = seeds_of({"a": keys}, 0)
    assert len(np.unique(seeds)) > 99_990  # of 2³², about one pair is expected to meet
    assert not np.array_equal(seeds, seeds_of({"a": keys}, 1))
    pairs = {"a": np.array(["ab", "a"]), "b": np.array(["c", "bc"])}
    assert len(set(seeds_of(pairs, 0).tolist())) == 2


@pytest.mark.parametrize(
    ("texts", "kind"), [(["1", "20"], "i"), (["1", "02"], "U"), (["1", "x"], "U"), (["1.0"], "U")]
)
def test_texts_are_numbers_where_they_are_written_as_such(texts, kind):
    assert natural(np.array(texts)).dtype.kind == kind


# -- what people have ----------------------------------------------------------------------------

ROWS = np.random.default_rng(0).normal(size=(60, 2))
GENES, BATCHES = np.repeat(["x", "y"], 30), np.tile([1, 2, 3], 20)
FRAME = pd.DataFrame({"gene": GENES, "a": ROWS[:, 0], "batch": BATCHES, "b": ROWS[:, 1]})


def frames() -> dict[str, object]:
    dates = np.array([datetime.date(2024, 1, day) for day in BATCHES], object)
    return {
        "pandas": FRAME,
        "categories": FRAME.astype({"gene": "category"}),
        "arrow": pa.Table.from_pandas(FRAME),
        "dict": {name: FRAME[name].to_numpy() for name in FRAME},
        "dates": FRAME.assign(batch=dates),
    }


@pytest.mark.parametrize("name", list(frames()))
def test_a_table_names_its_groups_and_the_other_columns_are_features(name):
    found = mixtura.fit_groups(frames()[name], ["gene", "batch"])
    beside = mixtura.fit_groups(ROWS, {"gene": GENES, "batch": BATCHES})
    assert list(found.keys) == ["gene", "batch"]
    assert found.feature_names == ("a", "b")
    np.testing.assert_allclose(found.means, beside.means, rtol=1e-14)
    assert found.mixture("y", found.keys["batch"][-1]).feature_names == ("a", "b")


def test_polars_frames_go_in_and_come_out():
    polars = pytest.importorskip("polars")
    found = mixtura.fit_groups(polars.from_pandas(FRAME), ["gene", "batch"])
    assert found.means.shape == (6, 2)
    assert found.to_polars(components=True).columns[-1] == "cov_b_b"


def test_groups_may_be_one_array_several_or_a_series():
    one = mixtura.fit_groups(ROWS, GENES)
    assert list(one.keys) == ["group"]
    several = mixtura.fit_groups(ROWS, [GENES, BATCHES])
    assert list(several.keys) == ["group0", "group1"]
    assert len(several) == 6
    assert list(mixtura.fit_groups(ROWS, FRAME["gene"]).keys) == ["gene"]
    assert np.array_equal(mixtura.fit_groups(ROWS, GENES.tolist()).means, one.means)


def test_the_features_may_be_chosen_and_a_column_weigh_the_rows():
    found = mixtura.fit_groups(FRAME, "gene", columns=["b"])
    assert found.feature_names == ("b",)
    weighed = mixtura.fit_groups(FRAME.assign(w=1.0), ["gene", "batch"], sample_weight="w")
    assert weighed.feature_names == ("a", "b")


@pytest.mark.parametrize(
    ("X", "groups", "more", "error", "words"),
    [
        (FRAME, ["gene", "plate"], {}, ParameterError, "'plate', which is no column"),
        (FRAME, ["gene", "gene"], {}, ParameterError, "twice"),
        (ROWS, "gene", {}, ParameterError, "X is an array"),
        (ROWS, GENES[:-1], {}, DataError, "59 keys, expected one for each of the 60 rows"),
        (ROWS, np.where(BATCHES > 1, BATCHES, np.nan), {}, DataError, "row 0 has no key"),
        (FRAME.assign(gene=[None, *GENES[1:]]), "gene", {}, DataError, "row 0 has no key in"),
        (ROWS, ROWS, {}, DataError, r"have shape \(60, 2\)"),
        (ROWS[:0], [], {}, DataError, "0 rows|no row"),
        (FRAME[["gene"]], "gene", {}, DataError, "no column is left"),
        (FRAME, "gene", {"columns": ["gene"]}, ParameterError, "cannot be a feature"),
        (FRAME, "gene", {"columns": ["c"]}, ParameterError, "no column 'c'"),
        (ROWS, GENES, {"columns": ["a"]}, ParameterError, "have no names"),
    ],
)  # fmt: skip
def test_what_tells_no_groups_is_refused(X, groups, more, error, words):
    with pytest.raises(error, match=words):
        mixtura.fit_groups(X, groups, **more)


def test_a_key_that_is_not_there_is_refused():
    found = mixtura.fit_groups(FRAME, ["gene", "batch"])
    with pytest.raises(ParameterError, match="no group of gene 'z', batch 1"):
        found.mixture("z", 1)
    with pytest.raises(ParameterError, match="a key of 1 parts"):
        found.mixture("x")
