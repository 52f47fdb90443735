"""Comparison: whether rows are a mixture's own, test by test, and in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mixtura.engine.arrays import Value
from mixtura.textual import columns, printable

#: shifts, in standard deviations, and ratios of deviations beyond which a feature is said to be so
_SHIFTED, _WIDER = 0.05, 1.1
#: shares of rows up to which a departure is called by a word
_SIZES = ((0.02, "hardly"), (0.05, "slightly"), (0.15, "clearly"), (1.0, "widely"))
#: what is said where the rows are those of the fit
_SAME = (
    "These are the rows that the mixture was fitted to: they lie nearer to it than others, and the "
    "tests are too mild for them."
)
#: fewer rows tell of large departures alone
_FEW = 30
#: departures that a sentence tells of
_TOLD = 3


@dataclass(frozen=True)
class Departure:
    """How far rows are from a mixture in one respect, and how often chance takes them as far.

    Parameters
    ----------
    of : ``score``, the tail probabilities of the rows; ``feature``, one of their columns; or
        ``components``, their responsibilities.
    name : of the feature, or what it is of.
    distance : the share of the rows that would have to be others, at most: of a distribution the
        Kolmogorov-Smirnov distance, of the components ½ Σ_k |mean r_k − w_k|.
    p_value : the probability of a departure as large, of rows that are the mixture's own.
    adjusted : the same for all tests together, by Holm's step-down method.
    effect : numbers that say how: for the score ``rare``, the share of rows whose tail probability
        is at most 0.01; for a feature ``shift``, in standard deviations of the mixture's, and
        ``spread``, a ratio of standard deviations; for the components ``component``, the one that
        is off most (−1 is noise), its ``observed`` share and its ``expected`` one.
    """

    of: str
    name: str
    distance: float
    p_value: float
    adjusted: float
    effect: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison(Value):
    """Whether rows are a mixture's own: one test for each respect, and their verdict.

    Parameters
    ----------
    n_rows : N, how many rows were compared.
    fitted_to : how many rows the mixture was fitted to, or None: then it is taken as it stands.
    alpha : how often rows that are the mixture's own are said to differ, at most.
    departures : of the score, of each feature and of the components, in this order.
    """

    n_rows: int
    fitted_to: float | None
    alpha: float
    departures: tuple[Departure, ...]

    @property
    def differing(self) -> tuple[Departure, ...]:
        """Those that chance alone would not bring about, the largest first."""
        found = [each for each in self.departures if each.adjusted <= self.alpha]
        return tuple(sorted(found, key=lambda each: -each.distance))

    @property
    def differs(self) -> bool:
        """Whether the rows are said to be others than the mixture's own."""
        return bool(self.differing)

    @property
    def verdict(self) -> str:
        """What was found, in a sentence for somebody who reads no statistics."""
        return verdict_words(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """A plain record, ready for JSON."""
        return {
            "n_rows": self.n_rows,
            "fitted_to": self.fitted_to,
            "alpha": self.alpha,
            "adjustment": "holm",
            "differs": self.differs,
            "differing": [each.name for each in self.differing],
            "departures": [asdict(each) for each in self.departures],
        }

    def to_text(self) -> str:
        """The verdict, and a line for each test."""
        return comparison_text(self.to_dict())

    __str__ = to_text


def verdict_words(record: Mapping[str, Any]) -> str:
    """What `Comparison.to_dict`'s record found, in a sentence."""
    n = record["n_rows"]
    rows = "this row" if n == 1 else f"these {n:,} rows"
    if not record["differs"]:
        few = " So few could hardly tell." if n < _FEW else ""
        return (
            f"Nothing tells {rows} from rows of the mixture's own: whatever is off is within "
            f"chance.{few}"
        )
    by_name = {(each["of"], each["name"]): each for each in record["departures"]}
    found = sorted(
        (each for each in by_name.values() if each["adjusted"] <= record["alpha"]),
        key=lambda each: -each["distance"],
    )
    size = next(word for bound, word in _SIZES if found[0]["distance"] <= bound)
    told = "; ".join(_departure_words(each) for each in found[:_TOLD])
    more = f"; and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
    begun = f"This row differs {size}" if n == 1 else f"These {n:,} rows differ {size}"
    return f"{begun} from what the mixture describes: {told}{more}."


def comparison_text(record: Mapping[str, Any], width: int | None = None) -> str:
    """The text of that record: the verdict, a table, what the numbers are.

    Parameters
    ----------
    record : the comparison's.
    width : letters that a line of the table may have; None is no bound.
    """
    table = [["what", "distance", "p", "p, of all", "how"]]
    for each in record["departures"]:
        star = "*" if each["adjusted"] <= record["alpha"] else ""
        values = [f"{each['distance']:.4f}", f"{each['p_value']:.2g}", f"{each['adjusted']:.2g}"]
        table.append([f"{printable(each['name'])}{star}", *values, _effect(each)])
    tests, alpha = len(record["departures"]), record["alpha"]
    of = record["fitted_to"]
    fitted = (
        _SAME
        if record.get("same_rows")
        else (
            "The mixture is taken as it stands: if it was fitted, say to how many rows."
            if of is None
            else f"The mixture was fitted to {of:,.0f} rows, taken to be others than these: it is "
            "as uncertain as so many rows are."
        )
    )
    return "\n".join(
        [
            verdict_words(record),
            "",
            *columns(table, width=width),
            "",
            f"A star marks what rows of the mixture's own would hardly show: of {tests} tests "
            f"together, one is wrong in at most {100.0 * alpha:g} % of cases (Holm).",
            "The distance is the share of the rows that would have to be others, at most.",
            fitted,
        ]
    )


def _departure_words(departure: Mapping[str, Any]) -> str:
    """One departure, as a part of a sentence."""
    effect, name = departure["effect"], printable(departure["name"])
    if departure["of"] == "score":
        return f"{_number(100.0 * effect['rare'])} % of them are as unlikely as 1 % should be"
    if departure["of"] == "components":
        k = effect["component"]
        one = "no component" if k < 0 else f"component {k:g}"
        return (
            f"{one} has {100.0 * effect['observed']:.3g} % of them instead of "
            f"{100.0 * effect['expected']:.3g} %"
        )
    shift, spread = effect["shift"], effect["spread"]
    if abs(shift) >= _SHIFTED:
        side = "higher" if shift > 0.0 else "lower"
        return f"{name} is {_number(abs(shift))} standard deviations {side} than it should be"
    if spread >= _WIDER or spread <= 1.0 / _WIDER:
        return f"{name} varies {_number(spread)} times as much as it should"
    moved = _number(100.0 * departure["distance"])
    return f"{name} is spread otherwise, by up to {moved} % of them"


def _number(value: float) -> str:
    """Two digits, or all before the point."""
    return f"{value:.2g}" if abs(value) < 99.5 else f"{value:,.0f}"


def _effect(departure: Mapping[str, Any]) -> str:
    """The numbers that say how, for a table."""
    effect = departure["effect"]
    if departure["of"] == "score":
        return f"{100.0 * effect['rare']:.3g} % of tails below 1 %"
    if departure["of"] == "components":
        one = "none" if effect["component"] < 0 else f"component {effect['component']:g}"
        return f"{one} {effect['observed']:.4f}, not {effect['expected']:.4f}"
    return f"mean {effect['shift']:+.3f} sd, sd × {effect['spread']:.3f}"


def holm(p_values: list[float]) -> list[float]:
    """P-values for all tests together: p_(i) times the tests not yet rejected, never falling.

    References
    ----------
    Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    adjusted, largest = [0.0] * len(p_values), 0.0
    for done, i in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = min(max(largest, (len(p_values) - done) * p_values[i]), 1.0)
        adjusted[i] = largest
    return adjusted
