"""K-means: rows to the nearest of K centres, as passes of the kernel."""

from __future__ import annotations

from mixtura.fitting.starts.kmeans.lloyd import cluster
from mixtura.fitting.starts.kmeans.seeds import seeds

__all__ = ["cluster", "seeds"]
