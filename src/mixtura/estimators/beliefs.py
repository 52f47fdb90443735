"""Beliefs: what a Bayesian estimator is asked for, and the attributes that a fit leaves it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from mixtura.bayesian import belief, concentration, family, fitted, wishes
from mixtura.engine import kernel
from mixtura.engine.arrays import frozen
from mixtura.engine.kernel.spectrum import is_positive_definite
from mixtura.errors import ModelError
from mixtura.fitting.convergence.rules import Outcome
from mixtura.model.structures import structure


def wishes_of(model: Any) -> wishes.Wishes:
    """The parameters of an estimator, as the fitting takes them.

    Raises
    ------
    ValueError : one is none, in scikit-learn's words.
    """
    kind = structure(model.structure or model.covariance_type)
    law = (
        family.RESTRICTED[model.covariance_type]
        if model.structure is None
        else family.family_of(kind)
    )
    alpha = model.weight_concentration_prior
    if alpha is None:
        alpha = "auto" if model.moves else 1.0 / model.n_components
    d = model.n_features_in_
    least = law.least_degrees(d)
    if model.degrees_of_freedom_prior is not None and model.degrees_of_freedom_prior <= least:
        raise ModelError(
            f"The parameter 'degrees_of_freedom_prior' should be greater than {least:.0f}, but got "
            f"{model.degrees_of_freedom_prior:.3f}."
        )
    mean, scale = model.mean_prior, model.covariance_prior
    if mean is not None:
        mean = np.asarray(mean, np.float64)
        _check_shape("means", mean.shape, (d,))
        _check_finite("mean_prior", mean)
    if scale is not None:
        scale, name = np.asarray(scale, np.float64), law.form.name
        shape = {"spherical": (), "diag": (d,)}.get(name, (d, d))
        _check_shape(f"{name} covariance_prior", scale.shape, shape)
        _check_finite("covariance_prior", scale)
        whole = scale if scale.ndim == 2 else np.diag(np.atleast_1d(scale))
        if not is_positive_definite(whole) or not np.allclose(whole, whole.T):
            what = "positive" if law.form.diagonal else "symmetric, positive-definite"
            raise ModelError(f"'{name} covariance_prior' should be {what}")
    return wishes.Wishes(
        model.n_components,
        kind,
        law,
        concentration.named(model.weight_concentration_prior_type, alpha, model.n_components),
        model.init_params,
        float(model.tol),
        int(model._effort()[1]),
        model.n_init,
        model.moves,
        ridge=0.0 if model.moves else float(model.reg_covar),
        theirs=not model.moves,
        mean=mean,
        mean_precision=model.mean_precision_prior,
        degrees=model.degrees_of_freedom_prior,
        scale=scale,
    )


def _check_shape(name: str, found: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if found != expected:
        raise ModelError(
            f"The parameter '{name}' should have the shape of {expected}, but got {found}"
        )


def _check_finite(name: str, values: Any) -> None:
    if not np.isfinite(values).all():
        raise ModelError(f"The parameter '{name}' holds NaN or infinity, expected finite numbers")


def hold_belief(model: Any, found: belief.Belief | fitted.BayesianFit) -> None:
    """Set what an iteration, or a fit, leads to."""
    if isinstance(found, fitted.BayesianFit):
        hold_fit(model, found)
        return
    asked, names = wishes_of(model), getattr(model, "feature_names_in_", None)
    fit = fitted.BayesianFit(
        found,
        asked.structure,
        asked.concentration,
        math.nan,
        frozen([]),
        Outcome.OUT_OF_ITERATIONS,
        0,
        float(np.add.reduce(found.posterior.weight)),
        feature_names=None if names is None else tuple(names),
    )
    _hold_laws(model, fit)


def hold_fit(model: Any, fit: fitted.BayesianFit) -> None:
    """Set what a fit leads to: copies, which a caller may change without harm."""
    _hold_laws(model, fit)
    theirs = model.bound == "scikit-learn" and not math.isnan(fit.their_bound)
    trace = fit.trace.tolist()
    model.converged_ = fit.outcome.converged
    model.n_iter_ = fit.n_iter
    model.elbo_ = fit.elbo
    model.lower_bound_ = fit.their_bound if theirs else fit.elbo
    apart = fit.their_bound - trace[-1] if theirs and trace else 0.0
    model.lower_bounds_ = [bound + apart for bound in trace]
    model.__dict__.pop("_stream", None)


def hold_bound(model: Any, elbo: float) -> None:
    """Set the bound of what was learnt in batches, where it is known."""
    for name in ("elbo_", "lower_bound_", "lower_bounds_"):
        model.__dict__.pop(name, None)
    if math.isnan(elbo):
        return
    held = model.fit_.belief
    weights = model.fit_.concentration
    constant = weights.constant(model.n_components)
    apart = belief.left_out(held, constant, model.fit_.total_weight)
    model.elbo_ = elbo
    model.fit_ = replace(model.fit_, elbo=elbo)
    model.lower_bound_ = elbo - apart if model.bound == "scikit-learn" else elbo


def _hold_laws(model: Any, fit: fitted.BayesianFit) -> None:
    laws, weights = fit.belief.posterior, fit.belief.weights
    prior = laws.prior
    mixture, whitening = fit.mixture, fit.mixture.gaussians.whitening(kernel.invert_lower)
    model.mixture_ = mixture
    model.weights_, model.means_ = mixture.weights.copy(), mixture.means.copy()
    model.covariances_ = mixture.covariances.copy()
    model.precisions_ = mixture.structure.form.precisions(whitening)
    model.precisions_cholesky_ = mixture.structure.form.precision_factors(whitening).copy()
    model.fit_ = fit
    model.predictive_ = fit.predictive
    parameters = tuple(part.copy() for part in weights.parameters)
    model.weight_concentration_ = parameters[0] if len(parameters) == 1 else parameters
    model.mean_precision_ = laws.mean_precision.copy()
    alone = prior.family.joint
    model.degrees_of_freedom_ = float(laws.degrees[0]) if alone else laws.degrees.copy()
    model.weight_concentration_prior_ = weights.alpha
    model.mean_precision_prior_ = prior.mean_precision
    model.mean_prior_ = prior.mean.copy()
    model.degrees_of_freedom_prior_ = prior.degrees
    scale = prior.scale.copy()
    model.covariance_prior_ = float(scale) if scale.ndim == 0 else scale
