"""Bad rows: what becomes of those that are no row of finite numbers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import islice

from mixtura.errors import DataError, ParameterError
from mixtura.textual import counted

__all__ = ["POLICIES", "BadRows", "bad_rows"]

#: of each bad row that is reported, up to so many
_REPORTED = 100

#: what can be asked for: how many rows may be bad, and how many of them are described
POLICIES: dict[str, tuple[bool, int]] = {
    "error": (False, 1),
    "skip": (True, 1),
    "report": (True, _REPORTED),
}


class BadRows:
    """A count of the bad rows of one pass.

    Parameters
    ----------
    allowed : whether there may be any; if not, the first is an error.
    described : so many are kept as sentences.
    """

    def __init__(self, *, allowed: bool, described: int) -> None:
        self.count = 0
        self.sentences: list[str] = []
        self._allowed = allowed
        self._described = described

    def add(self, count: int, sentences: Iterator[str]) -> None:
        """There are `count` more; `sentences` say of each where it is and what is wrong.

        Raises
        ------
        DataError : none are allowed.
        """
        if not self._allowed:
            raise DataError(f"{next(sentences)}, or leave such rows out (on_bad_row 'skip')")
        self.count += count
        self.sentences += islice(sentences, self._described - len(self.sentences))

    def include(self, other: BadRows) -> None:
        """Count those that another one counted, too."""
        self.count += other.count
        self.sentences += other.sentences[: self._described - len(self.sentences)]

    @property
    def summary(self) -> str:
        """How many were left out; empty where none were."""
        return self._said("left out")

    def warn(self, *, kept: bool = False) -> None:
        """Say how many were left out, and of each that is described what is wrong with it.

        Parameters
        ----------
        kept : whether they stayed, without a value.
        """
        if kept and self.count:
            warnings.warn(self._said("given no value"), stacklevel=2)
            return
        if not self.count:
            return
        if self._described > 1:
            for sentence in self.sentences:
                warnings.warn(f"left out: {sentence}", stacklevel=2)
        warnings.warn(self.summary, stacklevel=2)

    def _said(self, what: str) -> str:
        if not self.count:
            return ""
        were = "was" if self.count == 1 else "were"
        return f"{counted(self.count, 'bad row')} {were} {what}; the first: {self.sentences[0]}"


def bad_rows(policy: str) -> BadRows:
    """A count by the policy of that name: ``error``, ``skip`` or ``report``.

    Raises
    ------
    ParameterError : there is none.
    """
    if policy not in POLICIES:
        raise ParameterError(f"on_bad_row is {policy!r}, expected one of: {', '.join(POLICIES)}")
    allowed, described = POLICIES[policy]
    return BadRows(allowed=allowed, described=described)
