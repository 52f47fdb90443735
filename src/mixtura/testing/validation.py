"""Validation: log densities beside three independent answers, the verdicts, and their words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mixtura.textual import columns, counted, indented, printable

#: how many features of the far row are written out
_LISTED = 4


@dataclass(frozen=True)
class Comparison:
    """A comparison of one peer's answers with mixtura's.

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
        return validation_text(self.to_dict())

    __str__ = to_text


def validation_text(record: Mapping[str, Any], width: int | None = None) -> str:
    """The text of `Validation.to_dict`'s record: a table, the far row, and who is right.

    Parameters
    ----------
    record : the validation's.
    width : letters that a line of a table may have; None is no bound.
    """
    blocks = [_comparisons(record, width), _probe(record["probe"], width), _conclusion(record)]
    return "\n\n".join(blocks)


def _comparisons(record: Mapping[str, Any], width: int | None) -> str:
    entries = record["comparisons"]
    table = [["compared with", "rows", "largest difference", "relative", "verdict"]]
    table += [
        [
            entry["peer"],
            str(entry["n_rows"]),
            f"{entry['largest_absolute']:.1e} nats",
            f"{entry['largest_relative']:.1e}",
            entry["verdict"],
        ]
        for entry in entries
    ]
    reasons = {entry["peer"]: _reason(entry) for entry in entries if entry["reason"]}
    title = f"log-likelihoods of {counted(record['n_rows'], 'row')}"
    return _block(title, table, reasons, width)


def _reason(entry: Mapping[str, Any]) -> str:
    apart = f"{entry['n_apart']} of {counted(entry['n_rows'], 'row')} differ by more than rounding"
    return f"{entry['reason']}; {apart}" if entry["n_apart"] else str(entry["reason"])


def _probe(probe: Mapping[str, Any], width: int | None) -> str:
    values = [f"{printable(name)} = {value:.10g}" for name, value in probe["row"].items()]
    place = ", ".join(values[:_LISTED] + ["…"] * (len(values) > _LISTED))
    answers = probe["answers"]
    table = [
        ["answer of", "log-likelihood", "off by", "verdict"],
        ["mpmath at 50 digits", f"{probe['truth']:.10f}", "", "the truth"],
    ]
    table += [
        [
            answer["name"],
            f"{answer['value']:.10f}",
            f"{answer['error']:.1e} nats",
            answer["verdict"],
        ]
        for answer in answers
    ]
    reasons = {answer["name"]: answer["reason"] for answer in answers if answer["reason"]}
    title = (
        f"a row {probe['distance']:.4g} standard deviations from the nearest component ({place})"
    )
    return _block(title, table, reasons, width)


def _block(
    title: str, table: list[list[str]], reasons: Mapping[str, str], width: int | None
) -> str:
    """A title, a table whose last column is words, and the reasons below it.

    Where the words do not fit beside the numbers, they are below them.
    """
    numbers = columns([row[:-1] for row in table])
    lines = [f"{line}  {row[-1]}" for line, row in zip(numbers, table, strict=True)]
    if width is not None and max(map(len, lines)) > width - 2:
        lines = columns([row[:-1] for row in table], width=width - 2)
        lines += [f"{row[0]}: {row[-1]}" for row in table[1:]]
    lines += [f"{name}: {words}" for name, words in reasons.items()]
    return "\n".join([title, *indented(lines)])


def _conclusion(record: Mapping[str, Any]) -> str:
    asked = f"{counted(record['n_oracle_rows'], 'row')} that mpmath was asked about"
    if record["ours_right"]:
        return f"mixtura is right, to rounding, on {asked} and on the far one."
    return f"mixtura is WRONG, by more than rounding explains: {asked}, and the far one."
