"""A mixture for each of many groups of rows."""

from __future__ import annotations

from mixtura.grouped.driver import fit_groups, select_groups
from mixtura.grouped.fits import GroupFits
from mixtura.grouped.stored import load_groups

__all__ = ["GroupFits", "fit_groups", "load_groups", "select_groups"]
