"""Holding: an estimator that was fitted elsewhere, and holds a mixture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from mixtura.errors import ParameterError
from mixtura.model.mixture import Mixture

if TYPE_CHECKING:
    from mixtura.estimators.gaussian_mixture import GaussianMixture

__all__ = ["holding"]

Kind = TypeVar("Kind", bound="GaussianMixture")


def holding(kind: type[Kind], mixture: Mixture, parameters: Mapping[str, Any]) -> Kind:
    """`GaussianMixture.from_mixture`."""
    if not isinstance(mixture, Mixture):
        raise ParameterError(
            f"mixture is a {type(mixture).__name__}, expected a Mixture: a Fit has one, "
            "fit.mixture, and a file, mixtura.load(path)"
        )
    own = {
        "n_components": mixture.n_components,
        "covariance_type": mixture.structure.name,
        "weights": "equal" if mixture.equal_weights else "free",
        "noise": mixture.noise.box if mixture.noise else None,
        "init_params": mixture,
    }
    model = kind(**{**own, **parameters})
    model._validate_params()
    model._hold_mixture(mixture)
    model.n_features_in_ = mixture.n_features
    if mixture.feature_names is not None:
        model.feature_names_in_ = np.asarray(mixture.feature_names, dtype=object)
    return model
