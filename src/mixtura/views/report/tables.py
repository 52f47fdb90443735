"""Tables: what a report lists, and the sentences beside them; page and text show the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mixtura.model.comparison import verdict_words
from mixtura.textual import counted, largest, printable, resolved
from mixtura.views.text import criterion_label, deviations, training_figures

Table = list[list[str]]

#: so many features' means are beside the weights
_BESIDE = 6

_NOTES = {
    "same": "note on the fit to these rows",
    "other": "note on the fit, to other rows than these",
    "unknown": "note on the fit, to rows that may be others",
}

_RELATIONS = {
    "same": "These are the rows that the mixture was fitted to.",
    "other": "These are other rows than those that the mixture was fitted to.",
    "unknown": "Whether the mixture was fitted to these rows is not on record.",
}
#: above this bound rows are too few to tell
_FEW = 0.3
#: a departure up to this is a small one
_SMALL = 0.05

_PARTS = ("volume", "shape", "orientation")
#: letter -> what it says of one part, and of several
_SAID = (
    ("V", "varies from component to component", "vary from component to component"),
    ("E", "is equal", "are equal"),
)


def note_label(record: Mapping[str, Any]) -> str:
    """What a note of the fit begins with: it is about the fit's rows, which may be others."""
    return _NOTES[record["data"]["relation"]]


def relation_words(record: Mapping[str, Any]) -> list[str]:
    """Whether these are the rows of the fit, and what of them was left out or not counted."""
    said = [_RELATIONS[record["data"]["relation"]]]
    if "total_weight" in record["model"]["training"]:
        said.append("The fit weighed its rows; here each counts once.")
    if record["data"]["left_out"]:
        said.append(printable(record["data"]["left_out"]))
    if record["data"].get("missing"):
        said.append(printable(record["data"]["missing"]))
    return said


def score_table(record: Mapping[str, Any]) -> Table:
    """The figures of these rows, beside those that the fit reported, if it did."""
    scores, fitted = record["scores"], record["model"]["training"]
    training = dict(training_figures(fitted))
    own = {
        "rows": str(record["data"]["n_rows"]),
        "log-likelihood, nats": f"{scores['log_likelihood']:.10g}",
        "  per row": f"{scores['mean_log_likelihood']:.10g}",
        criterion_label("AIC", fitted): f"{scores['aic']:.10g}",
        criterion_label("BIC", fitted): f"{scores['bic']:.10g}",
    }
    if not training:
        return [["", "these rows"], *([label.strip(), own[label]] for label in own)]
    labels = list(dict.fromkeys([*own, *training]))
    if all(training.get(label, own[label]) == own[label] for label in own):
        one = {**training, **own}
        return [["", "these rows, as fitted"], *([label.strip(), one[label]] for label in labels)]
    return [
        ["", "these rows", "as fitted"],
        *([label.strip(), own.get(label, ""), training.get(label, "")] for label in labels),
    ]


def component_table(record: Mapping[str, Any]) -> Table:
    """Each component: its weight, its rows, those in doubt, and its means ± deviations.

    Noise is the last, where there is any: it has neither mean nor deviation.
    """
    model, total = record["model"], record["data"]["n_rows"]
    features = model["features"] if len(model["features"]) <= _BESIDE else []
    spreads = deviations(model)
    head = ["component", "weight", "rows", "share", "in doubt"]
    rows = [
        [
            str(k),
            f"{model['weights'][k]:.4g}",
            *_counts(component, total),
            *(
                f"{resolved(model['means'][k][j], spreads[k][j], 5)} ± {_figures(spreads[k][j])}"
                for j in range(len(features))
            ),
        ]
        for k, component in ((k, record["components"][k]) for k in largest(model["weights"])[0])
    ]
    if "noise" in record:
        counts = _counts(record["noise"], total)
        rows.append(["noise", f"{model['noise']['weight']:.4g}", *counts, *[""] * len(features)])
    return [[*head, *map(printable, features)], *rows]


def _counts(part: Mapping[str, Any], total: int) -> list[str]:
    """The rows of a component, or of the noise, their share, and those in doubt."""
    assigned = part["assigned"]
    return [f"{assigned:,}", f"{assigned / total:.1%}", f"{part['doubtful']:,}"]


def feature_table(record: Mapping[str, Any]) -> Table:
    """Each feature: what the rows have, and what the mixture says."""
    head = ["feature", "least", "largest", "mean", "sd", "mixture's mean", "mixture's sd"]
    return [
        head,
        *(
            [
                printable(one["name"]),
                *(resolved(one[key], one["fitted_deviation"]) for key in ("low", "high", "mean")),
                _figures(one["standard_deviation"]),
                resolved(one["fitted_mean"], one["fitted_deviation"]),
                _figures(one["fitted_deviation"]),
            ]
            for one in record["data"]["features"]
        ),
    ]


def comparison_table(validation: Mapping[str, Any]) -> Table:
    """Who computed the same log-likelihoods, how far apart they are, and who is right."""
    return [
        ["compared with", "rows", "largest difference, nats", "relative", "verdict"],
        *(
            [
                one["peer"],
                f"{one['n_rows']:,}",
                f"{float(one['largest_absolute']):.1e}",
                f"{float(one['largest_relative']):.1e}",
                one["verdict"],
            ]
            for one in validation["comparisons"]
        ),
    ]


def fit_comparison(record: Mapping[str, Any]) -> Table:
    """What scikit-learn's own fit of the rows came to, beside the mixture."""
    theirs = record["comparison"]["fit"]
    figures = dict(training_figures(record["model"]["training"]))
    outcome = record["model"]["training"].get("outcome")
    return [
        ["", "this mixture", f"scikit-learn {printable(theirs['version'])}"],
        [
            "log-likelihood of the rows, nats a row",
            f"{theirs['ours']:.10g}",
            f"{theirs['mean_log_likelihood']:.10g}",
        ],
        ["what it reports as lower_bound_", "", f"{theirs['lower_bound']:.10g}"],
        ["iterations", figures.get("iterations", ""), str(theirs["iterations"])],
        [
            "outcome",
            printable(outcome) if isinstance(outcome, str) else "",
            "converged" if theirs["converged"] else "not converged",
        ],
    ]


def setting_table(record: Mapping[str, Any]) -> Table:
    """What the fit was told, what the rows are known by, and what computed all this."""
    again = record["again"]
    settings = [
        [printable(name), "given in Python" if value is None else printable(str(value))]
        for name, value in again["settings"].items()
    ]
    versions = [[name, printable(version)] for name, version in again["versions"].items()]
    return [
        ["what", "value"],
        *settings,
        ["digest of these rows", record["data"]["digest"]],
        *versions,
    ]


def under_components(record: Mapping[str, Any]) -> list[str]:
    """What is said below the table of components: of those not in it, and of rows in doubt."""
    return [*filter(None, [largest(record["model"]["weights"])[1]]), doubt_words(record)]


def doubt_words(record: Mapping[str, Any]) -> str:
    """How many rows could as well be of another component, or of the noise."""
    count = doubtful(record)
    are = "is" if count == 1 else "are"
    whose = "neither a component's nor the noise's" if "noise" in record else "no component's"
    return (
        f"{counted(count, 'row')} {are} in doubt: {whose} responsibility reaches "
        f"{record['doubt']:g}."
    )


def doubtful(record: Mapping[str, Any]) -> int:
    """How many rows are in doubt."""
    parts = [*record["components"], *([record["noise"]] if "noise" in record else [])]
    return sum(part["doubtful"] for part in parts)


def _figures(value: float) -> str:
    """Four significant figures, those that are 0 too."""
    return f"{value:#.4g}".rstrip(".")


def nats_words() -> str:
    """A sentence on the unit of log-likelihoods, the nat."""
    return (
        "Log-likelihoods are in nats, the unit of natural logarithms: one nat more is a density "
        "e = 2.72 times as high."
    )


def structure_words(name: str, letters: str) -> str:
    """What the letters of a structure say of the covariances.

    Parameters
    ----------
    name : the structure's, which may be that of scikit-learn.
    letters : of volume, shape and orientation.

    Examples
    --------
    >>> structure_words("VVE", "VVE")
    'VVE: volume and shape vary from component to component, orientation is equal.'
    >>> structure_words("spherical", "VII")
    'spherical (VII): volume varies from component to component; components are round.'
    >>> structure_words("factor-2", "VVF2")
    'factor-2: 2 factors in each component, and for each feature a variance of its own.'
    """
    if letters[2] == "F":  # factor analysers, and how many factors
        whose = ", the same in all" if letters[1] == "E" else ""
        return (
            f"{name}: {counted(int(letters[3:]), 'factor')} in each component, and for each "
            f"feature a variance of its own{whose}."
        )
    called = name if name == letters else f"{name} ({letters})"
    said = []
    for letter, one, many in _SAID:
        parts = [part for part, own in zip(_PARTS, letters, strict=True) if own == letter]
        if parts:
            said.append(f"{_listed(parts)} {many if len(parts) > 1 else one}")
    words = ", ".join(said)
    if letters[1] == "I":
        words += "; components are round"
    elif letters[2] == "I":
        words += "; axes lie along the features"
    return f"{called}: {words}."


def fit_words(record: Mapping[str, Any]) -> str:
    """Whether the mixture fits the rows, and whether others have drifted, in a few sentences."""
    drifted = f" {verdict_words(record['drift'])}" if record["data"]["relation"] == "other" else ""
    return f"{_adequacy_words(record)}{drifted}"


def _adequacy_words(record: Mapping[str, Any]) -> str:
    """How far the rows' distribution is from the mixture's, in a sentence or two."""
    found, rows = record["adequacy"], record["data"]["n_rows"]
    n, bound, largest = found["n_rows"], found["bound"], found["largest"]
    if bound > _FEW:
        return f"{counted(n, 'row')} cannot tell whether the mixture fits."
    of = "" if n == rows else f" (of {n:,} of the rows)"
    chance = f"95 of 100 samples of {n:,} rows from the mixture itself stay within {bound:.3f}"
    if largest <= bound:
        return (
            "The mixture fits these rows, as far as they can tell: the share of them below a value "
            f"is within {largest:.3f} of the mixture's in every feature and in their "
            f"log-likelihoods{of}; {chance}."
        )
    how = "fits these rows roughly" if largest <= _SMALL else "does not fit these rows"
    return f"The mixture {how}: {_worst(found)}{of}; {chance}."


def _worst(found: Mapping[str, Any]) -> str:
    """How far the rows' distribution is from the mixture's at most, in words."""
    one = max(found["features"], key=lambda each: each["departure"])
    if found["likelihood"] > one["departure"]:
        return (
            "the shares of them of up to some log-likelihood differ from those of rows drawn from "
            f"it by {found['likelihood']:.3f}"
        )
    others = sum(each["departure"] > found["bound"] for each in found["features"]) - 1
    more = f", and {counted(others, 'other feature')} {'is' if others == 1 else 'are'} off, too"
    value = resolved(one["value"], one["scale"], 4)
    return (
        f"{one['observed']:.1%} of them have {printable(one['name'])} below {value}, by the "
        f"mixture it is {one['expected']:.1%}" + (more if others > 0 else "")
    )


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
