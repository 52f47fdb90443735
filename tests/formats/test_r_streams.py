"""Streams of R's are read as R wrote them: any version, any order of bytes, binary or text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from foreign import MODELS

import mixtura
from mixtura.errors import ModelError
from mixtura.formats.r_stream import objects_of
from mixtura.formats.unpacking import unpacked

R = Path(__file__).parents[1] / "data" / "r"
STREAMS = ["objects_2.rds", "objects_2_text.rds", "objects_3.rds", "objects_3_text.rds",
           "objects_hex.rds"]  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_of_every_kind_of_object_is_read_to_its_end(name: str) -> None:
    """The objects are those of tests/data/r/objects.R, written by R."""
    objects = objects_of(unpacked((R / name).read_bytes()))[""]
    assert objects.item("sequence").numbers().tolist() == list(range(1, 11))
    assert objects.item("letters").value == ["a", None, "é\n "]
    assert objects.item("held") is objects.item("held_again")
    assert objects.item("called").attribute("data").numbers().tolist() == [1.5, 2.5]
    assert objects.item("factor").attribute("levels").texts == ["u", "v"]
    assert objects.item("latin").value == ["é"]
    assert objects.item("wrapped").names == ["a", "b"]
    assert objects.item("null") is None
    one, two = objects.item("symbols").value
    assert one is two
    assert one.value == "b"
    titles = [objects.item(each).title for each in ("held", "f", "called", "raw", "expression")]
    assert titles == ["environment", "function", "call", "raw vector", "expression"]
    thirds, missing, nan, infinite = objects.item("real").stored
    assert (thirds, infinite) == (1 / 3, -np.inf)
    assert np.isnan([missing, nan]).all()


@pytest.mark.parametrize("name", STREAMS)
def test_a_missing_value_is_called_na_and_nan_is_not(name: str) -> None:
    objects = objects_of(unpacked((R / name).read_bytes()))[""]
    for item, entry in (("missing", 2), ("real", 2)):
        with pytest.raises(ModelError, match=rf"holds NA, .*: entry {entry} of"):
            objects.item(item).numbers()


@pytest.mark.parametrize(
    ("file", "name", "precision"),
    [
        ("fit_little.rds", None, 0.0),
        ("one.rda", None, 0.0),
        ("one.rda", "fit", 0.0),
        ("list.rds", "second", 0.0),
        ("list.rds", 0, 0.0),
        ("two.rda", "other", 1e-14),  # R's text streams have fifteen digits
    ],
)
def test_a_fit_is_the_same_in_every_kind_of_file(
    file: str, name: str | int | None, precision: float
) -> None:
    noisy, again = mixtura.load(MODELS / "mclust_2d_noise_VVV.rds"), mixtura.load(R / file, name)
    np.testing.assert_allclose(again.means, noisy.means, rtol=precision)
    np.testing.assert_allclose(again.covariances, noisy.covariances, rtol=precision)
    np.testing.assert_allclose(again.weights, noisy.weights, rtol=precision)
    assert again.noise.weight == pytest.approx(noisy.noise.weight, rel=1e-14)
    assert again.noise.box.volume == pytest.approx(noisy.noise.box.volume, rel=1e-13)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("kmeans.rds", "is an R kmeans object, expected a mixture"),
        ("frame.rds", "is an R data frame, expected a mixture"),
        ("function.rds", "is an R function, expected a mixture"),
        ("matrix.rds", "is an R matrix, expected a mixture"),
        ("null.rds", r"is no value \(NULL\), expected a mixture"),
        ("objects_3.rds", "is an R list, expected a mixture"),
        ("two.rda", "holds 2 models, expected to be told which: name='fit'.*fit, other"),
        ("na.rds", "holds NA, R's missing value, where numbers are expected: entry 2 of 4"),
    ],
)
def test_what_is_no_one_mixture_is_called_by_its_name(name: str, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        mixtura.load(R / name)


def test_a_name_that_is_not_there_is_answered_by_those_that_are() -> None:
    with pytest.raises(ModelError, match="has no model 'fitt', expected one of fit, other"):
        mixtura.load(R / "two.rda", "fitt")
    with pytest.raises(ModelError, match="it holds one model, without a name"):
        mixtura.load(MODELS / "mclust_1d_E.rds", "fit")
