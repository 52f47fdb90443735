"""Layout: how an event lies in the bytes of an FCS file, and what makes a value of each number."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.errors import DataError
from mixtura.tables.fcs.keywords import Keywords

#: bytes of each kind of number, where the standard fixes them
_FLOATS = {"F": 4, "D": 8}
#: the order of the bytes of a number -> NumPy's sign for it
_ORDERS = re.compile(r"1(,2(,3,4)?)?|((4,3,)?2,)?1")


@dataclass(frozen=True)
class Channel:
    """A parameter of the cytometer, and how its numbers are stored.

    Parameters
    ----------
    name : by ``$PnN``.
    marker : what it stains, by ``$PnS``; empty where nothing is said.
    kind : ``I`` of whole numbers, ``F`` or ``D``.
    size : bytes of a number.
    top : the range by ``$PnR``.
    decades, lowest : by ``$PnE``: of x there is 10^(decades·x/top)·lowest, if decades are not 0.
    factor : what else a value is multiplied by: the time step, or one over the gain.
    """

    name: str
    marker: str
    kind: str
    size: int
    top: float
    decades: float
    lowest: float
    factor: float

    @property
    def mask(self) -> int | None:
        """The bits of a whole number that count, None where all do."""
        bits = max(math.ceil(self.top) - 1, 1).bit_length()
        return (1 << bits) - 1 if self.kind == "I" and bits < 8 * self.size else None

    @property
    def is_plain(self) -> bool:
        """Whether the number that is stored is the value."""
        return self.mask is None and not self.decades and self.factor == 1.0

    def values(self, stored: NDArray[Any]) -> NDArray[np.floating]:
        """What the stored numbers (m,) stand for: float32 where those are floats and no more."""
        if self.is_plain and self.kind == "F":
            return stored.astype(np.float32)
        numbers = stored if self.mask is None else stored & stored.dtype.type(self.mask)
        values: NDArray[np.float64] = numbers.astype(np.float64)
        if self.decades:
            values = 10.0 ** (self.decades * values / self.top) * self.lowest
        return values * self.factor if self.factor != 1.0 else values


@dataclass(frozen=True)
class Layout:
    """The channels of an event, byte by byte.

    Parameters
    ----------
    channels : in their order.
    order : ``<`` or ``>``, that of the bytes of a number.
    n_events : how many there are.
    begin : the place of the first byte of the first one.
    """

    channels: tuple[Channel, ...]
    order: str
    n_events: int = 0
    begin: int = 0

    @classmethod
    def of(cls, keywords: Keywords) -> Layout:
        """How the events of a file lie.

        Raises
        ------
        DataError : the keywords make no sense, or the file has fewer or more events than they say.
        """
        order = keywords.text("$BYTEORD").replace(" ", "")
        if not _ORDERS.fullmatch(order):
            raise keywords.unsound(f"has $BYTEORD {order[:20]!r}, expected 1,2,3,4 or 4,3,2,1")
        count = keywords.count("$PAR")
        if count > len(keywords.texts):  # each has several keywords of its own
            raise keywords.unsound(f"has $PAR {count}, and keywords for fewer channels")
        channels = tuple(_channel(keywords, n) for n in range(1, count + 1))
        layout = cls(channels, "<" if order.startswith("1") and len(order) > 1 else ">")
        said = keywords.count("$TOT", 0) if "$TOT" in keywords.texts else None
        # One byte too many is what some writers count, if they are sure of where the first is.
        spare = int(
            len({begin for begin, _ in keywords.places}) == 1 and "$BEGINDATA" in keywords.texts
        )
        for begin, size in keywords.places:
            whole, rest = divmod(size, layout.size)
            if said in (None, whole) and rest <= spare:
                return replace(layout, n_events=whole, begin=begin)
        raise keywords.unsound(
            f"tells of {said if said is not None else 'whole'} events, {layout.size} bytes each, "
            f"and holds {keywords.places[0][1]} bytes of them"
        )

    @property
    def size(self) -> int:
        """Bytes of an event."""
        return sum(channel.size for channel in self.channels)

    @property
    def names(self) -> tuple[str, ...]:
        """The channels' names."""
        return tuple(channel.name for channel in self.channels)

    @property
    def markers(self) -> Mapping[str, str]:
        """What is stained -> the channel's name, where that is one and no other name."""
        known = [channel.marker for channel in self.channels]
        return {
            channel.marker: channel.name
            for channel in self.channels
            if channel.marker and known.count(channel.marker) == 1
            if channel.marker not in self.names
        }

    def columns(self, data: bytes, places: Sequence[int]) -> list[NDArray[np.floating]]:
        """The values of some channels, (m,) each, in the bytes of m events."""
        starts = np.cumsum([0, *(channel.size for channel in self.channels)]).tolist()
        return [
            channel.values(self._stored(data, starts[j], channel))
            for j in places
            if (channel := self.channels[j])
        ]

    def _stored(self, data: bytes, start: int, channel: Channel) -> NDArray[Any]:
        """The numbers of a channel as they are stored, (m,)."""
        count, size = len(data) // self.size, channel.size
        if size in (1, 2, 4, 8):
            kind = np.dtype(f"{self.order}{'f' if channel.kind in _FLOATS else 'u'}{size}")
            stored: NDArray[Any] = np.ndarray((count,), kind, data, start, (self.size,))
            return stored.astype(kind.newbyteorder("="), copy=False)
        total = np.zeros(count, np.uint64)
        for place in range(size) if self.order == ">" else reversed(range(size)):
            byte = np.ndarray((count,), np.uint8, data, start + place, (self.size,))
            total = (total << np.uint64(8)) | byte
        return total


def _channel(keywords: Keywords, n: int) -> Channel:
    """The channel of number n, from 1."""
    texts = keywords.texts
    kind = texts.get(f"$P{n}DATATYPE", keywords.text("$DATATYPE")).strip().upper()
    if kind == "A":
        raise DataError(
            f"{keywords.path} holds its events as text ($DATATYPE A), which the standard gave up: "
            "export it again as floats"
        )
    if kind not in ("I", *_FLOATS):
        raise keywords.unsound(f"has $DATATYPE {kind[:20]!r}, expected I, F or D")
    bits = keywords.count(f"$P{n}B")
    if bits != 8 * _FLOATS.get(kind, bits // 8) or bits > 64:
        raise keywords.unsound(
            f"has $P{n}B {bits}, expected "
            f"{8 * _FLOATS[kind] if kind in _FLOATS else 'whole bytes, up to 64 bits'}"
        )
    name = texts.get(f"$P{n}N", "") or f"P{n}"
    amplified = [*keywords.numbers(f"$P{n}E", "0,0"), 0.0][:2] if kind == "I" else [0.0, 0.0]
    (top,) = keywords.numbers(f"$P{n}R", "1")[:1] if kind == "I" else [1.0]
    gain, step = (keywords.numbers(name, "1")[0] for name in (f"$P{n}G", "$TIMESTEP"))
    if top <= 0 or amplified[0] < 0:
        raise keywords.unsound(
            f"has a range of {top:g} and {amplified[0]:g} decades in $P{n}R, $P{n}E"
        )
    factor = step if name.lower() == "time" else 1.0 if amplified[0] or not gain else 1.0 / gain
    return Channel(
        name,
        texts.get(f"$P{n}S", ""),
        kind,
        bits // 8,
        top,
        amplified[0],
        amplified[1] or 1.0,
        factor,
    )
