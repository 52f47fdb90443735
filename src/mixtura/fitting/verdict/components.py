"""Components: those that say nothing, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from mixtura.fitting.ended import Ended
from mixtura.fitting.verdict.finding import Finding
from mixtura.fitting.verdict.rows import few_distinct, spikes
from mixtura.textual import counted

__all__ = ["component_findings", "made", "named"]

#: effective rows below which a component has none
_EMPTY = 1e-6
#: components are one that are nearer than this, in their own deviations
_SAME = 1e-3
#: among more components those that coincide are not looked for
_MANY = 256


def component_findings(fit: Ended) -> Iterator[Finding]:
    """Components without rows, of too few, on the floor, and those that coincide."""
    odd, k = fit.oddities, fit.mixture.n_components
    few = few_distinct(fit)
    empty = _empty(fit)
    if empty and not few:
        yield Finding(
            f"{named(empty)} {'has' if len(empty) == 1 else 'have'} no rows",
            f"ask for {counted(k - len(empty), 'component')}{' or fewer' if k > 2 else ''}"
            if len(empty) < k
            else "give the noise a larger volume: it has all of them",
        )
    if fit.starved:
        yield _starved(fit)
    others = set(fit.floored) - set(fit.starved) - spikes(fit) - set(empty)
    if others and not (odd.constants or few):
        yield _flat(fit, sorted(others))
    for one, other in [] if few else _twins(fit, empty):
        yield Finding(
            f"components {one} and {other} coincide: they are one",
            "use fewer components, or another start",
            grave=False,
        )


def made(fit: Ended) -> str:
    """Whose making the likelihood is, where components lie on the floor."""
    maker = "the floor of reg_covar" if fit.settings.regularisation.relative else "reg_covar"
    if fit.mixture.structure.shared:
        return f"the likelihood is of the making of {maker}"
    return f"the likelihood of {named(fit.floored)} is of the making of {maker}"


def named(components: Sequence[int]) -> str:
    """Components by their numbers: component 1, components 0 and 2."""
    *first, last = map(str, components)
    return f"components {', '.join(first)} and {last}" if first else f"component {last}"


def _empty(fit: Ended) -> list[int]:
    if fit.mixture.equal_weights:
        return []
    return np.flatnonzero(fit.n_rows * fit.mixture.weights < _EMPTY).tolist()


def _starved(fit: Ended) -> Finding:
    few, d = fit.starved, fit.mixture.n_features
    maker = "the floor of reg_covar" if fit.settings.regularisation.relative else "reg_covar"
    rows = [f"{fit.n_rows * fit.mixture.weights[k]:.3g}" for k in few]
    number = "" if fit.mixture.equal_weights else f"{' and '.join(rows)} rows, "
    return Finding(
        f"{named(few)} {'rests' if len(few) == 1 else 'rest'} on {number}fewer than the {d + 1} "
        f"that a covariance of {counted(d, 'feature')} takes: {maker} alone holds "
        f"{'it' if len(few) == 1 else 'them'} up",
        "use fewer components, or look whether those rows are outliers, which noise=True takes out",
    )


def _flat(fit: Ended, components: Sequence[int]) -> Finding:
    whose = "the covariance" if fit.mixture.structure.shared else named(components)
    are = "are" if len(components) > 1 else "is"
    if fit.settings.regularisation.relative:
        return Finding(
            f"{whose} {are} on the floor of reg_covar, flat in some direction",
            "drop columns that others determine, or look for rounded values",
            grave=False,
        )
    return Finding(
        f"{whose} {are} no wider than reg_covar in some direction",
        "lower reg_covar, or set it to 'auto', where the columns vary by less; drop columns that "
        "others determine",
        grave=False,
    )


def _twins(fit: Ended, empty: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pairs of components that are one to a thousandth of their deviations."""
    mixture = fit.mixture
    if mixture.n_components > _MANY:
        return
    there = [k for k in range(mixture.n_components) if k not in empty]
    matrices = mixture.covariance_matrices()
    for one, other in combinations(there, 2):
        scale = np.sqrt(np.diagonal(matrices[one]))
        apart = np.abs(mixture.means[one] - mixture.means[other]) / scale
        if apart.max() > _SAME:
            continue
        if (np.abs(matrices[one] - matrices[other]) <= _SAME * np.outer(scale, scale)).all():
            yield one, other
