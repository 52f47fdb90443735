"""What is known of how a fit went, and what to do about it."""

from __future__ import annotations

from mixtura.fitting.verdict.findings import Finding
from mixtura.fitting.verdict.verdict import NOTHING, Verdict, grave

__all__ = ["NOTHING", "Finding", "Verdict", "grave"]
