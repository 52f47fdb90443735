"""Rows: what they show, and which components that made."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.fitting.ended import Ended
from mixtura.fitting.verdict.finding import Finding
from mixtura.model.mixture import Mixture
from mixtura.rows.in_memory import column_label
from mixtura.rows.oddities import Repeat
from mixtura.textual import counted

__all__ = ["few_distinct", "row_findings", "sitting", "spikes"]

#: a component sits on a value that is so near, and is so thin there, in deviations of the feature
_NEAR = 1e-3


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
    return np.einsum("kdd->kd", mixture.covariance_matrices())
