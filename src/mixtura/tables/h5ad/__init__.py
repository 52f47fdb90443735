"""H5ad: the files of AnnData, of single cells, whose rows are in one of several tables."""

from __future__ import annotations

from mixtura.tables.h5ad.labelling import write_labels
from mixtura.tables.h5ad.reading import h5ad_chunks, h5ad_header

__all__ = ["h5ad_chunks", "h5ad_header", "write_labels"]
