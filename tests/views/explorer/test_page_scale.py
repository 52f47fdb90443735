"""The axes of the explorer: a few digits, no label twice, and what they say is true."""

from __future__ import annotations

import numpy as np
import pytest

from mixtura.views.plots.lettering import scale_of

TICKS = """
import { scaleOf, ticks } from "./scale.js";
answer(input.map(([low, high, pixels]) => {
  const room = (labels) => Math.max(50, 18 + 7 * Math.max(0, ...labels.map((one) => one.length)));
  return { ...scaleOf(low, high), ticks: ticks(low, high, pixels, room) };
}));
"""
RESOLVED = """
import { resolved } from "./format.js";
answer(input.map(([value, spread]) => resolved(value, spread)));
"""
EXTENTS = [
    (0.0, 7.5),
    (-3.0, 4.0),
    (1e9 + 0.7, 1e9 + 7.2),
    (-1e9 - 5.0, -1e9 + 5.0),
    (1.7e9, 1.7e9 + 9e4),
    (-1234.49999, -1234.4999893),
    (1e12, 8e12),
    (0.0, 3e-9),
    (99_999.0, 100_009.0),
    (1e15 - 40.0, 1e15 + 40.0),
    (-5e7, 2e3),
    (0.001, 0.0012),
]


@pytest.fixture(scope="module")
def random_extents():
    random = np.random.RandomState(0)
    lows = random.normal(size=300) * 10.0 ** random.uniform(-12, 15, 300)
    spans = np.maximum(10.0 ** random.uniform(-12, 15, 300), 1e4 * np.spacing(np.abs(lows)))
    return [*EXTENTS, *zip(lows.tolist(), (lows + spans).tolist(), strict=True)]


@pytest.mark.parametrize("pixels", [260, 300, 700])
def test_ticks_are_few_digits_never_one_twice_and_stand_where_they_say(
    asked, random_extents, pixels
):
    found = asked(TICKS, [(low, high, pixels) for low, high in random_extents])
    for (low, high), axis in zip(random_extents, found, strict=True):
        labels = [tick["label"] for tick in axis["ticks"]]
        assert len(labels) >= 2, (low, high)
        assert len(set(labels)) == len(labels), (low, high)
        assert max(map(len, labels)) <= 8, labels
        numbers = np.array([float(label.replace("−", "-")) for label in labels])
        said = axis["offset"] + numbers * 10.0 ** axis["exponent"]
        places = [tick["value"] for tick in axis["ticks"]]
        np.testing.assert_allclose(said, places, rtol=0, atol=1e-3 * (high - low))
        assert low - 1e-6 * (high - low) <= min(places)
        assert max(places) <= high + 1e-6 * (high - low)
        steps = np.diff(numbers) * pixels / ((high - low) / 10.0 ** axis["exponent"])
        assert steps.min() >= 18 + 7 * max(map(len, labels)) or len(labels) == 2


def test_an_offset_is_the_one_that_pictures_subtract(asked):
    found = asked(TICKS, [(low, high, 500) for low, high in EXTENTS])
    for (low, high), axis in zip(EXTENTS, found, strict=True):
        ours = scale_of(low, high)
        assert axis["offset"] == pytest.approx(ours.offset, rel=1e-14)
        assert axis["exponent"] == ours.exponent
        assert axis["words"].replace(",", "") == ours.words.replace(",", "")


def test_a_number_far_from_0_has_the_digits_that_its_spread_is_due(asked):
    values = [(123456789.0625, 0.5), (1e9 + 1.5, 0.8), (-1e9 - 0.25, 0.8), (2.0365214945, 0.26)]
    found = [float(text.replace("−", "-")) for text in asked(RESOLVED, values)]
    for (value, spread), read in zip(values, found, strict=True):
        assert read == pytest.approx(value, abs=1e-3 * spread)
