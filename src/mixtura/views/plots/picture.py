"""Picture: the one that suits a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mixtura.errors import ParameterError
from mixtura.model.algebra import feature_indices
from mixtura.model.mixture import Mixture
from mixtura.views.plots.density import density
from mixtura.views.plots.equal import check_equal
from mixtura.views.plots.scatter import scatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot"]


def plot(
    mixture: Mixture,
    X: Any = None,
    *,
    features: Sequence[int | str] | None = None,
    equal: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """The `density` of one feature, or the `scatter` of two.

    Parameters
    ----------
    mixture, X, ax : as for `density` and `scatter`.
    features : one or two, by index or name; None takes the only one there is, or the two in
        which the components differ most.
    equal : whether one unit is as long on both axes, for two features of one unit.

    Returns
    -------
    The axes.

    Raises
    ------
    MissingExtraError : matplotlib is not installed.
    ParameterError : neither one nor two features, or one that does not exist; or equal scales of
        one.
    DataError : no row, wrong shape, missing columns, NaN or infinity.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from mixtura import Mixture
    >>> from mixtura.views.plots import plot
    >>> m = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.5], [0.5, 2.0]]], feature_names=["a", "b"])
    >>> plot(m, [[0.5, 1.0], [-1.0, 0.2]], features=["b"]).get_ylabel()
    'density'
    """
    chosen = None if features is None else feature_indices(mixture, features)
    count = min(mixture.n_features, 2) if chosen is None else len(chosen)
    check_equal(equal, count)
    if count not in (1, 2):
        raise ParameterError(
            f"got {count} features, expected one or two of {', '.join(mixture.feature_labels)}"
        )
    if count == 1:
        return density(mixture, X, features=features, ax=ax)
    return scatter(mixture, X, features=features, equal=equal, ax=ax)
