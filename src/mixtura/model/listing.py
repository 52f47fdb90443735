"""Listing: a mixture's parameters as a table, as far as there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mixtura.textual import columns, printable, resolved

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture

__all__ = ["mixture_text", "parameter_table", "what_is_left"]

#: components and features that are listed at most
_COMPONENTS, _FEATURES = 12, 6


def parameter_table(mixture: Mixture) -> list[list[str]]:
    """Weights, and means ± standard deviations; of noise its weight and the ends of its box."""
    deviations = np.sqrt(np.diagonal(mixture.covariance_matrices(), axis1=1, axis2=2))  # (K, D)
    features = mixture.feature_labels[:_FEATURES]
    table = [["component", "weight", *features]]
    for k in range(min(mixture.n_components, _COMPONENTS)):
        ends = list(zip(mixture.means[k], deviations[k], strict=True))[: len(features)]
        spreads = (f"{resolved(float(m), float(s), 5)} ± {s:.3g}" for m, s in ends)
        table.append([str(k), f"{mixture.weights[k]:.4g}", *spreads])
    if mixture.noise is not None:
        box = mixture.noise.box
        sides = list(zip(box.low, box.high, strict=True))[: len(features)]
        spans = (f"{low:.4g} to {high:.4g}" for low, high in sides)
        table.append(["noise", f"{mixture.noise.weight:.4g}", *spans])
    return table


def what_is_left(mixture: Mixture) -> str:
    """How many components and features the table leaves out, in words; empty for none."""
    more = [
        f"{count - shown} more {noun}{'' if count - shown == 1 else 's'}"
        for count, shown, noun in (
            (mixture.n_components, _COMPONENTS, "component"),
            (mixture.n_features, _FEATURES, "feature"),
        )
        if count > shown
    ]
    return f"and {', '.join(more)}" if more else ""


def mixture_text(mixture: Mixture) -> str:
    """What it is, and its parameters, as `print` shows them."""
    table = [[printable(cell) for cell in row] for row in parameter_table(mixture)]
    left = what_is_left(mixture)
    return "\n".join([repr(mixture), *columns(table), *([left] if left else [])])
