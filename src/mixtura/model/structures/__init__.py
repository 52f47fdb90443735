"""The structures that there are, by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mixtura.arguments import is_whole
from mixtura.engine.arrays import Floats
from mixtura.errors import ParameterError
from mixtura.model.structures import m_steps
from mixtura.model.structures.form import DIAG, FULL, SPHERICAL, TIED, Form
from mixtura.model.structures.loadings import Loadings
from mixtura.model.structures.orientation import eve, vve
from mixtura.model.structures.structure import Structure

__all__ = ["FACTORS", "NAMES", "STRUCTURES", "Form", "Structure", "of_some_features", "structure"]


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


@dataclass(frozen=True)
class _Analysed:
    """The M-step of factor analysers, which begins with what they were before.

    Parameters
    ----------
    form : of their covariances.
    """

    form: Loadings

    def __call__(self, weight: Floats, scatter: Floats, before: Floats | None) -> Floats:
        return self.form.analysed(weight, scatter, before)


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


#: what factor analysers are called: with a Ψ for each component, and with one for all
FACTORS = ("factor", "factor-shared")
#: such a name, and behind it perhaps the number of factors
_FACTORS = re.compile(r"(factor(?:-shared)?)(?:-([1-9][0-9]{0,8}))?")


def structure(name: str | Structure, n_factors: int | None = None) -> Structure:
    """The structure called `name`, by its letters or by scikit-learn's name for it.

    In one dimension all fourteen are one of two, which ``E`` and ``V`` name as well. Factor
    analysers are ``factor-8``, or ``factor-shared-8`` with one Ψ for all components; or the number
    is given beside the name.

    Parameters
    ----------
    name : of the structure, or a structure.
    n_factors : H of factor analysers, or None.

    Raises
    ------
    ParameterError : there is none of that name; those that exist are listed. Or it is not known
        how many factors there are, or the structure has none.
    """
    if isinstance(name, str) and (told := _FACTORS.fullmatch(name)):
        return _analysers(name, told[1], int(told[2]) if told[2] else None, n_factors)
    if n_factors is not None and not (isinstance(name, Structure) and name.n_factors == n_factors):
        raise ParameterError(
            f"n_factors is {n_factors!r}, and the structure is {name!r}, which has none: ask for "
            "the structure factor or factor-shared, or leave n_factors out"
        )
    if isinstance(name, Structure):
        return name
    found = _BY_NAME.get(name) if isinstance(name, str) else None
    if found is None:
        known = ", ".join(f"{s.alias} ({s.letters})" if s.alias else s.letters for s in STRUCTURES)
        raise ParameterError(
            f"unknown covariance structure {name!r}, expected one of: {known}; or, for one "
            "feature, E or V; or factor or factor-shared, with a number of factors"
        )
    return found


def _analysers(name: str, kind: str, told: int | None, n_factors: int | None) -> Structure:
    """Factor analysers of a kind, their number of factors being told by the name or beside it."""
    if told is None and n_factors is None:
        raise ParameterError(
            f"the structure is {name}, and nothing says of how many factors: give n_factors, such "
            f"as 2, or call it {kind}-2"
        )
    count = told if n_factors is None else n_factors
    if not is_whole(count) or count < 1 or (told or count) != count:
        raise ParameterError(
            f"n_factors is {n_factors!r}, expected a whole number of at least 1"
            + ("" if told is None else f", and no other than the structure's, {name}")
        )
    level, count = kind == FACTORS[1], int(count)
    form, letters = Loadings(count, level), f"V{'E' if level else 'V'}F{count}"
    return Structure(letters, f"{kind}-{count}", form, _Analysed(form), n_factors=count)


def of_some_features(whole: Structure, n_features: int) -> Structure:
    """The structure that a marginal or a condition of covariances of structure `whole` has.

    A part of λ_k A, diagonal, is such again, and so is a part of λ_k C or its Schur complement. The
    parts of equal volumes are not equal, and nor are the axes of parts of what shares its axes.
    Factor analysers stay what they are while they have fewer factors than features, D of them.
    """
    shape, orientation = whole.letters[1], whole.letters[2]
    if whole.n_factors:
        return whole if whole.n_factors < n_features else structure("VVV")
    if shape == "I" or (shape == "E" and orientation in "IE"):
        return whole
    return structure("VVI" if orientation == "I" else "VVV")
