"""Saving: what a person has in hand, a mixture, a fit or an estimator, as a model file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mixtura.bayesian import fitted, stored
from mixtura.engine.arrays import Floats, frozen
from mixtura.errors import ParameterError
from mixtura.fitting import Fit
from mixtura.fitting.stored import fit_record, taken_up
from mixtura.formats import read
from mixtura.model import storage
from mixtura.model.classes import ClassMixture
from mixtura.model.mixture import Mixture
from mixtura.pipelines import is_pipeline, ways_back


def save(
    model: Any,
    path: str | os.PathLike[str],
    training: Mapping[str, Any] | None = None,
    alpha: float | None = None,
) -> None:
    """Write a model file, whole or not at all: a mixture, and how it was fitted.

    Parameters
    ----------
    model : a `Mixture`; a `Fit`; a fitted `GaussianMixture`, or scikit-learn's; or a pipeline of
        scalers and one of these, which becomes one mixture of the columns before they are scaled:
        an affine map of a mixture is a mixture, see `Mixture.transformed`. Or a fitted
        `MixtureClassifier`, or its `ClassMixture`, whose file ``mixtura classify`` reads.
    path : where; an existing file is replaced once the new one is on disk.
    training : a record that JSON can hold, kept beside the parameters; of a fit, besides its own.
    alpha : of the mixture's own rows, such a share has scores below a threshold that is kept in the
        file: ``mixtura score --flag`` flags rows by it. None keeps none.

    Raises
    ------
    ParameterError : `model` is none of these, is not fitted, or has a step that is no affine map
        which can be undone, such as a PCA that leaves features out; or alpha is not above 0 and
        below 1.
    OSError : the file cannot be written.

    Notes
    -----
    `load` gives the mixture back with the same bits, `load_fit` the fit. Of a pipeline trace and
    log-likelihoods are those of the columns before scaling, and settings those of the columns
    after. Equal to the rows' scores, up to rounding, are the sums of the scores of the scaled rows
    and the logarithm of the scaler's determinant.

    Examples
    --------
    >>> import tempfile, mixtura
    >>> from mixtura.datasets import faithful
    >>> path = tempfile.mkdtemp() + "/model.safetensors"
    >>> fit = mixtura.fit(faithful(), 2)
    >>> mixtura.save(fit, path)
    >>> mixtura.load(path), mixtura.load_fit(path).outcome == fit.outcome
    (Mixture(2 components, 2 features (eruptions, waiting), full), True)
    """
    found = _held(model)
    mixture = found if isinstance(found, Mixture) else found.mixture
    own = {} if isinstance(found, Mixture) else fit_record(found)
    if isinstance(bayes := getattr(model, "fit_", model), fitted.BayesianFit):
        own = stored.bayes_record(bayes)
    if isinstance(classes := getattr(model, "class_mixture_", model), ClassMixture):
        own = classes.record()
    storage.save(mixture, path, {**own, **(training or {})}, alpha)


def load_fit(path: str | os.PathLike[str]) -> Fit:
    """The fit in a model file: what it came to, and how.

    Parameters
    ----------
    path : of a file that `save` wrote of a fit or an estimator, or ``mixtura fit``.

    Raises
    ------
    ModelError : it is no model file, is damaged, or holds a mixture without a fit.
    OSError : it cannot be read.

    Notes
    -----
    Labels, responsibilities, a function or a mixture that the fit began from are not kept.
    """
    found = read(path)
    return taken_up(found.training, found.mixture, str(path))


def _held(model: Any) -> Mixture | Fit:
    """The fit in what a person has, or its mixture where there is none.

    Raises
    ------
    ParameterError : as for `save`.
    """
    if isinstance(model, Mixture | Fit):
        return model
    if isinstance(bayes := getattr(model, "fit_", model), fitted.BayesianFit):
        return bayes.occupied
    if is_pipeline(model):
        return _before_scaling(model)
    if isinstance(model, ClassMixture):
        return model.mixture
    fit, mixture = getattr(model, "fit_", None), getattr(model, "mixture_", None)
    if isinstance(fit, Fit):
        return fit
    if isinstance(mixture, Mixture):
        return mixture
    if hasattr(model, "covariances_") and hasattr(model, "covariance_type"):  # scikit-learn's own
        return Mixture.from_estimator(model)
    kind = type(model).__name__
    if hasattr(model, "fit") and hasattr(model, "get_params"):
        raise ParameterError(f"the {kind} is not fitted, or is no mixture: fit it before saving")
    raise ParameterError(
        f"a {kind} cannot be saved, expected a Mixture, a Fit, a fitted GaussianMixture, or a "
        "pipeline that ends in one"
    )


def _before_scaling(pipeline: Any) -> Mixture | Fit:
    """The fit of the last step, of the columns that come into the first."""
    held = _held(pipeline[-1])
    mixture = held if isinstance(held, Mixture) else held.mixture
    names = getattr(pipeline, "feature_names_in_", None)
    spread = 0.0
    for linear, shift in ways_back(pipeline):
        mixture = mixture.transformed(linear, shift)
        spread += _log_determinant(linear, mixture.n_features)
    named = mixture if names is None else mixture.transformed(1.0, 0.0, tuple(map(str, names)))
    if isinstance(held, Mixture):
        return named
    return replace(held, mixture=named, trace=frozen(held.trace - spread))


def _log_determinant(linear: Any, d: int) -> float:
    """Log |det A| of a number, a diagonal (D,) or a matrix (D, D)."""
    array: Floats = np.asarray(linear, dtype=np.float64)
    if array.ndim == 2:
        return float(np.linalg.slogdet(array)[1])
    return float(np.log(np.abs(np.broadcast_to(array, (d,)))).sum())
