"""Calibration: rows against what the mixture expects of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.errors import DataError
from mixtura.model.calibration import marginal_cdf
from mixtura.model.mixture import Mixture
from mixtura.views.plots.drawing import Drawing, drawn
from mixtura.views.plots.margins import margins
from mixtura.views.plots.one_feature import one_feature

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["calibration", "calibration_of"]


def calibration_of(mixture: Mixture, X: Any) -> Drawing:
    """What `calibration` draws, computed."""
    if X is None:
        raise DataError("calibration compares rows with the mixture, got none: give X")
    shares = np.sort(marginal_cdf(mixture, X), axis=0)
    if len(shares) == 0:
        raise DataError("X has 0 rows, expected at least 1")
    return (
        one_feature(mixture, X, shares) if mixture.n_features == 1 else margins(mixture, X, shares)
    )


def calibration(mixture: Mixture, X: Any, *, ax: Axes | None = None) -> tuple[Axes, ...]:
    """Whether the rows lie as the mixture says that they should.

    Of one feature: the histogram of F(x_i), flat where the density fits, and the quantiles of the
    rows over those of the mixture, which show its tails in the feature's unit.

    Of several: for each feature the share of rows below a value, less the probability that the
    marginal mixture gives to it, over that probability; and for each component the Mahalanobis
    distances to its mean, weighted by its responsibilities, over those that the chi distribution
    of D degrees of freedom has at the same probabilities.

    Parameters
    ----------
    mixture : the density.
    X : (N, D) array-like, or a table with the mixture's columns.
    ax : where to draw, of a grid of axes; None makes a new figure.

    Returns
    -------
    The two axes. Grey is where 95 % of samples from the mixture would lie; rows that it was
    fitted to lie nearer than new ones do.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    DataError : no row, wrong shape, missing columns, NaN or infinity.

    Notes
    -----
    N·K·D calls of erfc, some 0.1 µs each, and N·(K + D) numbers of memory.

    References
    ----------
    Gneiting, Balabdaoui & Raftery 2007, "Probabilistic forecasts, calibration and sharpness",
    for the histogram; Säilynoja, Bürkner & Vehtari 2022, "Graphical test for discrete
    uniformity", for the difference of shares.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from mixtura import Mixture
    >>> from mixtura.views.plots import calibration
    >>> m = Mixture([1.0], [[0.0]], [[[1.0]]])
    >>> calibration(m, m.sample(500, 0)[0])[0].get_title(loc="left")
    '500 rows; F differs by 0.028 at most'
    """
    return drawn(calibration_of(mixture, X), ax)
