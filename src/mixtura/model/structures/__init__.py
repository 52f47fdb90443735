"""The structures that there are, by name."""

from __future__ import annotations

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ParameterError
from mixtura.model.structures.diag import DIAG
from mixtura.model.structures.form import Form
from mixtura.model.structures.full import FULL
from mixtura.model.structures.spherical import SPHERICAL
from mixtura.model.structures.structure import Structure
from mixtura.model.structures.tied import TIED

__all__ = ["STRUCTURES", "Form", "Structure", "structure"]


def _vvv(weight: Floats, scatter: Floats) -> Floats:
    """Σ_k = W_k / n_k."""
    return scatter / weight[:, None, None]


def _eee(weight: Floats, scatter: Floats) -> Floats:
    """Σ = Σ_k W_k / Σ_k n_k."""
    return scatter.sum(axis=0) / weight.sum()


def _vvi(weight: Floats, scatter: Floats) -> Floats:
    """Σ_k = diag(W_k) / n_k."""
    return scatter / weight[:, None]


def _vii(weight: Floats, scatter: Floats) -> Floats:
    """Σ_k = tr(W_k) / (n_k D) · I."""
    return np.mean(scatter, axis=1) / weight


STRUCTURES = (
    Structure("VVV", "full", FULL, _vvv),
    Structure("EEE", "tied", TIED, _eee),
    Structure("VVI", "diag", DIAG, _vvi),
    Structure("VII", "spherical", SPHERICAL, _vii),
)

_BY_NAME = {s.letters: s for s in STRUCTURES} | {s.alias: s for s in STRUCTURES if s.alias}


def structure(name: str | Structure) -> Structure:
    """The structure called `name`, by its letters or by scikit-learn's name for it.

    Raises
    ------
    ParameterError : there is none of that name; those that exist are listed.
    """
    if isinstance(name, Structure):
        return name
    found = _BY_NAME.get(name) if isinstance(name, str) else None
    if found is None:
        known = ", ".join(f"{s.alias} ({s.letters})" for s in STRUCTURES)
        raise ParameterError(f"unknown covariance structure {name!r}, expected one of: {known}")
    return found
