"""Kinds: each kind of picture, declared once, for commands, displays, reports and documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mixtura.errors import ParameterError

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture
    from mixtura.views.plots.canvas import Drawing

__all__ = ["KINDS", "Features", "Kind", "drawing_of"]

Features = Sequence[int | str] | None


@dataclass(frozen=True)
class Kind:
    """One kind of picture: what it draws, of what, and which choices it leaves.

    Parameters
    ----------
    name : one word. The function ``<name>_of`` of a module computes the picture.
    words : what it draws.
    takes : those of ``features``, ``row`` and ``equal`` that it can be told.
    subject : what it is of, ``mixture``, ``rows``, ``fit`` or ``selection``. Rows may be drawn with
        a mixture.
    module : of `mixtura.views.plots`, where that is not called as the kind is.
    """

    name: str
    words: str
    takes: tuple[str, ...]
    subject: str
    module: str = ""

    def drawing(self, *subjects: Any, **choices: Any) -> Drawing:
        """The picture of these subjects, computed and not yet drawn."""
        from mixtura.loading import loaded

        home = f"mixtura.views.plots.{self.module or self.name}"
        drawing: Drawing = loaded(home, f"{self.name}_of")(*subjects, **choices)
        return drawing


#: name -> the kind, in the order in which they are listed
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "density",
            "a histogram under the curves of one feature, or lines around 50, 90 and 99 % of the "
            "density of two",
            ("features", "equal"),
            "mixture",
            "plane",
        ),
        Kind(
            "scatter",
            "the rows of two features by component",
            ("features", "equal"),
            "mixture",
            "plane",
        ),
        Kind("pairs", "every two features, up to 12", ("features", "equal"), "mixture"),
        Kind(
            "responsibilities",
            "which component, and how sure that is, of one feature or two",
            ("features", "equal"),
            "mixture",
        ),
        Kind(
            "explanation",
            "where the log-likelihood of one row of DATA comes from",
            ("row",),
            "rows",
        ),
        Kind("calibration", "whether the rows of DATA lie where the mixture says", (), "rows"),
        Kind("trace", "the log-likelihood over the iterations of the fit", (), "fit"),
        Kind(
            "selection",
            "of what mixtura select --json wrote instead of MODEL, the criterion of each structure "
            "over the number of components",
            (),
            "selection",
            "candidates",
        ),
    )
}


def drawing_of(
    kind: str,
    mixture: Mixture,
    X: Any = None,
    features: Features = None,
    row: int | None = None,
    record: Mapping[str, Any] | None = None,
    equal: bool = False,
) -> Drawing:
    """The picture of that kind of a mixture, computed and not yet drawn.

    Parameters
    ----------
    kind, mixture, X, features, row, equal : as for `MixtureDisplay.from_mixture`.
    record : of a fit, as `Fit.summary` gives it, for ``trace``.

    Raises
    ------
    ParameterError : there is no such kind, feature or row, or the kind takes none.
    DataError : wrong shape, missing columns, NaN or infinity, or no rows.
    """
    known = [name for name in KINDS if KINDS[name].subject != "selection"]
    if kind not in known:
        raise ParameterError(f"unknown kind {kind!r}, expected one of: {', '.join(known)}")
    chosen = KINDS[kind]
    if chosen.subject == "fit" and record is None:
        raise ParameterError(
            "a mixture alone has no trace, expected a fit: use from_fit or from_estimator; after "
            "partial_fit an estimator has its partial_trace_"
        )
    given = {"features": features, "row": row, "equal": equal or None}
    for name, value in given.items():
        if value is not None and name not in chosen.takes:
            raise ParameterError(f"kind {kind!r} takes no {name}, got {value!r}")
    if chosen.subject == "fit":
        return chosen.drawing(record)
    return chosen.drawing(mixture, X, **{name: given[name] for name in chosen.takes})
