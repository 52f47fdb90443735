"""Kinds: the pictures of a mixture, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mixtura.errors import ParameterError
from mixtura.model.algebra import feature_indices
from mixtura.model.mixture import Mixture
from mixtura.views.plots.calibration import calibration_of
from mixtura.views.plots.density import density
from mixtura.views.plots.drawing import Drawing, Single
from mixtura.views.plots.equal import check_equal
from mixtura.views.plots.pairs import pairs_of
from mixtura.views.plots.parts import parts_of
from mixtura.views.plots.plane import plane
from mixtura.views.plots.responsibilities import responsibilities
from mixtura.views.plots.scatter import scatter
from mixtura.views.plots.trace import trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["KINDS", "Features", "drawing_of"]

Features = Sequence[int | str] | None


def drawing_of(
    kind: str,
    mixture: Mixture,
    X: Any = None,
    features: Features = None,
    row: int | None = None,
    record: Mapping[str, Any] | None = None,
    equal: bool = False,
) -> Drawing:
    """The picture of that kind, computed and not yet drawn.

    Parameters
    ----------
    kind, mixture, X, features, row, equal : as for `MixtureDisplay.from_mixture`.
    record : of a fit, as `Fit.summary` gives it, for ``trace``.

    Raises
    ------
    ParameterError : there is no such kind, feature or row, or the kind takes none.
    DataError : wrong shape, missing columns, NaN or infinity, or no rows.
    """
    if kind not in KINDS:
        raise ParameterError(f"unknown kind {kind!r}, expected one of: {', '.join(KINDS)}")
    if kind == "trace" and record is None:
        raise ParameterError(
            "a mixture alone has no trace, expected a fit: use from_fit or from_estimator; after "
            "partial_fit an estimator has its partial_trace_"
        )
    given = {"features": features, "row": row, "record": record, "equal": equal or None}
    takes, draw = KINDS[kind]
    for name in ("features", "row", "equal"):
        if given[name] is not None and name not in takes:
            raise ParameterError(f"kind {kind!r} takes no {name}, got {given[name]!r}")
    return draw(mixture, X, **{name: given[name] for name in takes})


def _density(mixture: Mixture, X: Any, features: Features, equal: bool | None) -> Drawing:
    chosen = None if features is None else feature_indices(mixture, features)
    count = min(mixture.n_features, 2) if chosen is None else len(chosen)
    check_equal(bool(equal), count)
    if count == 1:
        return Single(lambda ax: density(mixture, X, features=features, ax=ax))
    return _single(plane)(mixture, X, features, equal)


def _single(function: Callable[..., Axes]) -> Callable[..., Drawing]:
    def draw(mixture: Mixture, X: Any, features: Features, equal: bool | None) -> Drawing:
        chosen = {"features": features, "equal": bool(equal)}
        return Single(lambda ax: function(mixture, X, **chosen, ax=ax))

    return draw


def _trace(mixture: Mixture, X: Any, record: Mapping[str, Any]) -> Drawing:
    return Single(lambda ax: trace(record, ax=ax))


#: name -> what it takes, and the function that computes it
KINDS: Mapping[str, tuple[tuple[str, ...], Callable[..., Drawing]]] = {
    "density": (("features", "equal"), _density),
    "scatter": (("features", "equal"), _single(scatter)),
    "pairs": (("features", "equal"), pairs_of),
    "responsibilities": (("features", "equal"), _single(responsibilities)),
    "explanation": (("row",), parts_of),
    "calibration": ((), calibration_of),
    "trace": (("record",), _trace),
}
