"""FCS: the files of flow cytometers, versions 2.0 to 3.2, a part of the events at a time."""

from __future__ import annotations

from mixtura.tables.fcs.reading import fcs_chunks, fcs_header

__all__ = ["fcs_chunks", "fcs_header"]
