"""HTML: a mixture as a notebook shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mixtura.markup import Html, element, joined, table
from mixtura.textual import resolved

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture

__all__ = ["mixture_html"]

#: components and features that are listed at most
_COMPONENTS, _FEATURES = 12, 6


def mixture_html(mixture: Mixture) -> Html:
    """A table of the weights, and of the means ± standard deviations, as far as there is room."""
    deviations = np.sqrt(np.diagonal(mixture.covariance_matrices(), axis1=1, axis2=2))  # (K, D)
    features = mixture.feature_labels[:_FEATURES]
    rows = [
        [
            str(k),
            f"{mixture.weights[k]:.4g}",
            *(
                f"{resolved(float(mean), float(spread), 5)} ± {spread:.3g}"
                for mean, spread in zip(mixture.means[k], deviations[k], strict=True)
            ),
        ][: 2 + len(features)]
        for k in range(min(mixture.n_components, _COMPONENTS))
    ]
    more = [
        f"{count - shown} more {noun}{'' if count - shown == 1 else 's'}"
        for count, shown, noun in (
            (mixture.n_components, len(rows), "component"),
            (mixture.n_features, len(features), "feature"),
        )
        if count > shown
    ]
    shown = table(repr(mixture), [["component", "weight", *features], *rows])
    return joined([shown, *([element("p", f"and {', '.join(more)}")] if more else [])])
