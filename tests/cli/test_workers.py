"""`mixtura fit` on Dask workers gives the model that it gives without."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from distributed import LocalCluster

import mixtura

pytestmark = [
    # distributed closes some sockets only when it is collected
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    # Dask's reader of Parquet calls what the next pandas will not have
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
]


@pytest.fixture
def parts(tmp_path):
    """Two clouds in three Parquet files, with ids and weights."""
    random = np.random.default_rng(0)
    rows = np.concatenate([random.normal(0.0, 1.0, (600, 2)), random.normal(5.0, 1.0, (400, 2))])
    random.shuffle(rows)
    frame = pd.DataFrame(rows, columns=["a", "b"])
    frame["who"] = [f"n{i}" for i in range(len(frame))]
    frame["w"] = 1.0 + np.arange(len(frame)) % 3
    folder = tmp_path / "parts"
    folder.mkdir()
    for number, at in enumerate(range(0, len(frame), 400)):
        frame.iloc[at : at + 400].to_parquet(folder / f"{number}.parquet", index=False)
    return folder / "*.parquet"


OPTIONS = ("-k", 2, "--id", "who", "--weights", "w")


def the_same(tmp_path) -> None:
    here, there = (mixtura.load(tmp_path / f"{name}.model") for name in ("here", "there"))
    assert here.feature_names == there.feature_names == ("a", "b")
    np.testing.assert_allclose(here.means, there.means, rtol=1e-12)
    np.testing.assert_allclose(here.covariances, there.covariances, rtol=1e-12)


@contextmanager
def cluster() -> Iterator[tuple[str, str]]:
    """A cluster that is there, as options name it."""
    quiet = {"silence_logs": logging.CRITICAL, "dashboard_address": ":0"}
    with LocalCluster(n_workers=2, processes=False, **quiet) as local:
        yield "--scheduler", local.scheduler_address


def test_workers_are_started_for_a_glob(typed, parts, tmp_path):
    assert typed("fit", parts, *OPTIONS, "-o", tmp_path / "here.model").code == 0
    ended = typed("fit", parts, *OPTIONS, "--dask", "-o", tmp_path / "there.model")
    assert (ended.code, ended.err) == (0, "")
    the_same(tmp_path)


def test_a_scheduler_that_is_there_is_used(typed, parts, tmp_path):
    assert typed("fit", parts, *OPTIONS, "-o", tmp_path / "here.model").code == 0
    with cluster() as where:
        ended = typed("fit", parts, *OPTIONS, *where, "-o", tmp_path / "there.model")
    assert ended.code == 0
    the_same(tmp_path)


def test_what_workers_do_not_read_is_refused(typed, file):
    ended = typed("fit", file("a,b\n1,2\n3,4\n"), "-k", 1, "--dask")
    assert ended.code == 2
    assert "Parquet" in ended.err


@pytest.mark.filterwarnings("default:2 bad rows")
def test_bad_rows_are_left_out_on_workers_too(typed, parts, tmp_path):
    spoilt = parts.parent / "1.parquet"
    frame = pd.read_parquet(spoilt)
    frame.loc[[5, 7], "b"] = np.nan
    frame.to_parquet(spoilt, index=False)
    skipping = (*OPTIONS, "--on-bad-row", "skip")
    assert typed("fit", parts, *skipping, "-o", tmp_path / "here.model").code == 0
    with cluster() as where:
        ended = typed("fit", parts, *skipping, *where, "-o", tmp_path / "there.model")
        refused = typed("fit", parts, *OPTIONS, *where)
    assert ended.code == 0
    assert (
        "2 bad rows were left out; the first: partition 1 of X, counted from 0: row 5, column"
        in (ended.err)
    )
    the_same(tmp_path)
    assert refused.code == 3
    assert "partition 1 of X, counted from 0: row 5, column 'b' is NaN" in refused.message
