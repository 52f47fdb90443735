"""A mixture and an estimator answer for rows in files as for rows in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import pytest

from mixtura import GaussianMixture
from mixtura.errors import DataError, ParameterError
from mixtura.tables.streams import scan

N, NAMES = 30_011, ["a", "b", "c"]
RANDOM = np.random.default_rng(0)
ROWS = np.concatenate([RANDOM.normal(0, 1, (N - 9_000, 3)), RANDOM.normal(3, 0.5, (9_000, 3))])
RANDOM.shuffle(ROWS)
WEIGHTS = RANDOM.integers(0, 4, N).astype(np.float64)
FRAME = pd.DataFrame(ROWS, columns=NAMES)
OPTIONS = {"n_components": 2, "random_state": 0, "tol": 1e-4}
ANSWERS = ["score_samples", "predict", "predict_proba"]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows in three Parquet files, with weights, in another order of columns."""
    folder = tmp_path_factory.mktemp("parts")
    table = pa.Table.from_pandas(FRAME.assign(w=WEIGHTS)[["w", "c", "a", "b"]])
    for number, at in enumerate(range(0, N, 11_000)):
        pa.parquet.write_table(table.slice(at, 11_000), folder / f"{number}.parquet")
    return folder


def sources(parts: Path) -> list:
    return [
        str(parts / "*.parquet"),
        parts,
        pa.dataset.dataset(parts),
        [FRAME[:9_000], FRAME[9_000:]],
        lambda: (FRAME[at : at + 999] for at in range(0, N, 999)),
    ]


@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_for_each_row_have_the_bits_of_the_array_s(parts, answer):
    model = GaussianMixture(**OPTIONS).fit(FRAME)
    expected = getattr(model, answer)(FRAME)
    for data in sources(parts):
        for who in (model, model.mixture_):
            np.testing.assert_array_equal(getattr(who, answer)(data), expected)


@pytest.mark.parametrize("criterion", ["score", "bic", "aic", "icl"])
def test_scores_of_all_rows_are_those_of_the_array(parts, criterion):
    model = GaussianMixture(**OPTIONS).fit(FRAME)
    for data in sources(parts):
        for who in (model, model.mixture_):
            expected = getattr(who, criterion)(FRAME)
            assert getattr(who, criterion)(data) == pytest.approx(expected, rel=1e-12)
    weighted = getattr(model, criterion)(FRAME, sample_weight=WEIGHTS)
    found = getattr(model, criterion)(str(parts / "*.parquet"), sample_weight="w")
    assert found == pytest.approx(weighted, rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_estimator_is_fitted_to_files_with_the_bits_of_the_array(parts, weighted):
    here = GaussianMixture(**OPTIONS).fit(FRAME, sample_weight=WEIGHTS if weighted else None)
    rows = scan(parts, columns=NAMES, weights="w" if weighted else None)
    there = GaussianMixture(**OPTIONS).fit(rows)
    for name in ("weights_", "means_", "covariances_", "precisions_cholesky_", "lower_bounds_"):
        np.testing.assert_array_equal(getattr(here, name), getattr(there, name))
    assert list(there.feature_names_in_) == NAMES
    assert (there.n_features_in_, there.n_iter_) == (3, here.n_iter_)
    np.testing.assert_array_equal(there.predict(FRAME), here.predict(FRAME))


def test_a_fit_to_batches_goes_on_where_the_fit_before_ended():
    batches = [ROWS[:10_000], ROWS[10_000:]]
    options = {**OPTIONS, "tol": 0.0, "warm_start": True}
    model = GaussianMixture(**options, max_iter=2)
    with pytest.warns(Warning, match="did not converge"):
        model.fit(batches)
    with pytest.warns(Warning, match="did not converge"):
        model.fit(batches)
    whole = GaussianMixture(**{**options, "warm_start": False}, max_iter=4)
    with pytest.warns(Warning, match="did not converge"):
        whole.fit(ROWS)
    np.testing.assert_array_equal(model.means_, whole.means_)
    with pytest.raises(ParameterError, match="the fit to go on from has 2"):
        model.set_params(n_components=3).fit(batches)


def test_fit_predict_labels_the_rows_of_files(parts):
    rows = scan(parts, columns=NAMES)
    np.testing.assert_array_equal(
        GaussianMixture(**OPTIONS).fit_predict(rows), GaussianMixture(**OPTIONS).fit_predict(FRAME)
    )


@pytest.mark.parametrize("method", ["fit", "score", *ANSWERS])
def test_what_can_be_read_only_once_is_refused_with_the_remedy(method):
    model = GaussianMixture(**OPTIONS).fit(ROWS)
    with pytest.raises(DataError, match=r"can be read only once.*pass the function that makes it"):
        getattr(model, method)(batch for batch in [ROWS])


def test_files_without_the_columns_of_the_fit_are_refused(parts):
    model = GaussianMixture(**OPTIONS).fit(FRAME.rename(columns={"a": "height"}))
    with pytest.raises(DataError, match="lacks the column 'height' that this model was fitted on"):
        model.score(parts)
    with pytest.raises(DataError, match="X has 2 features, this mixture was fitted on 3"):
        model.score([ROWS[:, :2]])
    with pytest.raises(ParameterError, match="name their column of weights instead"):
        model.score([ROWS], sample_weight=WEIGHTS)
    with pytest.raises(DataError, match="no row of X counts"):
        model.score([np.column_stack([ROWS, np.zeros(N)])], sample_weight="x3")


@pytest.mark.skipif(sys.platform != "linux", reason="where a process is told what it held")
def test_the_score_of_a_file_takes_no_memory_for_its_rows(tmp_path):
    rows = np.zeros((2**21, 8), np.float32)  # 64 MiB
    np.save(tmp_path / "rows.npy", rows)
    code = (
        "import mixtura\n"
        "def peak():\n"  # not `ru_maxrss`, which begins with what the parent holds
        "    lines = open('/proc/self/status').read().splitlines()\n"
        "    return next(int(line.split()[1]) for line in lines if line.startswith('VmHWM'))\n"
        "m = mixtura.Mixture([1.0], [[0.0] * 8], [[1.0] * 8], 'diag')\n"
        "m.score([[0.0] * 8])\n"
        "before = peak()\n"
        f"m.bic({str(tmp_path / 'rows.npy')!r})\n"
        "print(peak() - before)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert int(ran.stdout) < 40 * 1024  # KiB
