"""Keys: what tells groups of rows apart, and which rows are of which group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import Integers, Value
from mixtura.errors import DataError, ParameterError

#: columns of one length by name, the values of which together tell a group
KeyColumns = Mapping[str, NDArray[Any]]
#: of a mixer of 64 bits; Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators"
_STEP, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


@dataclass(frozen=True, eq=False)
class Grouping(Value):
    """Rows told apart by their keys.

    Parameters
    ----------
    keys : name -> (G,), those of each group, in ascending order.
    order : (N,), the rows group by group, each group's in the order of the data; None where they
        are together already.
    starts, stops : (G,), the rows of each group among those.
    """

    keys: KeyColumns
    order: Integers | None
    starts: Integers
    stops: Integers

    @classmethod
    def of(cls, columns: KeyColumns) -> Grouping:
        """The groups of rows of which the keys are known, of one column at least.

        Raises
        ------
        DataError : there is no row, or one has no key.
        """
        n = len(next(iter(columns.values())))
        if n == 0:
            raise DataError("X has 0 rows, expected at least one")
        heads = run_heads(columns, n)  # a key that goes on is looked at once
        codes, keys = _codes({name: values[heads] for name, values in columns.items()}, heads)
        ends = np.append(heads[1:], n)
        count = len(next(iter(keys.values())))
        if len(heads) == count:
            back = np.argsort(codes)
            return cls(keys, None, heads[back], ends[back])
        row_codes = np.repeat(codes, ends - heads)
        order = np.argsort(row_codes, kind="stable")
        stops = np.cumsum(np.bincount(row_codes, minlength=count))
        return cls(keys, order, np.append(0, stops[:-1]), stops)

    def __len__(self) -> int:
        return len(self.starts)

    def rows_of(self, group: int) -> Integers | slice:
        """Where the rows of a group are among all."""
        part = slice(int(self.starts[group]), int(self.stops[group]))
        return part if self.order is None else self.order[part]


def key_column(values: Any, name: str) -> NDArray[Any]:
    """A column of keys as an array (N,): numbers, texts, dates, or other objects.

    Raises
    ------
    DataError : it is no column, or a key is missing.
    """
    if isinstance(values, np.ndarray):
        array = np.asarray(values)
    elif hasattr(values, "to_pylist"):  # pyarrow, whose numbers with gaps become floats
        array = np.asarray(values.to_pylist() if values.null_count else values.to_numpy())
    else:
        array = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
    if array.ndim != 1:
        raise DataError(
            f"the groups {name!r} have shape {array.shape}, expected (n_rows,): one key a row"
        )
    if array.dtype.kind in "fcmM":
        missing = np.isnan(array) if array.dtype.kind in "fc" else np.isnat(array)
    elif array.dtype.kind == "O":
        missing = np.array([each is None or each != each for each in array.tolist()], np.bool_)
    else:
        return array
    if missing.any():
        raise DataError(
            f"row {int(missing.argmax())} has no key in {name!r} ({int(missing.sum())} such rows): "
            "fill in what group it is of, or leave the row out"
        )
    return array


def natural(texts: NDArray[Any]) -> NDArray[Any]:
    """Keys that were read as texts as numbers, where all are whole ones and written as such."""
    try:
        numbers = texts.astype(np.int64)
    except (ValueError, OverflowError):
        return texts
    return numbers if np.array_equal(numbers.astype(str), texts) else texts


def seeds_of(keys: KeyColumns, seed: int) -> NDArray[np.uint32]:
    """The seed of each group, (G,), from the seed of all and its keys as texts alone.

    So it does not depend on the other groups, nor on whether a number was read as a text.

    Examples
    --------
    >>> import numpy as np
    >>> one = seeds_of({"gene": np.array([7, 8])}, 0)
    >>> one.tolist() == seeds_of({"gene": np.array(["8", "7"])}, 0)[::-1].tolist()
    True
    """
    with np.errstate(over="ignore"):
        state = _mixed(np.full(len(next(iter(keys.values()))), seed, np.uint64))
        for values in keys.values():
            texts = np.ascontiguousarray(values.astype(str))
            width = max(texts.dtype.itemsize // 4, 1)
            letters = texts.view(np.uint32).reshape(len(texts), width)
            for place in range(width):  # no text goes on after its end
                there = letters[:, place] > 0
                state = np.where(there, _mixed(state ^ letters[:, place]), state)
            state = _mixed(state + np.uint64(_STEP))
    return (state >> np.uint64(32)).astype(np.uint32)


def wanted_key(keys: KeyColumns, key: Sequence[Any]) -> int:
    """The place of the group of that key.

    Raises
    ------
    ParameterError : there is none, or the key has another number of parts.
    """
    if len(key) != len(keys):
        raise ParameterError(
            f"a key of {len(key)} parts is asked for, expected one of {', '.join(keys)}: "
            f"{len(keys)} in that order"
        )
    there = np.ones(len(next(iter(keys.values()))), np.bool_)
    for values, part in zip(keys.values(), key, strict=True):
        there &= values == part
    if not there.any():
        said = ", ".join(f"{name} {part!r}" for name, part in zip(keys, key, strict=True))
        raise ParameterError(f"there is no group of {said}: the keys are those in `keys`")
    return int(there.argmax())


def run_heads(columns: KeyColumns, n: int) -> Integers:
    """The rows that begin with another key than the row before has, the first among them."""
    changes = np.zeros(n, np.bool_)
    changes[0] = True
    for values in columns.values():
        changes[1:] |= np.asarray(values[1:] != values[:-1], np.bool_)
    return np.flatnonzero(changes)


def _codes(columns: KeyColumns, heads: Integers) -> tuple[Integers, KeyColumns]:
    """The number of each row's group among the keys in ascending order, and those keys."""
    together = np.zeros(len(heads), np.int64)
    parts = [_unique(values) for values in columns.values()]
    for values, codes in parts:
        together = np.unique(together * len(values) + codes, return_inverse=True)[1]
    first = np.unique(together, return_index=True)[1]
    keys = {
        name: values[codes[first]] for name, (values, codes) in zip(columns, parts, strict=True)
    }
    return together, keys


def _unique(values: NDArray[Any]) -> tuple[NDArray[Any], Integers]:
    """The values there are, in ascending order, and which each is."""
    if values.dtype.kind != "O":
        return np.unique(values, return_inverse=True)
    known: dict[Any, int] = {}
    codes = np.array([known.setdefault(each, len(known)) for each in values.tolist()])
    try:
        ranked = sorted(known)
    except TypeError:  # of several types
        ranked = sorted(known, key=lambda each: (type(each).__name__, str(each)))
    places = np.empty(len(ranked), np.int64)
    places[[known[each] for each in ranked]] = np.arange(len(ranked))
    texts = all(type(each) is str for each in ranked)
    array = np.array(ranked, dtype=str if texts else None)
    if array.ndim != 1 or (array.dtype.kind in "US" and not texts):
        array = np.empty(len(ranked), object)
        array[:] = ranked
    return array, places[codes]


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers of 64 bits, each stirred so that any bit changes half of them."""
    state = state + np.uint64(_STEP)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(_FIRST)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(_SECOND)
    return state ^ (state >> np.uint64(31))
