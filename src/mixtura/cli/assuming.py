"""Assuming: the options that say what a fit takes for granted besides the structure."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

from mixtura.cli.kinds import Kind

__all__ = ["assuming", "assumptions"]

Function = TypeVar("Function", bound=Callable[..., Any])

#: what --noise stands for without a volume
_BOX = "box"


class _Volume(Kind[float | bool]):
    """A volume, or the word box."""

    name = "volume"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | bool:
        if isinstance(value, bool) or value == _BOX:
            return True
        try:
            volume = float(value)
        except ValueError:
            volume = math.nan
        if not (math.isfinite(volume) and volume > 0.0):
            self.fail(
                f"{value!r} is neither a volume above 0 nor the word box; to give none, write "
                "--noise=box or put the option last.",
                param,
                ctx,
            )
        return volume


_equal_weights = click.option(
    "--equal-weights", is_flag=True, help="Hold the weights of all components equal."
)

_prior = click.option(
    "--prior",
    is_flag=True,
    help="With a conjugate prior on means and covariances, in the data's own units, which keeps "
    "components of few rows from collapsing.",
)

_noise = click.option(
    "--noise",
    type=_Volume(),
    is_flag=False,
    flag_value=_BOX,
    default=None,
    metavar="[VOLUME]",
    help="Some rows may belong to no component, and lie anywhere in the box about all rows, or in "
    "a given volume; their label is -1.",
)


def assuming(function: Function) -> Function:
    """The options --equal-weights, --prior and --noise."""
    return _equal_weights(_prior(_noise(function)))


def assumptions(*, equal_weights: bool, prior: bool, noise: float | bool | None) -> dict[str, Any]:
    """The options as arguments of `mixtura.fit` and `mixtura.select`."""
    return {
        "weights": "equal" if equal_weights else "free",
        "prior": "conjugate" if prior else None,
        "noise": noise,
    }
