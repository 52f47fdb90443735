"""Record: a standing as arrays and plain values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import frozen
from mixtura.fitting.acceleration import Course, Memory
from mixtura.fitting.checkpoints.position import Position, Standing
from mixtura.fitting.convergence import Outcome
from mixtura.fitting.fit import Fit
from mixtura.fitting.health import Repair
from mixtura.fitting.met import Met
from mixtura.fitting.settings import Settings
from mixtura.model.mixture import Mixture
from mixtura.model.noise import Box, Noise

__all__ = ["Record", "recorded", "restored"]

_PARTS = ("weights", "means", "covariances")
_NOISE = ("noise_weight", "noise_low", "noise_extent")


@dataclass(frozen=True, eq=False)
class Record:
    """What goes into a file.

    Parameters
    ----------
    values : that JSON can hold; floats come back with the same bits.
    arrays : name -> array.
    """

    values: dict[str, Any]
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)


def recorded(standing: Standing) -> Record:
    """The record of a standing."""
    arrays: dict[str, NDArray[Any]] = {}
    position, best = standing.position, standing.best
    values = {
        "run": standing.run,
        "seconds": standing.seconds,
        "begun_with": _of_generator(arrays, "begun_with", standing.begun_with),
        "random": _of_generator(arrays, "random", standing.random),
        "position": None if position is None else _of_position(arrays, position),
        "best": None if best is None else _of_fit(arrays, best),
    }
    return Record(values, arrays)


def restored(record: Record, settings: Settings, feature_names: tuple[str, ...] | None) -> Standing:
    """The standing that was recorded of a fit with these settings.

    Raises
    ------
    KeyError, TypeError, ValueError : the record is not one of `recorded`.
    """
    values, shelf = record.values, _Shelf(record.arrays, settings, feature_names)
    position, best = values["position"], values["best"]
    return Standing(
        int(values["run"]),
        None if position is None else shelf.position(position),
        None if best is None else shelf.fit(best),
        shelf.generator("begun_with", values["begun_with"]),
        shelf.generator("random", values["random"]),
        float(values["seconds"]),
    )


def _of_mixture(arrays: dict[str, NDArray[Any]], name: str, mixture: Mixture) -> None:
    arrays.update({f"{name}.{part}": getattr(mixture, part) for part in _PARTS})
    if mixture.noise:
        box = mixture.noise.box
        of_noise = (np.array(mixture.noise.weight), box.low, box.extent)
        arrays.update(
            {f"{name}.{part}": value for part, value in zip(_NOISE, of_noise, strict=True)}
        )


def _of_position(arrays: dict[str, NDArray[Any]], position: Position) -> dict[str, Any]:
    course = position.course
    for name, mixture in (
        ("ahead", course.ahead),
        ("image", course.image),
        ("known", position.known),
    ):
        _of_mixture(arrays, f"position.{name}", mixture)
    arrays["position.memory.points"] = course.memory.points
    arrays["position.memory.images"] = course.memory.images
    arrays["position.trace"] = np.array(position.trace)
    arrays["position.history"] = np.array(position.history)
    return {
        "iteration": position.iteration,
        "repairs": [asdict(repair) for repair in position.repairs],
        "extrapolated": course.extrapolated,
        "begun": course.begun,
        "since": course.since,
        "accelerated": course.accelerated,
        "rejected": course.rejected,
        "extrapolates": course.acceleration is not None,
        "searches": None if position.searches is None else asdict(position.searches),
        "changed": position.changed,
    }


def _of_fit(arrays: dict[str, NDArray[Any]], fit: Fit) -> dict[str, Any]:
    _of_mixture(arrays, "best", fit.mixture)
    arrays["best.trace"] = fit.trace
    return {
        "outcome": fit.outcome.name,
        "repairs": [asdict(repair) for repair in fit.repairs],
        "seconds": fit.seconds,
        "n_rows": fit.n_rows,
        "total_weight": fit.total_weight,
        "accelerated": fit.accelerated,
        "rejected": fit.rejected,
        "floored": fit.floored,
        "starved": fit.starved,
        "searches": None if fit.searches is None else asdict(fit.searches),
        "mean_log_prior": fit.mean_log_prior,
    }


def _of_generator(
    arrays: dict[str, NDArray[Any]], name: str, state: Mapping[str, Any]
) -> dict[str, Any]:
    arrays[f"{name}.key"] = state["state"]["key"]
    return {
        "bit_generator": state["bit_generator"],
        "pos": int(state["state"]["pos"]),
        "has_gauss": int(state["has_gauss"]),
        "gauss": float(state["gauss"]),
    }


@dataclass(frozen=True, eq=False)
class _Shelf:
    """The arrays of a record, and what they are of."""

    arrays: Mapping[str, NDArray[Any]]
    settings: Settings
    feature_names: tuple[str, ...] | None

    def position(self, values: Mapping[str, Any]) -> Position:
        settings = self.settings
        course = Course(
            settings.rule,
            settings.acceleration if values["extrapolates"] else None,
            self.mixture("position.ahead"),
            self.mixture("position.image"),
            extrapolated=bool(values["extrapolated"]),
            memory=Memory(
                frozen(self.arrays["position.memory.points"]),
                frozen(self.arrays["position.memory.images"]),
            ),
            begun=bool(values["begun"]),
            since=int(values["since"]),
            accelerated=_whole(values["accelerated"]),
            rejected=int(values["rejected"]),
        )
        return Position(
            int(values["iteration"]),
            course,
            tuple(self.arrays["position.trace"].tolist()),
            tuple(self.arrays["position.history"].tolist()),
            _repairs(values["repairs"]),
            self.mixture("position.known"),
            _met(values.get("searches")),
            bool(values.get("changed", False)),
        )

    def fit(self, values: Mapping[str, Any]) -> Fit:
        return Fit(
            mixture=self.mixture("best"),
            trace=frozen(self.arrays["best.trace"]),
            outcome=Outcome[values["outcome"]],
            repairs=_repairs(values["repairs"]),
            settings=self.settings,
            seconds=float(values["seconds"]),
            n_rows=int(values["n_rows"]),
            total_weight=float(values["total_weight"]),
            accelerated=_whole(values["accelerated"]),
            rejected=int(values["rejected"]),
            floored=_whole(values.get("floored", ())),
            starved=_whole(values["starved"]),
            searches=_met(values.get("searches")),
            mean_log_prior=float(values["mean_log_prior"]),
        )

    def mixture(self, name: str) -> Mixture:
        weights, means, covariances = (self.arrays[f"{name}.{part}"] for part in _PARTS)
        noise = None
        if f"{name}.{_NOISE[0]}" in self.arrays:
            weight, low, extent = (self.arrays[f"{name}.{part}"] for part in _NOISE)
            noise = Noise(weight.item(), Box(low, extent))
        return Mixture(
            weights,
            means,
            covariances,
            self.settings.structure,
            self.feature_names,
            noise=noise,
            equal_weights=self.settings.equal_weights,
        )

    def generator(self, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "bit_generator": str(values["bit_generator"]),
            "state": {"key": self.arrays[f"{name}.key"], "pos": int(values["pos"])},
            "has_gauss": int(values["has_gauss"]),
            "gauss": float(values["gauss"]),
        }


def _met(values: Any) -> Met | None:
    return None if values is None else Met(int(values["times"]), int(values["of"]))


def _whole(values: Any) -> tuple[int, ...]:
    return tuple(int(value) for value in values)


def _repairs(values: Any) -> tuple[Repair, ...]:
    return tuple(
        Repair(int(v["iteration"]), int(v["component"]), str(v["action"]), str(v["reason"]))
        for v in values
    )
