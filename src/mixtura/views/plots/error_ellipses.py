"""Error ellipses: where the true values of rows may be, one standard deviation around each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.model.mixture import Mixture
from mixtura.rows.errors import named_errors, row_errors
from mixtura.views.kinds import Features
from mixtura.views.plots.palette import parts_of
from mixtura.views.plots.projection import Projection, chosen_or_telling

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

#: beyond so many rows their ellipses would be a blot
_MANY = 1000
_OPAQUE = 0.35


def of_pair(
    mixture: Mixture, X: Any, errors: Any, features: Features, missing: str = "refuse"
) -> Floats | None:
    """The covariances of the errors of rows in two features, (N, 2, 2); None stays None.

    Parameters
    ----------
    mixture, X, errors, features, missing : as for `mixtura.views.plots.scatter`.

    Raises
    ------
    DataError : they are none, or do not go with the rows.
    """
    pair = chosen_or_telling(mixture, features, 2)
    checked = row_errors(named_errors(X, errors), mixture.rows(X, missing=missing).shape)
    if checked is None:
        return None
    if checked.ndim == 3:
        return np.asarray(checked[:, pair][:, :, pair])
    return np.square(checked[:, pair])[:, :, None] * np.eye(2)


def draw_errors(ax: Axes, shown: Projection, matrices: Floats) -> list[Line2D]:
    """Draw the ellipse of each row's error in the colour of its component.

    Parameters
    ----------
    ax : whose limits are set.
    shown : the rows, in two features.
    matrices : (N, 2, 2), of their errors, squared feature units.

    Returns
    -------
    The legend's entry for them; none where they are too many to be told apart. Rows that lack a
    feature shown have no ellipse.
    """
    from matplotlib.collections import EllipseCollection
    from matplotlib.lines import Line2D

    if len(shown.rows) > _MANY:
        return []
    matrices = matrices[~shown.imputed.any(axis=1)]
    shown, _ = shown.told_apart()
    values, axes = np.linalg.eigh(matrices)
    half = np.sqrt(np.maximum(values, 0.0))
    turns = np.degrees(np.arctan2(axes[:, 1, 1], axes[:, 0, 1]))
    edges = np.array([part.look.edge for part in parts_of(shown.marginal)])[shown.labels]
    ellipses = EllipseCollection(
        2.0 * half[:, 1],
        2.0 * half[:, 0],
        turns,
        units="xy",
        offsets=shown.rows,
        offset_transform=ax.transData,
        facecolors="none",
        edgecolors=edges,
        linewidths=0.7,
        alpha=_OPAQUE,
        zorder=0.9,
    )
    ax.add_collection(ellipses, autolim=False)
    words = "errors of rows: 1 sigma"
    return [Line2D([], [], color="0.6", linewidth=0.7, label=words)]
