"""Caching: a value that is found once, without a lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class cached_property(Generic[T]):  # noqa: N801 - used as a decorator, like the standard library's
    """A property whose first value is kept.

    `functools.cached_property` of Python 3.11 takes a lock that all objects of the class share:
    two fits would wait for each other, and a child that is forked meanwhile for ever. Here two
    threads may both find the value; the first one is kept.

    Examples
    --------
    >>> class Sum:
    ...     @cached_property
    ...     def total(self):
    ...         print("summing")
    ...         return 3
    >>> rows = Sum()
    >>> rows.total, rows.total
    summing
    (3, 3)
    """

    def __init__(self, find: Callable[[Any], T]) -> None:
        self._find = find
        self._name = find.__name__
        self.__doc__ = find.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | T:
        if instance is None:
            return self
        value: T = instance.__dict__.setdefault(self._name, self._find(instance))
        return value
