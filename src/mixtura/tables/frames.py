"""Frames: tables as pandas has them."""

from __future__ import annotations

from typing import Any

from mixtura.errors import MissingExtraError

__all__ = ["pandas_for"]


def pandas_for(purpose: str) -> Any:
    """The module pandas.

    Parameters
    ----------
    purpose : what it is needed for, as the subject of a sentence.

    Raises
    ------
    MissingExtraError : it is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise MissingExtraError("pandas", "pandas", purpose) from None
    return pandas
