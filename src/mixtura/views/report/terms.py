"""Terms: the words of a report that not everybody knows, and whether the mixture fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mixtura.textual import counted, printable, resolved

__all__ = ["fit_words", "nats_words", "structure_words"]

#: above this bound rows are too few to tell
_FEW = 0.3
#: a departure up to this is a small one
_SMALL = 0.05

_PARTS = ("volume", "shape", "orientation")
#: letter -> what it says of one part, and of several
_SAID = (
    ("V", "varies from component to component", "vary from component to component"),
    ("E", "is equal", "are equal"),
)


def nats_words() -> str:
    """A sentence on the unit of log-likelihoods, the nat."""
    return (
        "Log-likelihoods are in nats, the unit of natural logarithms: one nat more is a density "
        "e = 2.72 times as high."
    )


def structure_words(name: str, letters: str) -> str:
    """What the letters of a structure say of the covariances.

    Parameters
    ----------
    name : the structure's, which may be that of scikit-learn.
    letters : of volume, shape and orientation.

    Examples
    --------
    >>> structure_words("VVE", "VVE")
    'VVE: volume and shape vary from component to component, orientation is equal.'
    >>> structure_words("spherical", "VII")
    'spherical (VII): volume varies from component to component; components are round.'
    """
    called = name if name == letters else f"{name} ({letters})"
    said = []
    for letter, one, many in _SAID:
        parts = [part for part, own in zip(_PARTS, letters, strict=True) if own == letter]
        if parts:
            said.append(f"{_listed(parts)} {many if len(parts) > 1 else one}")
    words = ", ".join(said)
    if letters[1] == "I":
        words += "; components are round"
    elif letters[2] == "I":
        words += "; axes lie along the features"
    return f"{called}: {words}."


def fit_words(record: Mapping[str, Any]) -> str:
    """Whether the mixture fits the rows, in a sentence or two."""
    found, rows = record["adequacy"], record["data"]["n_rows"]
    n, bound, largest = found["n_rows"], found["bound"], found["largest"]
    if bound > _FEW:
        return f"{counted(n, 'row')} cannot tell whether the mixture fits."
    of = "" if n == rows else f" (of {n:,} of the rows)"
    chance = f"95 of 100 samples of {n:,} rows from the mixture itself stay within {bound:.3f}"
    if largest <= bound:
        return (
            "The mixture fits these rows, as far as they can tell: the share of them below a value "
            f"is within {largest:.3f} of the mixture's in every feature and in their "
            f"log-likelihoods{of}; {chance}."
        )
    how = "fits these rows roughly" if largest <= _SMALL else "does not fit these rows"
    return f"The mixture {how}: {_worst(found)}{of}; {chance}."


def _worst(found: Mapping[str, Any]) -> str:
    """How far the rows' distribution is from the mixture's at most, in words."""
    one = max(found["features"], key=lambda each: each["departure"])
    if found["likelihood"] > one["departure"]:
        return (
            "the shares of them of up to some log-likelihood differ from those of rows drawn from "
            f"it by {found['likelihood']:.3f}"
        )
    others = sum(each["departure"] > found["bound"] for each in found["features"]) - 1
    more = f", and {counted(others, 'other feature')} {'is' if others == 1 else 'are'} off, too"
    value = resolved(one["value"], one["scale"], 4)
    return (
        f"{one['observed']:.1%} of them have {printable(one['name'])} below {value}, by the "
        f"mixture it is {one['expected']:.1%}" + (more if others > 0 else "")
    )


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
