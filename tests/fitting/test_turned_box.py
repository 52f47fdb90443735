"""Where the noise's box is larger than it need be, that is told, with a volume to ask for."""

from __future__ import annotations

import re

import numpy as np
import pytest

import mixtura

RANDOM = np.random.default_rng(2)
SLOPE = RANDOM.normal(size=(600, 2)) @ [[3.0, 2.9], [0.0, 0.3]]
EVEN = np.vstack([RANDOM.normal(size=(400, 2)), RANDOM.uniform(-8, 8, size=(100, 2))])


def volume(fit) -> float:
    (note,) = (note for note in fit.notes if note.startswith("the box of the noise"))
    return float(re.search(r"noise=(\S+)$", note).group(1))


def test_rows_on_a_slope_have_a_turned_box_of_a_tenth():
    fit = mixtura.fit(SLOPE, 1, noise=True)
    turns = np.linspace(0.0, np.pi / 2.0, 2000)
    least = min(
        np.ptp(SLOPE @ [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]], axis=0).prod()
        for a in turns
    )
    # The least of all rectangles, 31.4, by brute force; principal axes are near to it.
    assert least <= volume(fit) < 1.1 * least
    asked = mixtura.fit(SLOPE, 1, noise=volume(fit))
    assert asked.mixture.noise.box.volume == pytest.approx(volume(fit))
    assert asked.notes == ()


def test_its_volume_goes_along_with_units(tmp_path):
    one = volume(mixtura.fit(SLOPE, 1, noise=True))
    other = volume(mixtura.fit(SLOPE * [1e5, 1e-3], 1, noise=True))
    assert other == pytest.approx(1e2 * one, rel=1e-3)
    np.save(tmp_path / "rows.npy", SLOPE)
    assert volume(mixtura.fit(tmp_path / "rows.npy", 1, noise=True)) == one


def test_even_noise_has_none():
    assert mixtura.fit(EVEN, 1, noise=True).notes == ()
    assert mixtura.fit(SLOPE, 1).notes == ()


def test_a_volume_beyond_the_numbers_is_told_as_a_ratio_alone():
    rows = np.repeat(SLOPE[:, :1], 40, axis=1) + 0.01 * RANDOM.normal(size=(600, 40))
    fit = mixtura.fit(rows * 1e20, 1, noise=True, max_iter=3)
    assert any(note.startswith("the box of the noise is") for note in fit.notes)
