"""The numbers along an axis: a few digits, never one twice, and with what is said they are true."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from pictures import drawn, ticks

from mixtura import Mixture
from mixtura.views.plots import trace
from mixtura.views.plots.canvas import figure_of, offscreen_axes
from mixtura.views.plots.lettering import scale_of

CLIMBS = {
    "slow": [-1234.49999, -1234.4999895, -1234.49998935, -1234.49998934, -1234.499989338],
    "far": [-2.5e9, -2.5e9 + 10.0, -2.5e9 + 15.0, -2.5e9 + 17.0],
    "small": [-3e-9, -2e-9, -1.5e-9],
    "usual": [-4.7, -4.5, -4.2, -4.1],
    "at rest": [-1.5, -1.5, -1.5],
}


def seen(ax, which):
    """Places and words of the ticks in sight."""
    found = ticks(ax, which)
    return np.array([at for at, _ in found]), [text.get_text() for _, text in found]


def meant(name, words):
    """The values that tick words stand for, by what the name of their axis says."""
    offset, power = 0.0, 0
    for part in name.replace("\n", " ").replace(",", ", ").replace(",  ", ", ").split(", "):
        if part.startswith(("less ", "plus ")):
            offset = None
            sign = 1.0 if part.startswith("less") else -1.0
            digits = part[5:]
        elif offset is None and part.isdigit():
            digits += part
        elif part.startswith("in 10"):
            power = int(part[5:].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
    shift = 0.0 if offset == 0.0 else sign * float(digits)
    return [shift + float(w.replace("−", "-")) * 10.0**power for w in words]


@pytest.mark.parametrize("name", CLIMBS)
def test_the_ticks_of_a_trace_are_readable_differences(name):
    ax = trace({"trace": CLIMBS[name], "outcome": "converged"}, ax=offscreen_axes())
    figure_of(ax).draw_without_rendering()
    places, words = seen(ax, "y")
    assert len(words) >= 3
    assert len(set(words)) == len(words)
    assert max(map(len, words)) <= 6
    assert ax.yaxis.get_offset_text().get_text() == ""
    assert meant(ax.get_ylabel(), words) == pytest.approx(places, rel=1e-13, abs=1e-12)
    assert "nats a row" in ax.get_ylabel()


@pytest.mark.parametrize("kind", ["scatter", "density", "responsibilities", "calibration", "pairs"])
@pytest.mark.parametrize("offset", [1e9, -1e9, 1.7e9, 123456789.0, 1e15])
def test_a_feature_far_from_0_is_told_by_differences_from_a_round_number(kind, offset):
    deviation = 1.0 if abs(offset) < 1e12 else 100.0
    mixture = Mixture([1.0], [[offset, offset]], [deviation**2 * np.eye(2)])
    axes = drawn(kind, mixture, mixture.sample(100, 0)[0])
    figure_of(axes[0]).draw_without_rendering()
    for ax in axes:
        for which in "xy":
            places, words = seen(ax, which)
            if not words:
                continue  # inside a matrix
            assert len(set(words)) == len(words)
            assert max(map(len, words)) <= 6
            assert getattr(ax, f"{which}axis").get_offset_text().get_text() == ""
            if "x" in getattr(ax, f"get_{which}label")():
                said = meant(getattr(ax, f"get_{which}label")(), words)
                assert said == pytest.approx(places, rel=1e-12)


@given(
    st.floats(-1e200, 1e200, allow_subnormal=False),
    st.floats(1e-200, 1e200),
)
def test_a_scale_leaves_few_digits_and_loses_none_that_count(low, span):
    high = low + max(span, 1e4 * float(np.spacing(abs(low))))
    scale = scale_of(low, high)
    numbers = np.array([scale.number(low), scale.number(high)])
    assert np.all(np.abs(numbers) <= 1e6)
    assert np.ptp(numbers) >= 1e-6
    assert scale.offset + numbers * 10.0**scale.exponent == pytest.approx([low, high], rel=1e-9)
    # Two ticks differ within the digits that are shown: numbers are not much larger than apart.
    assert np.max(np.abs(numbers)) <= 1e4 * np.ptp(numbers)
