"""Resumption: which fits can be gone on from."""

from __future__ import annotations

from mixtura.errors import DataError, ParameterError
from mixtura.fitting.fit import Fit
from mixtura.fitting.settings import Settings

__all__ = ["check_resumed"]


def check_resumed(resumed: Fit, settings: Settings, n_features: int) -> None:
    """Refuse to go on from a mixture of another kind.

    Raises
    ------
    ParameterError : it has another number of components or another structure.
    DataError : it has another number of features.
    """
    mixture = resumed.mixture
    if mixture.n_components != settings.n_components:
        raise ParameterError(
            f"n_components is {settings.n_components}, the fit to go on from has "
            f"{mixture.n_components}: start anew, or ask for as many"
        )
    if mixture.structure.letters != settings.structure.letters:
        raise ParameterError(
            f"the covariances are to be {settings.structure.name}, those of the fit to go on from "
            f"are {mixture.structure.name}: start anew, or ask for the same"
        )
    asked = settings.equal_weights, settings.background is not None
    if (mixture.equal_weights, mixture.noise is not None) != asked:
        raise ParameterError(
            "the fit to go on from has other assumptions: weights or noise are not what is asked "
            "for; start anew, or ask for the same"
        )
    if mixture.n_features != n_features:
        raise DataError(
            f"X has {n_features} features, the fit to go on from has {mixture.n_features}: "
            "start anew, or select those columns"
        )
