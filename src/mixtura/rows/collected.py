"""Collected: the rows of a Dask collection, read as a mixture reads them, where they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any, TypeVar

import numpy as np

from mixtura.caching import cached_property
from mixtura.engine.arrays import Floats, Integers, Rows, readable
from mixtura.engine.partitions import Partitions
from mixtura.engine.sources import Block
from mixtura.errors import DataError
from mixtura.rows.in_memory import finite_rows, no_missing, plain_rows
from mixtura.rows.weights import check_weights
from mixtura.tables.chunk import BadRows
from mixtura.tables.collections import Collection, argument_of, check_numbers, collection
from mixtura.tables.selection import joined_fields
from mixtura.tables.streams import Chunk, bad_rows

T = TypeVar("T")
#: rows that are looked at together
_ROWS = 2**14
#: what is done to the rows of a partition, with what belongs to each
Function = Callable[[Block], T]


@dataclass(frozen=True)
class Reader:
    """Makes a block of a partition, on a worker.

    Parameters
    ----------
    features : the columns by name, None for an array.
    columns : what belongs to each row -> its column.
    beside : what belongs to each row and comes beside it, in the order in which it does.
    n_features : D.
    counting : whether bad rows and those of weight 0 are left out, and the weights told in `unit`.
    unit : what the weights are divided by; None drops them.
    holes : whether rows may lack features.
    """

    features: tuple[str, ...] | None
    columns: Mapping[str, str]
    beside: tuple[str, ...]
    n_features: int
    counting: bool = False
    unit: float | None = None
    holes: bool = False

    def __call__(self, part: Any, *shares: Any) -> Block:
        """The rows (m, D) of `part`, with what belongs to each, (m,).

        Raises
        ------
        DataError : they are no numbers, or not of these columns.
        """
        given = dict(zip(self.beside, shares, strict=True))
        for name, column in self.columns.items():
            aside = [str(each) == column for each in part.columns]
            given[name] = part.loc[:, aside].iloc[:, 0]
        if self.columns:
            taken = self.columns.values()
            part = part.loc[:, [str(each) not in taken for each in part.columns]]
        check_numbers(part)
        rows = plain_rows(part, self.n_features, self.features)
        numbers = {name: _numbers(each, name, len(rows)) for name, each in given.items()}
        block = Block(0, rows, joined_fields(numbers))
        return _counting(block, self.holes).in_unit(self.unit) if self.counting else block


@dataclass(frozen=True, eq=False)
class Collected:
    """The partitions of a collection, and what becomes of their bad rows.

    Parameters
    ----------
    partitions : the rows as they are.
    names : D names, None where there are none.
    n_features : D.
    on_bad_row : ``error``, ``skip`` or ``report``.
    holes : whether rows may lack features.
    """

    partitions: Partitions
    names: tuple[str, ...] | None
    n_features: int
    on_bad_row: str
    holes: bool = False

    def each(self, functions: Sequence[Function[T]]) -> tuple[list[T], BadRows]:
        """The value of a function of its own for each partition's good rows, and the bad ones.

        Raises
        ------
        DataError : a row is bad and none may be; its partition is named.
        """
        tasks = [
            partial(_of_good, number, self.names, self.on_bad_row, self.holes, function)
            for number, function in enumerate(functions)
        ]
        answers = self.partitions.each(tasks)
        bad = bad_rows(self.on_bad_row)
        for _, left_out in answers:
            bad.include(left_out)
        return [value for value, _ in answers], bad

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """How many rows each partition has, bad ones included; it takes a pass."""
        return tuple(self.partitions.each([_length] * len(self.partitions)))

    def least(self, function: Callable[[Rows], Floats], n: int) -> Integers:
        """The numbers of the n rows at which a function is least, (n,) or fewer, in its order.

        Raises
        ------
        DataError : a row is bad; its partition is named.
        """
        least = partial(_least, function, n, self.names, self.holes)
        found = self.partitions.each([least] * len(self.partitions))
        starts = accumulate((length for _, _, length in found[:-1]), initial=0)
        numbers = np.concatenate(
            [first + there for first, (there, _, _) in zip(starts, found, strict=True)]
        )
        values = np.concatenate([values for _, values, _ in found])
        chosen: Integers = numbers[np.argsort(values, kind="stable")[:n]]
        return chosen

    def picked(self, numbers: Integers) -> Floats:
        """The rows of those numbers, from 0, in the order given, (m, D) float64.

        Raises
        ------
        DataError : one of them is bad; its partition is named.
        """
        firsts = np.array([0, *accumulate(self.lengths)])
        places = np.searchsorted(firsts, numbers, side="right") - 1
        found: Floats = np.empty((len(numbers), self.n_features))
        for place in np.unique(places).tolist():
            wanted = places == place
            there = numbers[wanted] - firsts[place]
            at = partial(_rows_at, there, self.names, self.holes)
            found[wanted] = self.partitions.one(place, at)
        return found


def collected(
    X: Any,
    sample_weight: Any,
    n_features: int,
    feature_names: tuple[str, ...] | None,
    *,
    holes: bool = False,
    **more: Any,
) -> Collected:
    """The rows of a collection, as a mixture of D features takes them.

    Parameters
    ----------
    X, sample_weight, more : as for `mixtura.tables.collections.collection`.
    n_features : D.
    feature_names : D names, by which columns are matched where these have names; or None.
    holes : whether rows may lack features.

    Raises
    ------
    DataError : the collection is no rows, or the weights do not go with them.
    ParameterError : the weights are something else.
    """
    rows = collection(X, sample_weight, missing="em" if holes else "refuse", **more)
    return of_collection(rows, n_features, feature_names)


def of_collection(
    rows: Collection,
    n_features: int,
    feature_names: tuple[str, ...] | None = None,
    client: Any = None,
) -> Collected:
    """The same of a `Collection`, with the `distributed.Client` that computes, or None."""
    names = rows.names if feature_names is None or rows.names is None else feature_names
    reader = Reader(names, rows.fields, rows.beside, n_features, holes=rows.holes)
    partitions = Partitions(rows.parts, reader, client, rows.held)
    return Collected(partitions, names, n_features, rows.on_bad_row, rows.holes)


def _of_good(
    number: int,
    names: tuple[str, ...] | None,
    policy: str,
    holes: bool,
    function: Function[T],
    block: Block,
) -> tuple[T, BadRows]:
    bad = bad_rows(policy)
    if policy == "error":
        no_missing(block.rows, names, holes=holes)
        if block.weights is not None:
            check_weights(block.weights)
    else:
        labels = names or tuple(f"x{j}" for j in range(block.rows.shape[1]))
        origin = f"partition {number} of X, counted from 0"
        good = Chunk(block.rows, block.fields, origin=origin)
        good = good.drop(labels, bad, holes=holes)
        block = Block(0, good.rows, good.fields)
    return function(block), bad


def _length(block: Block) -> int:
    return len(block.rows)


def _least(
    function: Callable[[Rows], Floats],
    n: int,
    names: tuple[str, ...] | None,
    holes: bool,
    block: Block,
) -> tuple[Integers, Floats, int]:
    """The places of the n rows at which a function is least, its values there, and how many are."""
    rows = block.rows
    no_missing(rows, names, holes=holes)
    blocks = (readable(rows[at : at + _ROWS]) for at in range(0, len(rows), _ROWS))
    values = np.concatenate([np.empty(0), *map(function, blocks)])
    places = np.argsort(values, kind="stable")[:n]
    return places, values[places], len(rows)


def _rows_at(places: Integers, names: tuple[str, ...] | None, holes: bool, block: Block) -> Floats:
    wanted = np.asarray(block.rows[places], np.float64)
    try:
        no_missing(wanted, names, holes=holes)
    except DataError:
        no_missing(block.rows, names, holes=holes)  # which tells its number there
        raise
    return wanted


def _counting(block: Block, holes: bool) -> Block:
    """Those rows that are finite, with what belongs to them, and weigh something."""
    good = finite_rows(block.rows, holes=holes)
    for values in block.fields.values():
        good = good & finite_rows(values.reshape(len(good), -1))
    if block.weights is not None:
        good = good & (block.weights > 0.0)
    return block if np.all(good) else block.take(good)


def _numbers(given: Any, name: str, n_rows: int) -> Floats:
    """What belongs to `n_rows` rows, beside them in a partition, (m,) float64."""
    argument = argument_of(name)
    check_numbers(given, argument)
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"the {name} are not numbers: {error}") from None
    if values.shape != (n_rows,):
        raise DataError(
            f"a partition has {n_rows} rows and {name} of shape {values.shape}, expected one "
            f"{name.removesuffix('s')} beside each row: divide X and {argument} alike"
        )
    return values
