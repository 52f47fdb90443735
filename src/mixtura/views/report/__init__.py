"""Report: what a mixture says of its rows, in one file to hand to a colleague.

A record holds all that is said; its page, its text and its JSON are made from that alone.
"""

from __future__ import annotations

from mixtura.views.report.report import Report, report

__all__ = ["Report", "report"]
