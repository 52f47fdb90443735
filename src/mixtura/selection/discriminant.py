"""Discriminant: a density for each class of rows whose classes are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mixtura.arguments import is_whole
from mixtura.engine.arrays import Integers
from mixtura.errors import DataError, MixturaError, ParameterError
from mixtura.fitting import fit
from mixtura.model.classes import ClassMixture
from mixtura.model.mixture import Mixture
from mixtura.model.structures import NAMES, structure
from mixtura.rows.in_memory import column_names
from mixtura.selection.select import select

#: structures that differ where a class has one component
_ALONE = ("EII", "EEI", "EEE")


def class_densities(
    X: Any,
    codes: Integers,
    names: Sequence[Any],
    *,
    n_components: Any = (1, 2, 3),
    structures: Any = "all",
    shared: bool = False,
    criterion: str = "bic",
    prior: Any = "conjugate",
    random_state: Any = 0,
) -> ClassMixture:
    """The mixture of each class, its structure and number of components chosen for it.

    Parameters
    ----------
    X : (N, D) array-like or table.
    codes : (N,), the class of each row, from 0.
    names : of C classes.
    n_components : K of a class, or those to choose from; with one each and one structure nothing is
        chosen.
    structures : ``"all"``, a name, or several to choose from.
    shared : whether each class is one Gaussian, and the structure says what their covariances
        share (EDDA): then that structure is chosen for all classes together.
    criterion : ``bic``, ``icl``, ``aic`` or ``cv``; of shared structures BIC or AIC.
    prior : of each class's own mixture, as for `mixtura.fit`: without one a class of few rows,
        written with few digits, is fitted by components as thin as those.
    random_state : the seed of the starts.

    Raises
    ------
    ParameterError : a setting is none.
    DataError : a class has fewer than two rows; or a density cannot be fitted.

    References
    ----------
    Bensmail & Celeux 1996, "Regularized Gaussian discriminant analysis through eigenvalue
    decomposition" (EDDA); Fraley & Raftery 2002 (MclustDA).
    """
    counts = np.bincount(codes, minlength=len(names))
    if (counts < 2).any():
        few = names[int(counts.argmin())]
        raise DataError(
            f"class {few!r} has {counts.min()} row, expected at least 2: one row has no spread to "
            "fit; leave the class out"
        )
    priors = counts / len(codes)
    if shared:
        return _shared(X, codes, names, structures, criterion)
    sizes = [n_components] if is_whole(n_components) else sorted(set(n_components))
    rows, told = np.asarray(X), column_names(X)
    densities = []
    for code, count in enumerate(counts.tolist()):
        few_enough = [k for k in sizes if not is_whole(k) or k <= max(count // 2, 1)]
        part = rows[codes == code]
        options = {"prior": prior, "random_state": random_state}
        chosen = _chosen(part, few_enough or sizes[:1], structures, criterion, options)
        densities.append(_named(chosen, told))
    return ClassMixture.of(densities, priors, names)


def _chosen(
    part: Any, sizes: list[Any], structures: Any, criterion: str, options: dict[str, Any]
) -> Mixture:
    """The density of the rows of a class."""
    one = isinstance(structures, str) and structures != "all"
    if one and len(sizes) == 1:
        return fit(part, sizes[0], structure=structures, **options).mixture
    if structures == "all" and sizes == [1]:
        structures = _ALONE
    found = select(
        part,
        sizes,
        structures=[structures] if one else structures,
        criterion=criterion,
        n_jobs=1,
        **options,
    )
    if found.ranked():
        return found.best.mixture
    # Of too few rows for any criterion: the least that there is.
    return fit(part, min(sizes), structure="spherical", **options).mixture


def _shared(X: Any, codes: Integers, names: Sequence[Any], wish: Any, by: str) -> ClassMixture:
    """One Gaussian a class, of the structure that is best for all together."""
    if by not in ("bic", "aic"):
        raise ParameterError(
            f"criterion is {by!r}, expected 'bic' or 'aic' where classes share a structure"
        )
    several = wish if not isinstance(wish, str) else _all(X) if wish == "all" else [wish]
    found, faults = [], []
    for each in several:
        try:
            found.append(fit(X, len(names), structure=each, labels=codes))
        except MixturaError as fault:
            faults.append(fault)
    sound = [each for each in found if not each.floored] or found
    if not sound:
        raise faults[0]
    best = min(sound, key=lambda each: getattr(each, by))
    return ClassMixture(best.mixture, tuple(names), np.arange(len(names)))


def _all(X: Any) -> list[str]:
    letters = sorted({structure(name).letters for name in NAMES})
    several = [name for name in letters if len(name) == 3]
    return several if np.shape(X)[1] > 1 else ["E", "V"]


def _named(mixture: Mixture, names: Sequence[str] | None) -> Mixture:
    if names is None or mixture.feature_names is not None:
        return mixture
    return Mixture(mixture.weights, mixture.means, mixture.covariances, mixture.structure, names)
