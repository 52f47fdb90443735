"""Hyperparameters: what a person gives of a conjugate prior, each what it says it is."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

from mixtura.arguments import is_number
from mixtura.bayesian.family import Family
from mixtura.engine.arrays import Floats
from mixtura.engine.kernel.spectrum import is_positive_definite
from mixtura.errors import ParameterError

#: rows that a prior is worth, at most: beyond, a row is lost in the rounding
MOST_ROWS = 1e12
#: of its largest entry, that a symmetric matrix may lack
_ASYMMETRY = 1e-8


def rows_of(name: str, value: Any, least: float = 0.0) -> float:
    """A number of rows that a prior is worth, above the least.

    Raises
    ------
    ParameterError : it is none.
    """
    if is_number(value) and least < value <= MOST_ROWS:
        return float(value)
    raise ParameterError(
        f"{name} is {_shown(value)}, expected a number of rows above {least:g} and at most "
        f"{MOST_ROWS:g}"
    )


def mean_of(value: Any, n_features: int) -> Floats:
    """A prior's mean, (D,).

    Raises
    ------
    ParameterError : it is none.
    """
    found, fault = _numbers(value)
    if found is not None and not fault and found.shape == (n_features,):
        return found
    fault = fault or f"has shape {np.shape(value)}"
    raise ParameterError(
        f"mean_prior {fault}, expected one finite number for each of {n_features} features, "
        f"shape ({n_features},)"
    )


def scale_of(value: Any, family: Family, n_features: int) -> Floats:
    """A prior's scale, in the shape in which the family holds it.

    Raises
    ------
    ParameterError : it is none.
    """
    d, name = n_features, family.form.name
    shape = () if name == "spherical" else (d,) if family.form.diagonal else (d, d)
    found, fault = _numbers(value)
    if found is not None and not fault:
        if found.shape != shape:
            fault = f"has shape {found.shape}" if found.ndim else f"is {_shown(value)}"
        elif family.form.diagonal:
            if not (found > 0.0).all():
                fault = "has entries that are not above 0" if shape else f"is {_shown(value)}"
        elif np.abs(found - found.T).max() > _ASYMMETRY * np.abs(found).max():
            fault = "is not symmetric"
        elif not is_positive_definite(found):
            fault = "is not positive definite"
        if not fault:
            return found
    wanted = {"spherical": "a number above 0", "diag": f"{d} numbers above 0, shape ({d},)"}.get(
        name, f"a symmetric, positive definite matrix, shape ({d}, {d})"
    )
    raise ParameterError(
        f"covariance_prior {fault}, expected {wanted}: full and tied covariances take (D, D), "
        "diag (D,), spherical a number"
    )


def _numbers(value: Any) -> tuple[Floats | None, str]:
    """Finite numbers, or what is wrong with them."""
    try:
        given = np.asarray(value)
        found = given.astype(np.float64) if given.dtype.kind in "iufO" else None
    except (TypeError, ValueError, OverflowError):
        found = None
    if found is None:
        return None, f"is {_shown(value)}"
    if np.isfinite(found).all():
        return found, ""
    return found, "has NaN or infinity" if found.ndim else f"is {_shown(value)}"


def _shown(value: Any) -> str:
    return reprlib.repr(value)
