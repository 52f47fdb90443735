"""Rows are rows, whichever worker has them: a fit to a Dask collection is that in memory."""

from __future__ import annotations

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

import mixtura
from mixtura import GaussianMixture
from mixtura.engine.sources import even_block_rows
from mixtura.errors import DataError, ParameterError

N, NAMES = 60_011, ["a", "b", "c"]
RANDOM = np.random.default_rng(0)
ROWS = np.concatenate([RANDOM.normal(0, 1, (N - 20_000, 3)), RANDOM.normal(3, 0.5, (20_000, 3))])
RANDOM.shuffle(ROWS)
WEIGHTS = RANDOM.integers(0, 4, N).astype(np.float64)
BLOCK = even_block_rows(N, 3)
FRAME = pd.DataFrame(ROWS, columns=NAMES)
START = mixtura.Mixture([0.5, 0.5], [[0.0] * 3, [2.0] * 3], [np.eye(3)] * 2)


@pytest.fixture(autouse=True)
def threads():
    """Dask's own threads, where a test has no cluster."""
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


def same_bits(one: mixtura.Fit, other: mixtura.Fit) -> None:
    for name in ("weights", "means", "covariances"):
        np.testing.assert_array_equal(getattr(one.mixture, name), getattr(other.mixture, name))
    np.testing.assert_array_equal(one.trace, other.trace)
    assert (one.n_rows, one.total_weight) == (other.n_rows, other.total_weight)


def alike(one: mixtura.Fit, other: mixtura.Fit) -> None:
    for name in ("weights", "means", "covariances"):
        np.testing.assert_allclose(
            getattr(one.mixture, name), getattr(other.mixture, name), rtol=1e-12, atol=1e-13
        )
    assert (one.n_rows, one.total_weight) == (other.n_rows, other.total_weight)


def test_blocks_that_no_partition_divides_there_are():
    assert N > 3 * BLOCK


@pytest.mark.parametrize("structure", ["full", "tied", "diag", "VEV"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_partitions_of_whole_blocks_are_fitted_with_the_bits_of_the_array(structure, dtype, blocks):
    options = {"structure": structure, "start": START, "max_iter": 5}
    rows = ROWS.astype(dtype)
    spread = da.from_array(rows, chunks=(blocks * BLOCK, 2))
    same_bits(mixtura.fit(spread, 2, **options), mixtura.fit(rows, 2, **options))


@pytest.mark.parametrize("chunk", [2_500, 10_000, BLOCK - 1, BLOCK // 2, N])
def test_partitions_of_any_length_are_fitted_as_the_array_is(chunk):
    options = {"start": START, "max_iter": 10, "accelerate": False}
    spread = da.from_array(ROWS, chunks=(chunk, 3))
    alike(mixtura.fit(spread, 2, **options), mixtura.fit(ROWS, 2, **options))


def test_a_start_is_that_of_the_array_where_all_rows_are_in_the_sample():
    spread = da.from_array(ROWS, chunks=(2 * BLOCK, 3))
    for start in ("auto", "k-means++", "random_from_data"):
        options = {"start": start, "max_iter": 3, "random_state": 5}
        same_bits(mixtura.fit(spread, 3, **options), mixtura.fit(ROWS, 3, **options))


def test_a_start_is_that_of_a_stream_where_the_sample_is_less_than_the_rows():
    rows = np.concatenate([ROWS + shift for shift in (0.0, 0.5, 1.0)])
    assert len(rows) > 2**17
    step = even_block_rows(*rows.shape)
    spread = da.from_array(rows, chunks=(3 * step, 3))
    options = {"start": "kmeans", "max_iter": 2}
    same_bits(mixtura.fit(spread, 3, **options), mixtura.fit([rows], 3, **options))


def test_weights_may_be_an_array_a_series_or_a_column():
    expected = mixtura.fit(ROWS, 2, sample_weight=WEIGHTS, start=START, max_iter=4)
    options = {"start": START, "max_iter": 4}
    spread = da.from_array(ROWS, chunks=(9_000, 3))
    weights = da.from_array(WEIGHTS, chunks=5_000)
    alike(mixtura.fit(spread, 2, sample_weight=weights, **options), expected)
    frame = dd.from_pandas(FRAME.assign(w=WEIGHTS), npartitions=5)
    alike(mixtura.fit(frame, 2, sample_weight="w", **options), expected)
    alike(mixtura.fit(frame[NAMES], 2, sample_weight=frame["w"], **options), expected)


def test_equal_weights_are_none():
    spread = da.from_array(ROWS, chunks=(2 * BLOCK, 3))
    weights = da.full(N, 3.0, chunks=2 * BLOCK)
    options = {"start": START, "max_iter": 3}
    weighed = mixtura.fit(spread, 2, sample_weight=weights, **options)
    plain = mixtura.fit(spread, 2, **options)
    np.testing.assert_array_equal(weighed.mixture.means, plain.mixture.means)
    assert weighed.total_weight == 3.0 * N


def test_a_frame_keeps_its_columns_names_and_empty_partitions_do_no_harm():
    frame = dd.from_pandas(FRAME, npartitions=6)
    some = frame[frame["a"] > 1.0]  # nobody knows how long its partitions are
    emptied = dd.concat([some.partitions[:2], frame[frame["a"] > 1e9], some.partitions[2:]])
    fitted = mixtura.fit(emptied, 2, start=START, max_iter=5)
    expected = mixtura.fit(FRAME[FRAME["a"] > 1.0], 2, start=START, max_iter=5)
    alike(fitted, expected)
    assert fitted.mixture.feature_names == tuple(NAMES)


@pytest.mark.parametrize("answer", ["score_samples", "predict", "predict_proba"])
def test_answers_are_lazy_and_those_of_the_array(answer):
    mixture = mixtura.fit(FRAME, 2, start=START, max_iter=3).mixture
    expected = getattr(mixture, answer)(ROWS)
    model = GaussianMixture(2, random_state=0, max_iter=3, init_params=START, tol=1.0).fit(FRAME)
    for data in (da.from_array(ROWS, chunks=(9_000, 2)), dd.from_pandas(FRAME, npartitions=3)):
        lazy = getattr(mixture, answer)(data)
        assert isinstance(lazy, da.Array)
        assert lazy.dtype == expected.dtype
        assert lazy.ndim == expected.ndim
        np.testing.assert_array_equal(lazy.compute(), expected)
        theirs = getattr(model, answer)(data)
        assert isinstance(theirs, da.Array)
        np.testing.assert_array_equal(theirs.compute(), getattr(model, answer)(FRAME))
    # Columns are matched by name, whatever their order.
    turned = dd.from_pandas(FRAME[["c", "a", "b"]].assign(other=1.0), npartitions=3)
    np.testing.assert_array_equal(getattr(mixture, answer)(turned).compute(), expected)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("criterion", ["score", "bic", "aic", "icl"])
def test_scores_of_all_rows_are_those_of_the_array(criterion, weighted):
    mixture = mixtura.fit(ROWS, 2, start=START, max_iter=3).mixture
    expected = getattr(mixture, criterion)(ROWS, WEIGHTS if weighted else None)
    weights = da.from_array(WEIGHTS, chunks=9_000) if weighted else None
    found = getattr(mixture, criterion)(da.from_array(ROWS, chunks=(9_000, 3)), weights)
    assert found == pytest.approx(expected, rel=1e-12)
    frame = dd.from_pandas(FRAME.assign(w=WEIGHTS), npartitions=4)
    found = getattr(mixture, criterion)(*((frame, "w") if weighted else (frame[NAMES],)))
    assert found == pytest.approx(expected, rel=1e-12)


def test_the_estimator_is_fitted_to_a_frame_and_learns_its_names():
    options = {"init_params": START, "max_iter": 4, "tol": 1.0, "random_state": 0}
    spread = GaussianMixture(2, **options).fit(dd.from_pandas(FRAME, npartitions=4))
    here = GaussianMixture(2, **options).fit(FRAME)
    np.testing.assert_allclose(spread.means_, here.means_, rtol=1e-12)
    assert list(spread.feature_names_in_) == NAMES
    assert spread.n_features_in_ == 3
    assert spread.score(dd.from_pandas(FRAME, npartitions=2)) == pytest.approx(here.score(FRAME))
    spread.set_params(warm_start=True).fit(da.from_array(ROWS, chunks=(20_000, 3)))
    assert not hasattr(spread, "feature_names_in_")
    assert len(spread.lower_bounds_) <= 4


def test_a_bad_row_is_named_with_its_partition():
    spoilt = ROWS.copy()
    spoilt[25_000, 1] = np.nan
    with pytest.raises(DataError, match=r"partition 2 of X, counted from 0: row 5000, column 1 is"):
        mixtura.fit(da.from_array(spoilt, chunks=(10_000, 3)), 2)
    frame = dd.from_pandas(pd.DataFrame(spoilt, columns=NAMES), npartitions=1)
    with pytest.raises(DataError, match=r"partition 0 of X, .*row 25000, column 'b' is NaN"):
        START.score(frame)
    with pytest.raises(DataError, match="row 5000, column 1 is NaN"):
        START.score_samples(da.from_array(spoilt, chunks=(10_000, 3))).compute()
    weights = WEIGHTS.copy()
    weights[3] = -1.0
    spread, shares = da.from_array(ROWS, chunks=(30_000, 3)), da.from_array(weights, chunks=30_000)
    with pytest.raises(DataError, match=r"partition 0 of X.*sample_weight\[3\] is -1"):
        mixtura.fit(spread, 2, sample_weight=shares)


def test_partitions_that_have_other_rows_later_are_refused():
    calls = []

    def part() -> np.ndarray:
        calls.append(1)
        return ROWS[: 5_000 - (len(calls) > 2)]

    rows = da.from_delayed(dask.delayed(part, pure=False)(), (np.nan, 3), np.float64)
    with pytest.raises(DataError, match="5,000 rows at first, 4,999 in a later pass"):
        mixtura.fit(rows, 2, start=START)


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        (da.ones(10), {}, r"Dask Array of shape \(10,\), expected a Dask array \(N, D\)"),
        (da.ones((10, 2)), {"start": np.zeros(10, int)}, "start is given by row"),
        (da.ones((10, 2)), {"sample_weight": np.ones(10)}, r"pass a Dask array or series"),
        (da.ones((10, 2)), {"sample_weight": "w"}, "columns have no names"),
        (da.ones((10, 2)), {"sample_weight": da.zeros(10)}, "every weight is zero"),
        (
            dd.from_pandas(FRAME[:10], npartitions=2),
            {"sample_weight": da.ones(10)},
            "1 partitions, X has 2",
        ),
        (dd.from_pandas(FRAME[:9], npartitions=1), {"sample_weight": "w"}, "no column 'w'"),
        (np.ones((10, 2)), {"client": object()}, "client is given, but X is of type ndarray"),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_the_remedy(data, options, words):
    with pytest.raises((DataError, ParameterError), match=words):
        mixtura.fit(data, 2, **options)


def test_columns_of_another_model_are_refused():
    with pytest.raises(DataError, match=r"expected \(N, 3\)"):
        START.predict(da.ones((10, 2)))
    named = mixtura.Mixture(START.weights, START.means, START.covariances, "full", NAMES)
    with pytest.raises(DataError, match="lacks the column 'c'"):
        named.predict(dd.from_pandas(FRAME[["a", "b"]], npartitions=1))
