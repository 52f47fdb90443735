"""Record: a checkpoint as arrays and plain values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mixtura.engine.arrays import frozen
from mixtura.fitting.convergence.anderson import AndersonHistory, AndersonState
from mixtura.fitting.convergence.rules import Outcome
from mixtura.fitting.fit import Fit
from mixtura.fitting.m_step.health import Repair
from mixtura.fitting.run_state import RunState
from mixtura.fitting.settings import Settings
from mixtura.fitting.starts.met import Met
from mixtura.fitting.truncated.state import TruncatedState
from mixtura.fitting.truncated.truncation import Truncation
from mixtura.model.box import Box
from mixtura.model.mixture import Mixture
from mixtura.model.noise import Noise

_PARTS = ("weights", "means", "covariances")
_SETS = ("order", "ids", "graph")
_NOISE = ("noise_weight", "noise_low", "noise_extent")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Where a fit of several runs stands.

    Parameters
    ----------
    run : the number of the run under way, or of the next one.
    state : of the run under way, None between two.
    best : the best fit of the runs before, or None.
    begun_with : the random generator's state before anything was drawn, as NumPy gives it.
    random : its state now.
    seconds : what the work has taken, all sessions together.
    """

    run: int
    state: RunState | None
    best: Fit | None
    begun_with: Mapping[str, Any]
    random: Mapping[str, Any]
    seconds: float


@dataclass(frozen=True, eq=False)
class Record:
    """Plain values and arrays that go into a checkpoint file.

    Parameters
    ----------
    values : that JSON can hold; floats come back with the same bits.
    arrays : name -> array.
    """

    values: dict[str, Any]
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)


def recorded(checkpoint: Checkpoint) -> Record:
    """A checkpoint as plain values and arrays."""
    arrays: dict[str, NDArray[Any]] = {}
    state, best = checkpoint.state, checkpoint.best
    values = {
        "run": checkpoint.run,
        "seconds": checkpoint.seconds,
        "begun_with": _of_generator(arrays, "begun_with", checkpoint.begun_with),
        "random": _of_generator(arrays, "random", checkpoint.random),
        "position": None if state is None else _of_state(arrays, state),
        "best": None if best is None else _of_fit(arrays, best),
    }
    return Record(values, arrays)


def restored(
    record: Record, settings: Settings, feature_names: tuple[str, ...] | None
) -> Checkpoint:
    """The checkpoint that was recorded of a fit with these settings.

    Raises
    ------
    KeyError, TypeError, ValueError : the record is not one of `recorded`.
    """
    values, shelf = record.values, _Shelf(record.arrays, settings, feature_names)
    state, best = values["position"], values["best"]
    return Checkpoint(
        int(values["run"]),
        None if state is None else shelf.state(state),
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


def _of_state(arrays: dict[str, NDArray[Any]], state: RunState) -> dict[str, Any]:
    anderson = state.anderson
    for name, mixture in (
        ("ahead", anderson.ahead),
        ("image", anderson.image),
        ("known", state.known[0]),
    ):
        _of_mixture(arrays, f"position.{name}", mixture)
    arrays["position.memory.points"] = anderson.history.points
    arrays["position.memory.images"] = anderson.history.images
    arrays["position.trace"] = np.array(state.trace)
    arrays["position.history"] = np.array(state.earlier)
    return {
        "iteration": state.iteration,
        "repairs": [asdict(repair) for repair in state.repairs],
        "extrapolated": anderson.extrapolated,
        "begun": anderson.begun,
        "since": anderson.since,
        "accelerated": anderson.accelerated,
        "rejected": anderson.rejected,
        "extrapolates": anderson.acceleration is not None,
        "searches": None if state.searches is None else asdict(state.searches),
        "changed": state.changed,
        "truncated": None if state.truncated is None else _of_truncated(arrays, state.truncated),
    }


def _of_truncated(arrays: dict[str, NDArray[Any]], state: TruncatedState) -> dict[str, Any]:
    arrays.update({f"position.truncated.{part}": getattr(state, part) for part in _SETS})
    return {
        "number": state.number,
        "since": state.since,
        "counts": state.counts,
        "random": _of_generator(arrays, "position.truncated.random", state.random),
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
        "truncation": None if fit.truncation is None else fit.truncation.record(),
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

    def state(self, values: Mapping[str, Any]) -> RunState:
        settings = self.settings
        anderson = AndersonState(
            settings.rule,
            settings.acceleration if values["extrapolates"] else None,
            self.mixture("position.ahead"),
            self.mixture("position.image"),
            extrapolated=bool(values["extrapolated"]),
            history=AndersonHistory(
                frozen(self.arrays["position.memory.points"]),
                frozen(self.arrays["position.memory.images"]),
            ),
            begun=bool(values["begun"]),
            since=int(values["since"]),
            accelerated=_whole(values["accelerated"]),
            rejected=int(values["rejected"]),
        )
        trace = self.arrays["position.trace"].tolist()
        return RunState(
            anderson,
            (self.mixture("position.known"), len(trace)),
            int(values["iteration"]),
            trace,
            self.arrays["position.history"].tolist(),
            list(_repairs(values["repairs"])),
            _met(values.get("searches")),
            bool(values.get("changed", False)),
            truncated=self.truncated(values.get("truncated")),
        )

    def truncated(self, values: Mapping[str, Any] | None) -> TruncatedState | None:
        if values is None:
            return None
        order, ids, graph = (self.arrays[f"position.truncated.{part}"] for part in _SETS)
        moves, densities, rounds = _whole(values["counts"])
        return TruncatedState(
            order,
            ids,
            graph,
            int(values["number"]),
            int(values["since"]),
            (moves, densities, rounds),
            self.generator("position.truncated.random", values["random"]),
        )

    def fit(self, values: Mapping[str, Any]) -> Fit:
        left_out = values.get("truncation")
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
            truncation=None if left_out is None else Truncation.of_record(left_out),
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
