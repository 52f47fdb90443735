"""Columns of one name cannot be told apart: they are refused at every door."""

from __future__ import annotations

import numpy as np
import pytest

import mixtura
from mixtura import GaussianMixture, Mixture
from mixtura.errors import DataError
from mixtura.tables import Table

pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")

ROWS = np.random.default_rng(0).normal([0, 5, 50], [1, 2, 3], (200, 3))
TWICE = ["a", "b", "a"]
SAID = "2 columns called 'a', expected one"


def tables():
    frame = pd.DataFrame(ROWS, columns=TWICE)
    arrow = pa.Table.from_arrays([pa.array(column) for column in ROWS.T], names=TWICE)
    return {
        "pandas": frame,
        "names that print alike": pd.DataFrame(ROWS, columns=["1", "b", 1]),
        "arrow": arrow,
        "batches": [arrow.to_batches()[0]],
        "frames": [frame],
    }


@pytest.mark.parametrize("door", tables())
def test_at_a_fit(door):
    with pytest.raises(DataError, match=r"2 columns called '(a|1)', expected one"):
        mixtura.fit(tables()[door], 1)


def test_at_the_estimator_a_selection_and_a_test():
    frame = tables()["pandas"]
    for refused in (
        lambda: GaussianMixture(1).fit(frame),
        lambda: GaussianMixture(1).partial_fit(frame),
        lambda: GaussianMixture(1).fit(frame.set_axis(list("abc"), axis=1)).predict(frame),
        lambda: mixtura.select(frame, [1, 2]),
        lambda: mixtura.bootstrap_test(frame, 1, n_bootstrap=1),
    ):
        with pytest.raises(DataError, match=SAID):
            refused()


@pytest.mark.parametrize("door", ["pandas", "arrow", "batches", "frames"])
def test_when_rows_are_given_to_a_mixture(door):
    mixture = Mixture([1.0], [[0.0, 5.0]], [np.eye(2)], feature_names=["a", "b"])
    with pytest.raises(DataError, match=SAID):
        mixture.score(tables()[door])


@pytest.mark.parametrize("door", ["pandas", "arrow", "batches", "frames"])
def test_but_not_where_that_name_is_not_used(door):
    mixture = Mixture([1.0], [[5.0]], [[[4.0]]], feature_names=["b"])
    alone = mixture.score(ROWS[:, [1]])
    assert mixture.score(tables()[door]) == pytest.approx(alone, rel=1e-12)


def test_a_dask_frame(tmp_path):
    dask = pytest.importorskip("dask.dataframe")
    frame = dask.from_pandas(pd.DataFrame(ROWS, columns=["a", "b", "c"]), npartitions=2)
    frame.columns = TWICE
    mixture = Mixture([1.0], [[0.0, 5.0]], [np.eye(2)], feature_names=["a", "b"])
    with pytest.raises(DataError, match="2 columns called 'a'"):
        mixture.score(frame)
    with pytest.raises(DataError, match="2 columns called 'a'"):
        mixture.score_samples(frame)


def test_a_file(tmp_path):
    path = tmp_path / "rows.csv"
    np.savetxt(path, ROWS, delimiter=",", header="a,b,a", comments="")
    with pytest.raises(DataError, match=SAID):
        mixtura.fit(path, 1)
    mixture = Mixture([1.0], [[0.0, 5.0]], [np.eye(2)], feature_names=["a", "b"])
    with pytest.raises(DataError, match=SAID):
        mixture.score(path)


def test_a_table_of_ours():
    with pytest.raises(DataError, match="2 columns are called 'a', expected one"):
        Table(("a", "b", "a"), ROWS)
