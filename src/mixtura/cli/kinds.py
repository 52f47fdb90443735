"""Kinds: what the text of an option becomes, under any click."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click import ParamType as Kind
else:

    class Kind(click.ParamType):
        """A click type that may say what it gives; click's own may do so from 8.4 on."""

        def __class_getitem__(cls, _: Any) -> type:
            return cls


__all__ = ["BOX", "KEPT", "SHARE", "Kind", "NumberOrAuto", "Numbers", "Share", "Volume"]

#: the word for the volume of the box about all rows
BOX = "box"
#: the word for the threshold that a model file has
KEPT = "kept"
#: a share of rows, above 0 and below 1
SHARE = click.FloatRange(0.0, 1.0, min_open=True, max_open=True)


class NumberOrAuto(Kind[float | str]):
    """A number, or the word auto."""

    name = "number|auto"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        try:
            return value if value == "auto" else float(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number nor the word auto.", param, ctx)


class Volume(Kind[float | bool]):
    """A volume, or the word box."""

    name = "volume"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | bool:
        if isinstance(value, bool) or value == BOX:
            return True
        try:
            volume = float(value)
        except ValueError:
            volume = math.nan
        if not (math.isfinite(volume) and volume > 0.0):
            self.fail(
                f"{value!r} is neither a volume above 0 nor the word box; to give none, write "
                f"{param.opts[0] if param else self.name}={BOX} or put the option last.",
                param,
                ctx,
            )
        return volume


class Share(Kind[float | str]):
    """A share of rows, above 0 and below 1, or the word kept."""

    name = "share"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        if value == KEPT:
            return KEPT
        try:
            share = float(value)
        except ValueError:
            share = math.nan
        if not 0.0 < share < 1.0:
            self.fail(
                f"{value!r} is neither a share above 0 and below 1 nor the word kept; to give "
                f"none, write {param.opts[0] if param else self.name}={KEPT} or put the option "
                "last.",
                param,
                ctx,
            )
        return share


class Numbers(Kind[tuple[int, ...]]):
    """Whole numbers: 3, 1:9 or 1,2,4:6; both ends of a range belong to it."""

    name = "numbers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        numbers: list[int] = []
        for part in str(value).split(","):
            first, colon, last = part.strip().partition(":")
            if not first.isdecimal() or (colon and not last.isdecimal()):
                self.fail(f"{part!r} is neither a number nor a range such as 1:9.", param, ctx)
            if colon and int(last) < int(first):
                self.fail(f"the range {part!r} is empty: write the smaller end first.", param, ctx)
            numbers += range(int(first), int(last or first) + 1)
        return tuple(numbers)
