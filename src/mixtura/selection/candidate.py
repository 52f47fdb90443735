"""Candidate: a number of components and a structure, of those that a selection is among."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mixtura.arguments import is_whole
from mixtura.errors import ParameterError
from mixtura.model.structures import STRUCTURES, Structure, structure as structure_called

#: the letters at one place, from what leaves least free to what leaves most
_FREEDOM = "IEV"

T = TypeVar("T")
#: components that a candidate may be asked for: nobody has more rows
_MOST = 2**40


@dataclass(frozen=True)
class Candidate:
    """A number of components and a structure.

    Parameters
    ----------
    n_components : K.
    structure : of the covariances.
    """

    n_components: int
    structure: Structure

    def __str__(self) -> str:
        return f"{letters(self.structure)},{self.n_components}"


def letters(structure: Structure) -> str:
    """What statisticians call a structure: its letters, or E and V where it has one feature."""
    one_letter = structure.alias is not None and len(structure.alias) == 1
    return structure.name if one_letter else structure.letters


def contains(rich: Structure, poor: Structure) -> bool:
    """Whether every mixture of structure `poor` is one of structure `rich`, and not the reverse.

    Letter by letter: an identity is one way to be equal, and equal is one way to vary.

    Examples
    --------
    >>> from mixtura.model.structures import structure
    >>> contains(structure("VVV"), structure("EEE"))
    True
    >>> contains(structure("EEE"), structure("VII"))
    False
    """
    pairs = zip(rich.letters, poor.letters, strict=True)
    below = all(_FREEDOM.index(theirs) <= _FREEDOM.index(ours) for ours, theirs in pairs)
    return below and rich.letters != poor.letters


def components_of(wish: int | Iterable[int]) -> tuple[int, ...]:
    """Numbers of components, each once, smallest first.

    Raises
    ------
    ParameterError : there is none, or one is not a whole number of at least 1.
    """
    numbers: list[int] = (
        [int(wish)] if is_whole(wish) else _listed("n_components", wish)  # type: ignore[arg-type]
    )
    if not numbers:
        raise ParameterError(
            f"n_components is {wish!r}, which is empty, expected at least one number of "
            "components: range(1, 10) has 1 to 9"
        )
    for number in numbers:
        if not is_whole(number) or not 1 <= number <= _MOST:
            raise ParameterError(
                f"n_components has {number!r}, expected whole numbers from 1 to {_MOST}"
            )
    return tuple(sorted({int(number) for number in numbers}))


def structures_of(
    wish: str | Structure | Iterable[str | Structure], n_features: int | None = None
) -> tuple[Structure, ...]:
    """Structures, each once, in the order of the family: the poorer first.

    Parameters
    ----------
    wish : ``"all"``, one or several names.
    n_features : D, or None where it is not known yet. With one feature all structures come to two,
        E and V.

    Raises
    ------
    ParameterError : there is none, or one has an unknown name; the known ones are listed.
    """
    if isinstance(wish, str) and wish == "all":
        names: Sequence[str | Structure] = STRUCTURES
    elif isinstance(wish, (str, Structure)):
        names = [wish]
    else:
        names = _listed("structures", wish)
    if not names:
        raise ParameterError("structures is empty, expected 'all' or at least one name")
    chosen = [structure_called(name) for name in names]
    if n_features == 1:
        chosen = [structure_called("E" if each.letters[0] == "E" else "V") for each in chosen]
    order = [each.letters for each in STRUCTURES]
    by_letters = {each.letters: each for each in chosen}
    return tuple(sorted(by_letters.values(), key=lambda each: order.index(each.letters)))


def _listed(name: str, wish: Iterable[T]) -> list[T]:
    try:
        return list(wish)
    except TypeError:
        raise ParameterError(f"{name} is {wish!r}, expected a list") from None
