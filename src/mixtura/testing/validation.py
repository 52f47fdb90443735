"""Validation: log densities beside three independent answers, and the verdicts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Comparison", "FarAnswer", "Probe", "Validation"]


@dataclass(frozen=True)
class Comparison:
    """One peer's answers beside mixtura's.

    Parameters
    ----------
    peer : whose.
    n_rows : how many rows were compared.
    n_apart : on how many the two differ by more than rounding explains.
    largest_absolute : the largest |theirs − ours|, nats; infinite where one is no number.
    largest_relative : the largest |theirs − ours| / |ours|.
    agrees : whether both are right on every row that was put to the oracle.
    verdict : who is right, in a few words.
    reason : what shows it; empty where both are right.
    """

    peer: str
    n_rows: int
    n_apart: int
    largest_absolute: float
    largest_relative: float
    agrees: bool
    verdict: str
    reason: str


@dataclass(frozen=True)
class FarAnswer:
    """One answer for the probe row.

    Parameters
    ----------
    name : whose.
    value : log p(x), nats.
    error : its distance to the oracle's answer, nats.
    right : whether rounding explains that.
    verdict, reason : as for a comparison.
    """

    name: str
    value: float
    error: float
    right: bool
    verdict: str
    reason: str


@dataclass(frozen=True)
class Probe:
    """A row so far outside the data that densities underflow.

    Parameters
    ----------
    row : feature -> value, feature units.
    distance : standard deviations to the nearest component.
    truth : the oracle's log p(x), nats.
    answers : mixtura's, then each peer's.
    """

    row: dict[str, float]
    distance: float
    truth: float
    answers: tuple[FarAnswer, ...]


@dataclass(frozen=True)
class Validation:
    """The proof of a mixture's log densities on some rows.

    Parameters
    ----------
    n_rows : how many rows there were.
    n_oracle_rows : on how many the oracle spoke: a sample, and the rows where a peer differs most.
    comparisons : the oracle's, scikit-learn's and the textbook's answers, each beside mixtura's.
    probe : the same for a row 60 standard deviations out.
    ours_right : whether mixtura is right on every row that was put to the oracle.
    """

    n_rows: int
    n_oracle_rows: int
    comparisons: tuple[Comparison, ...]
    probe: Probe
    ours_right: bool

    def to_dict(self) -> dict[str, Any]:
        """A plain record; JSON with NaN and Infinity where an answer is no number."""
        return asdict(self)

    def to_text(self) -> str:
        """The same in words and columns, for people."""
        from mixtura.testing.wording import validation_text

        return validation_text(self.to_dict())

    __str__ = to_text
