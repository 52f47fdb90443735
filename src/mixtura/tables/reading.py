"""Reading: which numbers of a file are the rows, and on what scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mixtura.errors import ParameterError
from mixtura.tables.transforms import Transform, transform


@dataclass(frozen=True)
class Reading:
    """How the numbers of a file become rows: which of its tables, compensated, and transformed.

    Parameters
    ----------
    obsm : of an ``.h5ad``, the array of ``obsm`` that holds the rows, such as ``X_pca``.
    layer : likewise the layer; ``X`` is the matrix itself.
    compensate : of an FCS file, whether the dyes' spillover is taken out, by its ``$SPILLOVER``.
    transform : of any file, the scale of the features: ``arcsinh``, ``arcsinh:5`` (its cofactor,
        150 unless told), ``logicle`` or ``logicle:262144,0.5,4.5,0`` (T, W, M and A) for all, or a
        mapping from a feature's name to one.

    kept : whether it is how the rows of a model were read, of which a file takes what concerns it.

    Raises
    ------
    ParameterError : both `obsm` and `layer` are given, or there is no such transform.

    Notes
    -----
    A model of transformed rows is the density of the transformed values: a score is in nats on that
    scale. The log density of x itself is the score plus log |dt/dx|, summed over the features.
    """

    obsm: str | None = None
    layer: str | None = None
    compensate: bool = False
    transform: str | Mapping[str, str] | None = None
    kept: bool = False

    def __post_init__(self) -> None:
        if self.obsm is not None and self.layer is not None:
            raise ParameterError(
                f"obsm is {self.obsm!r} and layer {self.layer!r}, expected one of them"
            )
        given = self.transform
        for text in given.values() if isinstance(given, Mapping) else filter(None, [given]):
            transform(text)

    def transforms(self, features: Sequence[str]) -> dict[str, Transform]:
        """The transform of each feature that has one.

        Raises
        ------
        ParameterError : one is told for what is no feature.
        """
        given = self.transform
        if not isinstance(given, Mapping):
            return {} if given is None else dict.fromkeys(features, transform(given))
        for name in given:
            if name not in features and not self.kept:
                raise ParameterError(
                    f"a transform is given for {name!r}, which is no feature: expected some of "
                    f"{', '.join(features)}"
                )
        return {name: transform(text) for name, text in given.items() if name in features}

    def check(self, takes: Sequence[str], source: str) -> None:
        """Refuse what is asked of a file whose format has no such thing.

        Parameters
        ----------
        takes : what the format has, of ``obsm``, ``layer`` and ``compensate``.
        source : the file, for the message.

        Raises
        ------
        ParameterError : something else is asked for.
        """
        of = {"obsm": ".h5ad", "layer": ".h5ad", "compensate": "FCS"}
        for name, whose in of.items():
            if getattr(self, name) and name not in takes and not self.kept:
                raise ParameterError(
                    f"{name} is given for {source}, expected a file of {whose}, which has such a "
                    "thing: leave it out"
                )

    def record(self, features: Sequence[str]) -> dict[str, Any]:
        """What is not the default, ready for JSON, with the transforms by feature."""
        told = {name: each.text for name, each in self.transforms(features).items()}
        known = {"obsm": self.obsm, "layer": self.layer, "compensate": self.compensate}
        said: dict[str, Any] = {name: value for name, value in known.items() if value}
        return {**said, **({"transform": told} if told else {})}
