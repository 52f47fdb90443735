"""Wording: an explanation told in words and columns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from mixtura.model.distributions import chi_quantiles
from mixtura.textual import columns, indented, printable, rarity, resolved

#: how many features, or components, are listed one by one
_LISTED = 8
#: how many components are, where there are more
_NAMED = 5
#: features that make up this share of the squared distance are the ones to blame
_BLAME = 0.8


def explanation_text(record: Mapping[str, Any], width: int | None = None) -> str:
    """The text of `Explanation.to_dict`'s record: for each row words, and two tables.

    Parameters
    ----------
    record : the explanation's.
    width : letters that a line of a table may have; None is no bound.
    """
    return "\n\n".join(_row_text(row, record, width) for row in record["rows"])


def row_title(row: Mapping[str, Any]) -> str:
    """Which row it is, and how likely."""
    ids = "".join(f", {printable(name)} {printable(text)}" for name, text in row["ids"].items())
    return (
        f"row {row['row']} (counted from 0){ids}: log-likelihood {row['log_likelihood']:.8g} nats"
    )


def row_words(row: Mapping[str, Any], record: Mapping[str, Any]) -> list[str]:
    """Which component, how far, how rare, which features are to blame: a sentence each."""
    parts, (best, *others) = row["components"], _ranked(row)
    near = parts[best]
    here, rest = _share(near["responsibility"]), row.get("noise")
    second = (
        f", ahead of component {others[0]} with {_share(parts[others[0]]['responsibility'])}"
        if others
        else ""
    )
    belongs = f"It most likely belongs to component {best}: responsibility {here}{second}."
    if rest and rest["responsibility"] > near["responsibility"]:
        belongs = (
            f"It most likely is noise: responsibility {_share(rest['responsibility'])}, ahead of "
            f"component {best} with {here}."
        )
    contributions = near["contributions"]
    offsets = _offsets(row, record["components"][best])
    if not offsets:
        return [
            belongs,
            "Nothing of it was observed, so that the weights alone say where it is from.",
        ]
    median = float(chi_quantiles(np.array([0.5]), len(offsets))[0])
    return [
        belongs,
        f"It lies {math.sqrt(near['squared_distance']):.3g} standard deviations from that "
        f"component's mean; half of the component's rows lie within {median:.3g}.",
        *(
            [f"{rarity(row['tail'])} as unlikely under this mixture, or more so."]
            if "tail" in row
            else []
        ),
        *([_factors(near)] if "factors" in near else []),
        _blame(contributions, offsets),
    ]


def feature_table(row: Mapping[str, Any], record: Mapping[str, Any]) -> list[list[str]]:
    """A row's features beside those of its component, those that contribute most first."""
    best = _ranked(row)[0]
    component, parts = record["components"][best], row["components"][best]["contributions"]
    means, deviations, offsets = (
        component["mean"],
        component["standard_deviation"],
        _offsets(row, component),
    )
    total = sum(parts.values())
    ranked = sorted(parts, key=lambda name: -abs(parts[name]))
    rest = ranked[_LISTED:]
    share = _percent(sum(parts[name] for name in rest), total)
    return [
        [
            "feature",
            "value",
            "component mean",
            "component sd",
            "off by, in sd",
            "share of distance²",
        ],
        *(
            [
                printable(name),
                resolved(row["values"][name], deviations[name]) if name in offsets else "missing",
                resolved(means[name], deviations[name]),
                f"{deviations[name]:.4g}",
                f"{offsets[name]:+.3g}" if name in offsets else "",
                _percent(parts[name], total) if name in offsets else "",
            ]
            for name in ranked[:_LISTED]
        ),
        *([[f"{len(rest)} more", "", "", "", "", share]] if rest else []),
    ]


def feature_note(row: Mapping[str, Any]) -> str:
    """What is said below that table; empty where nothing need be."""
    near = row["components"][_ranked(row)[0]]
    if any(part < -0.005 * near["squared_distance"] for part in near["contributions"].values()):
        return "A share below 0: given the others, that feature brings the row nearer."
    return ""


def part_table(row: Mapping[str, Any], record: Mapping[str, Any]) -> list[list[str]]:
    """The parts of a row's log-likelihood, term after term, their sum, the responsibility."""
    head = ["component", "log weight", "-D/2·log 2π", "-½·log|Σ|", "-½·distance²", "sum"]
    parts, ranked = row["components"], _ranked(row)
    named = ranked[:_NAMED] if len(parts) > _LISTED else range(len(parts))
    lines = [
        [
            str(k),
            f"{parts[k]['log_weight']:.6g}",
            f"{row.get('normalisation', record.get('normalisation')):z.6g}",
            f"{parts[k]['log_determinant']:z.6g}",
            f"{parts[k]['distance']:z.6g}",
            *_ends(parts[k]),
        ]
        for k in named
    ]
    if rest := ranked[len(named) :]:
        most = parts[rest[0]]["responsibility"]
        bound = f"below {10.0 ** (math.floor(math.log10(most)) + 1):.0e}" if most else "0"
        lines.append([f"{len(rest)} more", *[""] * 5, bound])
    if "noise" in row:
        lines.append(["noise", *[""] * 4, *_ends(row["noise"])])
    return [[*head, "responsibility"], *lines]


def part_note(record: Mapping[str, Any]) -> str:
    """What is said below that table; empty where nothing need be."""
    if "noise" not in record or "normalisation" not in record:
        return ""
    flat = -record["noise"]["log_volume"]
    return f"Noise has its log weight, and -log V = {flat:.6g} everywhere."


def _row_text(row: Mapping[str, Any], record: Mapping[str, Any], width: int | None) -> str:
    inner = None if width is None else width - 2
    tables = (
        (feature_table(row, record), feature_note(row)),
        (part_table(row, record), part_note(record)),
    )
    blocks = ["\n  ".join([row_title(row), *row_words(row, record)])]
    for table, note in tables:
        lines = [*columns(table, width=inner), *([note] if note else [])]
        blocks.append("\n".join(indented(lines)))
    return "\n\n".join(blocks)


def _ranked(row: Mapping[str, Any]) -> list[int]:
    """The components, that of largest responsibility first."""
    parts = row["components"]
    return sorted(range(len(parts)), key=lambda k: -parts[k]["responsibility"])


def _blame(contributions: Mapping[str, float], offsets: Mapping[str, float]) -> str:
    """The features that make most of the distance, the largest part first."""
    total = sum(contributions.values())
    if not math.isfinite(total):
        return "The squared distance is too large for a number."
    if total <= 0.0:
        return "It lies on the mean: no feature adds to the distance."
    named, sum_so_far = [], 0.0
    there = [name for name in contributions if name in offsets]
    for name in sorted(there, key=lambda name: -contributions[name])[:3]:
        named.append(
            f"{printable(name)} ({contributions[name] / total:.0%} of the squared distance, "
            f"{_beside(offsets[name])})"
        )
        sum_so_far += contributions[name]
        if sum_so_far >= _BLAME * total:
            break
    return f"What takes it there: {'; '.join(named)}."


def _factors(near: Mapping[str, Any]) -> str:
    """Where the factors of the component stand, and what they make of the distance."""
    places = [f"{value:+.3g}" for value in near["factors"][:_LISTED]]
    more = f" and {len(near['factors']) - _LISTED} more" if len(near["factors"]) > _LISTED else ""
    subject = "Its factors are" if len(near["factors"]) > 1 else "Its factor is"
    share = _percent(near["squared_distance_of_factors"], near["squared_distance"])
    return (
        f"{subject} expected at {', '.join(places)}{more}: that makes {share} of the squared "
        "distance, and what is not explained by it the rest."
    )


def _beside(offset: float) -> str:
    side = "above" if offset > 0.0 else "below"
    return f"{abs(offset):.3g} standard deviations {side} the mean" if offset else "at the mean"


def _offsets(row: Mapping[str, Any], component: Mapping[str, Any]) -> dict[str, float]:
    """Each feature's own distance from the mean, standard deviations, without the others."""
    return {
        name: (value - component["mean"][name]) / component["standard_deviation"][name]
        for name, value in row["values"].items()
        if value is not None
    }


def _ends(part: Mapping[str, float]) -> tuple[str, str]:
    return f"{part['log_joint']:.6g}", f"{part['responsibility']:.4g}"


def _share(value: float) -> str:
    """A responsibility, never rounded to a certainty that it is not."""
    if 0.9995 <= value < 1.0:
        return f"1 − {1.0 - value:.2g}"
    return f"{value:.3g}"


def _percent(part: float, total: float) -> str:
    share = part / total if total > 0.0 else math.nan
    return f"{share:z.0%}" if math.isfinite(share) else "–"
