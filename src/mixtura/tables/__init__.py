"""Tables: rows of numbers with names, read from files and written to them."""

from __future__ import annotations

from mixtura.tables.collections import collection
from mixtura.tables.read import read_table
from mixtura.tables.reading import Reading
from mixtura.tables.table import Table
from mixtura.tables.write import Columns, csv_text, encoded, plain

__all__ = [
    "Columns",
    "Reading",
    "Table",
    "collection",
    "csv_text",
    "encoded",
    "plain",
    "read_table",
]
