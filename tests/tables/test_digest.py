"""Rows are known again by their digest, and by nothing else."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import pytest

from mixtura.tables.digest import Digest

ROWS = np.random.RandomState(0).normal(size=(40, 3))


def digest(*parts, n_features=3):
    found = Digest(n_features)
    for part in parts:
        found.add(part)
    return found.text


def test_it_is_the_sha_256_of_the_width_and_of_every_number():
    numbers = struct.pack(f"<q{ROWS.size}d", 3, *ROWS.ravel().tolist())
    assert digest(ROWS) == "sha256:" + hashlib.sha256(numbers).hexdigest()


@pytest.mark.parametrize("cut", [0, 1, 17, 40])
@pytest.mark.parametrize("kept", [np.asfortranarray, lambda rows: rows[:, ::-1][:, ::-1]])
def test_neither_parts_nor_memory_layout_change_it(cut, kept):
    assert digest(kept(ROWS)[:cut], kept(ROWS)[cut:]) == digest(ROWS)


def test_single_precision_counts_as_the_numbers_that_it_holds():
    single = ROWS.astype(np.float32)
    assert digest(single) == digest(single.astype(np.float64)) != digest(ROWS)


def test_another_order_another_width_and_another_bit_are_other_rows():
    turned, wide = ROWS[::-1], ROWS.reshape(30, 4)
    nudged = ROWS.copy()
    nudged[39, 2] = np.nextafter(nudged[39, 2], np.inf)
    others = {digest(turned), digest(ROWS[:, [1, 0, 2]]), digest(wide, n_features=4)}
    assert len({digest(ROWS), digest(nudged), *others}) == 5
