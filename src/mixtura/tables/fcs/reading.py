"""Reading: the events of an FCS file as rows, by the standard's scale values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError
from mixtura.tables.chunk import BadRows, Chunk
from mixtura.tables.fcs.keywords import keywords_of
from mixtura.tables.fcs.layout import Layout
from mixtura.tables.fcs.spillover import Spillover
from mixtura.tables.selection import Columns, Header, Selection

#: bytes of events that are read at a time; several of such parts are on their way at once
_BYTES = 2**19


@dataclass(frozen=True)
class _FcsHeader(Header):
    """What an FCS file says of its channels.

    Parameters
    ----------
    layout : of its events.
    spillover : to compensate by, or None.
    """

    layout: Layout = field(default_factory=lambda: Layout((), "<"))
    spillover: Spillover | None = None


def fcs_header(path: Path, selection: Selection) -> Header:
    """The channels of an FCS file, by ``$PnN``; what ``$PnS`` calls them is a name as well.

    Raises
    ------
    DataError : it is damaged, or has no spillover to compensate by.
    """
    keywords = keywords_of(path)
    layout = Layout.of(keywords)
    if not layout.n_events:
        raise DataError(f"{path} has 0 events, expected at least one")
    spillover = Spillover.of(keywords, layout.names) if selection.reading.compensate else None
    markers = tuple(layout.markers)
    names = (*layout.names, *markers)
    return _FcsHeader(names, aside=markers, layout=layout, spillover=spillover)


def fcs_chunks(path: Path, columns: Columns, header: Header, _: BadRows) -> Iterator[Chunk]:
    """The events of an FCS file; floats are single ones as such if all features are."""
    assert isinstance(header, _FcsHeader)
    layout, spillover = header.layout, header.spillover
    at = {name: j for j, name in enumerate(layout.names)}
    at |= {marker: at[name] for marker, name in layout.markers.items()}
    detectors = [] if spillover is None else [at[name] for name in spillover.detectors]
    wanted = list(dict.fromkeys(at[name] for name in columns.names))
    if set(wanted) & set(detectors):
        wanted = list(dict.fromkeys([*wanted, *detectors]))
    with path.open("rb") as file:
        file.seek(layout.begin)
        batch = max(_BYTES // layout.size, 1)
        for first in range(0, layout.n_events, batch):
            count = min(batch, layout.n_events - first)
            data = file.read(count * layout.size)
            if len(data) < count * layout.size:
                raise DataError(f"{path} became shorter while it was read: work on a copy")
            values = dict(zip(wanted, layout.columns(data, wanted), strict=True))
            if spillover is not None and set(wanted) & set(detectors):
                values |= _compensated(values, detectors, spillover.inverse)
            yield Chunk(
                _side_by_side([values[at[name]] for name in columns.features]),
                {n: values[at[name]].astype(np.float64) for n, name in columns.fields.items()},
                {n: [str(value) for value in values[at[n]].tolist()] for n in columns.ids},
                str(path),
                first,
            )


def _compensated(
    values: dict[int, NDArray[np.floating]], detectors: list[int], inverse: NDArray[np.float64]
) -> dict[int, NDArray[np.floating]]:
    """The values of the detectors without what other dyes give to them."""
    measured = np.stack([values[j] for j in detectors], axis=1, dtype=np.float64)
    return dict(zip(detectors, (measured @ inverse).T, strict=True))


def _side_by_side(columns: list[NDArray[np.floating]]) -> NDArray[np.floating]:
    rows: NDArray[np.floating] = np.stack(
        columns, axis=1, dtype=np.result_type(np.float32, *columns)
    )
    return rows
