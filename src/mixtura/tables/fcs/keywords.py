"""Keywords: what the HEADER and the TEXT of an FCS file say, before any event is read."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mixtura.errors import DataError

#: what such a file begins with
MAGIC = b"FCS"
#: its versions
_VERSIONS = ("2.0", "3.0", "3.1", "3.2")
#: bytes of the HEADER that say where TEXT and DATA are
_HEADER = 58


@dataclass(frozen=True)
class Keywords:
    """The keywords of a data set, and where its events lie.

    Parameters
    ----------
    path : the file.
    version : of the standard, ``3.1``, say.
    texts : keyword in capitals -> its value.
    places : where the events may be, by the HEADER and by the TEXT: the place of their first
        byte, and how many bytes there are.
    """

    path: Path
    version: str
    texts: Mapping[str, str]
    places: tuple[tuple[int, int], ...] = ()

    def text(self, name: str) -> str:
        """The value of a keyword that the standard demands.

        Raises
        ------
        DataError : it is not there.
        """
        if name not in self.texts:
            raise self.unsound(f"has no keyword {name}, which the standard demands")
        return self.texts[name]

    def count(self, name: str, least: int = 1) -> int:
        """The whole number that a keyword is, of at least `least`.

        Raises
        ------
        DataError : it is none, or not there.
        """
        value = _whole(self.text(name))
        if value is None or value < least:
            raise self.unsound(
                f"has {name} {self.text(name)[:40]!r}, expected a whole number of at least {least}"
            )
        return value

    def numbers(self, name: str, default: str) -> list[float]:
        """The finite numbers that a keyword lists; `default` where it is missing or empty.

        Raises
        ------
        DataError : one of them is none.
        """
        value = self.texts.get(name, "").strip() or default
        try:
            found = [float(part) for part in value.split(",")]
        except ValueError:
            found = [math.nan]
        if not all(map(math.isfinite, found)):
            raise self.unsound(f"has {name} {value[:40]!r}, expected finite numbers")
        return found

    def unsound(self, what: str) -> DataError:
        """The error that says what is wrong with the file, and what to do."""
        return DataError(
            f"{self.path}, an FCS {self.version} file, {what}: it is damaged or cut short, so "
            "fetch it or export it again"
        )


def keywords_of(path: Path) -> Keywords:
    """The keywords of an FCS file, of its first and only data set.

    Raises
    ------
    DataError : it is no such file, damaged, or holds something else than a list of events.
    OSError : it cannot be read.
    """
    with path.open("rb") as file:
        length = os.fstat(file.fileno()).st_size
        head = file.read(_HEADER).ljust(_HEADER)
        version = head[3:6].decode("latin-1")
        known = Keywords(path, version, {})
        if head[:3] != MAGIC or version not in _VERSIONS:
            raise DataError(
                f"{path} is not an FCS file that mixtura reads: it begins with "
                f"{head[:6].decode('latin-1')!r}, expected FCS and a version, one of: "
                f"{', '.join(_VERSIONS)}"
            )
        places = [_whole(head[at : at + 8].decode("latin-1")) or 0 for at in range(10, 42, 8)]
        texts = _segment(file, known, places[0], places[1], length, "TEXT")
        more = [_whole(texts.get(name, "0")) or 0 for name in ("$BEGINSTEXT", "$ENDSTEXT")]
        if 0 < more[0] < more[1] and more[0] != places[0]:
            texts = _segment(file, known, more[0], more[1], length, "supplemental TEXT") | texts
    known = Keywords(path, version, texts)
    told = [(places[2], places[3])] if places[2] and places[3] else []
    if not told or "$BEGINDATA" in texts:  # they may not fit into the HEADER
        told.append((known.count("$BEGINDATA", 0), known.count("$ENDDATA", 0)))
    told = [(begin, end) for begin, end in told if begin] or told
    if not all(_HEADER <= begin <= end + 1 for begin, end in told):
        raise known.unsound(
            "says that its events are " + " or ".join(f"the bytes {b} to {e}" for b, e in told)
        )
    if (_whole(texts.get("$NEXTDATA", "0")) or 0) != 0:
        raise DataError(
            f"{path} holds several data sets, expected one: write each to a file of its own, as "
            "flowio.read_multiple_data_sets and write_fcs do"
        )
    if texts.get("$MODE", "L").strip().upper() != "L":
        raise DataError(
            f"{path} holds histograms ($MODE {texts['$MODE'][:20]}), expected a list of events"
        )
    # Some writers name the byte after the last one.
    sizes = ((begin, min(end + 1, length) - begin) for begin, end in told)
    return Keywords(path, version, texts, tuple(dict.fromkeys(sizes)))


def _segment(
    file: BinaryIO, known: Keywords, begin: int, end: int, length: int, called: str
) -> dict[str, str]:
    """The keywords in some bytes of a file, of `length` bytes."""
    if not _HEADER <= begin < end < length:
        raise known.unsound(f"says that its {called} is the bytes {begin} to {end} of {length}")
    file.seek(begin)
    data = file.read(end + 1 - begin)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return _pairs(text)


def _pairs(text: str) -> dict[str, str]:
    """Keywords and values of a TEXT, whose first character separates them.

    Twice the separator is one that belongs to a value; where that makes one of a keyword, or leaves
    out one that every file has, some values are empty instead, which the standard forbids and
    vendors write.
    """
    separator = text[0]
    inner = text[1:].rstrip("\0 \r\n\t".replace(separator, "")).removesuffix(separator)
    marked = [part.replace("\0", separator) for part in _split(inner, separator)]
    plain = inner.split(separator)
    doubtful = any(separator in key for key in marked[::2]) or _lacks(marked)
    parts = plain if doubtful and not _lacks(plain) else marked
    return {
        key.strip().upper(): value.strip()
        for key, value in zip(parts[::2], parts[1::2], strict=False)
    }


def _split(text: str, separator: str) -> list[str]:
    """The parts between single separators; of a double one, which belongs to a part, a NUL."""
    return text.replace(separator * 2, "\0").split(separator)


def _lacks(parts: list[str]) -> bool:
    """Whether these are no keywords and values: one that every file has is not among the keys."""
    keys = {key.strip().upper() for key in parts[::2]}
    count = _whole(dict(zip(map(str.upper, parts[::2]), parts[1::2], strict=False)).get("$PAR", ""))
    wanted = {f"$P{n}{letter}" for n in range(1, min(count or 0, 9999) + 1) for letter in "BR"}
    return not {"$PAR", "$DATATYPE", "$BYTEORD", *wanted} <= keys


def _whole(text: str) -> int | None:
    """A whole number of at most 18 digits, or nothing."""
    stripped = text.strip()
    return (
        int(stripped) if stripped.isascii() and stripped.isdigit() and len(stripped) < 19 else None
    )
