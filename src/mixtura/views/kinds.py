"""Kinds: each kind of picture, declared once, for commands, displays, reports and documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from mixtura.errors import ParameterError

if TYPE_CHECKING:
    from mixtura.model.mixture import Mixture
    from mixtura.views.plots.canvas import Drawing

Features = Sequence[int | str] | None


@dataclass(frozen=True)
class Kind:
    """One kind of picture: what it draws, of what, and which choices it leaves.

    Parameters
    ----------
    name : one word.
    words : what it draws.
    takes : those of ``features``, ``row``, ``equal`` and ``missing`` that it can be told.
    subject : what it is of, ``mixture``, ``rows``, ``fit`` or ``selection``. Rows may be drawn with
        a mixture.
    home : the module of `mixtura.views.plots` and the function in it, which draws on axes.
    parts : whether the function computes a `Drawing` of several parts instead.
    """

    name: str
    words: str
    takes: tuple[str, ...]
    subject: str
    home: str
    parts: bool = False

    def drawing(self, *subjects: Any, **choices: Any) -> Drawing:
        """The picture of these subjects, that waits for axes."""
        from mixtura.loading import loaded
        from mixtura.views.plots.canvas import Single

        module, _, function = self.home.partition(".")
        made = partial(loaded(f"mixtura.views.plots.{module}", function), *subjects, **choices)
        if not self.parts:
            return Single(lambda ax: made(ax=ax))
        drawing: Drawing = made()
        return drawing


#: name -> the kind, in the order in which they are listed
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "density",
            "a histogram under the curves of one feature, or lines around 50, 90 and 99 % of the "
            "density of two",
            ("features", "equal", "missing"),
            "mixture",
            "plane.density_or_plane",
        ),
        Kind(
            "scatter",
            "the rows of two features by component",
            ("features", "equal", "missing"),
            "mixture",
            "plane.scatter",
        ),
        Kind(
            "pairs",
            "every two features, up to 12",
            ("features", "equal", "missing"),
            "mixture",
            "pairs.pairs_of",
            parts=True,
        ),
        Kind(
            "responsibilities",
            "which component, and how sure that is, of one feature or two",
            ("features", "equal"),
            "mixture",
            "responsibilities.responsibilities",
        ),
        Kind(
            "explanation",
            "where the log-likelihood of one row of DATA comes from",
            ("row",),
            "rows",
            "explanation.explanation_of",
            parts=True,
        ),
        Kind(
            "calibration",
            "whether the rows of DATA lie where the mixture says",
            (),
            "rows",
            "calibration.calibration_of",
            parts=True,
        ),
        Kind(
            "trace", "the log-likelihood over the iterations of the fit", (), "fit", "trace.trace"
        ),
        Kind(
            "selection",
            "of what mixtura select --json wrote instead of MODEL, the criterion of each structure "
            "over the number of components",
            (),
            "selection",
            "candidates.candidates",
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
    missing: str = "refuse",
) -> Drawing:
    """The picture of that kind of a mixture, computed and not yet drawn.

    Parameters
    ----------
    kind, mixture, X, features, row, equal, missing : as for `MixtureDisplay.from_mixture`.
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
    given: dict[str, Any] = {"features": features, "row": row, "equal": equal}
    for name, value in given.items():
        if value is not None and value is not False and name not in chosen.takes:
            raise ParameterError(f"kind {kind!r} takes no {name}, got {value!r}")
    if missing != "refuse" and "missing" not in chosen.takes:
        raise ParameterError(
            f"kind {kind!r} takes no missing, got {missing!r}: give rows that have every feature, "
            "or fill in first what they lack, with impute"
        )
    given["missing"] = missing
    if chosen.subject == "fit":
        return chosen.drawing(record)
    return chosen.drawing(mixture, X, **{name: given[name] for name in chosen.takes})
