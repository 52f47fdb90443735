"""Arguments: numbers, counts and places that a person gives, each what it says it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any, TypeGuard

import numpy as np

from mixtura.errors import ParameterError


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is one finite real number, as a double holds it.

    True and False are none, nor is a length of time, which NumPy counts among its integers; nor is
    a whole number beyond 1.8e308.

    Examples
    --------
    >>> is_number(0.5), is_number(True), is_number(10**400), is_number(1j)
    (True, False, False, False)
    """
    if type(value) is float:  # as nearly always
        return math.isfinite(value)
    if isinstance(value, bool | np.bool_ | np.timedelta64) or not isinstance(value, Real):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def is_whole(value: object) -> TypeGuard[int]:
    """Whether it is one whole number; True, False and lengths of time are none."""
    if type(value) is int:  # as nearly always
        return True
    return isinstance(value, Integral) and not isinstance(value, bool | np.timedelta64)


def whether(value: object, name: str) -> bool:
    """Whether the argument of that name is True.

    Raises
    ------
    ParameterError : it is neither that nor False.
    """
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise ParameterError(f"{name} is {value!r}, expected True or False")


def takes_missing(wish: object) -> bool:
    """Whether rows may lack features, by the argument `missing`: ``"em"``, not ``"refuse"``.

    Raises
    ------
    ParameterError : it is neither.
    """
    if isinstance(wish, str) and wish in ("em", "refuse"):
        return wish == "em"
    raise ParameterError(
        f"missing is {wish!r}, expected 'em', by which what is missing is unknown, or 'refuse'"
    )


def listed(wish: Any, what: str, one: str) -> list[Any]:
    """What a person lists, as a list; a single name or number is none.

    Parameters
    ----------
    wish : what was given.
    what : it is called, for the message.
    one : what each is, for the message.

    Raises
    ------
    ParameterError : it cannot be gone through, or is a text.
    """
    if not isinstance(wish, str | bytes):
        try:
            return list(wish)
        except TypeError:
            pass
    raise ParameterError(f"{what} is {wish!r}, expected a list of {one}: write [{wish!r}]")


def places(wish: Iterable[Any], count: int, what: str, one: str) -> list[Any]:
    """Numbers and names out of a list in which True and False are a mask, where all of them are.

    Parameters
    ----------
    wish : what was given; names are left as they are.
    count : how many there are to choose from.
    what : the argument is called, for the messages.
    one : what is chosen, a feature or a row.

    Returns
    -------
    Whole numbers, not looked at further, and texts.

    Raises
    ------
    ParameterError : an entry is neither a whole number nor a text, or the mask is of another
        length.

    Examples
    --------
    >>> places([2, 0], 3, "rows", "row"), places([False, True, True], 3, "rows", "row")
    ([2, 0], [1, 2])
    """
    chosen = listed(wish, what, f"{one}s")
    masks = [isinstance(each, bool | np.bool_) for each in chosen]
    if chosen and all(masks) and len(chosen) == count:
        return [j for j, wanted in enumerate(chosen) if wanted]
    for each, mask in zip(chosen, masks, strict=True):
        if mask:
            raise ParameterError(
                f"{what} holds {each!r}, which is no {one}: a mask has True or False for each of "
                f"the {count} {one}s, and this has {_masked(chosen, masks)}; or number them from 0"
            )
        if not isinstance(each, str) and not is_whole(each):
            raise ParameterError(
                f"{what} holds {each!r}, which is no {one}: expected whole numbers from 0 to "
                f"{count - 1}{', or names' if one == 'feature' else ''}"
            )
    return [each if isinstance(each, str) else int(each) for each in chosen]


def _masked(chosen: Sequence[Any], masks: Sequence[bool]) -> str:
    return f"{len(chosen)}" if all(masks) else "other things besides"
