"""Met: how often the best end of a search was found."""

from __future__ import annotations

from dataclasses import dataclass

from mixtura.errors import ParameterError


@dataclass(frozen=True)
class Met:
    """How many searches ended where the best one did.

    A search that is alone says nothing of others: ``Met(1, 1)`` is no praise and no blame.

    Parameters
    ----------
    times : how many ended at the same height as the best, that one included; at least 1.
    of : how many there were, each from a start of its own.

    Raises
    ------
    ParameterError : `times` is not from 1 to `of`.

    Examples
    --------
    >>> print(Met(6, 8))
    met by 6 of 8 searches
    """

    times: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.times <= self.of:
            raise ParameterError(
                f"the best end was met {self.times} times by {self.of} searches, expected from 1 "
                "time to all of them"
            )

    def __str__(self) -> str:
        return f"met by {self.times} of {self.of} searches"

    @property
    def alone(self) -> bool:
        """Whether no other search found the best end, though there were others."""
        return self.times == 1 < self.of
