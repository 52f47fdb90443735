"""Kinds of values: what an option's text becomes, under any click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

__all__ = ["Kind"]

if TYPE_CHECKING:
    from click import ParamType as Kind
else:

    class Kind(click.ParamType):
        """A click type that may say what it gives; click's own may do so from 8.4 on."""

        def __class_getitem__(cls, _: Any) -> type:
            return cls
