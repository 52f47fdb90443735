"""The structures that there are, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mixtura.engine.arrays import Floats
from mixtura.errors import ParameterError
from mixtura.model.structures import m_steps
from mixtura.model.structures.form import DIAG, FULL, SPHERICAL, TIED, Form
from mixtura.model.structures.orientation import eve, vve
from mixtura.model.structures.structure import Structure

__all__ = ["NAMES", "STRUCTURES", "Form", "Structure", "of_some_features", "structure"]


@dataclass(frozen=True)
class _AtOnce:
    """A formula as an M-step: it needs nothing to begin with. It can be pickled, unlike a lambda.

    Parameters
    ----------
    formula : of n_k and W_k.
    """

    formula: Callable[[Floats, Floats], Floats]

    def __call__(self, weight: Floats, scatter: Floats, _: Floats | None) -> Floats:
        return self.formula(weight, scatter)


#: the fourteen
STRUCTURES = (
    Structure("EII", None, SPHERICAL, _AtOnce(m_steps.eii)),
    Structure("VII", "spherical", SPHERICAL, _AtOnce(m_steps.vii)),
    Structure("EEI", None, DIAG, _AtOnce(m_steps.eei)),
    Structure("VEI", None, DIAG, m_steps.vei),
    Structure("EVI", None, DIAG, _AtOnce(m_steps.evi)),
    Structure("VVI", "diag", DIAG, _AtOnce(m_steps.vvi)),
    Structure("EEE", "tied", TIED, _AtOnce(m_steps.eee)),
    Structure("VEE", None, FULL, m_steps.vee),
    Structure("EVE", None, FULL, eve),
    Structure("VVE", None, FULL, vve),
    Structure("EEV", None, FULL, _AtOnce(m_steps.eev)),
    Structure("VEV", None, FULL, m_steps.vev),
    Structure("EVV", None, FULL, _AtOnce(m_steps.evv)),
    Structure("VVV", "full", FULL, _AtOnce(m_steps.vvv)),
)

#: what they all come to in one dimension
_UNIVARIATE = (
    Structure("EII", "E", SPHERICAL, _AtOnce(m_steps.eii), univariate=True),
    Structure("VII", "V", SPHERICAL, _AtOnce(m_steps.vii), univariate=True),
)

_BY_NAME = (
    {s.letters: s for s in STRUCTURES}
    | {s.alias: s for s in STRUCTURES if s.alias}
    | {s.name: s for s in _UNIVARIATE}
)

#: what `structure` understands
NAMES = tuple(_BY_NAME)


def structure(name: str | Structure) -> Structure:
    """The structure called `name`, by its letters or by scikit-learn's name for it.

    In one dimension all fourteen are one of two, which ``E`` and ``V`` name as well.

    Raises
    ------
    ParameterError : there is none of that name; those that exist are listed.
    """
    if isinstance(name, Structure):
        return name
    found = _BY_NAME.get(name) if isinstance(name, str) else None
    if found is None:
        known = ", ".join(f"{s.alias} ({s.letters})" if s.alias else s.letters for s in STRUCTURES)
        raise ParameterError(
            f"unknown covariance structure {name!r}, expected one of: {known}; or, for one "
            "feature, E or V"
        )
    return found


def of_some_features(whole: Structure) -> Structure:
    """The structure that a marginal or a condition of covariances of structure `whole` has.

    A part of λ_k A, diagonal, is such again, and so is a part of λ_k C or its Schur complement. The
    parts of equal volumes are not equal, and nor are the axes of parts of what shares its axes.
    """
    shape, orientation = whole.letters[1], whole.letters[2]
    if shape == "I" or (shape == "E" and orientation in "IE"):
        return whole
    return structure("VVI" if orientation == "I" else "VVV")
