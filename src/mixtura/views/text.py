"""Text: the records of a model, a checkpoint and a selection for people to read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mixtura.fitting.starts.met import Met
from mixtura.fitting.verdict import NOTHING
from mixtura.selection.criteria import CRITERIA, better, written
from mixtura.textual import columns, counted, indented, largest, printable, resolved

#: above so many features a covariance is shown by its diagonal
_WHOLE = 12
#: settings of a checkpoint that its first line tells
_APART = ("n_components", "structure")
#: key in the record of a fit, label, how its number is written
_FIGURES = (
    ("n_rows", "rows", ".16g"),
    ("total_weight", "total weight", ".10g"),
    ("log_likelihood", "log-likelihood, nats", ".10g"),
    ("mean_log_likelihood", "  per row", ".10g"),
    ("mean_log_prior", "log prior per row, but for a constant", ".10g"),
    ("aic", "AIC", ".10g"),
    ("bic", "BIC", ".10g"),
    ("iterations", "iterations", ".16g"),
)
#: failures of a selection that are told of one by one
_TOLD = 6
#: repairs of a fit that are, likewise
_REPAIRS = 10

Table = list[list[str]]


def model_text(
    record: Mapping[str, Any], width: int | None = None, *, note: str = "note", every: bool = False
) -> str:
    """The text of `model_record`'s record: training, then component after component.

    Parameters
    ----------
    record : the model's.
    width : letters that a line of a table may have; None is no bound.
    note : what a note begins with.
    every : whether all components are told of, however many there are.
    """
    inner = None if width is None else width - 2
    blocks = [
        _heading(record, width, note),
        *(
            [title, *indented(columns(table, width=inner))] if table else [title]
            for title, table in parameter_tables(record, every=every)
        ),
    ]
    return "\n\n".join("\n".join(block) for block in blocks)


def checkpoint_text(record: Mapping[str, Any]) -> str:
    """What `checkpoint_record` says of a fit that can be gone on from, in lines."""
    asked, rows = record["settings"], record["rows"]
    given = [name for name in asked if asked[name] is not None and name not in _APART]
    lines = [
        f"Checkpoint of a fit: {counted(asked['n_components'], 'component')}, "
        f"{printable(str(asked['structure']))} covariances",
        f"rows: {rows['number of rows']}, of {counted(rows['number of features'], 'feature')}",
        f"stands: {_standing(record['checkpoint'])}",
        "asked for:",
        *(f"  {name} {printable(str(asked[name]))}" for name in given),
        "",
        file_text(record["file"]),
    ]
    return "\n".join(lines)


def _standing(at: Mapping[str, Any]) -> str:
    """Which run it is in, and how far that has come."""
    best = f"; the best so far is {at['best']}" if at["best"] else ""
    if at["iteration"] is None:
        return f"after {counted(at['run'], 'run')}{best}"
    value = at["mean_log_likelihood"]
    height = "" if value is None else f", at {value:.10g} nats a row"
    return f"in run {at['run'] + 1}, before iteration {at['iteration']}{height}{best}"


def selection_text(record: Mapping[str, Any], width: int | None = None) -> str:
    """The text of the record that `Selection.summary` gives.

    The criterion that decides, a line for each structure and a column for each K; the best is
    marked with a star, a candidate that could not be fitted or chosen with a dash; then the
    verdict. A line of the table has at most `width` letters, if that is a number.
    """
    by, candidates = record["by"], record["candidates"]
    numbers = sorted({each["n_components"] for each in candidates})
    structures = list(dict.fromkeys(each["structure"] for each in candidates))
    cells = {(each["structure"], each["n_components"]): each for each in candidates}
    best = record["best"] or {}
    chosen = (best.get("structure"), best.get("n_components"))
    rows = [["", *(f"{k} " for k in numbers)]]
    for name in structures:
        shown = (_cell(cells.get((name, k)), by, chosen=(name, k) == chosen) for k in numbers)
        rows.append([printable(name), *shown])
    blocks = [
        [
            f"{CRITERIA[by]} of {counted(len(candidates), 'candidate')}, "
            f"{counted(record['n_rows'], 'row')}; {better(record['sign'])} is better, * is best",
            *columns(rows, width=width),
        ]
    ]
    if record["verdict"]:
        blocks.append([printable(line) for line in record["verdict"]])
    left_out = [each for each in candidates if each["reason"]]
    if left_out:
        lines = [f"{counted(len(left_out), 'candidate')} not to choose from:"]
        lines += [
            printable(f"  {each['structure']},{each['n_components']}: {each['reason']}")
            for each in left_out[:_TOLD]
        ]
        if len(left_out) > _TOLD:
            lines.append(f"  and {len(left_out) - _TOLD} more: --json has them all")
        blocks.append(lines)
    return "\n\n".join("\n".join(block) for block in blocks)


def _cell(candidate: Mapping[str, Any] | None, by: str, *, chosen: bool) -> str:
    if candidate is None:
        return ""
    value = candidate.get(by)
    if candidate["reason"] or value is None:
        return "- "
    return written(value, by) + ("*" if chosen else " ")


def threshold_text(record: Mapping[str, Any]) -> str:
    """By which score rows are flagged; empty where the model has none."""
    if "threshold" not in record:
        return ""
    alpha, score = record["threshold"]["alpha"], record["threshold"]["score"]
    return f"rows are flagged at {score:.10g} nats and below: {100.0 * alpha:.4g} % of its own"


def file_text(origin: Mapping[str, str]) -> str:
    """When and by which version a file was written, and the sum that its contents have.

    Empty of a file that another tool wrote.
    """
    if not origin["library_version"]:
        return ""
    date = printable(origin.get("date", "on a day that it does not say"))
    found = origin.get("sha256", "none, as in files of earlier versions")
    return f"written: {date}, by mixtura {printable(origin['library_version'])}\nSHA-256: {found}"


def parameter_tables(record: Mapping[str, Any], *, every: bool = False) -> list[tuple[str, Table]]:
    """Titles and tables of all parameters, component after component.

    Of very many components those of largest weight alone, unless `every` one is asked for; of many
    features the covariances are left out but for the variances. A title without a table says so.
    """
    features = [printable(name) for name in record["features"]]
    shared = record["form"] == "tied"
    tables: list[tuple[str, Table]] = []
    listed, others = largest(record["weights"], every=every)
    for k in listed:
        spreads = _deviations(record, k)
        table = [["feature", "mean"]]
        table += [
            [name, resolved(mean, spread, 8)]
            for name, mean, spread in zip(features, record["means"][k], spreads, strict=True)
        ]
        if not shared:
            beside = _covariance(features, record, k)
            table = [left + right for left, right in zip(table, beside, strict=True)]
        tables.append((f"component {k}: weight {record['weights'][k]:.6g}", table))
    if others:
        tables.append((others, []))
    if shared:
        rows = zip(["", *features], _covariance(features, record, 0), strict=True)
        tables.append(("covariance shared by all components", [[name, *row] for name, row in rows]))
    if "noise" in record:
        tables.append(_noise(features, record["noise"]))
    if record["n_features"] > _WHOLE and record["form"] in ("full", "tied", "factor"):
        said = f"With {record['n_features']} features, variances alone: --json has it all."
        tables.append((said, []))
    return tables


def deviations(record: Mapping[str, Any]) -> list[list[float]]:
    """The standard deviation of each feature in each component, K lists of D."""
    return [_deviations(record, k) for k in range(record["n_components"])]


def _deviations(record: Mapping[str, Any], k: int) -> list[float]:
    return list(map(math.sqrt, _variances(record, k)))


def _variances(record: Mapping[str, Any], k: int) -> list[float]:
    """The variance of each feature in component k."""
    n_features, covariance = len(record["features"]), _parameter(record, k)
    if record["form"] == "spherical":
        return [covariance] * n_features
    if record["form"] == "factor":  # loadings, and what they leave
        return [sum(each * each for each in row[:-1]) + row[-1] for row in covariance]
    return covariance if record["form"] == "diag" else [covariance[j][j] for j in range(n_features)]


def _parameter(record: Mapping[str, Any], k: int) -> Any:
    """The covariance of component k, in the form in which it is stored."""
    return record["covariances"] if record["form"] == "tied" else record["covariances"][k]


def _covariance(features: Sequence[str], record: Mapping[str, Any], k: int) -> Table:
    """The columns that show the covariance of component k: of many features its variances."""
    if len(features) > _WHOLE or record["form"] in ("diag", "spherical"):
        return [["variance"], *([f"{value:.6g}"] for value in _variances(record, k))]
    if record["form"] == "factor":
        factors = [f"factor {h + 1}" for h in range(len(_parameter(record, k)[0]) - 1)]
        rows = ([f"{value:.6g}" for value in row] for row in _parameter(record, k))
        return [[*factors, "own variance"], *rows]
    head = ["variance"] if len(features) == 1 else [f"cov. {name}" for name in features]
    return [head, *([f"{value:.6g}" for value in row] for row in _parameter(record, k))]


def model_words(record: Mapping[str, Any]) -> str:
    """What kind of mixture it is, in one line."""
    return (
        f"{counted(record['n_components'], 'component')}, "
        f"{counted(record['n_features'], 'feature')}, {record['structure']} covariances, "
        f"{counted(record['n_parameters'], 'parameter')}"
        + (", equal weights" if record.get("equal_weights") else "")
    )


def training_figures(training: Mapping[str, Any]) -> Table:
    """The numbers of a fit, as far as its record tells them, each with its label.

    A criterion that is void is labelled so.
    """
    return [
        [criterion_label(label, training), f"{training[key]:{digits}}"]
        for key, label, digits in _FIGURES
        if _is_number(training.get(key))
    ]


def criterion_label(label: str, training: Mapping[str, Any]) -> str:
    """The label of a figure of a fit; of a criterion that says nothing, with that word."""
    return f"{label}, void" if label in ("AIC", "BIC") and void_of(training) else label


def void_of(training: Mapping[str, Any]) -> str:
    """Why a fit's criteria say nothing, as its record has it; empty where they do say something."""
    said = training.get("void")
    return printable(said) if isinstance(said, str) else ""


def training_words(training: Mapping[str, Any], note: str = "note") -> list[str]:
    """How a fit ended, what to do about it, what is odd, what was repaired: a line each.

    Parameters
    ----------
    training : as `Fit.summary` gives it, or a model file holds it.
    note : what a note begins with.
    """
    lines = _origin(training.get("origin"))
    if isinstance(training.get("outcome"), str):
        met = _met(training.get("searches"))
        lines.append(f"outcome: {printable(training['outcome'])}{met}")
        if isinstance(training.get("remedy"), str) and training["remedy"] != NOTHING:
            lines.append(f"what to do: {printable(training['remedy'])}")
    notes = training.get("notes")
    lines += [printable(f"{note}: {one}") for one in notes] if isinstance(notes, list) else []
    lines += [f"AIC and BIC are void: {said}"] if (said := void_of(training)) else []
    repairs = training.get("repairs")
    if isinstance(repairs, list):
        lines += map(_repair, repairs[:_REPAIRS])
        if len(repairs) > _REPAIRS:
            lines.append(f"and {len(repairs) - _REPAIRS} more repairs: --json has them all")
    return lines


def _heading(record: Mapping[str, Any], width: int | None, note: str) -> list[str]:
    """What it is, and how the fit went, as far as the record tells."""
    training = record["training"]
    table = training_figures(training)
    return [
        f"Gaussian mixture: {model_words(record)}",
        *(columns(table, width=width) if table else []),
        *_read_as(training.get("reading")),
        *training_words(training, note),
    ]


def _read_as(reading: Any) -> list[str]:
    """How the rows were read, where not as they stand in their file."""
    if not isinstance(reading, dict):
        return []
    scales = reading.get("transform")
    said = [f"{name} {reading[name]}" for name in ("obsm", "layer") if name in reading]
    said += ["compensated"] if reading.get("compensate") else []
    if isinstance(scales, dict):
        listed = ", ".join(f"{name} by {text}" for name, text in scales.items())
        said.append(f"{listed}; log-likelihoods are of these values")
    return [printable(f"rows read: {', '.join(said)}")] if said else []


def _noise(features: Sequence[str], noise: Mapping[str, Any]) -> tuple[str, Table]:
    """The weight of noise, and the box that it is spread over."""
    volume = noise["volume"]
    finite = math.isfinite(volume) and volume
    size = f"{volume:.6g}" if finite else f"e^{noise['log_volume']:.6g}"
    table = [["feature", "from", "to"]]
    table += [
        [name, resolved(low, high - low, 8), resolved(high, high - low, 8)]
        for name, low, high in zip(features, noise["low"], noise["high"], strict=True)
    ]
    return f"noise: weight {noise['weight']:.6g}, spread over a volume of {size}", table


def _origin(origin: Any) -> list[str]:
    """Which tool a mixture was brought from, as a line; none where its record does not say."""
    if not isinstance(origin, dict) or not isinstance(origin.get("tool"), str):
        return []
    kind = f", {origin['kind']}" if isinstance(origin.get("kind"), str) else ""
    return [printable(f"from: {origin['tool']}{kind}")]


def _is_number(value: Any) -> bool:
    """Whether it is a number that can be written out; a model file may hold anything."""
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**53)


def _met(searches: Any) -> str:
    """How often the best end was met, in words that go on a line; empty if it is not on record."""
    try:
        return f", {Met(int(searches['times']), int(searches['of']))}"
    except (KeyError, TypeError, ValueError, OverflowError):
        return ""


def _repair(repair: Any) -> str:
    if not isinstance(repair, dict):
        return printable(f"repair: {repair}")
    at = repair.get("iteration")
    when = "at the start" if at == 0 else f"in iteration {at}"
    return printable(
        f"repair: {when}, component {repair.get('component')} was {repair.get('action')}: "
        f"{repair.get('reason')}"
    )
