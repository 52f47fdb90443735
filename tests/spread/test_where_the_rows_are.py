"""What is asked of rows on workers is done there: sums, samples and answers travel, not rows."""

from __future__ import annotations

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

import mixtura
from mixtura.engine.executors import Serial
from mixtura.engine.executors.dask import Dask
from mixtura.engine.partitions import Partitions
from mixtura.engine.sources import ArraySource, even_block_rows
from mixtura.engine.sources.dask import DaskSource

N = 60_011
RANDOM = np.random.default_rng(0)
ROWS = np.concatenate(
    [
        RANDOM.normal(0.0, 1.0, (25_000, 3)),
        RANDOM.normal(5.0, 0.5, (25_000, 3)),
        RANDOM.uniform(-10.0, 15.0, (N - 50_000, 3)),
    ]
)
RANDOM.shuffle(ROWS)
START = mixtura.Mixture([0.5, 0.5], [[0.0] * 3, [5.0] * 3], [np.eye(3)] * 2)


@pytest.fixture(autouse=True)
def threads():
    """Dask's own threads, where a test has no cluster."""
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


@pytest.fixture
def stay(monkeypatch):
    """Rows that may not be brought here, block by block."""

    def refused(self: DaskSource) -> None:
        raise AssertionError("blocks were brought here")

    monkeypatch.setattr(DaskSource, "blocks", refused)


def source(chunk: int) -> DaskSource:
    rows = da.from_array(ROWS, chunks=(chunk, 3))
    parts = Partitions(tuple((p,) for p in rows.to_delayed().ravel()), lambda rows: (rows, None))
    return DaskSource(parts, rows.chunks[0], 3, np.dtype(np.float64))


def alike(one: mixtura.Fit, other: mixtura.Fit) -> None:
    assert one.notes == other.notes
    assert (one.outcome, one.remedy) == (other.outcome, other.remedy)
    np.testing.assert_allclose(one.mixture.means, other.mixture.means, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(one.log_likelihood, other.log_likelihood, rtol=1e-12)


@pytest.mark.parametrize("chunk", [2_000, 9_000, 40_000, N])
def test_blocks_that_are_brought_here_are_those_of_the_array(chunk):
    assert even_block_rows(N, 3) < 40_000
    found, expected = source(chunk), ArraySource(ROWS)
    blocks = list(found.blocks())
    assert len(blocks) == found.n_blocks == expected.n_blocks
    for one, other in zip(blocks, expected.blocks(), strict=True):
        np.testing.assert_array_equal(one.rows, other.rows)
    np.testing.assert_array_equal(found.first(), ROWS[:1])
    lengths = Dask(Serial()).map(found, lambda block: len(block.rows))
    assert sum(lengths) == N


@pytest.mark.parametrize("chunk", [9_000, 40_000])
@pytest.mark.parametrize("start", ["auto", "kmeans", START])
@pytest.mark.usefixtures("stay")
def test_noise_is_fitted_where_the_rows_are(start, chunk):
    options = {"noise": True, "start": start, "accelerate": False}
    spread = mixtura.fit(da.from_array(ROWS, chunks=(chunk, 3)), 2, **options)
    here = mixtura.fit(ROWS, 2, **options)
    alike(spread, here)
    assert spread.mixture.noise.weight == pytest.approx(here.mixture.noise.weight, rel=1e-9)


@pytest.mark.parametrize("chunk", [9_000, 40_000])
@pytest.mark.usefixtures("stay")
def test_a_constant_column_is_told_of_from_where_the_rows_are(chunk):
    rows = ROWS.copy()
    rows[:, 1] = 3.0
    spread = mixtura.fit(da.from_array(rows, chunks=(chunk, 3)), 2, max_iter=20)
    alike(spread, mixtura.fit(rows, 2, max_iter=20))
    assert "column 1 is constant, at 3" in spread.notes[0]
    # One row that differs, wherever it is, is enough.
    rows[-1, 1] = 4.0
    assert not mixtura.fit(da.from_array(rows, chunks=(chunk, 3)), 2, max_iter=2).oddities.constants


@pytest.mark.parametrize("chunk", [9_000, 40_000])
@pytest.mark.usefixtures("stay")
def test_few_distinct_rows_are_counted_where_the_rows_are(chunk):
    rows = np.repeat([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]], [30_000, 20_000], axis=0)
    spread = mixtura.fit(da.from_array(rows, chunks=(chunk, 3)), 3)
    alike(spread, mixtura.fit(rows, 3))
    assert spread.oddities.n_distinct == 2


@pytest.mark.usefixtures("stay")
def test_what_a_sample_does_not_show_is_sought_in_all_rows():
    """The sample holds 131,072 of these rows: too few to have the one that differs."""
    rows = np.zeros((400_000, 2))
    rows[::2, 0] = 1.0
    seed = 1
    plain = mixtura.fit(da.from_array(rows, chunks=(100_000, 2)), 2, max_iter=1, random_state=seed)
    assert plain.oddities.constants == ((1, 0.0),)
    assert plain.oddities.n_distinct == 2
    rows[200_000, 1] = 1.0
    odd = mixtura.fit(da.from_array(rows, chunks=(100_000, 2)), 2, max_iter=1, random_state=seed)
    assert odd.oddities == mixtura.fit(rows, 2, max_iter=1, random_state=seed).oddities
    assert not odd.oddities.constants
    assert odd.oddities.n_distinct is None


@pytest.mark.usefixtures("stay")
def test_a_component_on_the_floor_is_told_of_from_where_the_rows_are():
    rows = ROWS.copy()
    rows[:5_000] = 2.0
    start = mixtura.Mixture([0.5, 0.5], [[0.0] * 3, [2.0] * 3], [np.eye(3), 1e-3 * np.eye(3)])
    spread = mixtura.fit(da.from_array(rows, chunks=(40_000, 3)), 2, start=start, max_iter=100)
    here = mixtura.fit(rows, 2, start=start, max_iter=100)
    assert spread.floored
    alike(spread, here)


@pytest.mark.usefixtures("stay")
def test_weights_and_a_prior_are_fitted_where_the_rows_are():
    weights = RANDOM.integers(0, 3, N).astype(np.float64)
    frame = pd.DataFrame(ROWS, columns=["a", "b", "c"]).assign(w=weights)
    options = {"noise": True, "prior": "conjugate", "start": START, "max_iter": 20}
    spread = mixtura.fit(dd.from_pandas(frame, npartitions=2), 2, sample_weight="w", **options)
    alike(spread, mixtura.fit(frame[["a", "b", "c"]], 2, sample_weight=weights, **options))
