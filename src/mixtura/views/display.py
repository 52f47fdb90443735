"""Display: a picture of a mixture, in scikit-learn's convention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mixtura.errors import MissingExtraError, ParameterError
from mixtura.fitting import Fit
from mixtura.model.algebra import feature_indices
from mixtura.model.mixture import Mixture
from mixtura.rows.in_memory import column_names
from mixtura.views.kinds import KINDS, Features, drawing_of
from mixtura.views.plots.canvas import Drawing, axes_or_new, figure_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from mixtura.selection import Selection


class MixtureDisplay:
    """A picture of a mixture that can be drawn again.

    Make one with `from_estimator`, `from_mixture`, `from_fit` or `from_selection`; each draws it at
    once.

    Parameters
    ----------
    drawing : what to draw.
    kind : its name.

    Attributes
    ----------
    figure_ : the figure of the last drawing.
    ax_ : the axes that it was given, or that of a new figure; with several parts these are in its
        place.
    axes_ : the axes that hold the picture, one or several.

    Examples
    --------
    >>> from mixtura import GaussianMixture, MixtureDisplay
    >>> from mixtura.datasets import faithful
    >>> model = GaussianMixture(2, random_state=0).fit(faithful())
    >>> MixtureDisplay.from_estimator(model, faithful())
    MixtureDisplay(kind='density')
    >>> display = MixtureDisplay.from_estimator(model, faithful(), kind="explanation", row=5)
    >>> display.axes_[0].get_title(loc="left")
    'row 5: log p(x) = −8.7906 nats'
    """

    figure_: Figure
    ax_: Axes
    axes_: NDArray[Any]

    def __init__(self, drawing: Drawing, kind: str) -> None:
        self.drawing = drawing
        self.kind = kind

    def __repr__(self) -> str:
        return f"MixtureDisplay(kind={self.kind!r})"

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any = None,
        *,
        kind: str | None = None,
        features: Features = None,
        row: int | None = None,
        equal: bool = False,
        missing: str = "refuse",
        ax: Axes | None = None,
    ) -> MixtureDisplay:
        """Draw a fitted estimator, and the rows `X` with it.

        Parameters
        ----------
        estimator : a `mixtura.GaussianMixture`, a `sklearn.mixture.GaussianMixture`, or a
            pipeline that ends in one: what is before it transforms `X`.
        X, kind, features, row, equal, missing, ax : as for `from_mixture`; kind ``trace`` draws the
            log-likelihood over the iterations of the estimator's fit.

        Raises
        ------
        sklearn.exceptions.NotFittedError : it was not fitted.
        ParameterError, DataError, MissingExtraError : as `from_mixture`; or the estimator is none
            of those.
        """
        return cls._of(*_fitted(estimator, X), kind, features, row, equal, missing, ax)

    @classmethod
    def from_mixture(
        cls,
        mixture: Mixture,
        X: Any = None,
        *,
        kind: str | None = None,
        features: Features = None,
        row: int | None = None,
        equal: bool = False,
        missing: str = "refuse",
        ax: Axes | None = None,
    ) -> MixtureDisplay:
        """Draw a mixture, and the rows `X` with it.

        Parameters
        ----------
        mixture : the density.
        X : (N, D) array-like, or a table with the mixture's columns; None draws the mixture on its
            own, where the kind allows that.
        kind :

            * ``density``: of one feature a histogram under the curves, of two the lines around 50,
              90 and 99 % of it;
            * ``scatter``: two features, with the rows by component;
            * ``pairs``: every two features;
            * ``responsibilities``: of which component, and how sure that is;
            * ``explanation``: where the log-likelihood of one row comes from;
            * ``calibration``: whether the rows lie as the mixture says.

            None is ``density`` for up to two features, ``pairs`` for more.
        features : which ones to draw, by index or name, for the first four kinds; those in which
            the components differ most by default.
        row : the number of the row that is explained; the least likely one by default.
        equal : whether one unit is as long on both axes, for features of one unit.
        missing : ``"em"`` where rows may lack features, for the first three kinds: those that lack
            one that is shown are drawn where they are expected to be, and marked.
        ax : where to draw, of a grid of axes; None makes a new figure.

        Raises
        ------
        ParameterError : there is no such kind, feature or row, or the kind takes none.
        DataError : wrong shape, missing columns, NaN or infinity; or no rows, and the kind is
            about rows.
        MissingExtraError : matplotlib is not installed.
        """
        return cls._of(mixture, None, X, kind, features, row, equal, missing, ax)

    @classmethod
    def from_fit(
        cls,
        fit: Fit,
        X: Any = None,
        *,
        kind: str | None = None,
        features: Features = None,
        row: int | None = None,
        equal: bool = False,
        missing: str = "refuse",
        ax: Axes | None = None,
    ) -> MixtureDisplay:
        """Draw a `mixtura.Fit`: its mixture as `from_mixture` does, or its ``trace``."""
        return cls._of(fit.mixture, fit.summary(), X, kind, features, row, equal, missing, ax)

    @classmethod
    def from_selection(
        cls,
        selection: Selection | Mapping[str, Any],
        *,
        by: str | None = None,
        ax: Axes | None = None,
    ) -> MixtureDisplay:
        """Draw the criterion of each candidate of a `mixtura.Selection`: see `plots.candidates`."""
        return cls(KINDS["selection"].drawing(selection, by=by), "selection").plot(ax)

    def plot(self, ax: Axes | None = None) -> MixtureDisplay:
        """Draw it once more, on `ax` or in a new figure; the display itself.

        Raises
        ------
        MissingExtraError : matplotlib is not installed.
        ParameterError : it has several parts, and `ax` is not of a grid.
        """
        place = axes_or_new(ax, self.drawing.size)
        try:
            axes = self.drawing.draw(place)
        except Exception:
            if ax is None:  # nobody else knows of it
                from matplotlib import pyplot

                pyplot.close(figure_of(place))
            raise
        self.ax_, self.figure_ = place, figure_of(place)
        self.axes_ = np.array(axes, dtype=object)
        return self

    @classmethod
    def _of(
        cls,
        mixture: Mixture,
        record: Mapping[str, Any] | None,
        X: Any,
        kind: str | None,
        features: Features,
        row: int | None,
        equal: bool,
        missing: str,
        ax: Axes | None,
    ) -> MixtureDisplay:
        mixture = _named(mixture, X)
        if kind is None:
            few = features is not None and len(feature_indices(mixture, features)) <= 2
            kind = "density" if mixture.n_features <= 2 or few else "pairs"
        drawing = drawing_of(kind, mixture, X, features, row, record, equal, missing)
        return cls(drawing, kind).plot(ax)


def _named(mixture: Mixture, X: Any) -> Mixture:
    """The mixture with the names of the rows' columns, where it has none of its own."""
    names = column_names(X)
    if mixture.feature_names is not None or names is None or len(names) != mixture.n_features:
        return mixture
    return _with_names(mixture, names)


def _fitted(estimator: Any, X: Any) -> tuple[Mixture, Mapping[str, Any] | None, Any]:
    """The mixture of a fitted estimator, the record of its fit if it keeps one, and its rows.

    Parameters
    ----------
    estimator : a `mixtura.GaussianMixture`, a `sklearn.mixture.GaussianMixture`, or a pipeline that
        ends in one.
    X : rows, or None; what is before the end of a pipeline transforms them.

    Raises
    ------
    MissingExtraError : scikit-learn is not installed.
    sklearn.exceptions.NotFittedError : it was not fitted.
    ParameterError : it is none of those.
    """
    try:
        from sklearn.mixture import GaussianMixture as Theirs
        from sklearn.pipeline import Pipeline
        from sklearn.utils.validation import check_is_fitted
    except ImportError:
        raise MissingExtraError("scikit-learn", "sklearn", "a display of an estimator") from None
    from mixtura.estimators import GaussianMixture

    check_is_fitted(estimator)
    if isinstance(estimator, Pipeline):
        before, last = estimator[:-1], estimator[-1]
        rows = before.transform(X) if X is not None and len(before) else X
        mixture, record, rows = _fitted(last, rows)
        return _of_steps(mixture, before), record, rows
    if isinstance(estimator, GaussianMixture):
        fit = getattr(estimator, "fit_", None)  # `partial_fit` leaves none
        return estimator.mixture_, None if fit is None else fit.summary(), X
    if isinstance(estimator, Theirs):
        return _theirs(estimator), None, X
    raise ParameterError(
        f"got an estimator of type {type(estimator).__name__}, expected a GaussianMixture of "
        "mixtura or scikit-learn, or a pipeline that ends in one"
    )


def _theirs(estimator: Any) -> Mixture:
    names = getattr(estimator, "feature_names_in_", None)
    return Mixture(
        estimator.weights_,
        estimator.means_,
        estimator.covariances_,
        structure=estimator.covariance_type,
        feature_names=None if names is None else tuple(map(str, names)),
    )


def _of_steps(mixture: Mixture, before: Any) -> Mixture:
    """The mixture with the names of the columns that the steps before it make, if they tell."""
    if mixture.feature_names is not None or not len(before):
        return mixture
    try:
        names = tuple(map(str, before.get_feature_names_out()))
    except (AttributeError, ValueError):
        return mixture
    return _with_names(mixture, names)


def _with_names(mixture: Mixture, names: Sequence[str]) -> Mixture:
    """The same mixture with those feature names."""
    return Mixture(
        mixture.weights,
        mixture.means,
        mixture.covariances,
        mixture.structure,
        names,
        noise=mixture.noise,
        equal_weights=mixture.equal_weights,
    )
