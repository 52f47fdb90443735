"""What scores elsewhere: models of ONNX, statements of SQL. They are written, and not read back."""

from __future__ import annotations

from mixtura.model.storage import StoredModel


def written_onnx(stored: StoredModel, ending: str = "") -> bytes:
    """A model of ONNX: rows of float32 in, all else in double; see `Mixture.to_onnx`."""
    data: bytes = stored.mixture.to_onnx().SerializeToString()
    return data


def written_duckdb(stored: StoredModel, ending: str = "") -> bytes:
    """A statement for DuckDB, of the table ``rows``; see `Mixture.to_sql`."""
    return _statement(stored, "duckdb")


def written_postgresql(stored: StoredModel, ending: str = "") -> bytes:
    """The same for PostgreSQL."""
    return _statement(stored, "postgresql")


def _statement(stored: StoredModel, dialect: str) -> bytes:
    """Its columns are the features, x0, x1, … where they have no names."""
    asked = stored.mixture.to_sql(dialect, columns=stored.mixture.feature_labels)
    return f"{asked};\n".encode()
