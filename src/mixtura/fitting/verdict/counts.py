"""Counts: how many rows there are for what they are to tell."""

from __future__ import annotations

from mixtura.fitting.m_step.prior import Prior
from mixtura.fitting.verdict.findings import Finding
from mixtura.model.structures import STRUCTURES, Structure
from mixtura.textual import counted

#: so many times as many rows as features make a covariance that a prior can take for its scale:
#: of equal variances the least is then told as a quarter
_KNOWN = 4


def too_little_weight(
    total_weight: float, n_rows: int, n_components: int, n_features: int
) -> Finding | None:
    """Weights that sum to no more than K (D + 1), though there are more rows than that says.

    Parameters
    ----------
    total_weight, n_rows : of the rows that count.
    n_components, n_features : K, D.
    """
    if not total_weight <= n_components * (n_features + 1) or not total_weight < n_rows:
        return None
    return Finding(
        f"the weights sum to {total_weight:.4g}: weights are counts here, so N is "
        f"{total_weight:.4g} and not {n_rows}",
        "scale them to the number of rows",
    )


def too_few_rows(
    structure: Structure,
    n_rows: int,
    n_components: int,
    n_features: int,
    prior: Prior | None = None,
) -> Finding | None:
    """Rows that are too few for the covariances, and the structures that they are enough for.

    Parameters
    ----------
    structure : of the covariances.
    n_rows, n_components, n_features : N, K, D; see `Structure.rows_needed`.
    prior : that was assumed, or None.
    """
    size = n_rows, n_components, n_features
    if _enough(structure, *size):
        return None
    own, together = structure.rows_needed(n_components, n_features)
    article = "an" if structure.name[0] == "E" else "a"
    of = f"{article} {structure.name} covariance of {counted(n_features, 'feature')}"
    if n_rows <= own * n_components:
        a_component = f"{n_rows / n_components:.4g}"
        said = f"{of} needs more than {own} rows a component, there are {a_component}"
    else:
        said = f"{of} needs more than {together} rows in all, there are {n_rows}"
    if prior is None:
        return Finding(f"{said}: the density cannot be known", "; or ".join(_ways(*size)))
    if prior.scale is not None or n_rows > _KNOWN * n_features:
        told = "what they do not tell is the prior's, to which it shrinks"
        return Finding(f"{said}: {told}", grave=False)
    return Finding(
        f"{said}; nor does the prior know more, whose scale is the covariance of those rows",
        "; or ".join(["give the Prior a scale of its own", *_ways(*size, prior=False)]),
    )


def _enough(structure: Structure, n_rows: int, n_components: int, n_features: int) -> bool:
    own, together = structure.rows_needed(n_components, n_features)
    return n_rows > own * n_components and n_rows > together


def _ways(n_rows: int, n_components: int, n_features: int, *, prior: bool = True) -> list[str]:
    """What would leave enough rows, in words."""
    size = n_rows, n_components, n_features
    able = [each for each in STRUCTURES if _enough(each, *size)]
    able.sort(key=lambda each: each.alias is None)
    ways = []
    if able and n_features > 1:
        names = ", ".join(each.name for each in able)
        ways.append(f"use a structure that still has one: {names}")
    most = (n_rows - 1) // (n_features + 1)
    if 1 <= most < n_components:
        ways.append(f"ask for {counted(most, 'component')}{' or fewer' if most > 1 else ''}")
    elif n_features > 1:
        ways.append("keep fewer features")
    if prior:
        scale = "" if n_rows > _KNOWN * n_features else " with a scale of its own"
        ways.append(f"assume a conjugate prior{scale}, to which they shrink")
    return ways
