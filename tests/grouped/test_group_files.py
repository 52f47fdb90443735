"""Groups in files and streams, and the file of their mixtures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

import mixtura
from mixtura.errors import DataError, ModelError, ParameterError
from mixtura.grouped import streamed
from mixtura.tables.streams import scan


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Rows of nine groups, two of which cannot be fitted."""
    rng = np.random.default_rng(3)
    rows = pd.DataFrame(rng.normal(size=(540, 2)), columns=["a", "b"])
    rows["gene"], rows["batch"] = np.repeat(["x", "y", "z"], 180), np.tile([1, 2, 3], 180)
    rows.loc[(rows.gene == "y") & (rows.batch == 2) & (rows.index < 200), "a"] = np.nan
    return pd.concat([rows, rows[:1].assign(gene="alone")], ignore_index=True)


BY = ["gene", "batch"]


def same(one: mixtura.GroupFits, other: mixtura.GroupFits) -> None:
    pd.testing.assert_frame_equal(one.to_pandas(True), other.to_pandas(True), check_exact=True)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_has_the_bits_of_the_rows_in_memory(frame, tmp_path, suffix):
    path = tmp_path / f"rows{suffix}"
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
    same(mixtura.select_groups(path, BY), mixtura.select_groups(frame, BY))
    same(mixtura.select_groups([frame[:99], frame[99:]], BY), mixtura.select_groups(frame, BY))


@pytest.mark.parametrize("held", [1, 100, 400])
def test_rows_in_order_are_fitted_a_portion_at_a_time(frame, monkeypatch, held):
    ordered = frame.sort_values(BY, kind="stable")
    batches = [ordered[at : at + 37] for at in range(0, len(ordered), 37)]
    whole = mixtura.fit_groups(frame, BY, 2)
    portions = list(streamed.portions(scan(batches, ids=BY), BY, held))
    assert sum(len(each.rows) for each in portions) == len(frame)
    assert len(portions) > 1
    monkeypatch.setattr(streamed.portions, "__defaults__", (held,))
    same(mixtura.fit_groups(batches, BY, 2), whole)


def test_more_rows_than_are_held_have_to_come_in_order(frame):
    batches = [frame[at : at + 37] for at in range(0, len(frame), 37)]
    with pytest.raises(DataError, match=r"row \d+ is of the group gene x, batch \d, which ended"):
        list(streamed.portions(scan(batches, ids=BY), BY, 100))


def test_a_row_of_a_stream_without_a_key_is_refused(frame, tmp_path):
    frame.assign(gene=[None, *frame.gene[1:]]).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(DataError, match="row 0 has no key in 'gene'"):
        mixtura.fit_groups(tmp_path / "rows.parquet", BY)


def test_streams_name_their_groups(frame):
    with pytest.raises(ParameterError, match="name the columns"):
        mixtura.fit_groups([frame], frame["gene"])
    with pytest.raises(ParameterError, match="name their column of weights"):
        mixtura.fit_groups([frame], BY, sample_weight=np.ones(len(frame)))
    with pytest.raises(ParameterError, match=r"scan\(…, ids="):
        mixtura.fit_groups(scan([frame[["a", "b"]]]), BY)


# -- the file of mixtures --------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_is_saved_is_loaded_to_the_last_bit(frame, tmp_path, suffix):
    found = mixtura.select_groups(frame, BY)
    found.save(tmp_path / f"groups{suffix}")
    loaded = mixtura.load_groups(tmp_path / f"groups{suffix}")
    same(loaded, found)
    assert loaded.feature_names == ("a", "b")
    unnamed = mixtura.fit_groups(frame[["a", "b"]].to_numpy(), frame["gene"], 1)
    unnamed.save(tmp_path / f"unnamed{suffix}")
    assert mixtura.load_groups(tmp_path / f"unnamed{suffix}").feature_names is None


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_of_something_else_is_refused(frame, tmp_path, suffix):
    path = tmp_path / f"other{suffix}"
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
    with pytest.raises(ModelError, match="holds no mixtures of groups"):
        mixtura.load_groups(path)
    found = tmp_path / f"found{suffix}"
    mixtura.fit_groups(frame, BY, 2).save(found)
    cut = found.read_bytes()[:-200]
    found.write_bytes(cut[: cut.rindex(b"\n") + 1] if suffix == ".csv" else cut)
    if suffix == ".parquet":
        with pytest.raises(ModelError, match="damaged"):
            mixtura.load_groups(found)
    path.write_bytes(b"")
    with pytest.raises(ModelError):
        mixtura.load_groups(path)


def test_a_key_that_is_called_as_a_column_of_the_result_is_refused(frame):
    found = mixtura.fit_groups(frame.rename(columns={"gene": "weight"}), ["weight", "batch"])
    assert len(found.to_pandas()) == 10
    with pytest.raises(ParameterError, match="'weight' is the name of a column of the result"):
        found.to_pandas(components=True)


# -- scoring -----------------------------------------------------------------------------------


def test_rows_are_scored_by_the_mixtures_of_their_groups(frame):
    found = mixtura.fit_groups(frame, BY, 1)
    scores = found.score_samples(frame, BY)
    labels = found.predict(frame, BY)
    for place in range(len(found)):
        key = tuple(found.keys[name][place] for name in BY)
        rows = (frame.gene == key[0]) & (frame.batch == key[1])
        if found.failed[place]:
            assert np.isnan(scores[rows]).all()
            assert (labels[rows] == -1).all()
            continue
        normal = multivariate_normal(
            found.mixture(*key).means[0], found.mixture(*key).covariances[0]
        )
        np.testing.assert_allclose(
            scores[rows], normal.logpdf(frame.loc[rows, ["a", "b"]]), rtol=1e-9
        )
        assert (labels[rows] == 0).all()
    other = found.score_samples(frame[:2].assign(gene=["x", "new"]), BY)
    assert np.isfinite(other[0])
    assert np.isnan(other[1])
