"""Candidate: a number of components and a structure, of those that a selection is among."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mixtura.arguments import is_whole
from mixtura.errors import ParameterError
from mixtura.model.structures import FACTORS, STRUCTURES, Structure, structure as structure_called

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
    """What statisticians call a structure: its letters, or E and V where it has one feature.

    Factor analysers have a name, and a number of factors.
    """
    if structure.n_factors:
        return structure.name
    one_letter = structure.alias is not None and len(structure.alias) == 1
    return structure.name if one_letter else structure.letters


def contains(rich: Structure, poor: Structure) -> bool:
    """Whether every mixture of structure `poor` is one of structure `rich`, and not the reverse.

    Letter by letter: an identity is one way to be equal, and equal is one way to vary. Factor
    analysers are between diagonal covariances and full ones.

    Examples
    --------
    >>> from mixtura.model.structures import structure
    >>> contains(structure("VVV"), structure("EEE"))
    True
    >>> contains(structure("EEE"), structure("VII"))
    False
    """
    if rich.n_factors or poor.n_factors:
        return _contains_factors(rich, poor)
    pairs = zip(rich.letters, poor.letters, strict=True)
    below = all(_FREEDOM.index(theirs) <= _FREEDOM.index(ours) for ours, theirs in pairs)
    return below and rich.letters != poor.letters


def _contains_factors(rich: Structure, poor: Structure) -> bool:
    """The same, where one of them or both are factor analysers."""
    if not rich.n_factors:
        return rich.letters == "VVV"
    if not poor.n_factors:
        return poor.letters[2] == "I" and (rich.separate or poor.letters[:2] in ("EI", "EE"))
    if rich.separate > poor.separate:
        return poor.n_factors <= rich.n_factors
    return poor.n_factors < rich.n_factors and rich.separate == poor.separate


def components_of(wish: int | Iterable[int]) -> tuple[int, ...]:
    """Numbers of components, each once, smallest first.

    Raises
    ------
    ParameterError : there is none, or one is not a whole number of at least 1.
    """
    return numbers_of("n_components", wish)


def numbers_of(name: str, wish: int | Iterable[int]) -> tuple[int, ...]:
    """Whole numbers of at least 1 that an argument of that name asks for, as `components_of`."""
    numbers = [int(wish)] if isinstance(wish, int) or is_whole(wish) else _listed(name, wish)
    if not numbers:
        raise ParameterError(
            f"{name} is {wish!r}, which is empty, expected at least one number of "
            f"{name.removeprefix('n_')}: range(1, 10) has 1 to 9"
        )
    for number in numbers:
        if not is_whole(number) or not 1 <= number <= _MOST:
            raise ParameterError(f"{name} has {number!r}, expected whole numbers from 1 to {_MOST}")
    return tuple(sorted({int(number) for number in numbers}))


def structures_of(
    wish: str | Structure | Iterable[str | Structure],
    n_features: int | None = None,
    n_factors: int | Iterable[int] | None = None,
) -> tuple[Structure, ...]:
    """Structures, each once, in the order of the family: the poorer first.

    Parameters
    ----------
    wish : ``"all"``, one or several names.
    n_features : D, or None where it is not known yet. With one feature all structures come to two,
        E and V.
    n_factors : numbers of factors, for those that are factor analysers; where none is, ``factor``
        is one structure more.

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
    numbers = () if n_factors is None else numbers_of("n_factors", n_factors)
    if numbers and not any(name in FACTORS for name in names):
        names = [*names, FACTORS[0]]
    chosen = [
        structure_called(name, number)
        for name in names
        for number in (numbers if numbers and name in FACTORS else (None,))
    ]
    if n_features == 1:
        chosen = [structure_called("E" if each.letters[0] == "E" else "V") for each in chosen]
    order = [each.letters for each in STRUCTURES]

    def place(each: Structure) -> tuple[float, int]:
        # Factor analysers come before full covariances, which are the last.
        known = len(order) - (1.2 if each.separate else 1.5)
        return (known if each.n_factors else order.index(each.letters), each.n_factors)

    by_letters = {each.letters: each for each in chosen}
    return tuple(sorted(by_letters.values(), key=place))


def _listed(name: str, wish: Iterable[T]) -> list[T]:
    try:
        return list(wish)
    except TypeError:
        raise ParameterError(f"{name} is {wish!r}, expected a list") from None
