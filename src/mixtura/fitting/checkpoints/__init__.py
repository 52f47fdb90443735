"""Checkpoints: a fit that was stopped goes on where it was, to the same bits."""

from __future__ import annotations

from mixtura.fitting.checkpoints.checkpointer import Checkpointer, checkpointed

__all__ = ["Checkpointer", "checkpointed"]
