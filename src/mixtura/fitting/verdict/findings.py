"""Findings: what rows and components show, and what each asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import le, sub

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.fitting.ended import Ended
from mixtura.model.mixture import Mixture
from mixtura.rows.in_memory import column_label
from mixtura.rows.oddities import Repeat
from mixtura.textual import counted

#: a component sits on a value that is so near, and is so thin there, in deviations of the feature
_NEAR = 1e-3
#: effective rows below which a component has none
_EMPTY = 1e-6
#: components are one that are nearer than this, in their own deviations: an end where they cannot
#: come apart, as at a start that had them all alike, is flat and EM stops at some distance from it
_SAME = 0.1
#: factors leave nothing of a feature where it is less than this share of its variance
_NOTHING = 1e-5
#: among more components those that coincide are not looked for
_MANY = 256
#: up to so many components are listed by their numbers, of more the first so many
_LISTED, _FIRST = 20, 5


def row_findings(fit: Ended) -> Iterator[Finding]:
    """Columns that are constant, distinct rows that are few, values that are repeated."""
    odd, names = fit.oddities, fit.mixture.feature_names
    for j, value in odd.constants:
        label = column_label(j, names)
        yield Finding(
            f"column {label} is constant, at {value:.6g}: it tells no components apart",
            f"drop column {label}",
        )
    k, distinct = fit.mixture.n_components, odd.n_distinct
    if distinct is not None and distinct < k:
        yield Finding(
            f"X has {counted(distinct, 'distinct row')}, fewer than the {k} components",
            f"ask for {counted(distinct, 'component')}{' or fewer' if distinct > 1 else ''}",
        )
    elif distinct == k > 1:
        yield Finding(
            f"X has {distinct} distinct rows, as many as components: each component is one of "
            "them, and its weight is all that it tells",
            f"ask for fewer than {k} components to have densities",
            grave=False,
        )
    yield from _repeated(fit)


def few_distinct(fit: Ended) -> bool:
    """Whether there are no more distinct rows than components."""
    distinct = fit.oddities.n_distinct
    return distinct is not None and distinct <= fit.mixture.n_components


def spikes(fit: Ended) -> set[int]:
    """The components that sit on repeated values."""
    return {k for repeat in fit.oddities.repeats for k in sitting(fit.mixture, repeat)}


def _repeated(fit: Ended) -> Iterator[Finding]:
    """Each value that a component sits on; and those that none does, told in one."""
    missed = []
    for repeat in fit.oddities.repeats:
        who = sitting(fit.mixture, repeat)
        if not who:
            missed.append(repeat)
            continue
        they = ", ".join(map(str, who))
        which = f"component {they} is" if len(who) == 1 else f"components {they} are"
        yield Finding(
            f"{_held(fit, repeat)}: {which} that spike, with a density of the regularisation's "
            "making",
            "fit the other rows by themselves where densities are compared",
            grave=False,
        )
    if missed:
        most = max(missed, key=lambda repeat: repeat.count)
        others = len(missed) - 1
        more = f" ({counted(others, 'more value')} repeated so)" if others else ""
        yield Finding(
            f"{_held(fit, most)}{more}, and no component is that spike",
            "ask for one component more, or fit the other rows by themselves",
            grave=False,
        )


def _held(fit: Ended, repeat: Repeat) -> str:
    """Which value is repeated, where, and how often."""
    held = f"{repeat.count} of {repeat.of} rows"
    if repeat.of < fit.n_rows:
        held = f"about {repeat.count / repeat.of:.2g} of the rows"
    label = column_label(repeat.feature, fit.mixture.feature_names)
    return f"column {label} is {repeat.value:.6g} in {held}"


def sitting(mixture: Mixture, repeat: Repeat) -> list[int]:
    """The components that are a spike at the value."""
    j = repeat.feature
    overall = float(mixture.covariance()[j, j])
    near = np.abs(mixture.means[:, j] - repeat.value) <= _NEAR * np.sqrt(overall)
    thin = _variances(mixture)[:, j] <= _NEAR**2 * overall
    return np.flatnonzero(near & thin).tolist()


def _variances(mixture: Mixture) -> Floats:
    return mixture.variances()


@dataclass(frozen=True)
class Finding:
    """What is so, and what to do about it.

    Parameters
    ----------
    said : a sentence without its full stop.
    advice : what to do, which is understood by itself; empty where nothing is to be done.
    grave : whether people should look at it even if they did not ask: an estimator warns of it.
    """

    said: str
    advice: str = ""
    grave: bool = True

    def __str__(self) -> str:
        colon = "; " if ": " in self.said else ": "
        return f"{self.said}{colon}{self.advice}" if self.advice else self.said


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
    explained = _explained(fit)
    if explained and not few:
        yield _heywood(fit, explained)
    if fit.floored and not (odd.constants or few):
        others = {*fit.floored} - {*fit.starved, *empty, *(k for k, _ in explained)} - spikes(fit)
        if others:
            yield _flat(fit, sorted(others))
    for those in [] if few else _coinciding(fit, empty):
        yield Finding(f"{named(those)} coincide: they are one", _apart(fit))


def made(fit: Ended) -> str:
    """Whose making the likelihood is, where components lie on the floor."""
    maker = "the floor of reg_covar" if fit.settings.regularisation.relative else "reg_covar"
    if fit.mixture.structure.shared:
        return f"the likelihood is of the making of {maker}"
    return f"the likelihood of {named(fit.floored)} is of the making of {maker}"


def named(components: Sequence[int]) -> str:
    """Components by their numbers: component 1, components 0 and 2; of very many the first five."""
    *first, last = map(str, components)
    if len(components) > _LISTED:
        first, last = first[:_FIRST], f"{len(components) - _FIRST} more"
    return f"components {', '.join(first)} and {last}" if first else f"component {last}"


def _empty(fit: Ended) -> list[int]:
    if fit.mixture.equal_weights:
        return []
    least = _EMPTY / fit.n_rows
    return [k for k, weight in enumerate(fit.mixture.weights.tolist()) if weight < least]


def _starved(fit: Ended) -> Finding:
    few, d = fit.starved, fit.mixture.n_features
    maker = "the floor of reg_covar" if fit.settings.regularisation.relative else "reg_covar"
    rows = [float(fit.n_rows * fit.mixture.weights[k]) for k in few]
    number = "" if fit.mixture.equal_weights else f"{_amounts(rows)}, "
    return Finding(
        f"{named(few)} {'rests' if len(few) == 1 else 'rest'} on {number}fewer than the {d + 1} "
        f"that a covariance of {counted(d, 'feature')} takes: {maker} alone holds "
        f"{'it' if len(few) == 1 else 'them'} up",
        "use fewer components, or look whether those rows are outliers, which noise=True takes out",
    )


def _amounts(rows: Sequence[float]) -> str:
    """Numbers of rows: 1 row, 3 and 2.5 rows; of many components the least and the most."""
    told = [f"{number:.3g}" for number in rows]
    if told == ["1"]:
        return "1 row"
    if len(rows) > _FIRST:
        least, most = f"{min(rows):.3g}", f"{max(rows):.3g}"
        each = "1 row each" if most == "1" else f"{most} rows each"
        return each if least == most else f"{least} to {most} rows"
    return f"{' and '.join(told)} rows"


def _flat(fit: Ended, components: Sequence[int]) -> Finding:
    whose = "the covariance" if fit.mixture.structure.shared else named(components)
    are = "are" if len(components) > 1 else "is"
    if fit.oddities.measured:
        goes = "go" if len(components) > 1 else "goes"
        return Finding(
            f"{whose} {goes} to a singular end: in some direction the rows spread no more than by "
            "their errors, and the likelihood is largest where true values do not spread at all",
            "look whether the errors are told too large, or report the spread as none",
            grave=False,
        )
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


def _explained(fit: Ended) -> list[tuple[int, int]]:
    """The components and features of which factors leave nothing."""
    mixture = fit.mixture
    if not mixture.structure.n_factors:
        return []
    constants = [j for j, _ in fit.oddities.constants]
    nothing = mixture.uniquenesses <= _NOTHING * mixture.variances()
    nothing[:, constants] = False
    nothing[[*fit.starved, *_empty(fit)]] = False
    return [(k, j) for k, j in np.argwhere(nothing).tolist()]


def _heywood(fit: Ended, explained: Sequence[tuple[int, int]]) -> Finding:
    names, h = fit.mixture.feature_names, fit.mixture.structure.n_factors
    told = [f"column {column_label(j, names)} of component {k}" for k, j in explained]
    if len(told) > _FIRST:
        told = [*told[:_FIRST], f"{len(told) - _FIRST} more"]
    *first, last = told
    who = f"{', '.join(first)} and {last}" if first else last
    return Finding(
        f"a Heywood case: {'factors leave' if h > 1 else 'the factor leaves'} nothing of {who}",
        f"use fewer factors than {h}" if h > 1 else "try the structure diag or full",
        grave=False,
    )


def _apart(fit: Ended) -> str:
    """What to do about components that coincide."""
    begun = fit.settings.start
    fewer = "use fewer components"
    if isinstance(begun, str) and begun == "auto":
        return fewer
    return f"begin with start='auto', or {fewer}"


def _coinciding(fit: Ended, empty: Sequence[int]) -> list[list[int]]:
    """Components that are one, put together, those of least number first."""
    twins = list(_twins(fit, empty))
    if not twins:
        return []
    whose = list(range(fit.mixture.n_components))
    for one, other in twins:
        if whose[one] != whose[other]:
            whose = [whose[one] if each == whose[other] else each for each in whose]
    together = [[k for k, each in enumerate(whose) if each == first] for first in whose]
    return [those for k, those in enumerate(together) if len(those) > 1 and those[0] == k]


def _twins(fit: Ended, empty: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Pairs of components that are one to a tenth of their deviations."""
    mixture = fit.mixture
    if mixture.n_components > _MANY:
        return
    variances, form = mixture.variances(), mixture.structure.form
    for one, other in _near(mixture.means, variances):
        if one in empty or other in empty:
            continue
        scale = np.sqrt(variances[one])
        if form.diagonal:
            apart = np.abs(variances[one] - variances[other]) / variances[one]
        else:
            both = mixture.covariances if form.shared else mixture.covariances[[one, other]]
            whole = form.matrices(both, 2, mixture.n_features)
            apart = np.abs(whole[0] - whole[1]) / np.outer(scale, scale)
        if apart.max() <= _SAME:
            yield one, other


def _near(means: Floats, variances: Floats) -> Iterator[tuple[int, int]]:
    """Pairs of means (K, D) that no feature tells apart, by a tenth of the first's deviation.

    In order of the first feature, so that those that it tells apart are not met.
    """
    places = means.tolist()
    widths = [[_SAME * math.sqrt(each) for each in row] for row in variances.tolist()]
    farthest = max(width[0] for width in widths)
    order = sorted(range(len(places)), key=places.__getitem__)
    for at, k in enumerate(order):
        for other in order[at + 1 :]:
            if places[other][0] - places[k][0] > farthest:
                break
            first, second = min(k, other), max(k, other)
            apart = map(abs, map(sub, places[first], places[second]))
            if all(map(le, apart, widths[first])):
                yield first, second
