"""Checkpoints: a fit that was stopped goes on where it was, to the same bits."""

from __future__ import annotations

from mixtura.fitting.checkpoints.journal import Journal, journal

__all__ = ["Journal", "journal"]
