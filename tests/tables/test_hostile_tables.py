"""Every byte of a small file of rows may be another, and its end may be missing: one sentence."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mixtura.errors import DataError, MixturaError
from mixtura.tables import Reading, read_table
from mixtura.tables.h5ad import trial

DATA = Path(__file__).parents[1] / "data" / "tables"
FCS = ["double", "float_big", "float_flowio", "float_with_pne", "int16_log", "int16_mask"]
#: seconds that one file may take
LONGEST = 10.0


def damaged(data: bytes, every: int) -> Iterator[bytes]:
    """Files of which a byte is another, or the end is missing, at each of some places."""
    for place in range(0, len(data), every):
        for bits in (0x01, 0x20, 0xFF):
            yield data[:place] + bytes([data[place] ^ bits]) + data[place + 1 :]
        yield data[:place]


def held(path: Path, reading: Reading) -> np.ndarray | None:
    """The rows of a file, None where it is refused in one sentence."""
    begun, said, rows = time.process_time(), str(path), None
    try:
        rows = read_table(str(path), reading=reading, missing="em").rows
    except MixturaError as error:
        said = str(error)
    assert str(path) in said
    assert "\n" not in said
    assert time.process_time() - begun < LONGEST
    return rows


def tried(name: str, tmp_path: Path, every: int, reading: Reading) -> None:
    """Damages a file; what is read has its shape, for no count of rows may be made up."""
    source = DATA / name
    data = source.read_bytes()
    expected = read_table(str(source), reading=reading, missing="em").rows
    path = tmp_path / ("rows" + "".join(source.suffixes))
    refused = 0
    for other in damaged(data, every):
        path.write_bytes(other)
        rows = held(path, reading)
        refused += rows is None
        if rows is not None:
            assert rows.shape[0] == expected.shape[0]
            if len(other) < len(data):
                np.testing.assert_array_equal(rows, expected)
    assert refused


@pytest.mark.parametrize(
    ("name", "compensate"), [*((name, False) for name in FCS), ("float_flowio", True)]
)
def test_a_damaged_fcs_file_is_refused_or_read(tmp_path: Path, name: str, compensate: bool) -> None:
    tried(f"flow_{name}.fcs", tmp_path, 61, Reading(compensate=compensate))


@pytest.mark.slow
@pytest.mark.parametrize("name", FCS)
def test_any_damage_to_an_fcs_file_is_refused_or_read(tmp_path: Path, name: str) -> None:
    tried(f"flow_{name}.fcs", tmp_path, 1, Reading())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["scaled_null", "errors", "ascii", "two_tables"])
def test_any_damage_to_a_fits_file_is_refused_or_read(tmp_path: Path, name: str) -> None:
    source = DATA / f"fits_{name}.fits"
    path = tmp_path / "rows.fits"
    for other in damaged(source.read_bytes(), 7):
        path.write_bytes(other)
        held(path, Reading())


@pytest.mark.parametrize("place", [700, 1000, 4096, 8192, 20000, 40000])
def test_a_damaged_h5ad_file_is_refused_or_read(tmp_path: Path, place: int) -> None:
    data = (DATA / "cells.h5ad").read_bytes()
    path = tmp_path / "cells.h5ad"
    path.write_bytes(data[:place])
    assert held(path, Reading(obsm="X_pca")) is None


@pytest.mark.slow
def test_any_damage_to_an_h5ad_file_is_refused_or_read(tmp_path: Path) -> None:
    tried("cells.h5ad", tmp_path, 997, Reading(obsm="X_pca"))


def test_a_file_with_which_the_library_never_ends_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_SECONDS", 1)
    data = bytearray((DATA / "cells.h5ad").read_bytes())
    at = data.index(b"\4\0\0\0\0\0\0\0dict")  # how long a text on the heap is
    data[at + 1] ^= 1
    path = tmp_path / "cells.h5ad"
    path.write_bytes(data)
    with pytest.raises(DataError, match="its library does not come to an end with it"):
        read_table(str(path), reading=Reading(obsm="X_pca"))
