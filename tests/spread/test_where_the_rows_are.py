"""What is asked of rows on workers is done there: sums, samples and answers travel, not rows."""

from __future__ import annotations

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

import mixtura
from mixtura import GaussianMixture
from mixtura.engine.executors import Serial
from mixtura.engine.executors.dask import Dask
from mixtura.engine.partitions import Partitions
from mixtura.engine.sources import ArraySource, Block, even_block_rows
from mixtura.engine.sources.dask import DaskSource
from mixtura.model.calibration import marginal_cdf
from mixtura.views.report import report

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
    parts = Partitions(tuple((p,) for p in rows.to_delayed().ravel()), lambda rows: Block(0, rows))
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


# -- what is asked of a mixture ------------------------------------------------------------------

NAMES = ["a", "b", "c"]
MIXTURE = mixtura.Mixture(
    [0.3, 0.2, 0.3, 0.2],
    [[0.0] * 3, [0.5] * 3, [5.0] * 3, [5.2] * 3],
    np.array([1.0, 1.5, 0.3, 0.4]),
    "spherical",
    NAMES,
)
FRAME = pd.DataFrame(ROWS, columns=NAMES)


@pytest.mark.parametrize("few", [3_000, N])
def test_a_selection_is_that_of_the_array(few):
    frame = FRAME[:few]
    options = {"structures": ["VII", "VVI"], "max_iter": 30}
    here = mixtura.select(frame, [1, 2], **options)
    spread = mixtura.select(dd.from_pandas(frame, npartitions=3), [1, 2], **options)
    assert str(spread.best_row.candidate) == str(here.best_row.candidate)
    for one, other in zip(spread.rows, here.rows, strict=True):
        assert one.criterion("bic") == pytest.approx(other.criterion("bic"), rel=1e-9)
        assert one.criterion("icl") == pytest.approx(other.criterion("icl"), rel=1e-9)
    assert spread.best.mixture.feature_names == tuple(NAMES)


@pytest.mark.usefixtures("stay")
def test_a_selection_of_more_rows_than_a_sample_stays_where_they_are(monkeypatch):
    monkeypatch.setattr("mixtura.rows.survey._SAMPLE", 20_000)
    options = {"structures": ["VII"], "max_iter": 15, "tol": 0.0}
    weights = 1.0 + np.arange(N) % 2
    spread = mixtura.select(
        dd.from_pandas(FRAME.assign(w=weights), npartitions=2),
        [1, 2],
        sample_weight="w",
        **options,
    )
    fitted = spread.best
    assert (fitted.n_rows, fitted.total_weight) == (N, weights.sum())
    assert fitted.mixture.score(FRAME, weights) == pytest.approx(fitted.mean_log_likelihood)
    with pytest.raises(mixtura.errors.ParameterError, match="criterion is 'cv', which leaves rows"):
        mixtura.select(dd.from_pandas(FRAME, npartitions=2), [1], criterion="cv")


@pytest.mark.usefixtures("stay")
def test_standard_errors_are_found_where_the_rows_are():
    weights = (1.0 + np.arange(N) % 3) * (np.arange(N) % 7 > 0)
    start = mixtura.Mixture([0.5, 0.5], [[0.0] * 3, [5.0] * 3], [np.eye(3)] * 2, "full", NAMES)
    fitted = mixtura.fit(FRAME, 2, start=start, sample_weight=weights)
    expected = mixtura.standard_errors(fitted, FRAME, sample_weight=weights)
    other_order = FRAME[["c", "a", "b"]].assign(w=weights, other=0.0)
    found = mixtura.standard_errors(
        fitted, dd.from_pandas(other_order, npartitions=3), sample_weight="w"
    )
    for name in ("weights", "means", "covariances", "correlations"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-5)
    assert found.counts == expected.counts
    with pytest.raises(mixtura.errors.ParameterError, match="rows drawn anew"):
        mixtura.standard_errors(fitted, dd.from_pandas(FRAME, npartitions=2), "bootstrap")


@pytest.mark.parametrize("weighted", [False, True])
def test_components_are_merged_where_the_rows_are(weighted):
    weights = np.arange(N) % 3 + 0.0 if weighted else None
    expected = mixtura.merge_components(MIXTURE, FRAME, weights)
    there = dd.from_pandas(FRAME if weights is None else FRAME.assign(w=weights), npartitions=3)
    found = mixtura.merge_components(MIXTURE, there, "w" if weighted else None)
    assert found.merges == expected.merges
    np.testing.assert_allclose(found.entropy, expected.entropy, rtol=1e-10, atol=1e-8)
    np.testing.assert_allclose(found.rows_merged, expected.rows_merged, rtol=1e-12)
    lazy = expected.predict(there, 2)
    assert isinstance(lazy, da.Array)
    np.testing.assert_array_equal(lazy.compute(), expected.predict(FRAME, 2))
    shares = expected.predict_proba(there, 2)
    np.testing.assert_array_equal(shares.compute(), expected.predict_proba(FRAME, 2))


def test_merging_reads_a_stream_as_it_reads_an_array():
    found = mixtura.merge_components(MIXTURE, lambda: iter([ROWS[:10_000], ROWS[10_000:]]))
    assert found.merges == mixtura.merge_components(MIXTURE, ROWS).merges


@pytest.mark.usefixtures("stay")
def test_rows_are_explained_without_the_others():
    rows = [0, 20_003, 20_004, N - 1, 17]
    spread = dd.from_pandas(FRAME[["c", "b", "a"]], npartitions=3)
    found, expected = MIXTURE.explain(spread, rows), MIXTURE.explain(FRAME, rows)
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.contributions, expected.contributions)
    np.testing.assert_array_equal(found.row_numbers, rows)
    least = mixtura.model.explain.least_likely(MIXTURE, spread, 4)
    np.testing.assert_array_equal(least, mixtura.model.explain.least_likely(MIXTURE, FRAME, 4))
    with pytest.raises(mixtura.errors.ParameterError, match=f"no row {N}, the data has {N}"):
        MIXTURE.explain(spread, [N])
    with pytest.raises(mixtura.errors.ParameterError, match="name some, as in"):
        MIXTURE.explain(spread)


BROUGHT_HERE = {
    "as rows": lambda rows: MIXTURE.rows(rows),
    "a picture": lambda rows: mixtura.MixtureDisplay.from_mixture(MIXTURE, rows),
    "a batch": lambda rows: GaussianMixture(2).partial_fit(rows),
    "statistics": lambda rows: mixtura.statistics(rows, MIXTURE),
    "a bootstrap": lambda rows: mixtura.bootstrap_test(rows, 1),
    "an explorer": lambda rows: mixtura.fit(ROWS[:99], 2).explore(rows),
    "a report": lambda rows: report(MIXTURE, rows),
    "weights": lambda rows: mixtura.fit(ROWS, 2, sample_weight=rows[:, 0]),
    "a calibration": lambda rows: marginal_cdf(MIXTURE, rows),
}


@pytest.mark.parametrize("name", BROUGHT_HERE)
def test_nothing_is_brought_here_without_a_word(name):
    def made() -> np.ndarray:
        raise AssertionError("rows were brought here")

    rows = da.from_delayed(dask.delayed(made)(), (N, 3), np.float64)
    with pytest.raises(mixtura.errors.DataError, match=r"is a Dask Array, .*\.compute\(\)"):
        BROUGHT_HERE[name](rows)
