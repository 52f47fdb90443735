"""EM by anybody's map and merge is EM."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import mixtura
from mixtura import Statistics
from mixtura.datasets import faithful
from mixtura.engine import kernel
from mixtura.errors import CollapseError, DataError

ROWS = faithful().to_numpy()
STRUCTURES = ["full", "tied", "diag", "spherical", "VVE", "EEV"]
FIELDS = ("reference", "weight", "first", "second", "log_likelihood", "n_rows", "total_weight")


def beginning(structure: str) -> mixtura.Mixture:
    return mixtura.fit(faithful(), 3, structure=structure, max_iter=1).mixture


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("reg_covar", ["auto", 0.0, 1e-3])
def test_statistics_and_maximise_are_the_steps_of_fit(structure, reg_covar):
    given = mixture = beginning(structure)
    for _ in range(4):
        parts = (mixtura.statistics(ROWS[at : at + 100], mixture) for at in range(0, 272, 100))
        mixture = mixtura.maximise(Statistics.merge(parts), mixture, reg_covar=reg_covar)
    start = mixtura.Given(
        given.weights,
        given.means,
        given.structure.form.precisions(given.components.whitening(kernel.invert_lower)),
    )
    options = {"tol": 0.0, "max_iter": 4, "accelerate": False, "reg_covar": reg_covar}
    expected = mixtura.fit(ROWS, 3, structure=structure, given=start, **options).mixture
    for name in ("weights", "means", "covariances"):
        np.testing.assert_allclose(getattr(mixture, name), getattr(expected, name), rtol=1e-8)
    assert mixture.feature_names == ("eruptions", "waiting")
    assert mixture.structure.letters == given.structure.letters


def test_the_log_likelihood_of_the_statistics_is_that_of_scoring():
    mixture = beginning("full")
    weights = np.arange(272) % 3
    total = mixtura.statistics(ROWS, mixture, weights)
    assert total.log_likelihood == pytest.approx(mixture.score(ROWS, weights) * weights.sum())
    assert (total.n_rows, total.total_weight) == (272, weights.sum())


def test_tables_of_any_kind_are_batches():
    mixture = beginning("full")
    expected = mixtura.statistics(ROWS, mixture)
    frame = pd.DataFrame(ROWS, columns=["eruptions", "waiting"]).assign(other="text")
    table = pa.table({"waiting": ROWS[:, 1], "eruptions": ROWS[:, 0]})
    for batch in (frame[["waiting", "eruptions"]], table, table.to_batches()[0]):
        found = mixtura.statistics(batch, mixture)
        np.testing.assert_array_equal(found.second, expected.second)


@pytest.mark.parametrize("structure", ["full", "diag"])
@pytest.mark.parametrize("n_features", [1, 2])
def test_statistics_come_back_from_arrow_to_the_last_bit(structure, n_features):
    rows = ROWS[:, :n_features]
    mixture = mixtura.fit(rows, 3, structure=structure, max_iter=1).mixture
    sent = mixtura.statistics(rows, mixture)
    batch = sent.to_arrow()
    assert isinstance(batch, pa.RecordBatch)
    assert batch.num_rows == 1
    for data in (batch, pa.Table.from_batches([batch])):
        back = Statistics.from_arrow(data)
        for name in FIELDS:
            np.testing.assert_array_equal(getattr(back, name), getattr(sent, name))
            assert np.shape(getattr(back, name)) == np.shape(getattr(sent, name))
    twice = pa.Table.from_batches([batch, batch])
    merged = Statistics.merge(map(Statistics.from_arrow, twice.to_batches(max_chunksize=1)))
    np.testing.assert_array_equal(merged.weight, 2.0 * sent.weight)


def test_what_the_columns_of_arrow_are_is_what_is_written_down():
    schema = mixtura.statistics(ROWS, beginning("diag")).to_arrow().schema
    found = {field.name: str(field.type) for field in schema}
    numbers = dict.fromkeys(("reference", "weight", "first", "second"), "list<item: double>")
    assert found == {
        "n_components": "int64",
        "n_features": "int64",
        "diagonal": "bool",
        **numbers,
        "log_likelihood": "double",
        "n_rows": "int64",
        "total_weight": "double",
    }
    said = Statistics.to_arrow.__doc__
    assert all(f"``{name}``" in said for name in found)


def test_what_are_no_statistics_is_refused():
    batch = mixtura.statistics(ROWS, beginning("full")).to_arrow()
    with pytest.raises(DataError, match=r"has 2 rows, expected 1.*max_chunksize=1"):
        Statistics.from_arrow(pa.Table.from_batches([batch, batch]))
    with pytest.raises(DataError, match="lacks the column 'second'"):
        Statistics.from_arrow(pa.Table.from_batches([batch]).drop_columns("second"))
    with pytest.raises(DataError, match="from a dict"):
        Statistics.from_arrow({})
    place = batch.schema.names.index("weight")

    def holding(numbers: pa.Array) -> pa.RecordBatch:
        return pa.Table.from_batches([batch]).set_column(place, "weight", numbers).to_batches()[0]

    for weight, words in (([[1.0]], "'weight' holds 1 numbers"), ([None], "no nulls")):
        numbers = pa.array(weight, pa.list_(pa.float64()))
        with pytest.raises(DataError, match=words):
            Statistics.from_arrow(holding(numbers))
    with pytest.raises(DataError, match="not of the types"):
        Statistics.from_arrow(holding(pa.array(["text"])))
    with pytest.raises(ValueError, match="nothing to sum"):
        Statistics.merge([])


def test_batches_that_count_for_nothing_change_nothing():
    mixture = beginning("full")
    whole = mixtura.statistics(ROWS, mixture)
    for nothing in (
        mixtura.statistics(ROWS[:0], mixture),
        mixtura.statistics(ROWS, mixture, np.zeros(272)),
    ):
        np.testing.assert_array_equal((whole + nothing).second, whole.second)
        assert (whole + nothing).total_weight == 272
        with pytest.raises(DataError, match="of no rows that count"):
            mixtura.maximise(nothing, mixture)


def test_statistics_of_another_mixture_are_refused():
    full, diag = beginning("full"), beginning("diag")
    other = mixtura.fit(ROWS, 2, max_iter=1).mixture
    with pytest.raises(DataError, match=r"of \(2, 2\) components and features"):
        mixtura.maximise(mixtura.statistics(ROWS, other), full)
    with pytest.raises(DataError, match="hold diagonals of the second moments"):
        mixtura.maximise(mixtura.statistics(ROWS, diag), full)


def test_a_collapse_is_an_error_where_the_exact_maximum_is_asked_for_and_else_mended():
    rows = np.concatenate([np.zeros((5, 2)), ROWS])
    mixture = mixtura.Mixture(
        [0.1, 0.9], [[0.0, 0.0], [3.5, 70.0]], [np.eye(2) * 0.1, np.eye(2) * 100]
    )
    total = mixtura.statistics(rows, mixture)
    with pytest.raises(CollapseError, match="component 0"):
        mixtura.maximise(total, mixture, reg_covar=0.0)
    assert np.linalg.eigvalsh(mixtura.maximise(total, mixture).covariances[0]).min() > 0.0
