"""Imported models: what another tool's file holds, before it is known to be a mixture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from mixtura.engine.arrays import Floats
from mixtura.errors import ModelError, ParameterError
from mixtura.model.box import Box
from mixtura.model.classes import ClassMixture
from mixtura.model.mixture import Mixture
from mixtura.model.noise import Noise
from mixtura.model.storage import StoredModel
from mixtura.model.structures import structure

#: what weights may lack from 1: those of doubles, and of float32 or six digits
DOUBLE, SINGLE = 1e-8, 2e-5
#: what is beyond the rounding of doubles
_TOLD = 1e-12


class Model(Protocol):
    """What a reader finds: something that a `StoredModel` can be made of."""

    @property
    def parts(self) -> Mapping[str, Model]:
        """The models within it, by name."""

    def stored(self) -> StoredModel:
        """The mixture, and where it came from.

        Raises
        ------
        ModelError : it is none.
        """


@dataclass(frozen=True, eq=False)
class Imported:
    """The numbers of one mixture, as a file holds them.

    Parameters
    ----------
    tool : what wrote it, for example ``"R, mclust"``.
    kind : what it calls it, for example ``"Mclust"``.
    weights : (K,), of sum 1 but for rounding; with noise they lack its weight.
    means : (K, D), feature units.
    covariances : (K, D, D), squared feature units; of a diagonal structure also (K, D).
    structure : the name of the covariances' structure, where the file says it.
    feature_names : D names, or None.
    background : rows that belong to no component, or None.
    record : what else is known of the fit, ready for JSON, as `Fit.summary` names it.
    notes : what differs from the file, or from what its tool would say, a sentence each.
    equal_weights : whether the weights are equal by decree.
    rounding : what the sum of the weights may lack from what it should be, `DOUBLE` or `SINGLE`.
    """

    tool: str
    kind: str
    weights: Floats
    means: Floats
    covariances: Floats
    structure: str = "full"
    feature_names: Sequence[str] | None = None
    background: Noise | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    equal_weights: bool = False
    rounding: float = DOUBLE

    @property
    def parts(self) -> Mapping[str, Model]:
        """None: it is one mixture."""
        return {}

    def stored(self) -> StoredModel:
        """The mixture; its record says what it came from, and what was changed.

        Raises
        ------
        ModelError : the numbers make none.
        """
        notes = list(self.notes)
        weights, kept = self._weights(notes)
        covariances, letters = self._covariances(notes)
        covariances = covariances if structure(letters).form.shared else covariances[kept]
        mixture = Mixture(
            weights[kept],
            self.means[kept],
            covariances,
            letters,
            self._names(notes),
            noise=self.background,
            equal_weights=self.equal_weights,
        )
        origin = {"tool": self.tool, "kind": self.kind}
        told = {"notes": notes} if notes else {}
        return StoredModel(mixture, {"origin": origin, **self.record, **told}, "")

    def _weights(self, notes: list[str]) -> tuple[Floats, Any]:
        """The weights in double, of sum 1, and which are above 0."""
        weights = np.asarray(self.weights, dtype=np.float64)
        total = 1.0 - self.background.weight if self.background else 1.0
        given = float(weights.sum())
        if not abs(given - total) <= self.rounding:
            beside = f" beside the noise's {1.0 - total:.9g}" if self.background else ""
            raise ModelError(f"holds weights that sum to {given:.9g}{beside}, expected {total:.9g}")
        if abs(given - total) > _TOLD:
            notes.append(
                f"the weights sum to {given:.9g} in the file, by rounding: they were divided by "
                "their sum" + (f" and multiplied by {total:.9g}" if self.background else "")
            )
            weights = weights * (total / given)
        kept = weights != 0.0
        notes += [
            f"component {k} of the file has weight 0, and was left out"
            for k in np.flatnonzero(~kept)
        ]
        return weights, kept

    def _covariances(self, notes: list[str]) -> tuple[Floats, str]:
        """The covariances in the form of their structure, or as they are where they have it not."""
        form, matrices = structure(self.structure).form, np.asarray(self.covariances)
        if form.diagonal and matrices.shape == self.means.shape:
            return matrices, self.structure
        if matrices.ndim != 3 or matrices.shape != (*self.means.shape, self.means.shape[-1]):
            raise ModelError(
                f"holds covariances of shape {matrices.shape}, expected a matrix for each mean of "
                f"{self.means.shape}"
            )
        held = form.gathered(matrices)
        if np.array_equal(form.matrices(held, *self.means.shape), matrices):
            return held, self.structure
        if form.name != "full":
            notes.append(
                f"the file calls the covariances {self.structure}, which they are not to the last "
                "bit: they are held as full ones"
            )
        return matrices, "full"

    def _names(self, notes: list[str]) -> Sequence[str] | None:
        names = self.feature_names
        if names is None or (len(set(names)) == self.means.shape[1] == len(names)):
            return names
        notes.append("the names of the columns are not one and different for each: they are left")
        return None


@dataclass(frozen=True, eq=False)
class ImportedClasses:
    """A mixture for each class, as a classifier by densities has them.

    Parameters
    ----------
    parts : of each class, by its name.
    priors : (C,), how frequent the classes are.
    tool, kind : as for `Imported`.
    record : likewise.
    """

    parts: Mapping[str, Imported]
    priors: Floats
    tool: str
    kind: str
    record: Mapping[str, Any] = field(default_factory=dict)

    def stored(self) -> StoredModel:
        """The mixture of all classes' components, and whose each is, as ``classify`` needs it.

        Raises
        ------
        ModelError : a class's numbers make none, or have noise.
        """
        found = [part.stored() for part in self.parts.values()]
        if any(each.mixture.noise for each in found):
            raise ModelError("has classes with noise, which are only read one by one")
        priors = np.asarray(self.priors, dtype=np.float64)
        if priors.shape != (len(found),) or not abs(float(priors.sum()) - 1.0) <= DOUBLE:
            raise ModelError(f"holds priors {priors.tolist()}, expected {len(found)} of sum 1")
        whole = ClassMixture.of(
            [each.mixture for each in found], priors / priors.sum(), list(self.parts)
        )
        notes = [
            f"class {name}: {note}"
            for name, each in zip(self.parts, found, strict=True)
            for note in each.training.get("notes", [])
        ]
        origin = {"tool": self.tool, "kind": self.kind}
        told = {"notes": notes} if notes else {}
        record = {"origin": origin, **self.record, **whole.record(), **told}
        return StoredModel(whole.mixture, record, "")


def numbers_of(values: Any) -> Floats:
    """An array of the numbers in lists.

    Raises
    ------
    ModelError : one of them is a null.
    """
    held: Any = np.array(values, dtype=object)
    if (held == None).any():  # noqa: E711  of each entry
        raise ModelError("holds null where numbers are expected")
    return held.astype(np.float64)


def gaussians_alone(stored: StoredModel, tool: str) -> Mixture:
    """The mixture of a model that a tool's files can hold.

    Raises
    ------
    ParameterError : it has noise, which they cannot.
    """
    if stored.mixture.noise:
        raise ParameterError(
            f"the model has a noise component, which {tool} has no place for: convert it to json "
            "or R, or fit without noise"
        )
    return stored.mixture


def background(mixture: Mixture) -> Noise | None:
    """The rows that belong to no component, or None."""
    return mixture.noise


def spread(weight: float, low: Floats, high: Floats, log_volume: float | None = None) -> Noise:
    """Rows that belong to no component, spread over a box from one corner to another.

    Parameters
    ----------
    weight : their share.
    low, high : (D,), the corners, feature units; a side of no length is 1 long.
    log_volume : of the box, to which its sides are stretched; None leaves them.
    """
    box = Box(low, np.where(high > low, high - low, 1.0))
    return Noise(weight, box if log_volume is None else box.of_volume(log_volume))


def told_apart(record: Mapping[str, Any]) -> Noise | None:
    """The background in plain JSON; None where it has none.

    Raises
    ------
    ModelError : a part of it is not there.
    """
    said = record.get("noise")
    if said is None:
        return None
    if not (isinstance(said, Mapping) and {"weight", "low", "extent"} <= said.keys()):
        raise ModelError("holds noise that is no record of its weight and its box's low and extent")
    return Noise(said["weight"], Box(said["low"], said["extent"]))


def told(mixture: Mixture) -> dict[str, Any]:
    """The background of a mixture as `told_apart` reads it."""
    if (held := mixture.noise) is None:
        return {"noise": None}
    low, extent = held.box.low.tolist(), held.box.extent.tolist()
    return {"noise": {"weight": held.weight, "low": low, "extent": extent}}
