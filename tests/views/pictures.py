"""What is read out of pictures, and the mixtures that they are of."""

from __future__ import annotations

import numpy as np

from mixtura import Mixture
from mixtura.views.kinds import drawing_of
from mixtura.views.plots.canvas import offscreen_axes

#: each breaks something: mathematics, markup, a line, the reading direction, a font
HOSTILE = [
    r"$\frac{a}{b}$",
    "</script><b>\"q\" & 'x'",
    "a\u202eb\u200f new\nline 温度",
    r"\alpha_1^{2} 50 % #",
    "x" * 300,
]


def mixture_of(n_components, n_features, names=None):
    random = np.random.RandomState(n_components)
    roots = random.normal(size=(n_components, n_features, n_features))
    return Mixture(
        random.dirichlet(np.full(n_components, 5.0)),
        random.uniform(-10.0, 10.0, (n_components, n_features)),
        roots @ roots.transpose(0, 2, 1) + 0.2 * np.eye(n_features),
        feature_names=names,
    )


def drawn(kind, mixture, X=None, **options):
    """The axes of a picture in a figure of its own, that pyplot does not know."""
    drawing = drawing_of(kind, mixture, X, **options)
    return drawing.draw(offscreen_axes(drawing.size))


def line(ax, label):
    """The points of the line whose label begins so, (2, n)."""
    (found,) = (one for one in ax.get_lines() if str(one.get_label()).startswith(label))
    return found.get_xydata().T


def ticks(ax, which):
    """The ticks in sight that are labelled, as (place, text), when the picture is laid out."""
    low, high = sorted(getattr(ax, f"get_{which}lim")())
    marks = getattr(ax, f"{which}axis").get_major_ticks()
    shown = ax.axison
    return [
        (mark.get_loc(), mark.label1)
        for mark in marks
        if shown and mark.label1.get_visible() and low <= mark.get_loc() <= high
    ]


def theirs(mixture):
    """scikit-learn's estimator with the parameters of a mixture with full covariances."""
    from sklearn.mixture import GaussianMixture

    estimator = GaussianMixture(mixture.n_components)
    estimator.weights_, estimator.means_ = mixture.weights, mixture.means
    estimator.covariances_ = mixture.covariance_matrices()
    inverses = np.linalg.inv(estimator.covariances_)
    estimator.precisions_cholesky_ = np.linalg.cholesky(inverses)
    return estimator
